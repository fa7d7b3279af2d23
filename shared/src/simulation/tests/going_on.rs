//! A run that is copied, saved or cut goes on as if nothing had been.

use proptest::prelude::*;

use super::{HOUR, lives, requests, scenario, settings, troubled, valid};
use crate::simulation::{Run, RunOptions, SavedRun, simulate};
use crate::units::Instant;

proptest! {
    #![proptest_config(crate::cases(500))]

    /// Whatever is saved, as bytes, and restored comes to the same outcome, digest included.
    #[test]
    fn a_saved_run_comes_to_the_same_digest(
        lives in lives(), settings in settings(), trouble in any::<bool>(), cut in 1_i64..8 * HOUR,
    ) {
        let scenario = scenario(settings);
        let valid = valid(if trouble { troubled(scenario) } else { scenario });
        let (requests, end) = (requests(&lives), valid.scenario().window.end);
        let options = RunOptions { run: 3, keep_plans: true, observed: None };
        let once = simulate(&valid, &requests, options);
        let cut = Instant::from_micros(cut);
        let (before, after) = requests.split_at(requests.partition_point(|request| request.at < cut));
        let mut first = Run::new(&valid, options);
        first.play(before, cut);
        let bytes = postcard::to_allocvec(&first.save()).unwrap();
        drop(first);
        let saved: SavedRun = postcard::from_bytes(&bytes).unwrap();
        let mut second = Run::restore(&valid, saved, None);
        second.play(after, end);
        prop_assert_eq!(second.outcome(), once);
    }

    /// A fork cannot be told from the original, and nothing that it does shows there.
    #[test]
    fn a_fork_changes_nothing_of_the_original(
        lives in lives(), others in lives(), settings in settings(), cut in 1_i64..8 * HOUR,
    ) {
        let valid = valid(scenario(settings));
        let (requests, end) = (requests(&lives), valid.scenario().window.end);
        let once = simulate(&valid, &requests, RunOptions::default());
        let cut = Instant::from_micros(cut);
        let (before, after) = requests.split_at(requests.partition_point(|request| request.at < cut));
        let mut original = Run::new(&valid, RunOptions::default());
        original.play(before, cut);
        original.share();
        let (mut same, mut other) = (original.clone(), original.clone());
        // Other resources, of indices that nobody has, under other draws.
        let mut elsewhere = super::requests(&others);
        elsewhere.retain(|request| request.at >= cut);
        for request in &mut elsewhere {
            request.resource.0 += 1_000;
        }
        other.set_run(1);
        other.play(&elsewhere, end);
        original.play(after, end);
        same.play(after, end);
        prop_assert_eq!(&original.outcome(), &once);
        prop_assert_eq!(same.outcome(), once);
    }
}

//! The same scenario comes to the same outcome, whoever runs it.

use super::*;
use crate::simulation::Outcome;

proptest! {
    #![proptest_config(crate::cases(2_000))]

    /// The runs of an ensemble come to the same outcome however many threads take them, in whatever order.
    #[test]
    fn threads_change_no_outcome(lives in lives(), settings in settings(), trouble in any::<bool>(), threads in 2_u32..6) {
        let scenario = Scenario { runs: 5, ..scenario(settings) };
        let scenario = if trouble { troubled(scenario) } else { scenario };
        let valid = valid(Scenario { demand: Demand::Requests(requests(&lives)), ..scenario });
        let of = |thread: u32| (0..5).rev().filter(move |run| run % threads == thread);
        let in_parallel = std::thread::scope(|scope| {
            let valid = &valid;
            let threads: Vec<_> = (0..threads)
                .map(|thread| scope.spawn(move || of(thread).map(|number| run(valid, number, true)).collect::<Vec<_>>()))
                .collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        let alone = (0..5).map(|number| run(&valid, number, true)).collect();
        prop_assert_eq!(Outcome::collect(in_parallel), Outcome::collect(alone));
    }

    /// The same scenario has the same digest, and any other seed another.
    #[test]
    fn the_digest_is_the_run(lives in lives(), settings in settings()) {
        let (base, requests) = (scenario(settings), requests(&lives));
        let digest = |scenario: Scenario| simulate(&valid(scenario), &requests, RunOptions::default()).digest;
        prop_assert_eq!(digest(base.clone()), digest(Scenario { name: "other name".to_owned(), ..base.clone() }));
        prop_assert_ne!(digest(base.clone()), digest(Scenario { seed: 8, ..base }));
    }
}

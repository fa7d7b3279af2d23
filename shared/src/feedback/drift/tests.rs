//! What is drift, and what is usual.

use proptest::prelude::*;

use super::*;
use crate::feedback::TriggerSettings;
use crate::random::{Draws, Purpose};

/// After hours one after the other, each with what was predicted and what came.
fn after(hours: impl IntoIterator<Item = (f64, f64)>) -> DemandCusum {
    let mut detector = DemandCusum::new(1.25);
    for (hour, (predicted, actual)) in hours.into_iter().enumerate() {
        detector.observe(Instant::from_micros(0) + Duration::HOUR * hour as i64, predicted, actual);
    }
    detector
}

fn hits(count: usize) -> impl Iterator<Item = (f64, f64)> {
    std::iter::repeat_n((100.0, 100.0), count)
}

#[test]
fn the_statistic_is_that_of_the_hand_calculation() {
    assert_eq!(after(hits(167)).statistic(), None);
    assert_eq!(after(hits(168)).statistic(), Some(0.0));
    // 30 beyond 100 are 3 of Poisson's deviations of 10, less the tolerance of 1.25. No spread beyond Poisson's is seen:
    // 20² − 100 once, as no more than two deviations count, and −100 all the other hours.
    for actual in [130.0, 70.0] {
        assert_eq!(after(hits(168).chain([(100.0, actual); 2])).statistic(), Some(3.5));
    }
    // However large, one error is worth 4 − 1.25.
    assert_eq!(after(hits(168).chain([(100.0, 1e9)])).statistic(), Some(2.75));
}

#[test]
fn demand_that_comes_in_bursts_has_to_be_further_off() {
    // 30 off in turn: 900 − 100 of 100² is a dispersion of 0.08, and √(100 + 0.08·100²) = 30 the deviation.
    let bursts = (0..168).map(|hour| (100.0, if hour % 2 == 0 { 130.0 } else { 70.0 }));
    let sum = after(bursts.chain([(100.0, 190.0)])).statistic().unwrap();
    assert!((sum - (3.0 - 1.25)).abs() < 1e-9, "{sum}");
}

#[test]
fn what_is_wrong_every_monday_is_no_drift() {
    let limit = TriggerSettings::default().drift_limit;
    // Predicted as any other day, and six times as many come.
    let week = |is_busy: bool| (0..168).map(move |hour| (10.0, if is_busy && hour < 24 { 60.0 } else { 10.0 }));
    let mut most = 0.0_f64;
    for hours in 168..4 * 168 {
        most = most.max(after((0..4).flat_map(|_| week(true)).take(hours)).statistic().unwrap());
    }
    assert!(most < limit, "{most}");
    let new = after((0..2).flat_map(|_| week(false)).chain(week(true).take(4)));
    // Four hours at 50 / √10, which count as 4 each.
    assert_eq!(new.statistic(), Some(11.0));
}

#[test]
fn what_is_usual_is_no_drift() {
    // Siegmund, "Sequential analysis" (1985), 2.51: with k = 1.25 and h = 10 the mean time between alarms of one side of
    // independent normal errors is (exp(2kb) − 2kb − 1) / 2k² with b = h + 1.166, some 10¹¹ hours. Of errors that are half of
    // the one before and half news, sums have the variance (1 + ½) / (1 − ½) = 3 times as large, as if k and b were √3
    // times smaller: (exp(9.3) − 9.3 − 1) / 1.04 or 10,500 hours, 5,250 for both sides.
    let (drift_tolerance, drift_limit) = (1.25, 10.0);
    let draws = Draws::new(7, 0, Purpose::Bootstrap, 0);
    let hours = 100_000;
    let alarms = |errors: &mut dyn FnMut(f64) -> f64| {
        let mut detector = DemandCusum::new(drift_tolerance);
        let mut alarms = 0;
        for hour in 0..hours {
            let at = Instant::from_micros(0) + Duration::HOUR * hour as i64;
            detector.observe(at, 1000.0, 1000.0 + 300.0 * errors(draws.normal(hour)));
            if detector.statistic().is_some_and(|sum| sum >= drift_limit) {
                alarms += 1;
                detector.clear();
            }
        }
        alarms
    };
    assert_eq!(alarms(&mut |news| news), 0);
    let mut last = 0.0;
    let dependent = alarms(&mut |news| {
        last = 0.5 * last + 0.75_f64.sqrt() * news;
        last
    });
    assert!(dependent <= 2 * hours / 5_250, "{dependent} alarms");
}

#[test]
fn hours_without_data_are_nobodys_error() {
    // Nothing is known of the second week; in the third, what was beyond two weeks ago is no longer what is usual.
    let mut detector = after(hits(168));
    let third = |hour: i64| Instant::from_micros(0) + Duration::HOUR * (2 * 168 + hour);
    (0..3).for_each(|hour| detector.observe(third(hour), 100.0, 130.0));
    assert_eq!(detector.statistic(), Some(5.25));
    detector.clear();
    assert_eq!(detector.statistic(), Some(0.0));
    // The last hour was that of 338 since 1970, and a week has 168.
    assert!(detector.is_current(third(2 + 168)) && !detector.is_current(third(3 + 168)));
}

proptest! {
    #[test]
    fn what_is_always_so_far_off_never_drifts(
        predicted in 0.0_f64..1e4, factor in 0.0_f64..10.0, count in 168_usize..500,
    ) {
        let sum = after(std::iter::repeat_n((predicted, predicted * factor), count)).statistic().unwrap();
        prop_assert!(sum < 1e-3, "{}", sum);
    }

    #[test]
    fn three_times_the_demand_is_found_in_four_hours(
        level in 20.0_f64..500.0, spread in 0.05_f64..0.4, days in 7_usize..20,
    ) {
        // Errors of ± a part of the level in turn. What is three times as much is 2 / 0.4 deviations off at least, which
        // leaves more than 4 when a third of the spread was as wrong a week before: 4 − 1.25 in each hour.
        let before = (0..days * 24).map(|hour| (level, level * if hour % 2 == 0 { 1.0 + spread } else { 1.0 - spread }));
        let sum = after(before.chain([(level, 3.0 * level); 4])).statistic().unwrap();
        prop_assert!((11.0..11.5).contains(&sum), "{}", sum);
    }
}

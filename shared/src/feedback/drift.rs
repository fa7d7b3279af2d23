//! A change detector for the errors of forecasts.

use serde::{Deserialize, Serialize};

/// Errors remembered for the mean and the deviation that are usual: those of a week of hours.
const MEMORY: u64 = 168;

/// Errors that are only learnt from, before the first is judged: those of a day of hours.
const LEARNT: u64 = 24;

/// No error counts for more than so many standard deviations: a single burst is an anomaly, and no change.
const WINSOR: f64 = 4.0;

/// A two-sided CUSUM of standardised errors: has their mean moved away from what was usual in the week before?
///
/// With xₜ the error of hour t, m and s the exponentially weighted mean and standard deviation of those before it and
/// zₜ = (xₜ − m) / s, held within ±4, the upward sum is Uₜ = max(0, Uₜ₋₁ + zₜ − k), and the downward one has the sign of
/// z turned; k is the tolerance, and the statistic is the larger of both. Sources: Page, "Continuous inspection
/// schemes", Biometrika 41 (1954); Hawkins, "Self-starting CUSUM charts for location and scale", The Statistician 36
/// (1987); Lucas and Crosier, "Robust CUSUM", Communications in Statistics 11 (1982).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ErrorCusum {
    tolerance: f64,
    /// Errors seen.
    seen: u64,
    mean: f64,
    variance: f64,
    up: f64,
    down: f64,
}

impl ErrorCusum {
    /// A detector that has seen nothing.
    pub fn new(tolerance: f64) -> Self {
        Self { tolerance, seen: 0, mean: 0.0, variance: 0.0, up: 0.0, down: 0.0 }
    }

    /// Takes in one error whose standard deviation is 1 at least; what is not finite is passed over.
    pub fn observe(&mut self, error: f64) {
        if !error.is_finite() {
            return;
        }
        let mut off = error - self.mean;
        if self.seen >= LEARNT {
            let deviation = self.variance.max(1.0).sqrt();
            off = off.clamp(-WINSOR * deviation, WINSOR * deviation);
            self.up = (self.up + off / deviation - self.tolerance).max(0.0);
            self.down = (self.down - off / deviation - self.tolerance).max(0.0);
        }
        self.seen += 1;
        let weight = 1.0 / self.seen.min(MEMORY) as f64;
        self.mean += weight * off;
        self.variance = (1.0 - weight) * (self.variance + weight * off * off);
    }

    /// The larger sum of both directions, in standard deviations; none while errors are only learnt from.
    pub fn statistic(&self) -> Option<f64> {
        (self.seen > LEARNT).then(|| self.up.max(self.down))
    }

    /// The same memory under another tolerance.
    pub fn with_tolerance(self, tolerance: f64) -> Self {
        Self { tolerance, ..self }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::feedback::TriggerSettings;
    use crate::random::{Draws, Purpose};

    fn after(errors: impl IntoIterator<Item = f64>) -> ErrorCusum {
        let mut detector = ErrorCusum::new(1.0);
        errors.into_iter().for_each(|error| detector.observe(error));
        detector
    }

    fn zeros(count: usize) -> impl Iterator<Item = f64> {
        std::iter::repeat_n(0.0, count)
    }

    #[test]
    fn the_statistic_is_that_of_the_hand_calculation() {
        assert_eq!(after(zeros(24)).statistic(), None);
        assert_eq!(after(zeros(25)).statistic(), Some(0.0));
        // z = 3 less the tolerance of 1; the mean is 3/25 = 0.12 then, and the variance 24/25 · 9/25 below the least of 1,
        // so that another 3 adds 3 − 0.12 − 1.
        for error in [3.0, -3.0] {
            let sum = after(zeros(24).chain([error; 2])).statistic().unwrap();
            assert!((sum - 3.88).abs() < 1e-12, "{sum}");
        }
        // However large, one error is worth 4 − 1.
        assert_eq!(after(zeros(24).chain([1e9])).statistic(), Some(3.0));
    }

    #[test]
    fn what_is_usual_is_no_drift() {
        // Siegmund, "Sequential analysis" (1985), 2.51: with k = 1 and h = 10 the mean time between alarms of one side of
        // independent normal errors is (exp(2·11.166) − 2·11.166 − 1) / 2, which is 2.5 thousand million hours. Of errors
        // that are half of the one before and half news, sums have the variance (1 + ½) / (1 − ½) = 3 times as large, which
        // leaves exp(2·11.166 / 3) · 3 / 2, about 2,560 hours: 107 days.
        let TriggerSettings { drift_tolerance, drift_limit, .. } = TriggerSettings::default();
        assert_eq!((drift_tolerance, drift_limit), (1.0, 10.0));
        let draws = Draws::new(7, 0, Purpose::Bootstrap, 0);
        let hours = 100_000;
        let alarms = |errors: &mut dyn FnMut(f64) -> f64| {
            let mut detector = ErrorCusum::new(drift_tolerance);
            let mut alarms = 0;
            for hour in 0..hours {
                detector.observe(errors(draws.normal(hour)));
                if detector.statistic().is_some_and(|sum| sum >= drift_limit) {
                    alarms += 1;
                    detector = ErrorCusum::new(drift_tolerance);
                }
            }
            alarms
        };
        // Twice as wide as Poisson's, and always 5 too many: neither is news after a day.
        assert_eq!(alarms(&mut |news| 5.0 + 2.0 * news), 0);
        let mut last = 0.0;
        let dependent = alarms(&mut |news| {
            last = 0.5 * last + 0.75_f64.sqrt() * news;
            last
        });
        assert!(dependent <= 2 * hours / 2_560, "{dependent} alarms");
    }

    proptest! {
        #[test]
        fn a_constant_sequence_never_drifts(value in -1e6_f64..1e6, count in 25_usize..200) {
            prop_assert!(after(std::iter::repeat_n(value, count)).statistic().unwrap() < 1e-6);
        }

        #[test]
        fn a_step_of_four_deviations_is_found_in_three_hours(
            deviation in 1.0_f64..50.0, days in 2_usize..20, up in any::<bool>(),
        ) {
            // Errors of ± one deviation in turn; what is usual is learnt to be that.
            let before = (0..days * 24).map(|hour| if hour % 2 == 0 { deviation } else { -deviation });
            let step = if up { 6.0 * deviation } else { -6.0 * deviation };
            let sum = after(before.chain([step; 3])).statistic().unwrap();
            // Three times 4 − 1; the errors before, whose deviation is learnt to be a little less than it is, leave next to
            // nothing.
            prop_assert!((9.0..9.1).contains(&sum), "{}", sum);
        }
    }
}

//! A change detector for the mean of a sequence.

use serde::{Deserialize, Serialize};

/// The Page–Hinkley test in both directions: has the mean of the errors moved by more than `tolerance`?
///
/// With the running mean m̄ₜ of x₁ … xₜ, the upward sum is Uₜ = Σ (xᵢ − m̄ᵢ − tolerance), and the statistic is
/// Uₜ − min U; downwards with the signs turned. Source: Page, "Continuous inspection schemes", Biometrika 41 (1954);
/// Hinkley, "Inference about the change-point from cumulative sum tests", Biometrika 58 (1971).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PageHinkley {
    tolerance: f64,
    count: u64,
    mean: f64,
    up: Side,
    down: Side,
}

/// Which way a mean moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// More than before.
    Up,
    /// Less than before.
    Down,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Side {
    sum: f64,
    least: f64,
}

impl PageHinkley {
    /// A detector that has seen nothing.
    pub fn new(tolerance: f64) -> Self {
        Self { tolerance, count: 0, mean: 0.0, up: Side::default(), down: Side::default() }
    }

    /// Takes in one value; what is not finite is passed over.
    pub fn observe(&mut self, value: f64) {
        if !value.is_finite() {
            return;
        }
        self.count += 1;
        self.mean += (value - self.mean) / self.count as f64;
        self.up.add(value - self.mean - self.tolerance);
        self.down.add(self.mean - value - self.tolerance);
    }

    /// The larger statistic of both directions, and which it is.
    pub fn statistic(&self) -> (f64, Direction) {
        let (up, down) = (self.up.statistic(), self.down.statistic());
        if up >= down { (up, Direction::Up) } else { (down, Direction::Down) }
    }

    /// How many values it has seen.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The same memory under another tolerance.
    pub fn with_tolerance(self, tolerance: f64) -> Self {
        Self { tolerance, ..self }
    }

    /// Forgets everything, as after a retraining.
    pub fn reset(&mut self) {
        *self = Self::new(self.tolerance);
    }
}

impl Side {
    fn add(&mut self, step: f64) {
        self.sum += step;
        self.least = self.least.min(self.sum);
    }

    fn statistic(&self) -> f64 {
        self.sum - self.least
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_statistic_is_that_of_the_hand_calculation() {
        // x = 0, 0, 3 with a tolerance of 0.5: means 0, 0, 1; steps −0.5, −0.5, 3 − 1 − 0.5 = 1.5.
        // U = −0.5, −1, 0.5 with the least −1: statistic 1.5, upwards.
        let mut detector = PageHinkley::new(0.5);
        [0.0, 0.0, 3.0].into_iter().for_each(|value| detector.observe(value));
        assert_eq!(detector.statistic(), (1.5, Direction::Up));
        // The mirror image.
        let mut detector = PageHinkley::new(0.5);
        [0.0, 0.0, -3.0].into_iter().for_each(|value| detector.observe(value));
        assert_eq!(detector.statistic(), (1.5, Direction::Down));
    }

    proptest! {
        #[test]
        fn a_constant_sequence_never_drifts(value in -1e6_f64..1e6, count in 1_usize..200) {
            let mut detector = PageHinkley::new(0.1);
            (0..count).for_each(|_| detector.observe(value));
            // The mean of equal values is that value but for rounding, far below the tolerance a step.
            prop_assert!(detector.statistic().0 < 1e-6);
        }

        #[test]
        fn a_step_that_is_large_enough_is_found(before in 20_usize..100, step in 1.0_f64..5.0) {
            let mut detector = PageHinkley::new(0.1);
            (0..before).for_each(|_| detector.observe(0.0));
            (0..before).for_each(|_| detector.observe(step));
            // The mean stays at most step/2 while as many values lie after the step as before it: each adds at least
            // step/2 − 0.1 > 0.
            let (statistic, direction) = detector.statistic();
            prop_assert_eq!(direction, Direction::Up);
            prop_assert!(statistic >= before as f64 * (step / 2.0 - 0.1) - 1e-9);
        }
    }
}

//! Whom to believe: how many times the least loss each member had.

/// How fast weights fall with the ratio to the least loss. On the data before the first origin of the benchmark's twelve
/// series, errors of requests at 5 minutes were 1 % less than with 6, and all errors at an hour and a day within 1 %.
const SHARPNESS: f64 = 4.0;

/// This part of the mean loss is added to every loss.
const SMALL: f64 = 0.05;

/// No occasion counts against a member by more.
const RATIO_MAX: f64 = 20.0;

/// How many times the least loss each member had, on average over several occasions.
///
/// Ratios, not sums of losses: what all members missed says nothing about which of them to believe.
#[derive(Clone, Debug)]
pub(super) struct Ratios {
    sums: Vec<f64>,
    weight: f64,
}

impl Ratios {
    pub(super) fn new(members: usize) -> Self {
        Self { sums: vec![0.0; members], weight: 0.0 }
    }

    /// Adds an occasion on which all that answer now had a loss; others compare different bins. Losses far below `scale`
    /// differ by chance.
    pub(super) fn add(&mut self, losses: &[Option<f64>], answering: &[bool], scale: f64, weight: f64) {
        let now = |(loss, &answers): (&Option<f64>, &bool)| answers.then_some(*loss);
        let Some(known) = losses.iter().zip(answering).filter_map(now).collect::<Option<Vec<f64>>>() else { return };
        let floor = SMALL * scale;
        let least = known.into_iter().fold(f64::INFINITY, f64::min) + floor;
        if least <= 0.0 || !least.is_finite() {
            return;
        }
        for (sum, loss) in self.sums.iter_mut().zip(losses) {
            *sum += weight * loss.map_or(0.0, |loss| ((loss + floor) / least).min(RATIO_MAX));
        }
        self.weight += weight;
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.sums.iter_mut().zip(&other.sums).for_each(|(sum, other)| *sum += other);
        self.weight += other.weight;
    }

    /// In proportion to a power of the ratios and to `prior`, of which those that do not answer have none; as `prior` where
    /// nothing is known.
    pub(super) fn weights(&self, prior: &[f64]) -> Vec<f64> {
        let known = |sum: f64| if self.weight > 0.0 { libm::pow(sum / self.weight, -SHARPNESS) } else { 1.0 };
        // Not a product of nothing with what may be infinite.
        let weight = |(&sum, &prior): (&f64, &f64)| if prior > 0.0 { prior * known(sum) } else { 0.0 };
        let weights: Vec<f64> = self.sums.iter().zip(prior).map(weight).collect();
        let sum: f64 = weights.iter().sum();
        weights.into_iter().map(|weight| weight / sum).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_fall_with_the_fourth_power_of_the_mean_ratio() {
        let mut ratios = Ratios::new(2);
        // No scale, so nothing is added to the losses: ratios of 1 and 3 on one occasion, and 1 and 1 on another.
        ratios.add(&[Some(1.0), Some(3.0)], &[true, true], 0.0, 1.0);
        ratios.add(&[Some(7.0), Some(7.0)], &[true, true], 0.0, 1.0);
        let second = 1.0 / 16.0;
        let expected = [1.0 / (1.0 + second), second / (1.0 + second)];
        assert!(ratios.weights(&[1.0, 1.0]).iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12));
        assert_eq!(ratios.weights(&[0.0, 1.0]), [0.0, 1.0]);
        // 2 to 1/16.
        let expected = [32.0 / 33.0, 1.0 / 33.0];
        assert!(ratios.weights(&[2.0, 1.0]).iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12));
    }

    #[test]
    fn an_occasion_on_which_one_was_silent_does_not_count() {
        let mut ratios = Ratios::new(2);
        ratios.add(&[Some(1.0), None], &[true, true], 1.0, 1.0);
        assert_eq!(ratios.weights(&[1.0, 1.0]), [0.5, 0.5]);
        // But it does where the silent one does not answer now either.
        ratios.add(&[Some(1.0), None], &[true, false], 1.0, 1.0);
        assert_eq!(ratios.weights(&[1.0, 0.0]), [1.0, 0.0]);
    }

    #[test]
    fn without_any_loss_all_are_alike() {
        let mut ratios = Ratios::new(2);
        ratios.add(&[Some(0.0), Some(0.0)], &[true, true], 0.0, 1.0);
        assert_eq!(ratios.weights(&[1.0, 1.0]), [0.5, 0.5]);
    }
}

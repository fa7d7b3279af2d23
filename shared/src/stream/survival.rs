//! Lifetimes drawn from hazards.

use super::Lifetimes;
use crate::units::{Duration, FlavorIndex};

/// The steps of a hazard: 1/65,536.
pub(super) const HAZARD_STEPS: f64 = 65_536.0;

/// Lives longer than this have no end: a thousand years.
const FOREVER_MICROS: f64 = 3.2e16;

/// Cumulative hazards by age, ready for inversion.
///
/// Within an interval the hazard is constant, so the cumulative hazard is linear in age, and a life ends where it has
/// grown by an exponential draw of mean 1.
#[derive(Clone, Debug)]
pub(super) struct Survival {
    /// Ends of the intervals in microseconds, with a leading 0.
    ages: Vec<f64>,
    /// Per flavor, the cumulative hazard at each of `ages`.
    cumulative: Vec<Vec<f64>>,
}

impl Survival {
    pub(super) fn new(lifetimes: &Lifetimes) -> Self {
        let edges = lifetimes.edges.iter().map(|edge| edge.micros() as f64);
        Self {
            ages: core::iter::once(0.0).chain(edges).collect(),
            cumulative: lifetimes.hazards.iter().map(|hazards| accumulate(hazards)).collect(),
        }
    }

    /// How much longer a resource of `flavor` lives that has reached `age`; none where it never ends.
    ///
    /// `exposure` is an exponential draw of mean 1. At least a microsecond, so that an end follows its beginning.
    pub(super) fn remaining(&self, flavor: FlavorIndex, age: Duration, exposure: f64) -> Option<Duration> {
        let age = age.micros().max(0) as f64;
        let cumulative = self.cumulative.get(flavor.usize())?;
        let target = self.hazard_at(cumulative, age) + exposure;
        let end = self.age_at(cumulative, target)?;
        (end < FOREVER_MICROS).then(|| Duration::from_micros(((end - age) as i64).max(1)))
    }

    /// The cumulative hazard of a flavor at an age.
    pub(super) fn cumulative(&self, flavor: FlavorIndex, age: Duration) -> f64 {
        self.cumulative.get(flavor.usize()).map_or(0.0, |cumulative| self.hazard_at(cumulative, age.micros() as f64))
    }

    fn hazard_at(&self, cumulative: &[f64], age: f64) -> f64 {
        let Some(j) = self.interval(self.ages.partition_point(|&end| end <= age)) else { return 0.0 };
        let slope = (cumulative[j] - cumulative[j - 1]) / (self.ages[j] - self.ages[j - 1]);
        cumulative[j - 1] + slope * (age - self.ages[j - 1])
    }

    fn age_at(&self, cumulative: &[f64], target: f64) -> Option<f64> {
        let j = self.interval(cumulative.partition_point(|&hazard| hazard <= target))?;
        let step = cumulative[j] - cumulative[j - 1];
        (step > 0.0).then(|| self.ages[j - 1] + (target - cumulative[j - 1]) / step * (self.ages[j] - self.ages[j - 1]))
    }

    /// The interval that ends at `position`, or the last one, which repeats.
    fn interval(&self, position: usize) -> Option<usize> {
        let last = self.ages.len() - 1;
        (last > 0).then(|| position.clamp(1, last))
    }
}

fn accumulate(hazards: &[u16]) -> Vec<f64> {
    let mut sum = 0.0;
    core::iter::once(0.0)
        .chain(hazards.iter().map(|&hazard| {
            sum -= libm::log1p(-f64::from(hazard) / HAZARD_STEPS);
            sum
        }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::Paces;

    fn of(edges: Vec<Duration>, hazards: Vec<u16>) -> Survival {
        let (hazards, paces) = (vec![hazards], Paces::default());
        Survival::new(&Lifetimes { edges, hazards, paces, shared_milli: 0, spread_milli: 0 })
    }

    /// Half of those that reach an hour end in it, and three quarters in each later one.
    fn halves() -> Survival {
        let edges = vec![Duration::HOUR, Duration::HOUR * 2];
        of(edges, vec![32_768, 49_152])
    }

    #[test]
    fn an_exponential_draw_is_turned_into_the_age_of_that_cumulative_hazard() {
        let (survival, ln2) = (halves(), core::f64::consts::LN_2);
        let check = |age: Duration, exposure: f64, seconds: i64| {
            let remaining = survival.remaining(FlavorIndex(0), age, exposure).unwrap();
            assert!((remaining.seconds() - seconds as f64).abs() < 1e-3, "{age} {exposure} {remaining}");
        };
        // The hazard is ln 2 an hour in the first hour and 2 ln 2 (of 1 − 3/4) in every later one.
        check(Duration::ZERO, ln2 / 2.0, 1_800);
        check(Duration::ZERO, ln2 * 2.0, 5_400);
        check(Duration::from_minutes(30), ln2 / 2.0 + ln2 / 2.0, 1_800 + 900);
        check(Duration::HOUR * 50, ln2, 1_800);
        check(Duration::ZERO, ln2 + 20.0 * ln2, 3_600 + 10 * 3_600);
    }

    #[test]
    fn without_hazard_nothing_ends() {
        let never = |edges: Vec<Duration>, hazards| {
            let survival = of(edges, hazards);
            assert_eq!(survival.remaining(FlavorIndex(0), Duration::HOUR * 3, 0.5), None);
        };
        never(vec![], vec![]);
        never(vec![Duration::HOUR, Duration::HOUR * 2], vec![32_768, 0]);
    }

    #[test]
    fn an_interval_without_hazard_is_passed_over() {
        let edges = vec![Duration::HOUR, Duration::HOUR * 2, Duration::HOUR * 3];
        let survival = of(edges, vec![32_768, 0, 32_768]);
        let end = survival.remaining(FlavorIndex(0), Duration::ZERO, core::f64::consts::LN_2 * 1.5).unwrap();
        assert!((end.seconds() - 9_000.0).abs() < 1e-3, "{end}");
    }
}

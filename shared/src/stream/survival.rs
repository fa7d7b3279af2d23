//! Lifetimes drawn from hazards.

use std::collections::BTreeMap;

use super::{AGE_BANDS, Lifetimes, TenantPaces};
use crate::units::{Duration, FlavorIndex, TenantIndex};

/// The steps of a hazard: 1/65,536.
pub(super) const HAZARD_STEPS: f64 = 65_536.0;

/// Lives longer than this have no end: a thousand years.
const FOREVER_MICROS: f64 = 3.2e16;

/// Where the bands of age end in which tenants are told apart; the last one has no end.
const BAND_ENDS: [Duration; AGE_BANDS - 1] = [
    Duration::from_minutes(5),
    Duration::from_minutes(15),
    Duration::from_minutes(30),
    Duration::from_minutes(60),
    Duration::from_minutes(2 * 60),
    Duration::from_minutes(4 * 60),
    Duration::from_minutes(8 * 60),
    Duration::from_minutes(24 * 60),
    Duration::from_minutes(72 * 60),
];

/// Whose resource, and of which flavor.
pub(super) type Whose = (TenantIndex, FlavorIndex);

/// Cumulative hazards by age, ready for inversion.
///
/// Within an interval the hazard is constant, so the cumulative hazard is linear in age, and a life ends where it has
/// grown by an exponential draw of mean 1. A tenant's grows by a factor of its own within each band of age.
#[derive(Clone, Debug)]
pub(super) struct Survival {
    /// Ends of the intervals in microseconds, with a leading 0.
    ages: Vec<f64>,
    /// Per flavor, the cumulative hazard at each of `ages`.
    cumulative: Vec<Vec<f64>>,
    /// Per flavor, the cumulative hazard where each band of age ends.
    bands: Vec<[f64; AGE_BANDS - 1]>,
    /// The factors of those who have some.
    paces: BTreeMap<Whose, [f64; AGE_BANDS]>,
}

impl Survival {
    pub(super) fn new(lifetimes: &Lifetimes) -> Self {
        let edges = lifetimes.edges.iter().map(|edge| edge.micros() as f64);
        let factors = |of: &TenantPaces| ((of.tenant, of.flavor), of.milli.map(|milli| f64::from(milli) / 1_000.0));
        let mut survival = Self {
            ages: core::iter::once(0.0).chain(edges).collect(),
            cumulative: lifetimes.hazards.iter().map(|hazards| accumulate(hazards)).collect(),
            bands: Vec::new(),
            paces: lifetimes.tenant_paces.iter().map(factors).collect(),
        };
        let at_ends = |of: &Vec<f64>| BAND_ENDS.map(|end| survival.hazard_at(of, end.micros() as f64));
        survival.bands = survival.cumulative.iter().map(at_ends).collect();
        survival
    }

    /// How much longer a resource lives that has reached `age`; none where it never ends.
    ///
    /// `exposure` is an exponential draw of mean 1. At least a microsecond, so that an end follows its beginning.
    pub(super) fn remaining(&self, whose: Whose, age: Duration, exposure: f64) -> Option<Duration> {
        let age = age.micros().max(0) as f64;
        let cumulative = self.cumulative.get(whose.1.usize())?;
        let now = self.hazard_at(cumulative, age);
        let target = match self.paces.get(&whose) {
            Some(paces) => {
                let bands = &self.bands[whose.1.usize()];
                unpaced(paced(now, bands, paces) + exposure, bands, paces)
            }
            None => now + exposure,
        };
        let end = self.age_at(cumulative, target)?;
        (end < FOREVER_MICROS).then(|| Duration::from_micros(((end - age) as i64).max(1)))
    }

    /// The cumulative hazard at an age.
    pub(super) fn cumulative(&self, whose: Whose, age: Duration) -> f64 {
        let Some(cumulative) = self.cumulative.get(whose.1.usize()) else { return 0.0 };
        let of_flavor = self.hazard_at(cumulative, age.micros() as f64);
        match self.paces.get(&whose) {
            Some(paces) => paced(of_flavor, &self.bands[whose.1.usize()], paces),
            None => of_flavor,
        }
    }

    /// What each band of age has of the cumulative hazard of all resources of a flavor up to an age, and the band of the age.
    pub(super) fn by_band(&self, flavor: FlavorIndex, age: Duration) -> ([f64; AGE_BANDS], usize) {
        let band = BAND_ENDS.partition_point(|&end| end < age);
        let Some(cumulative) = self.cumulative.get(flavor.usize()) else { return ([0.0; AGE_BANDS], band) };
        let all = self.hazard_at(cumulative, age.micros() as f64);
        let bands = &self.bands[flavor.usize()];
        let mut parts = [0.0; AGE_BANDS];
        for (position, part) in parts.iter_mut().enumerate() {
            let (from, to) = band_of(position, bands);
            *part = (all.min(to) - from).max(0.0);
        }
        (parts, band)
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

/// The cumulative hazard of a flavor between which a band lies.
fn band_of(band: usize, ends: &[f64; AGE_BANDS - 1]) -> (f64, f64) {
    let from = band.checked_sub(1).map_or(0.0, |before| ends[before]);
    (from, ends.get(band).copied().unwrap_or(f64::INFINITY))
}

/// The cumulative hazard of one whose factors are `paces`, where that of all resources of the flavor is `hazard`.
fn paced(hazard: f64, ends: &[f64; AGE_BANDS - 1], paces: &[f64; AGE_BANDS]) -> f64 {
    let part = |(band, pace): (usize, &f64)| {
        let (from, to) = band_of(band, ends);
        pace * (hazard.min(to) - from).max(0.0)
    };
    paces.iter().enumerate().map(part).sum()
}

/// The inverse of [`paced`].
fn unpaced(hazard: f64, ends: &[f64; AGE_BANDS - 1], paces: &[f64; AGE_BANDS]) -> f64 {
    let mut left = hazard;
    for (band, pace) in paces.iter().enumerate() {
        let (from, to) = band_of(band, ends);
        if left <= pace * (to - from) {
            return from + left / pace;
        }
        left -= pace * (to - from);
    }
    f64::INFINITY
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

    fn of(edges: Vec<Duration>, hazards: Vec<u16>) -> Survival {
        Survival::new(&Lifetimes::of_hazards(edges, vec![hazards]))
    }

    const ANYBODY: Whose = (TenantIndex(0), FlavorIndex(0));

    /// Half of those that reach an hour end in it, and three quarters in each later one.
    fn halves() -> Survival {
        let edges = vec![Duration::HOUR, Duration::HOUR * 2];
        of(edges, vec![32_768, 49_152])
    }

    #[test]
    fn an_exponential_draw_is_turned_into_the_age_of_that_cumulative_hazard() {
        let (survival, ln2) = (halves(), core::f64::consts::LN_2);
        let check = |age: Duration, exposure: f64, seconds: i64| {
            let remaining = survival.remaining(ANYBODY, age, exposure).unwrap();
            assert!((remaining.seconds() - seconds as f64).abs() < 1e-3, "{age} {exposure} {remaining}");
        };
        // The hazard is ln 2 an hour in the first hour and 2 ln 2 (of 1 − 3/4) in every later one.
        check(Duration::ZERO, ln2 / 2.0, 1_800);
        check(Duration::ZERO, ln2 * 2.0, 5_400);
        check(Duration::from_minutes(30), ln2 / 2.0 + ln2 / 2.0, 1_800 + 900);
        check(Duration::HOUR * 50, ln2, 1_800);
        check(Duration::ZERO, ln2 + 20.0 * ln2, 3_600 + 10 * 3_600);
    }

    /// The hazard of the flavor is ln 2 an hour at first. The tenant's is a half of it for half an hour, four times as much
    /// up to an hour, and as large from then on.
    #[test]
    fn a_tenant_has_a_factor_for_each_band_of_age() {
        let (edges, ln2) = (vec![Duration::HOUR, Duration::HOUR * 2], core::f64::consts::LN_2);
        let milli = [500, 500, 500, 4_000, 1_000, 1_000, 1_000, 1_000, 1_000, 1_000];
        let tenant_paces = vec![TenantPaces { tenant: TenantIndex(1), flavor: FlavorIndex(0), milli }];
        let lifetimes = Lifetimes { tenant_paces, ..Lifetimes::of_hazards(edges, vec![vec![32_768, 49_152]]) };
        let survival = Survival::new(&lifetimes);
        let theirs = (TenantIndex(1), FlavorIndex(0));
        let check = |minutes: i64, cumulative: f64| {
            let age = Duration::from_minutes(minutes);
            assert!((survival.cumulative(theirs, age) - cumulative * ln2).abs() < 1e-9, "{minutes}");
            for from in [0, 10, 30, 45].into_iter().filter(|from| *from < minutes) {
                let from = Duration::from_minutes(from);
                let exposure = cumulative * ln2 - survival.cumulative(theirs, from);
                let end = from + survival.remaining(theirs, from, exposure).unwrap();
                assert!((end.seconds() - age.seconds()).abs() < 1e-3, "from {from} to {end} in place of {age}");
            }
        };
        check(20, 1.0 / 6.0);
        check(30, 0.25);
        check(45, 1.25);
        check(60, 2.25);
        // 2 ln 2 an hour from the second one on.
        check(90, 3.25);
        check(60 * 24 * 5, 2.25 + 2.0 * (24.0 * 5.0 - 1.0));
        let others = (TenantIndex(0), FlavorIndex(0));
        assert_eq!(survival.cumulative(others, Duration::HOUR), halves().cumulative(ANYBODY, Duration::HOUR));
        let (parts, band) = survival.by_band(FlavorIndex(0), Duration::from_minutes(20));
        let expected = [5.0, 10.0, 5.0].map(|minutes| minutes / 60.0 * ln2);
        assert!(parts.iter().zip(expected).all(|(part, expected)| (part - expected).abs() < 1e-9), "{parts:?}");
        assert_eq!((band, parts[3]), (2, 0.0));
    }

    #[test]
    fn without_hazard_nothing_ends() {
        let never = |edges: Vec<Duration>, hazards| {
            let survival = of(edges, hazards);
            assert_eq!(survival.remaining(ANYBODY, Duration::HOUR * 3, 0.5), None);
        };
        never(vec![], vec![]);
        never(vec![Duration::HOUR, Duration::HOUR * 2], vec![32_768, 0]);
    }

    #[test]
    fn an_interval_without_hazard_is_passed_over() {
        let edges = vec![Duration::HOUR, Duration::HOUR * 2, Duration::HOUR * 3];
        let survival = of(edges, vec![32_768, 0, 32_768]);
        let end = survival.remaining(ANYBODY, Duration::ZERO, core::f64::consts::LN_2 * 1.5).unwrap();
        assert!((end.seconds() - 9_000.0).abs() < 1e-3, "{end}");
    }
}

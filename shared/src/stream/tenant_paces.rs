//! Tenants whose resources end sooner or later than others of the same flavor.

use std::collections::BTreeMap;

use super::hazards::Lived;
use super::survival::Survival;
use super::{AGE_BANDS, TenantPaces};
use crate::units::{FlavorIndex, TenantIndex};

/// The most tenants and flavors that have factors of their own, so that a link has room for them: a row is some 24 bytes.
const MOST: usize = 64;

/// Ends of one tenant's resources of one flavor, and what of their flavor's cumulative hazard they lived through, by band.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    ends: [f64; AGE_BANDS],
    exposure: [f64; AGE_BANDS],
}

/// The factors that are worth it, in order of tenant and flavor, where `survival` has the hazards of all of a flavor.
///
/// A factor is the ends in a band over the cumulative hazard lived through in it, both with `prior_ends` more (the maximum
/// likelihood of proportional hazards whose base is known, as for [`Paces`](super::Paces)). Those of a tenant and flavor are
/// kept where they make what was seen likelier by more than a nat for each, as Akaike's criterion has it (1974). What was
/// created together often ends together, so that a batch counts as one life in both: the design effect of clusters whose
/// members are all alike (Kish, "Survey Sampling", 1965).
pub(super) fn tenant_paces(lives: &[Lived], survival: &Survival, prior_ends: u32) -> Vec<TenantPaces> {
    let mut seen: BTreeMap<(TenantIndex, FlavorIndex), Seen> = BTreeMap::new();
    for life in lives {
        let of = seen.entry((life.tenant, life.flavor)).or_default();
        let (exposure, band) = survival.by_band(life.flavor, life.age);
        let weight = 1.0 / f64::from(life.size.max(1));
        of.exposure.iter_mut().zip(exposure).for_each(|(sum, part)| *sum += weight * part);
        of.ends[band] += if life.ended { weight } else { 0.0 };
    }
    let mut tenants: BTreeMap<FlavorIndex, u32> = BTreeMap::new();
    for (_, flavor) in seen.keys() {
        *tenants.entry(*flavor).or_default() += 1;
    }
    let of_shared = seen.iter().filter(|((_, flavor), _)| tenants[flavor] > 1);
    let mut found: Vec<(f64, TenantPaces)> = of_shared
        .map(|(&(tenant, flavor), seen)| {
            let milli = seen.factors(f64::from(prior_ends));
            (seen.gain(&milli), TenantPaces { tenant, flavor, milli })
        })
        .filter(|(gain, _)| *gain > AGE_BANDS as f64)
        .collect();
    found.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    found.truncate(MOST);
    let mut paces: Vec<TenantPaces> = found.into_iter().map(|(_, paces)| paces).collect();
    paces.sort_by_key(|of| (of.tenant, of.flavor));
    paces
}

impl Seen {
    fn factors(&self, prior_ends: f64) -> [u32; AGE_BANDS] {
        // Without ends that are assumed, a band that nobody reached says nothing.
        let prior = prior_ends.max(0.5);
        core::array::from_fn(|band| {
            let factor = (self.ends[band] + prior) / (self.exposure[band] + prior);
            (factor.clamp(0.01, 100.0) * 1_000.0 + 0.5) as u32
        })
    }

    /// How much likelier what was seen is with the factors, in nats.
    fn gain(&self, milli: &[u32; AGE_BANDS]) -> f64 {
        let of = |(band, &milli): (usize, &u32)| {
            let factor = f64::from(milli) / 1_000.0;
            self.ends[band] * libm::log(factor) - (factor - 1.0) * self.exposure[band]
        };
        milli.iter().enumerate().map(of).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Draws, Purpose};
    use crate::stream::Lifetimes;
    use crate::stream::hazards::hazards;
    use crate::units::{Duration, Instant};

    /// Exponential lives over ten days, of a mean in minutes by tenant, all of one flavor.
    fn lives(means: &[f64], each: u64) -> Vec<Lived> {
        let end = Instant::from_micros(0) + Duration::DAY * 10;
        let life = |i: u64| {
            let draws = Draws::new(5, 0, Purpose::Example, i);
            let tenant = (i % means.len() as u64) as u32;
            let created = Instant::from_micros((draws.uniform(0) * 10.0 * 86_400e6) as i64);
            let age = Duration::from_micros((draws.exponential(1) * means[tenant as usize] * 60e6) as i64);
            let known = end - created;
            let (age, ended) = (age.min(known), age < known);
            let (tenant, flavor) = (TenantIndex(tenant), FlavorIndex(0));
            Lived { tenant, flavor, batch: None, size: 1, created, age, ended }
        };
        (0..each * means.len() as u64).map(life).collect()
    }

    fn model(lives: &[Lived]) -> Lifetimes {
        let (edges, hazards) = hazards(lives, 1, 5);
        let of_flavors = Lifetimes::of_hazards(edges, hazards);
        Lifetimes { tenant_paces: tenant_paces(lives, &Survival::new(&of_flavors), 5), ..of_flavors }
    }

    /// One tenant's live for twenty minutes on average and the other's for ten hours. Of each, 1 − e^−1 have ended by their
    /// mean; of 5,000 a share of 0.63 is known to 0.007, and its cumulative hazard, 1, to 0.018: four of these, and what a
    /// band that is wider than a life takes of it.
    #[test]
    fn tenants_that_are_mixed_in_a_flavor_are_told_apart() {
        let survival = Survival::new(&model(&lives(&[20.0, 600.0], 5_000)));
        for (tenant, mean) in [(0, 20), (1, 600)] {
            let whose = (TenantIndex(tenant), FlavorIndex(0));
            for (part, expected) in [(2, 0.5), (1, 1.0)] {
                let found = survival.cumulative(whose, Duration::from_minutes(mean / part));
                assert!((found / expected - 1.0).abs() < 0.1, "{tenant} {part}: {found}");
            }
        }
        // Of both together (e^−1 + e^−1/30) ÷ 2 = 0.6676 live longer than twenty minutes, whose cumulative hazard is 0.404.
        let of_all = survival.cumulative((TenantIndex(9), FlavorIndex(0)), Duration::from_minutes(20));
        assert!((of_all - 0.404).abs() < 0.03, "somebody else's lives as all do: {of_all}");
    }

    /// Of one tenant a batch of a thousand ends together after three minutes, beside what is expected of lives of two hours.
    #[test]
    fn a_batch_counts_as_one_life() {
        let mut seen = lives(&[120.0, 120.0], 1_000);
        let (edges, hazards) = hazards(&seen, 1, 5);
        let survival = Survival::new(&Lifetimes::of_hazards(edges, hazards));
        let early = Duration::from_minutes(3);
        let in_batch = Lived { tenant: TenantIndex(1), age: early, ended: true, size: 1_000, ..seen[0] };
        seen.extend((0..1_000).map(|_| in_batch));
        assert_eq!(tenant_paces(&seen, &survival, 5), []);
        seen.iter_mut().for_each(|life| life.size = 1);
        let alone = tenant_paces(&seen, &survival, 5);
        assert_eq!(alone.iter().map(|of| of.tenant).collect::<Vec<_>>(), [TenantIndex(1)], "as lives of their own");
    }

    /// Ten factors add ten nats by chance one time in some dozens: twice the gain is χ² of ten degrees, beyond 20 with a chance
    /// of 3 %; with priors that pull towards 1 less.
    #[test]
    fn tenants_that_are_alike_have_no_factors_of_their_own() {
        assert_eq!(model(&lives(&[120.0, 120.0], 3_000)).tenant_paces, []);
        assert_eq!(model(&lives(&[120.0], 3_000)).tenant_paces, [], "whoever is alone is the flavor");
    }
}

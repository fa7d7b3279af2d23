//! How much days differ from what was expected of them: the part of a prediction's error that no count of batches has.
//!
//! Draws of one run that share nothing would average out, and an ensemble would be far too sure of its sums. So each run
//! has a factor per tenant for how often its batches come, and one factor for how fast resources end.

use super::batches::Batch;
use super::hazards::Lived;
use super::recency::Recency;
use super::survival::Survival;
use crate::units::{Duration, Instant};

/// So many days are compared at most.
const DAYS: usize = 14;

/// Relative variance where nothing is known (20 % up or down), and the number of days that it counts for.
const PRIOR: (f64, f64) = (0.04, 2.0);

/// A spread above this would make single runs absurd: half of the runs would double or halve.
const MOST: f64 = 1.0;

/// How much a tenant's share of creates differs from its expectation by earlier days, as [`spread_milli`].
///
/// The expectation of a day weights earlier days as templates are weighted: by recency and weekday. The relative
/// variance is Σ((creates − expected)² − what the sizes of batches explain) ÷ Σ expected², over tenants and days.
pub(super) fn mix_spread_milli(batches: &[Batch], origin: Instant, recency: Recency) -> u32 {
    let Some(first) = batches.iter().map(|batch| batch.first).min() else { return spread_milli(0.0, 0.0) };
    let known = (origin - first).divide(Duration::DAY).max(0) as usize;
    let tenants = batches.iter().map(|batch| batch.tenant.usize() + 1).max().unwrap_or(0);
    let mut days = vec![Day { batches: 0.0, creates: vec![0.0; tenants], squares: vec![0.0; tenants] }; known];
    for batch in batches {
        let back = (origin - batch.first).micros() - 1;
        let Some(day) = days.get_mut((back / Duration::DAY.micros()) as usize) else { continue };
        let size = f64::from(batch.size());
        day.batches += 1.0;
        day.creates[batch.tenant.usize()] += size;
        day.squares[batch.tenant.usize()] += size * size;
    }
    let (mut excess, mut scale, mut compared) = (0.0, 0.0, 0.0);
    // The oldest days have too few before them to expect anything.
    for target in 0..known.saturating_sub(2).min(DAYS) {
        let (error, expected) = compare(&days, target, recency);
        excess += error;
        scale += expected;
        compared += 1.0;
    }
    spread_milli(if scale > 0.0 { excess / scale } else { 0.0 }, compared)
}

/// One day of batches by tenant; day 0 ends at the origin.
#[derive(Clone)]
struct Day {
    batches: f64,
    creates: Vec<f64>,
    /// Squares of the batches' sizes: the variance of their sum, if batches came independently.
    squares: Vec<f64>,
}

/// Sums over the tenants of one day: squared errors beyond chance, and squared expectations.
fn compare(days: &[Day], target: usize, recency: Recency) -> (f64, f64) {
    let weight = |day: usize| {
        let half_lives = ((day - target) as i64 * Duration::DAY.micros()) as f64 / recency.half_life.micros() as f64;
        let same = if (day - target).is_multiple_of(7) { 1.0 + f64::from(recency.same_weekday) } else { 1.0 };
        libm::exp2(-half_lives) * same
    };
    let earlier: Vec<(f64, &Day)> = (target + 1..days.len()).map(|day| (weight(day), &days[day])).collect();
    let batches: f64 = earlier.iter().map(|(weight, day)| weight * day.batches).sum();
    if batches <= 0.0 {
        return (0.0, 0.0);
    }
    let rate = |of: &dyn Fn(&Day) -> f64| earlier.iter().map(|(weight, day)| weight * of(day)).sum::<f64>() / batches;
    let day = &days[target];
    let tenant = |i: usize| {
        let expected = day.batches * rate(&|day| day.creates[i]);
        let error = day.creates[i] - expected;
        (error * error - day.batches * rate(&|day| day.squares[i]), expected * expected)
    };
    (0..day.creates.len()).map(tenant).fold((0.0, 0.0), |(a, b), (c, d)| (a + c, b + d))
}

/// How much the number of ends a day differs from what the hazards expect, as [`spread_milli`].
///
/// Only ages of an hour and more count: short lives are many, and matter little for what is paid. The hazards are from
/// the same days, so that n days show only n − 1 differences.
pub(super) fn hazard_spread_milli(lives: &[Lived], end: Instant, survival: &Survival) -> u32 {
    let first = lives.iter().map(|life| life.created).min().unwrap_or(end);
    let known = ((end - first).divide(Duration::DAY).max(0) as usize).min(DAYS);
    let mut days = vec![(0.0, 0.0); known];
    for life in lives {
        let (old, last) = (life.created + Duration::HOUR, life.created + life.age);
        for (back, (ends, expected)) in days.iter_mut().enumerate() {
            let day_end = end + Duration::DAY * -(back as i64);
            let (from, to) = (old.max(day_end + Duration::DAY * -1), last.min(day_end));
            if from >= to {
                continue;
            }
            let hazard = |at: Instant| survival.cumulative((life.tenant, life.flavor), at - life.created);
            *expected += hazard(to) - hazard(from);
            *ends += if life.ended && to == last { 1.0 } else { 0.0 };
        }
    }
    let differences = days.iter().filter(|(_, expected)| *expected > 0.0);
    let relative =
        differences.map(|(ends, expected)| ((ends - expected) * (ends - expected) - expected) / (expected * expected));
    let count = known as f64;
    spread_milli(relative.sum::<f64>() / (count - 1.0).max(1.0), (count - 1.0).max(0.0))
}

/// The standard deviation of the logarithm, in thousandths, of a factor with this relative variance, which was seen
/// over `days` days and is mixed with what is assumed of any.
fn spread_milli(relative: f64, days: f64) -> u32 {
    let (assumed, weight) = PRIOR;
    let mixed = (relative.max(0.0) * days + assumed * weight) / (days + weight);
    (libm::sqrt(libm::log1p(mixed)).min(MOST) * 1_000.0 + 0.5) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Draws, Purpose};
    use crate::units::{FlavorIndex, TenantIndex};

    const RECENCY: Recency = Recency { half_life: Duration::from_seconds(3 * 86_400), same_weekday: 20 };

    fn batches(counts: impl Fn(u32, u64) -> u64) -> (Vec<Batch>, Instant) {
        let mut batches = Vec::new();
        for day in 0..28 {
            for tenant in 0..2 {
                let count = counts(tenant, day);
                for i in 0..count {
                    let at = Duration::DAY * day as i64
                        + Duration::from_micros(((i + 1) * 86_400_000_000 / (count + 1)) as i64);
                    let first = Instant::from_micros(0) + at;
                    let creates = vec![(FlavorIndex(0), 1)];
                    batches.push(Batch { tenant: TenantIndex(tenant), first, last: first, creates });
                }
            }
        }
        (batches, Instant::from_micros(0) + Duration::DAY * 28)
    }

    #[test]
    fn days_that_are_alike_leave_what_is_assumed() {
        let (batches, origin) = batches(|_, _| 1_000);
        // Fourteen days without difference and two of 0.04: √ln(1 + 0.005) = 0.071.
        assert_eq!(mix_spread_milli(&batches, origin, RECENCY), 71);
    }

    #[test]
    fn a_tenant_that_comes_and_goes_has_a_wide_mix() {
        // One tenant has 500 or 1,500 batches, with even chances, the other the rest of 2,000: each share differs by
        // half of its mean of 1,000, so the relative variance is 0.25, and a fifth or so more for what earlier days
        // said: √ln(1.25) = 0.47 to √ln(1.35) = 0.55.
        let busy = |day| if Draws::new(1, 0, Purpose::Example, day).bits(0) & 1 == 0 { 500 } else { 1_500 };
        let (batches, origin) = batches(|tenant, day| if tenant == 0 { busy(day) } else { 2_000 - busy(day) });
        let found = mix_spread_milli(&batches, origin, RECENCY);
        assert!((380..650).contains(&found), "{found}");
    }
}

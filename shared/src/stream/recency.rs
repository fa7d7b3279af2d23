//! How much a batch of the past says about what is forecast: by its age, and by its weekday.

use std::collections::BTreeMap;

use super::QUARTERS;
use super::StreamModel;
use super::batches::Batch;
use crate::units::{Duration, FlavorIndex, Instant, TenantIndex};

/// How fast the past is forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recency {
    /// After this time a batch counts for half.
    pub half_life: Duration,
    /// How much more a batch counts that was seen on the weekday that is forecast, in times.
    pub same_weekday: u32,
}

const WEEKDAYS: usize = 7;

/// The weights of batches for a forecast from an origin.
#[derive(Clone, Debug)]
pub(super) struct Weighing {
    recency: Recency,
    origin: Instant,
    /// Per quarter of the day, on which weekdays the forecast's bins of that quarter lie, as shares.
    weekdays: [[f64; WEEKDAYS]; QUARTERS],
}

impl Weighing {
    /// For a forecast of `bins` bins of length `bin`.
    pub(super) fn new(recency: Recency, origin: Instant, bin: Duration, bins: usize) -> Self {
        let mut weekdays = [[0.0; WEEKDAYS]; QUARTERS];
        for at in (0..bins).map(|i| origin + bin * i as i64) {
            weekdays[StreamModel::quarter(at)][weekday(at)] += 1.0;
        }
        for quarter in &mut weekdays {
            let bins: f64 = quarter.iter().sum();
            quarter.iter_mut().for_each(|share| *share /= bins.max(1.0));
        }
        Self { recency, origin, weekdays }
    }

    /// The weight of a batch of this instant; a batch of now has 1 on a weekday that is not forecast.
    pub(super) fn weight(&self, at: Instant) -> f64 {
        let half_lives = (self.origin - at).micros() as f64 / self.recency.half_life.micros() as f64;
        let share = self.weekdays[StreamModel::quarter(at)][weekday(at)];
        libm::exp2(-half_lives) * (1.0 + f64::from(self.recency.same_weekday) * share)
    }

    /// The same in batches of now on the weekday that is forecast.
    pub(super) fn effective(&self, at: Instant) -> f64 {
        self.weight(at) / self.most()
    }

    /// The weight of a batch of now on the weekday that is forecast: no batch has more.
    pub(super) fn most(&self) -> f64 {
        1.0 + f64::from(self.recency.same_weekday)
    }
}

/// Days since the epoch modulo seven.
fn weekday(at: Instant) -> usize {
    at.micros().div_euclid(Duration::DAY.micros()).rem_euclid(WEEKDAYS as i64) as usize
}

/// Half-lives that are tried, in days.
const HALF_LIVES: [i64; 8] = [1, 2, 3, 4, 6, 8, 16, 32];
/// Extra weights of the same weekday that are tried.
const SAME_WEEKDAYS: [u32; 5] = [0, 1, 3, 8, 20];
/// What is used where there are too few days to try anything.
const ASSUMED: Recency = Recency { half_life: Duration::from_seconds(4 * 86_400), same_weekday: 0 };
/// At most so many of the last days are predicted, each from those before it; a week has every weekday.
const TARGETS: usize = 7;
/// A day is predicted from at least so many.
const DAYS_BEFORE: usize = 2;
/// The share of creates that may be anybody's of any flavor, so that what is new is not impossible.
const UNSEEN: f64 = 0.01;

/// The recency under which the creates of each of the last days were the likeliest, given the days before it.
///
/// A create's likelihood is that of its tenant and flavor in its quarter of the day: their share of the weighted creates
/// of the days before. Creates count, and not batches, since what is paid for are creates.
pub(super) fn likeliest(batches: &[Batch], origin: Instant) -> Recency {
    let days = Days::new(batches, origin);
    let targets = days.known.saturating_sub(DAYS_BEFORE).min(TARGETS);
    let candidates = HALF_LIVES.into_iter().flat_map(|half| SAME_WEEKDAYS.map(|same| (half, same)));
    let scored = candidates.map(|(half, same_weekday)| {
        let recency = Recency { half_life: Duration::DAY * half, same_weekday };
        (recency, (0..targets).map(|target| days.log_likelihood(target, recency)).sum::<f64>())
    });
    // Of equal ones the first: the shortest memory that explains as much.
    let best = scored.reduce(|best, next| if next.1 > best.1 { next } else { best });
    best.filter(|_| targets > 0).map_or(ASSUMED, |(recency, _)| recency)
}

/// Creates by day, quarter, tenant and flavor.
struct Days {
    /// How many whole days there are.
    known: usize,
    /// Per quarter, tenant and flavor: creates of each day; 0 is the last one before the origin.
    cells: BTreeMap<(usize, TenantIndex, FlavorIndex), Vec<f64>>,
}

impl Days {
    fn new(batches: &[Batch], origin: Instant) -> Self {
        let first = batches.iter().map(|batch| batch.first).min().unwrap_or(origin);
        let known = (origin - first).divide(Duration::DAY).max(0) as usize;
        let mut cells: BTreeMap<_, Vec<f64>> = BTreeMap::new();
        for batch in batches {
            let day = ((origin - batch.first).micros() - 1).div_euclid(Duration::DAY.micros()) as usize;
            for &(flavor, count) in batch.creates.iter().filter(|_| day < known) {
                let cell = cells.entry((StreamModel::quarter(batch.first), batch.tenant, flavor));
                cell.or_insert_with(|| vec![0.0; known])[day] += f64::from(count);
            }
        }
        Self { known, cells }
    }

    /// The logarithm of the likelihood of one day's creates.
    fn log_likelihood(&self, target: usize, recency: Recency) -> f64 {
        let days_to_half = recency.half_life.micros() as f64 / Duration::DAY.micros() as f64;
        let weight = |before: usize| {
            let same = if before.is_multiple_of(WEEKDAYS) { f64::from(recency.same_weekday) } else { 0.0 };
            libm::exp2(-(before as f64) / days_to_half) * (1.0 + same)
        };
        let weights: Vec<f64> = (1..self.known - target).map(weight).collect();
        let weigh = |creates: &[f64]| {
            let earlier = creates[target + 1..].iter().zip(&weights);
            earlier.map(|(count, weight)| count * weight).sum::<f64>()
        };
        let (mut all, mut kinds) = ([0.0; QUARTERS], [0.0; QUARTERS]);
        for ((quarter, ..), creates) in &self.cells {
            all[*quarter] += weigh(creates);
            kinds[*quarter] += 1.0;
        }
        let asked = self.cells.iter().filter(|(_, creates)| creates[target] > 0.0);
        let of_cell = |(&(quarter, ..), creates): (&(usize, TenantIndex, FlavorIndex), &Vec<f64>)| {
            let share = if all[quarter] > 0.0 { weigh(creates) / all[quarter] } else { 0.0 };
            creates[target] * libm::log((1.0 - UNSEEN) * share + UNSEEN / kinds[quarter])
        };
        asked.map(of_cell).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hundred batches a day, of the flavor that `flavor` says for the day and the number.
    fn history(days: i64, flavor: impl Fn(i64, i64) -> u32) -> (Vec<Batch>, Instant) {
        let batch = |(day, i)| {
            let first = Instant::from_micros(0) + Duration::DAY * day + Duration::from_minutes(14 * i + 1);
            Batch { tenant: TenantIndex(0), first, last: first, creates: vec![(FlavorIndex(flavor(day, i)), 1)] }
        };
        let batches = (0..days).flat_map(|day| (0..100).map(move |i| (day, i))).map(batch).collect();
        (batches, Instant::from_micros(0) + Duration::DAY * days)
    }

    #[test]
    fn weekdays_that_differ_count_for_more() {
        // Flavor 1 on every seventh day and flavor 0 on the others: only the weekday says which.
        let (batches, origin) = history(28, |day, _| u32::from(day % 7 == 0));
        assert_eq!(likeliest(&batches, origin).same_weekday, 20);
    }

    #[test]
    fn what_changes_once_is_forgotten_fast() {
        // Ten days ago flavor 0 gave way to flavor 1.
        let (batches, origin) = history(28, |day, _| u32::from(day >= 18));
        assert_eq!(likeliest(&batches, origin), Recency { half_life: Duration::DAY, same_weekday: 0 });
    }

    #[test]
    fn what_never_changes_is_remembered_long() {
        // Three flavors at chances that stay: the more days, the better they are known.
        let draw = |day: i64, i: i64| {
            crate::random::Draws::new(1, 0, crate::random::Purpose::Example, day as u64).below(i as u64, 3) as u32
        };
        let (batches, origin) = history(28, draw);
        let found = likeliest(&batches, origin);
        // By chance a weekday may say a little, but never much.
        assert!(found.half_life >= Duration::DAY * 16 && found.same_weekday <= 1, "{found:?}");
    }

    #[test]
    fn a_short_history_leaves_what_is_assumed() {
        let (batches, origin) = history(2, |_, _| 0);
        assert_eq!(likeliest(&batches, origin), ASSUMED);
        assert_eq!(likeliest(&[], origin), ASSUMED);
    }
}

//! Lifetimes, interval by interval.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::stream::estimate::{Source, StreamSettings};
use crate::stream::hazards::{Lived, Table, lifetimes, lived};
use crate::stream::survival::Survival;
use crate::stream::{Lifetimes, Paces};
use crate::units::{BatchIndex, Duration, Instant, TenantIndex};

/// What says when a life ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LifetimeModelName {
    /// Kaplan and Meier's estimate, for each flavor by itself.
    KaplanMeier,
    /// The hazards that streams are sampled from.
    Hazards,
}

/// One model over all points of the test.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PointScores {
    /// Which.
    pub model: LifetimeModelName,
    /// Mean binary cross-entropy of ending in an interval that was reached, in nats a point.
    pub bce: f64,
    /// The share of lives that did not end in the likeliest interval, of those up to the one they ended in.
    pub top1_error: f64,
}

/// All models over the same points.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LifetimeScores {
    /// Lives that began in the test.
    pub lives: u64,
    /// Those that were seen to end.
    pub ended: u64,
    /// Intervals that were reached and whose outcome is known.
    pub points: u64,
    /// One a model.
    pub results: Vec<PointScores>,
}

/// Scores the lives that begin in `test` from `origin` on; lives of the sources are censored where those end.
///
/// A life that ended in interval j has the points 0 … j, one that was last seen in j the points 0 … j − 1. Models see
/// the tenant, the flavor, the size and the instant of the batch, and what became of the life before in it. None where no
/// source has a delete.
pub fn score_lifetimes(
    sources: &[Source],
    test: &Source,
    origin: Instant,
    flavors: usize,
    settings: &StreamSettings,
) -> Option<LifetimeScores> {
    let with_ends: Vec<&Source> = sources.iter().filter(|source| source.has_deletes).collect();
    let hazards = lifetimes(&with_ends, flavors, settings.prior_ends)?;
    let known: Vec<Lived> = with_ends.iter().flat_map(|source| lived(source)).collect();
    let asked: Vec<Lived> = lived(test).into_iter().filter(|life| life.created >= origin).collect();
    let grid = grid();
    let (kaplan_meier, sampled) = (KaplanMeier::new(&known, flavors, &grid), Sampled::new(&hazards, &grid));
    let results = vec![
        score(&kaplan_meier, LifetimeModelName::KaplanMeier, &asked, &grid),
        score(&sampled, LifetimeModelName::Hazards, &asked, &grid),
    ];
    let points = asked.iter().map(|life| points(life, &grid).len() as u64).sum();
    let ended = asked.iter().filter(|life| life.ended).count() as u64;
    Some(LifetimeScores { lives: asked.len() as u64, ended, points, results })
}

/// The intervals of the paper, which are counted in whole bins of five minutes: such bins for an hour, then hours, then
/// days up to ten, then ten days.
fn grid() -> Vec<Duration> {
    let bins = (1..=13).map(|i| Duration::from_minutes(5) * i);
    let hours = (2..=24).map(|i| Duration::HOUR * i + Duration::from_minutes(5));
    let days = (2..=10).map(|i| Duration::DAY * i + Duration::from_minutes(5));
    bins.chain(hours).chain(days).chain([Duration::DAY * 20 + Duration::from_minutes(5)]).collect()
}

/// The interval that holds an age; the last one goes on.
fn interval(age: Duration, grid: &[Duration]) -> usize {
    grid.partition_point(|&end| end <= age).min(grid.len() - 1)
}

/// Whether a life ended in each interval whose outcome is known.
fn points(life: &Lived, grid: &[Duration]) -> Vec<bool> {
    let reached = interval(life.age, grid);
    let survived = core::iter::repeat_n(false, reached);
    survived.chain(life.ended.then_some(true)).collect()
}

/// Chances to end in each interval that was reached.
trait Hazards {
    fn hazards(&self, life: &Lived, before: Option<&Lived>) -> Vec<f64>;
}

fn score(model: &dyn Hazards, name: LifetimeModelName, lives: &[Lived], grid: &[Duration]) -> PointScores {
    let mut last_of_batch: BTreeMap<(TenantIndex, BatchIndex), &Lived> = BTreeMap::new();
    let (mut nats, mut count, mut wrong, mut ended) = (0.0, 0_u64, 0_u64, 0_u64);
    for life in lives {
        let before = life.batch.and_then(|batch| last_of_batch.insert(batch, life));
        let hazards = model.hazards(life, before);
        let points = points(life, grid);
        let (mut survived, mut likeliest) = (1.0, (0, -1.0));
        for (j, (&hazard, &ends)) in hazards.iter().zip(&points).enumerate() {
            nats -= libm::log(if ends { hazard } else { 1.0 - hazard });
            let chance = survived * hazard;
            if chance > likeliest.1 {
                likeliest = (j, chance);
            }
            survived *= 1.0 - hazard;
        }
        count += points.len() as u64;
        if life.ended {
            ended += 1;
            wrong += u64::from(likeliest.0 + 1 != points.len());
        }
    }
    let over = |sum: f64, whole: u64| sum / whole.max(1) as f64;
    PointScores { model: name, bce: over(nats, count), top1_error: over(wrong as f64, ended) }
}

/// Chances are never quite 0 or 1: what was not seen once may be next.
const LEAST: f64 = 1e-6;

/// Per flavor, the product-limit estimate within each interval, mixed with everybody's as if it had seen one more end.
struct KaplanMeier(Vec<Vec<f64>>);

impl KaplanMeier {
    fn new(lives: &[Lived], flavors: usize, grid: &[Duration]) -> Self {
        let all = Table::new(lives.iter().copied(), grid);
        let everybody: Vec<f64> =
            all.hazards.iter().zip(&all.at_risk).map(|(hazard, risk)| (hazard * risk + 0.5) / (risk + 1.0)).collect();
        let of_flavor = |flavor: usize| {
            let own = Table::new(lives.iter().filter(|life| life.flavor.usize() == flavor).copied(), grid);
            let rows = own.hazards.iter().zip(&own.at_risk).zip(&everybody);
            rows.map(|((hazard, risk), all)| ((hazard * risk + 1.0) / (risk + 1.0 / all)).clamp(LEAST, 1.0 - LEAST))
                .collect()
        };
        Self((0..flavors).map(of_flavor).collect())
    }
}

impl Hazards for KaplanMeier {
    fn hazards(&self, life: &Lived, _: Option<&Lived>) -> Vec<f64> {
        self.0[life.flavor.usize()].clone()
    }
}

/// The hazards of the stream model, with the chance that a life ends together with the one before it in the batch.
struct Sampled<'a> {
    survival: Survival,
    paces: Paces,
    shared: f64,
    grid: &'a [Duration],
}

impl<'a> Sampled<'a> {
    fn new(lifetimes: &Lifetimes, grid: &'a [Duration]) -> Self {
        Self {
            survival: Survival::new(lifetimes),
            paces: lifetimes.paces.clone(),
            shared: f64::from(lifetimes.shared_milli) / 1_000.0,
            grid,
        }
    }

    /// The chance to survive each interval of the grid, beyond `from`.
    fn survived(&self, life: &Lived, from: Duration) -> Vec<f64> {
        let pace = self.paces.of(Some(life.size), life.created);
        let whose = (life.tenant, life.flavor);
        let start = self.survival.cumulative(whose, from);
        let beyond = |&end: &Duration| pace * (self.survival.cumulative(whose, end) - start).max(0.0);
        self.grid.iter().map(|end| libm::exp(-beyond(end))).collect()
    }
}

impl Hazards for Sampled<'_> {
    fn hazards(&self, life: &Lived, before: Option<&Lived>) -> Vec<f64> {
        let own = self.survived(life, Duration::ZERO);
        // With the chance `shared` a life has the exposure of the one before it: it ends at the same quantile.
        let together = before.map(|before| {
            let exposure = self.survival.cumulative((before.tenant, before.flavor), before.age);
            let age = self.survival.remaining((life.tenant, life.flavor), Duration::ZERO, exposure);
            match age {
                Some(age) if before.ended => {
                    let end = if before.flavor == life.flavor { before.age } else { age };
                    let at = interval(end, self.grid);
                    (0..self.grid.len()).map(|j| if j < at { 1.0 } else { 0.0 }).collect()
                }
                Some(age) => self.survived(life, age),
                None => vec![1.0; self.grid.len()],
            }
        });
        let shared = if together.is_some() { self.shared } else { 0.0 };
        let together = together.unwrap_or_else(|| own.clone());
        let mixed: Vec<f64> =
            own.iter().zip(&together).map(|(own, same)| (1.0 - shared) * own + shared * same).collect();
        let reached = core::iter::once(1.0).chain(mixed.iter().copied());
        let hazard = |(before, after): (f64, &f64)| if before > 0.0 { 1.0 - after / before } else { 0.5 };
        reached.zip(&mixed).map(hazard).map(|hazard| hazard.clamp(LEAST, 1.0 - LEAST)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::FlavorIndex;

    fn lived(minutes: i64, ended: bool, batch: Option<u32>) -> Lived {
        Lived {
            tenant: TenantIndex(0),
            flavor: FlavorIndex(0),
            batch: batch.map(|batch| (TenantIndex(0), BatchIndex(batch))),
            size: 1,
            created: Instant::from_micros(0),
            age: Duration::from_minutes(minutes),
            ended,
        }
    }

    /// Half of those that reach an interval end in it.
    struct Halves;

    impl Hazards for Halves {
        fn hazards(&self, _: &Lived, _: Option<&Lived>) -> Vec<f64> {
            vec![0.5; 46]
        }
    }

    #[test]
    fn the_intervals_are_those_of_the_paper() {
        // `max_s` of its interval map, and the five minutes that a bin is long.
        let ends: Vec<i64> = grid().iter().map(|end| end.micros() / 1_000_000 - 300).collect();
        assert_eq!(ends.len(), 46);
        assert_eq!(
            [ends[0], ends[12], ends[13], ends[35], ends[36], ends[44], ends[45]],
            [0, 3_600, 7_200, 86_400, 172_800, 864_000, 1_728_000]
        );
    }

    #[test]
    fn only_what_is_known_is_asked() {
        let grid = grid();
        assert_eq!(points(&lived(7, true, None), &grid), [false, true]);
        assert_eq!(points(&lived(7, false, None), &grid), [false]);
        assert!(points(&lived(0, false, None), &grid).is_empty());
        let lives = [lived(7, true, None), lived(7, false, None), lived(0, true, None)];
        let scores = score(&Halves, LifetimeModelName::KaplanMeier, &lives, &grid);
        // Four points of one bit each; of the two that ended, the likeliest interval, the first, is one's.
        assert!((scores.bce - core::f64::consts::LN_2).abs() < 1e-12, "{}", scores.bce);
        assert_eq!(scores.top1_error, 0.5);
    }

    #[test]
    fn lives_that_end_together_are_expected_to() {
        let edges = vec![Duration::HOUR, Duration::HOUR * 2];
        let hazards = |shared_milli| Lifetimes {
            shared_milli,
            ..Lifetimes::of_hazards(edges.clone(), vec![vec![32_768, 32_768]])
        };
        let grid = grid();
        let before = lived(12, true, Some(0));
        let [alone, together] = [0, 1_000].map(|shared| {
            let lifetimes = hazards(shared);
            Sampled::new(&lifetimes, &grid).hazards(&lived(0, false, Some(0)), Some(&before))
        });
        // The hazard of five minutes is 1 − 2^(−1/12) where half end in an hour.
        let five = 1.0 - libm::exp2(-1.0 / 12.0);
        assert!((alone[0] - five).abs() < 1e-9 && (alone[2] - five).abs() < 1e-9, "{alone:?}");
        assert!(together[0] < 1e-5 && together[1] < 1e-5 && together[2] > 1.0 - 1e-5, "{together:?}");
    }
}

//! What is created next in a batch: several contexts, mixed as well as they did on the last days.
//!
//! Each context counts what followed it. Their chances are mixed linearly, with a weight for each context that depends
//! on how much of it was seen and on how far the batch is. A linear mixture is sampled by two table look-ups: which
//! context, then what followed it.

use std::collections::BTreeMap;

use super::batches::Batch;
use super::counts::{Counts, Row};
use super::recency::Weighing;
use super::tokens::{Beginning, Class, tokens};
use crate::random::key;
use crate::units::{Duration, FlavorIndex, Instant};

/// Nothing; the last flavor; and its run; and the flavors so far, or the hour; all creates so far.
const CONTEXTS: usize = 6;
/// The context that those that are more exact are mixed with.
const PARENTS: [usize; CONTEXTS] = [0, 0, 0, 2, 2, 2];
/// How much the less exact context counts as, in batches of now.
const PRIOR: f64 = 0.4;
/// The first, the second, and any later token of a batch.
const PLACES: usize = 3;
/// Steps of how much was seen of a context, in batches of now.
const SEEN: [f64; 6] = [1e-9, 0.3, 2.0, 10.0, 50.0, 500.0];
/// Steps from an even mixture to the likeliest one.
const STEPS: u32 = 30;

/// Weights of each context by place and by how much was seen of it.
type Gates = [[[f64; SEEN.len() + 1]; CONTEXTS]; PLACES];

/// How much batches weigh, by the hour of the day and what they create.
type Cells = BTreeMap<(u64, Vec<(FlavorIndex, u32)>), f64>;

/// Counts, and how they are mixed.
#[derive(Clone, Debug)]
pub(super) struct FlavorMixture {
    classes: usize,
    counts: Counts,
    gates: Gates,
}

/// The chances of every class in every context of one token.
#[derive(Clone, Debug, Default)]
struct Opinions {
    chances: [Vec<f64>; CONTEXTS],
    seen: [usize; CONTEXTS],
}

impl FlavorMixture {
    /// Counts batches as `weighing` weights them for the forecast, and mixes by how likely the last part of them was
    /// given the first: the last quarter of the history, three days at most.
    pub(super) fn fit(
        batches: &[Batch],
        flavors: usize,
        weighing: impl Fn(Instant) -> Weighing,
        origin: Instant,
    ) -> Self {
        let first = batches.iter().map(|batch| batch.first).min().unwrap_or(origin);
        let tail = Duration::from_micros((origin - first).micros() / 4).min(Duration::DAY * 3);
        let cut = origin + tail * -1;
        let cells = |batches: &[&Batch], weigh: &dyn Fn(Instant) -> f64| {
            let mut cells = Cells::new();
            for batch in batches {
                *cells.entry((hour(batch.first), batch.creates.clone())).or_default() += weigh(batch.first);
            }
            cells
        };
        let (late, early): (Vec<&Batch>, Vec<&Batch>) = batches.iter().partition(|batch| batch.first >= cut);
        let before = weighing(cut);
        let mut trial = Self::even(flavors);
        trial.count(&cells(&early, &|at| before.effective(at)));
        let gates = trial.likeliest(&cells(&late, &|_| 1.0));
        let now = weighing(origin);
        let all: Vec<&Batch> = batches.iter().collect();
        let mut mixture = Self { gates, ..Self::even(flavors) };
        mixture.count(&cells(&all, &|at| now.effective(at)));
        mixture
    }

    fn even(flavors: usize) -> Self {
        let gates = [[[1.0; SEEN.len() + 1]; CONTEXTS]; PLACES];
        Self { classes: flavors + 1, counts: Counts::default(), gates }
    }

    fn count(&mut self, cells: &Cells) {
        let counts = &mut self.counts;
        each_token(cells, self.classes - 1, |hour, beginning, class, weight| {
            contexts(hour, beginning).into_iter().for_each(|context| counts.add(context, class, weight));
        });
    }

    /// Gates under which cells are the most likely, by minorisation: each weight becomes what it explained over what it
    /// was asked, Σ r ÷ Σ 1/W, which never makes the cells less likely (Hunter and Lange 2004).
    fn likeliest(&self, cells: &Cells) -> Gates {
        let mut asked = Vec::new();
        let mut opinions = Opinions::default();
        each_token(cells, self.classes - 1, |hour, beginning, class, weight| {
            self.opinions(hour, beginning, &mut opinions);
            let chances: [f64; CONTEXTS] = core::array::from_fn(|i| opinions.chances[i][class as usize]);
            asked.push((place(beginning), opinions.seen, chances, weight));
        });
        let mut gates = self.gates;
        for _ in 0..STEPS {
            let mut explained = [[[0.0; SEEN.len() + 1]; CONTEXTS]; PLACES];
            let mut questions = explained;
            for (place, seen, chances, weight) in &asked {
                let of = |i: usize| gates[*place][i][seen[i]];
                let all: f64 = (0..CONTEXTS).map(of).sum();
                let right: f64 = (0..CONTEXTS).map(|i| of(i) * chances[i]).sum();
                for i in 0..CONTEXTS {
                    explained[*place][i][seen[i]] += weight * of(i) * chances[i] / right;
                    questions[*place][i][seen[i]] += weight / all;
                }
            }
            let mut all = gates.iter_mut().flatten().flatten();
            for (explained, questions) in explained.iter().flatten().flatten().zip(questions.iter().flatten().flatten())
            {
                let gate = all.next().expect("all tables have one shape");
                *gate = if *questions > 0.0 { explained / questions } else { *gate };
            }
        }
        gates
    }

    fn opinions(&self, hour: u64, beginning: &Beginning, opinions: &mut Opinions) {
        for (i, context) in contexts(hour, beginning).into_iter().enumerate() {
            let row = self.counts.get(context);
            let total = row.map_or(0.0, |row| row.total);
            opinions.seen[i] = SEEN.partition_point(|&step| step <= total);
            let (less, rest) = opinions.chances.split_at_mut(i);
            match less.get(PARENTS[i]) {
                Some(parent) => Row::mixed(row, PRIOR, parent, &mut rest[0]),
                None => Row::mixed(row, PRIOR, &vec![1.0 / self.classes as f64; self.classes], &mut rest[0]),
            }
        }
    }

    /// The chances of every class after a beginning.
    pub(super) fn chances(&self, at: Instant, beginning: &Beginning) -> Vec<f64> {
        let mut opinions = Opinions::default();
        self.opinions(hour(at), beginning, &mut opinions);
        let gate = |i: usize| self.gates[place(beginning)][i][opinions.seen[i]];
        let all: f64 = (0..CONTEXTS).map(gate).sum();
        let mut chances = vec![0.0; self.classes];
        for i in 0..CONTEXTS {
            let weight = gate(i) / all;
            chances.iter_mut().zip(&opinions.chances[i]).for_each(|(sum, chance)| *sum += weight * chance);
        }
        chances
    }
}

/// Shows every token with the hour, how its batch began, and its weight.
fn each_token(cells: &Cells, flavors: usize, mut seen: impl FnMut(u64, &Beginning, Class, f64)) {
    for ((hour, creates), &weight) in cells {
        let mut beginning = Beginning::default();
        for class in tokens(creates, flavors) {
            seen(*hour, &beginning, class, weight);
            beginning.push(class);
        }
    }
}

/// The hour of the UTC day.
fn hour(at: Instant) -> u64 {
    (at.micros().rem_euclid(Duration::DAY.micros()) / Duration::HOUR.micros()) as u64
}

fn place(beginning: &Beginning) -> usize {
    (beginning.length as usize).min(PLACES - 1)
}

fn contexts(hour: u64, beginning: &Beginning) -> [u64; CONTEXTS] {
    let last = beginning.last.map_or(u64::MAX, u64::from);
    let run = u64::from(run_step(beginning.run));
    [
        key(&[0]),
        key(&[1, last]),
        key(&[2, last, run]),
        key(&[3, last, run, beginning.set]),
        key(&[4, last, run, hour]),
        key(&[5, beginning.all]),
    ]
}

/// Runs of up to 12 as they are, longer ones in steps of about half.
fn run_step(run: u32) -> u32 {
    const LONGER: [u32; 6] = [13, 16, 24, 32, 64, 128];
    run.min(12) + LONGER.partition_point(|&from| from <= run) as Class
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::Recency;
    use crate::units::TenantIndex;

    /// Ten days of a batch a minute, with the creates that `creates` says for the hour and the number.
    fn fitted(creates: impl Fn(i64, i64) -> Vec<(u32, u32)>) -> FlavorMixture {
        let batch = |i: i64| {
            let first = Instant::from_micros(0) + Duration::from_minutes(i);
            let creates =
                creates(i / 60 % 24, i).into_iter().map(|(flavor, count)| (FlavorIndex(flavor), count)).collect();
            Batch { tenant: TenantIndex(0), first, last: first, creates }
        };
        let batches: Vec<Batch> = (0..14_400).map(batch).collect();
        let recency = Recency { half_life: Duration::DAY * 4, same_weekday: 0 };
        let weighing = |at| Weighing::new(recency, at, Duration::HOUR, 24);
        FlavorMixture::fit(&batches, 3, weighing, Instant::from_micros(0) + Duration::DAY * 10)
    }

    fn after(flavors: &[Class]) -> Beginning {
        let mut beginning = Beginning::default();
        flavors.iter().for_each(|&flavor| beginning.push(flavor));
        beginning
    }

    #[test]
    fn what_always_follows_is_expected() {
        let mixture = fitted(|_, i| if i % 2 == 0 { vec![(0, 2), (1, 1)] } else { vec![(1, 3), (0, 1)] });
        let check = |flavors: &[Class], next: usize| {
            let chances = mixture.chances(Instant::from_micros(0), &after(flavors));
            assert!((chances.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            assert!(chances.iter().all(|&chance| chance > 0.0), "nothing is impossible: {chances:?}");
            assert!(chances[next] > 0.95, "{flavors:?}: {chances:?}");
        };
        check(&[0], 0);
        check(&[0, 0], 1);
        // Flavor 1 comes three times in a row where it is the first, and once after two of flavor 0.
        check(&[0, 0, 1], 3);
        check(&[1], 1);
        check(&[1, 1, 1], 0);
    }

    #[test]
    fn the_hour_matters_where_it_says_something() {
        let mixture = fitted(|hour, _| vec![(u32::from(hour >= 12), 1)]);
        for (hour, flavor) in [(3, 0), (15, 1)] {
            let chances = mixture.chances(Instant::from_micros(0) + Duration::HOUR * hour, &after(&[]));
            assert!(chances[flavor] > 0.95, "{hour}: {chances:?}");
        }
    }
}

//! What is created next in a batch: several contexts, mixed as well as they did on the last days.
//!
//! Each context counts what followed it. Their chances are mixed linearly, with a weight for each context that depends
//! on how much of it was seen and on how far the batch is. A linear mixture is sampled by two table look-ups: which
//! context, then what followed it.
//!
//! There are two of them. The *direct* one counts every batch of the history by its hour of the day. The *table*, which
//! streams are sampled from, counts the templates of a forecast by their quarter of the day: small enough for a link.

mod gates;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::batches::Batch;
use super::counts::{Counts, Row};
use super::recency::Weighing;
use super::templates::{UNIT, templates};
use super::tokens::{Beginning, Class, tokens};
use super::{BatchTemplate, FlavorGates, QUARTERS};
use crate::random::{Draws, key};
use crate::units::{Duration, FlavorIndex, Instant};
use gates::{Gates, SEEN};

/// How far the batch is; the last flavor as well; and its run; and the flavors so far, or the part of the day; all creates
/// so far.
pub(super) const CONTEXTS: usize = 6;
/// The context that those that are more exact are mixed with.
const PARENTS: [usize; CONTEXTS] = [0, 0, 1, 2, 2, 2];
/// How much the less exact context counts as, in batches of now.
const PRIOR: f64 = 0.4;
/// From which token of a batch on each place begins, after the first: what ends one of a few creates would end those of
/// hundreds far too early.
const PLACE_STARTS: [u32; 5] = [1, 2, 8, 32, 128];
/// How far a batch is.
pub(super) const PLACES: usize = PLACE_STARTS.len() + 1;
/// Hours of the day.
const HOURS: u64 = 24;
/// A batch ends here at the latest: no model of what comes next may run for ever.
const LONGEST: u32 = 1 << 16;

/// How much batches weigh, by the part of the day and what they create.
type Cells = BTreeMap<(u64, Vec<(FlavorIndex, u32)>), f64>;

/// Counts, and how they are mixed.
#[derive(Clone, Debug)]
pub(super) struct FlavorMixture {
    flavors: usize,
    /// Into how many parts the day is divided.
    parts: u64,
    counts: Counts,
    gates: Gates,
}

/// The chances of every class in every context of one token.
#[derive(Clone, Debug, Default)]
struct Opinions {
    chances: [Vec<f64>; CONTEXTS],
    seen: [usize; CONTEXTS],
}

/// Batches before and after a cut: the last quarter of the history, three days at most, is what weights are tried on.
struct Split {
    cut: Instant,
    early: Vec<Batch>,
    late: Vec<Batch>,
}

impl Split {
    fn new(batches: &[Batch], origin: Instant) -> Self {
        let first = batches.iter().map(|batch| batch.first).min().unwrap_or(origin);
        let tail = Duration::from_micros((origin - first).micros() / 4).min(Duration::DAY * 3);
        let cut = origin + tail * -1;
        let (late, early) = batches.iter().cloned().partition(|batch| batch.first >= cut);
        Self { cut, early, late }
    }
}

impl FlavorMixture {
    /// The direct one. It counts batches as `weighing` weights them for the forecast, and mixes by how likely the last
    /// part of them was given the first.
    pub(super) fn fit(
        batches: &[Batch],
        flavors: usize,
        weighing: impl Fn(Instant) -> Weighing,
        origin: Instant,
    ) -> Self {
        let split = Split::new(batches, origin);
        let (before, now) = (weighing(split.cut), weighing(origin));
        let mut trial = Self::new(flavors, HOURS, Gates::assumed());
        trial.count(&cells(&split.early, HOURS, |at| before.effective(at)));
        let gates = trial.likeliest(&cells(&split.late, HOURS, |_| 1.0));
        let mut mixture = Self::new(flavors, HOURS, gates);
        mixture.count(&cells(batches, HOURS, |at| now.effective(at)));
        mixture
    }

    /// The table of a forecast; `factor` says how much more each template counts in a run.
    pub(super) fn table(
        templates: &[BatchTemplate],
        gates: &FlavorGates,
        flavors: usize,
        factor: impl Fn(&BatchTemplate) -> f64,
    ) -> Self {
        let mut table = Self::new(flavors, QUARTERS as u64, Gates::of(gates));
        let unit = 1.0 / f64::from(gates.batch_weight.max(1));
        let Self { counts, .. } = &mut table;
        for template in templates {
            let scale = unit * factor(template);
            let whole: f64 = template.weights.iter().map(|&weight| f64::from(weight)).sum::<f64>() * scale;
            let mut beginning = Beginning::default();
            for class in tokens(&template.creates, flavors) {
                let of_part = |part: usize| (part as u64, f64::from(template.weights[part]) * scale);
                count(counts, &beginning, class, whole, (0..QUARTERS).map(of_part));
                beginning.push(class);
            }
        }
        table
    }

    /// The weights of a table: those under which templates of the history's first part explain its last part best.
    pub(super) fn gates(
        batches: &[Batch],
        flavors: usize,
        weighing: impl Fn(Instant) -> Weighing,
        origin: Instant,
        templates_max: usize,
    ) -> FlavorGates {
        let Split { cut, early, late } = Split::new(batches, origin);
        let batch_weight = (UNIT * weighing(origin).most() + 0.5) as u32;
        let early = templates(early, &weighing(cut), templates_max);
        let trial = Self::table(&early, &Gates::assumed().rounded(batch_weight), flavors, |_| 1.0);
        trial.likeliest(&cells(&late, QUARTERS as u64, |_| 1.0)).rounded(batch_weight)
    }

    fn new(flavors: usize, parts: u64, gates: Gates) -> Self {
        Self { flavors, parts, counts: Counts::default(), gates }
    }

    fn count(&mut self, cells: &Cells) {
        let counts = &mut self.counts;
        each_token(cells, self.flavors, |part, beginning, class, weight| {
            count(counts, beginning, class, weight, [(part, weight)]);
        });
    }

    /// Gates under which cells are the most likely.
    fn likeliest(&self, cells: &Cells) -> Gates {
        let mut asked = Vec::new();
        let mut opinions = Opinions::default();
        each_token(cells, self.flavors, |part, beginning, class, weight| {
            self.opinions(part, beginning, &mut opinions);
            let chances = core::array::from_fn(|i| opinions.chances[i][class as usize]);
            asked.push(gates::Asked { place: place(beginning), seen: opinions.seen, chances, weight });
        });
        Gates::assumed().likeliest(&asked)
    }

    fn opinions(&self, part: u64, beginning: &Beginning, opinions: &mut Opinions) {
        let classes = self.flavors + 1;
        for (i, context) in contexts(part, beginning).into_iter().enumerate() {
            let row = self.counts.get(context);
            opinions.seen[i] = seen(row);
            let (less, rest) = opinions.chances.split_at_mut(i);
            match less.get(PARENTS[i]) {
                Some(parent) => Row::mixed(row, PRIOR, parent, &mut rest[0]),
                None => Row::mixed(row, PRIOR, &vec![1.0 / classes as f64; classes], &mut rest[0]),
            }
        }
    }

    /// The chances of every class after a beginning. No batch is empty, so the first token is never an end.
    pub(super) fn chances(&self, at: Instant, beginning: &Beginning) -> Vec<f64> {
        let mut opinions = Opinions::default();
        self.opinions(part(at, self.parts), beginning, &mut opinions);
        let gates = self.gates.of_token(place(beginning), &opinions.seen);
        let all: f64 = gates.iter().sum();
        let mut chances = vec![0.0; self.flavors + 1];
        for (gate, of_context) in gates.iter().zip(&opinions.chances) {
            chances.iter_mut().zip(of_context).for_each(|(sum, chance)| *sum += gate / all * chance);
        }
        if beginning.length == 0 {
            let end = chances[self.flavors];
            chances[self.flavors] = 0.0;
            chances.iter_mut().for_each(|chance| *chance /= 1.0 - end);
        }
        chances
    }

    /// The creates of one batch, shown to `create` one by one; returns how it went, none where there is nothing to draw
    /// from. Draws are read from number `first` on. It ends where no batch that was seen got so far.
    pub(super) fn draw_batch(
        &self,
        at: Instant,
        draws: Draws,
        first: u64,
        mut create: impl FnMut(FlavorIndex),
    ) -> Option<Beginning> {
        let (part, end) = (part(at, self.parts), self.flavors as Class);
        let mut beginning = Beginning::default();
        let mut number = first;
        while beginning.length < LONGEST {
            let class = self.draw(part, &beginning, draws.uniform(number), draws.uniform(number + 1));
            let Some(class) = class.filter(|&class| class != end) else { break };
            number += 2;
            beginning.push(class);
            create(FlavorIndex(class));
        }
        (beginning.length > 0).then_some(beginning)
    }

    /// Two look-ups: which context, by its weight; then what followed it, or what its parent says. What was never seen in
    /// any context is not drawn.
    fn draw(&self, part: u64, beginning: &Beginning, of_context: f64, of_class: f64) -> Option<Class> {
        let rows = contexts(part, beginning).map(|context| self.counts.get(context));
        let gates = self.gates.of_token(place(beginning), &rows.map(seen));
        let mut left = of_context * gates.iter().sum::<f64>();
        let mut context = 0;
        while context + 1 < CONTEXTS && left >= gates[context] {
            left -= gates[context];
            context += 1;
        }
        let mut uniform = of_class;
        while context > 0 {
            if let Some(row) = rows[context] {
                let position = uniform * (row.total + PRIOR);
                if position < row.total {
                    return Some(row.at(position));
                }
                // What is left of the draw is uniform again.
                uniform = (position - row.total) / PRIOR;
            }
            context = PARENTS[context];
        }
        rows[0].map(|row| row.at(uniform * row.total))
    }
}

fn cells(batches: &[Batch], parts: u64, weigh: impl Fn(Instant) -> f64) -> Cells {
    let mut cells = Cells::new();
    for batch in batches {
        *cells.entry((part(batch.first, parts), batch.creates.clone())).or_default() += weigh(batch.first);
    }
    cells
}

/// Shows every token with the part of the day, how its batch began, and its weight.
fn each_token(cells: &Cells, flavors: usize, mut seen: impl FnMut(u64, &Beginning, Class, f64)) {
    for ((part, creates), &weight) in cells {
        let mut beginning = Beginning::default();
        for class in tokens(creates, flavors) {
            seen(*part, &beginning, class, weight);
            beginning.push(class);
        }
    }
}

/// Counts a class in every context: with its whole weight where the part of the day is none of it.
fn count(
    counts: &mut Counts,
    beginning: &Beginning,
    class: Class,
    whole: f64,
    by_part: impl IntoIterator<Item = (u64, f64)>,
) {
    let all = contexts(0, beginning);
    (0..CONTEXTS).filter(|&i| i != PART).for_each(|i| counts.add(all[i], class, whole));
    for (part, weight) in by_part.into_iter().filter(|&(_, weight)| weight > 0.0) {
        counts.add(of_part(part, beginning), class, weight);
    }
}

/// The part of the UTC day.
fn part(at: Instant, parts: u64) -> u64 {
    at.micros().rem_euclid(Duration::DAY.micros()) as u64 / (Duration::DAY.micros() as u64 / parts)
}

fn place(beginning: &Beginning) -> usize {
    PLACE_STARTS.partition_point(|&start| start <= beginning.length)
}

/// How much of a context was seen, as a step.
fn seen(row: Option<&Row>) -> usize {
    row.map_or(0, |row| SEEN.partition_point(|&step| step <= row.total))
}

/// The context that depends on the part of the day.
const PART: usize = 4;

fn contexts(part: u64, beginning: &Beginning) -> [u64; CONTEXTS] {
    let (place, last, run) = place_and_run(beginning);
    [
        key(&[0, place]),
        key(&[1, place, last]),
        key(&[2, place, last, run]),
        key(&[3, place, last, run, beginning.set]),
        of_part(part, beginning),
        key(&[5, beginning.all]),
    ]
}

fn of_part(part: u64, beginning: &Beginning) -> u64 {
    let (place, last, run) = place_and_run(beginning);
    key(&[PART as u64, place, last, run, part])
}

/// The place, the last flavor, and its run: up to 12 as it is, a longer one in steps of about half.
fn place_and_run(beginning: &Beginning) -> (u64, u64, u64) {
    const LONGER: [u32; 10] = [13, 16, 24, 32, 64, 128, 192, 256, 384, 512];
    let step = beginning.run.min(12) + LONGER.partition_point(|&from| from <= beginning.run) as Class;
    (place(beginning) as u64, beginning.last.map_or(u64::MAX, u64::from), u64::from(step))
}

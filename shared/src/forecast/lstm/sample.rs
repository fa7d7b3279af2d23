//! Examples for training: sequences of a series, several origins in each, several leads from each.
//!
//! Everything that the network reads at a position is made of the counts before it, so the states along one sequence
//! serve as many origins: a recurrent step is paid once and learnt from several times.

use super::LstmConfig;
use super::context::{Context, squash};
use super::inputs::Layout;
use crate::features::Past;
use crate::random::{Draws, Purpose};

/// Everything that examples are drawn from.
pub(super) struct Corpus<'a> {
    past: Past<'a>,
    layout: &'a Layout,
    contexts: &'a [Context<'a>],
    /// By series: the inputs of every step.
    steps: Vec<Vec<f32>>,
    /// The series of everyone: half of all sequences come from them, because the costs follow their sums.
    of_everyone: Vec<usize>,
    /// How far ahead an example may look.
    horizon_bins: usize,
    encoder_bins: usize,
    /// The first bin of the validation split.
    pub(super) split: usize,
}

/// Examples side by side. Rows of `targets` run over leads, then origins, then sequences.
pub(super) struct Batch {
    /// Step by step, the inputs of every sequence.
    pub(super) steps: Vec<f32>,
    /// The inputs of the head, a row an example.
    pub(super) targets: Vec<f32>,
    /// What the outputs should have been, an example.
    pub(super) answers: Vec<f32>,
    /// Anchor, noise and actual count of each example.
    pub(super) measures: Vec<Measure>,
}

/// What an example's outputs are turned into counts with, and the count that came.
#[derive(Clone, Copy)]
pub(super) struct Measure {
    pub(super) anchor: f64,
    pub(super) scale: f64,
    pub(super) actual: f64,
}

/// Which bins the targets of a batch may come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Split {
    Training,
    Validation,
}

/// Origins in a sequence, along its second half.
pub(super) const ORIGINS: usize = 7;
/// Leads of an origin: half spread evenly over the horizon, half evenly over its logarithm.
pub(super) const LEADS: usize = 6;
/// The part of the history that validates: its last seventh, but at least a day, and as much as is read.
const VALIDATION_PART: usize = 7;

/// The number of the draw that tosses between the series of everyone and all; leads use those from 2 on.
const COIN: u64 = 2 + (LEADS * ORIGINS) as u64;

impl<'a> Corpus<'a> {
    pub(super) fn new(
        past: Past<'a>,
        layout: &'a Layout,
        contexts: &'a [Context<'a>],
        config: &LstmConfig,
        horizon_bins: usize,
    ) -> Self {
        let season = contexts[0].season();
        let steps = contexts.iter().enumerate().map(|(series, context)| {
            let mut steps = Vec::with_capacity(past.bins() * layout.step_inputs());
            (0..past.bins()).for_each(|position| layout.push_step(&past, series, context, position, &mut steps));
            steps
        });
        let split = past.bins() - (past.bins() / VALIDATION_PART).max(config.least_validation(season));
        let of_everyone = (0..past.series()).filter(|&series| past.key(series).tenant().is_none()).collect();
        Self {
            past,
            layout,
            contexts,
            steps: steps.collect(),
            of_everyone,
            horizon_bins,
            encoder_bins: config.encoder_bins,
            split,
        }
    }

    /// How many bins have been read at each origin of a sequence, the longest first.
    pub(super) fn origin_steps(&self) -> [usize; ORIGINS] {
        let apart = (self.encoder_bins / 12).max(1);
        core::array::from_fn(|i| self.encoder_bins.saturating_sub(i * apart).max(1))
    }

    /// Draws a batch; the same seed and number give the same one.
    pub(super) fn batch(&self, split: Split, seed: u64, number: u32, sequences: usize) -> Batch {
        // Validation draws from numbers that no training step reaches.
        let run = number ^ (if split == Split::Validation { 1 << 31 } else { 0 });
        let origins = self.origin_steps();
        let (season, span) = (self.contexts[0].season(), self.encoder_bins - origins[ORIGINS - 1]);
        let (first, limit) = match split {
            Split::Training => (season + self.encoder_bins, self.split),
            Split::Validation => (self.split + span, self.past.bins()),
        };
        let chosen: Vec<(Draws, usize, usize)> = (0..sequences as u64)
            .map(|sequence| {
                let draws = Draws::new(seed, run, Purpose::Training, sequence);
                let series = self.series(draws);
                (draws, series, first + draws.below(1, limit.saturating_sub(first).max(1) as u64) as usize)
            })
            .collect();
        let width = self.layout.step_inputs();
        let mut batch = Batch { steps: Vec::new(), targets: Vec::new(), answers: Vec::new(), measures: Vec::new() };
        for step in 0..self.encoder_bins {
            for &(_, series, end) in &chosen {
                let at = (end - self.encoder_bins + step) * width;
                batch.steps.extend_from_slice(&self.steps[series][at..at + width]);
            }
        }
        for lead in 0..LEADS {
            for (i, read) in origins.into_iter().enumerate() {
                for &(draws, series, end) in &chosen {
                    let origin = end - (self.encoder_bins - read);
                    let reach = self.horizon_bins.min(limit - origin);
                    let uniform = draws.uniform((2 + lead * ORIGINS + i) as u64);
                    let ahead = if lead % 2 == 0 { uniform * reach as f64 } else { log_uniform(uniform, reach) };
                    self.push(&mut batch, series, (origin, (ahead as usize).min(reach - 1)));
                }
            }
        }
        batch
    }

    fn series(&self, draws: Draws) -> usize {
        let among_everyone = draws.below(COIN, 2) == 1 && !self.of_everyone.is_empty();
        let series = if among_everyone { self.of_everyone.len() } else { self.contexts.len() };
        let chosen = draws.below(0, series as u64) as usize;
        if among_everyone { self.of_everyone[chosen] } else { chosen }
    }

    fn push(&self, batch: &mut Batch, series: usize, (origin, lead): (usize, usize)) {
        let context = &self.contexts[series];
        let of_origin = Layout::of_origin(context, origin);
        let context_and_origin = (context, &of_origin);
        let to = &mut batch.targets;
        let anchor = self.layout.push_target(&self.past, series, context_and_origin, (origin, lead), to);
        let (actual, scale) = (context.counts[origin + lead], context.scale(origin));
        batch.answers.push(squash(actual - anchor, scale));
        batch.measures.push(Measure { anchor, scale, actual });
    }
}

/// From 0 to `reach`, every factor as likely.
fn log_uniform(uniform: f64, reach: usize) -> f64 {
    libm::pow(reach as f64 + 1.0, uniform) - 1.0
}

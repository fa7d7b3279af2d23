//! Models of the next token of a batch that are simpler than the mixture: what it has to beat, and what is sampled.

use super::batches::Batch;
use super::counts::{Counts, Row};
use super::mixture::FlavorMixture;
use super::templates::UNIT;
use super::tokens::{Beginning, tokens};
use super::{BatchTemplate, QUARTERS, StreamModel};
use crate::random::key;
use crate::units::Instant;

/// The chances of what comes next.
pub(super) trait NextFlavor {
    /// One for each flavor and, last, the end of the batch.
    fn chances(&self, at: Instant, beginning: &Beginning) -> Vec<f64>;
}

impl NextFlavor for FlavorMixture {
    fn chances(&self, at: Instant, beginning: &Beginning) -> Vec<f64> {
        Self::chances(self, at, beginning)
    }
}

/// How often each token came, with or without regard to the one before.
#[derive(Clone, Debug)]
pub(super) struct Ngram {
    classes: usize,
    counts: Counts,
    /// Whether the last flavor matters.
    bigram: bool,
}

impl Ngram {
    pub(super) fn fit(batches: &[Batch], flavors: usize, bigram: bool) -> Self {
        let mut counts = Counts::default();
        for batch in batches {
            let mut beginning = Beginning::default();
            for class in tokens(&batch.creates, flavors) {
                counts.add(key(&[]), class, 1.0);
                counts.add(last(&beginning), class, 1.0);
                beginning.push(class);
            }
        }
        Self { classes: flavors + 1, counts, bigram }
    }
}

impl NextFlavor for Ngram {
    fn chances(&self, _: Instant, beginning: &Beginning) -> Vec<f64> {
        let (mut unigram, mut bigram) = (Vec::new(), Vec::new());
        Row::mixed(self.counts.get(key(&[])), 1.0, &vec![1.0 / self.classes as f64; self.classes], &mut unigram);
        if !self.bigram {
            return unigram;
        }
        Row::mixed(self.counts.get(last(beginning)), 1.0, &unigram, &mut bigram);
        bigram
    }
}

fn last(beginning: &Beginning) -> u64 {
    key(&[beginning.last.map_or(u64::MAX, u64::from)])
}

/// The batches that streams are sampled from, read token by token; after a beginning that none of them has, the last
/// flavor says what comes next.
#[derive(Clone, Debug)]
pub(super) struct TemplateTable {
    classes: usize,
    counts: Counts,
}

impl TemplateTable {
    pub(super) fn new(templates: &[BatchTemplate], flavors: usize) -> Self {
        let mut counts = Counts::default();
        let quarter_total = |quarter: usize| templates.iter().map(|t| u64::from(t.weights[quarter])).sum::<u64>();
        let seen: [bool; QUARTERS] = core::array::from_fn(|quarter| quarter_total(quarter) > 0);
        for template in templates {
            // A quarter that was never seen has the mix of the whole day, as when it is sampled.
            let day: f64 = template.weights.iter().copied().map(f64::from).sum();
            let weights: [f64; QUARTERS] =
                core::array::from_fn(|i| if seen[i] { f64::from(template.weights[i]) } else { day } / UNIT);
            let mut beginning = Beginning::default();
            for class in tokens(&template.creates, flavors) {
                for (quarter, &weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
                    let contexts = contexts(quarter, &beginning);
                    contexts.into_iter().for_each(|context| counts.add(context, class, weight));
                }
                beginning.push(class);
            }
        }
        Self { classes: flavors + 1, counts }
    }
}

impl NextFlavor for TemplateTable {
    fn chances(&self, at: Instant, beginning: &Beginning) -> Vec<f64> {
        let mut chances = vec![1.0 / self.classes as f64; self.classes];
        let mut exacter = Vec::new();
        for context in contexts(StreamModel::quarter(at), beginning) {
            Row::mixed(self.counts.get(context), 1.0, &chances, &mut exacter);
            core::mem::swap(&mut chances, &mut exacter);
        }
        chances
    }
}

/// From the least exact to the most.
fn contexts(quarter: usize, beginning: &Beginning) -> [u64; 3] {
    let quarter = quarter as u64;
    let last = beginning.last.map_or(u64::MAX, u64::from);
    [key(&[0, quarter]), key(&[1, quarter, last]), key(&[2, quarter, beginning.all])]
}

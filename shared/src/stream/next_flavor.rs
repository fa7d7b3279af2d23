//! Models of the next token of a batch that are simpler than the mixture: what it has to beat.

use super::batches::Batch;
use super::counts::{Counts, Row};
use super::mixture::FlavorMixture;
use super::tokens::{Beginning, tokens};
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

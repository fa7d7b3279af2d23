//! What of a body is wanted.

use prost::DecodeError;
use prost::bytes::Bytes;

use super::labels::{Labels, SeriesId};
use super::mapping::{Becomes, Mapping};
use super::tally::{Outcome, Tally};
use super::wire::{self, Exemplar, Sample, TimeSeries};

/// The bits of the NaN with which Prometheus says that a series has ended. Source: model/value of Prometheus.
const STALE: u64 = 0x7ff0_0000_0000_0002;

/// The samples of a series that a rule wants.
#[derive(Debug)]
pub(super) struct Selected {
    pub(super) id: SeriesId,
    /// The number of the rule.
    pub(super) rule: usize,
    pub(super) labels: Labels,
    pub(super) samples: Vec<Sample>,
    /// Exemplars that name a request.
    pub(super) exemplars: Vec<Exemplar>,
}

/// All that is wanted, and what became of the rest.
#[derive(Debug, Default)]
pub(super) struct Selection {
    pub(super) series: Vec<Selected>,
    pub(super) tally: Tally,
    /// The first reason for which something was refused.
    pub(super) refusal: Option<String>,
}

impl Selection {
    /// Goes through an unpacked body.
    ///
    /// # Errors
    /// When it is no `WriteRequest`.
    pub(super) fn new(body: Bytes, mapping: &Mapping) -> Result<Self, DecodeError> {
        let mut selection = Self::default();
        for series in wire::series(body) {
            selection.take(series?, mapping);
        }
        Ok(selection)
    }

    /// Counts samples that cannot be accepted, and says why where these are the first.
    pub(super) fn refuse(&mut self, outcome: Outcome, samples: usize, why: impl FnOnce() -> String) {
        self.tally.count(outcome, samples);
        self.refusal.get_or_insert_with(why);
    }

    fn take(&mut self, series: TimeSeries, mapping: &Mapping) {
        let TimeSeries { labels, mut samples, mut exemplars, histograms } = series;
        self.tally.count(Outcome::Histogram, histograms.len());
        let labels = match Labels::new(labels) {
            Ok(labels) => labels,
            Err(why) => {
                let why = || format!("a series {why}");
                return self.refuse(Outcome::WrongLabels, samples.len(), why);
            }
        };
        let Some(rule) = mapping.rule_of(&labels) else {
            return self.tally.count(Outcome::Unmapped, samples.len());
        };
        let before = samples.len();
        samples.retain(|sample| sample.value.to_bits() != STALE);
        self.tally.count(Outcome::Stale, before - samples.len());
        let before = samples.len();
        samples.retain(|sample| sample.value.is_finite());
        self.tally.count(Outcome::NotFinite, before - samples.len());
        match &mapping.rule(rule).becomes {
            Becomes::Sensor { .. } => exemplars.clear(),
            Becomes::ModuleTime { request, .. } => {
                exemplars.retain(|one| one.value.is_finite() && request.is_filled(&[&one.labels, labels.as_slice()]));
                if !request.is_filled(&[labels.as_slice()]) {
                    self.tally.count(Outcome::Unmapped, samples.len());
                    samples.clear();
                }
            }
        }
        if !samples.is_empty() || !exemplars.is_empty() {
            self.series.push(Selected { id: labels.id(), rule, labels, samples, exemplars });
        }
    }
}

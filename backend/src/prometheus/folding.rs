//! The last sample of each series, and what has been added to bins since they were written.

use std::collections::HashMap;

use shared::request::Observation;
use shared::units::{Duration, Instant};

use super::labels::{Labels, SeriesId};
use super::mapping::{Becomes, Mapping, Rule};
use super::selection::{Selected, Selection};
use super::tally::{Outcome, Tally};
use super::wire::Sample;
use crate::store::{Folded, SensorSum, SeriesEnd};

/// So many series are known at once, at some 200 bytes each.
const SERIES_MAX: usize = 500_000;

/// Older samples are taken no more, and series without a newer one are forgotten: a Prometheus that could not send goes on
/// with the last two hours.
const BEHIND_MAX: Duration = Duration::from_seconds(6 * 3_600);

/// Samples are at most so far ahead of our clock: as far as Prometheus itself lets them be.
const AHEAD_MAX: Duration = Duration::from_seconds(600);

/// How often it is looked for series that have ended.
const LOOK_FOR_ENDED: Duration = Duration::from_seconds(600);

/// More changes than this have to be written before more are taken.
const CHANGES_MAX: usize = 2_000_000;

/// What is known in memory; what of it is new is told by [`drain`](Self::drain).
#[derive(Debug)]
pub(super) struct Folding {
    bin: Duration,
    series: HashMap<SeriesId, Series>,
    /// Series with something new.
    changed: Vec<SeriesId>,
    observations: Vec<Observation>,
    /// The last body that is in here.
    until: u64,
    /// When the newest body came in.
    now: Instant,
    looked_for_ended: Instant,
    pub(super) tally: Tally,
}

#[derive(Debug)]
struct Series {
    /// The last sample; none of a series that is new.
    last: Option<Sample>,
    /// What is read there, once a rule has said so since the start.
    target: Option<Target>,
    /// What has been added to bins, by their starts.
    added: Vec<(Instant, f64, u64)>,
    changed: bool,
}

#[derive(Clone, Debug)]
struct Target {
    sensor: String,
    scope: String,
}

impl Folding {
    /// Goes on from the last sample of each series, and from what is in no bin.
    pub(super) fn new(bin: Duration, ends: Vec<SeriesEnd>) -> Self {
        let series = ends.into_iter().map(|SeriesEnd { id, at, value }| {
            let last = Some(Sample { value, timestamp: milliseconds(at) });
            (id, Series { last, target: None, added: Vec::new(), changed: false })
        });
        Self {
            bin,
            series: series.collect(),
            changed: Vec::new(),
            observations: Vec::new(),
            until: 0,
            now: Instant::from_micros(0),
            looked_for_ended: Instant::from_micros(0),
            tally: Tally::default(),
        }
    }

    /// How many series are known.
    pub(super) fn series(&self) -> usize {
        self.series.len()
    }

    /// Whether so much is unwritten that nothing more can be taken.
    pub(super) fn is_full(&self) -> bool {
        self.changed.len() + self.observations.len() >= CHANGES_MAX
    }

    /// Leaves what can be taken at `now`, when it came in. Source of what cannot: Prometheus' own receiver.
    pub(super) fn check(&self, selection: &mut Selection, now: Instant) {
        let (first, last) = (milliseconds(now - BEHIND_MAX), milliseconds(now + AHEAD_MAX));
        let mut new = 0;
        let mut series = core::mem::take(&mut selection.series);
        for Selected { id, labels, samples, .. } in &mut series {
            let known = self.series.get(id);
            if known.is_none() && !samples.is_empty() {
                new += 1;
                if self.series.len() + new > SERIES_MAX {
                    let why = || format!("{labels} would be one of more than {SERIES_MAX} series; have fewer mapped");
                    selection.refuse(Outcome::TooManySeries, samples.len(), why);
                    samples.clear();
                }
            }
            let mut before = known.and_then(|series| series.last);
            samples.retain(|sample| match problem(sample, before, first, last) {
                None => {
                    before = Some(*sample);
                    selection.tally.count(Outcome::Taken, 1);
                    true
                }
                Some(Outcome::Duplicate) => {
                    selection.tally.count(Outcome::Duplicate, 1);
                    false
                }
                Some(outcome) => {
                    selection.refuse(outcome, 1, || said(labels, sample, before, outcome));
                    false
                }
            });
        }
        series.retain(|selected| !selected.samples.is_empty() || !selected.exemplars.is_empty());
        selection.series = series;
    }

    /// Takes in what was left of a body, which is stored under that number.
    pub(super) fn apply(&mut self, selection: Selection, mapping: &Mapping, number: u64, now: Instant) {
        for selected in selection.series {
            let rule = mapping.rule(selected.rule);
            match &rule.becomes {
                Becomes::Sensor { sensor, scope } => {
                    let target =
                        || Target { sensor: sensor.clone(), scope: scope.render(&[selected.labels.as_slice()]) };
                    self.read(selected.id, &selected.samples, rule, target);
                }
                Becomes::ModuleTime { .. } => self.observe(&selected, rule),
            }
        }
        (self.until, self.now) = (number, now);
        self.tally += selection.tally;
    }

    /// Adds to the bins of a sensor.
    fn read(&mut self, id: SeriesId, samples: &[Sample], rule: &Rule, target: impl FnOnce() -> Target) {
        let bin = self.bin;
        let series = self.changed_series(id);
        series.target.get_or_insert_with(target);
        for &sample in samples {
            let value = if rule.rate { per_second(series.last, sample, bin) } else { Some(sample.value) };
            series.last = Some(sample);
            let Some(value) = value.map(|value| value * rule.scale).filter(|value| value.is_finite()) else { continue };
            let at = instant(sample.timestamp).floor(bin);
            match series.added.iter_mut().find(|(start, ..)| *start == at) {
                Some((_, sum, count)) => (*sum, *count) = (*sum + value, *count + 1),
                None => series.added.push((at, value, 1)),
            }
        }
    }

    /// Has times of requests in a module seen.
    fn observe(&mut self, selected: &Selected, rule: &Rule) {
        let Becomes::ModuleTime { module, request } = &rule.becomes else { return };
        let of_series = selected.labels.as_slice();
        let observation = |request: String, value: f64| Observation {
            request,
            module_ms: [(*module, value * rule.scale)].into(),
            ..Observation::default()
        };
        let of_samples = selected.samples.iter().map(|one| observation(request.render(&[of_series]), one.value));
        let of_exemplars =
            selected.exemplars.iter().map(|one| observation(request.render(&[&one.labels, of_series]), one.value));
        self.observations.extend(of_samples.chain(of_exemplars));
        if let Some(&last) = selected.samples.last() {
            self.changed_series(selected.id).last = Some(last);
        }
    }

    fn changed_series(&mut self, id: SeriesId) -> &mut Series {
        let new = || Series { last: None, target: None, added: Vec::new(), changed: false };
        let series = self.series.entry(id).or_insert_with(new);
        if !series.changed {
            series.changed = true;
            self.changed.push(id);
        }
        series
    }

    /// What is new since the last time, and what was seen of requests.
    pub(super) fn drain(&mut self) -> (Folded, Vec<Observation>) {
        let mut folded = Folded { until: self.until, ..Folded::default() };
        for id in core::mem::take(&mut self.changed) {
            let Some(series) = self.series.get_mut(&id) else { continue };
            series.changed = false;
            if let Some(Sample { timestamp, value }) = series.last {
                folded.ends.push(SeriesEnd { id, at: instant(timestamp), value });
            }
            let added = core::mem::take(&mut series.added);
            let Some(Target { sensor, scope }) = &series.target else { continue };
            folded.sums.extend(added.into_iter().map(|(at, sum, count)| {
                let (sensor, scope) = (sensor.clone(), scope.clone());
                SensorSum { series: id, at, sensor, scope, sum, count }
            }));
        }
        if self.now - self.looked_for_ended >= LOOK_FOR_ENDED {
            self.looked_for_ended = self.now;
            let first = milliseconds(self.now - BEHIND_MAX);
            let ended = |series: &Series| series.last.is_some_and(|last| last.timestamp < first);
            folded.ended = self.series.extract_if(|_, series| ended(series)).map(|(id, _)| id).collect();
        }
        (folded, core::mem::take(&mut self.observations))
    }
}

/// What keeps a sample from being taken after another one of its series.
fn problem(sample: &Sample, before: Option<Sample>, first: i64, last: i64) -> Option<Outcome> {
    match before {
        Some(before) if sample.timestamp == before.timestamp => {
            let same = sample.value.to_bits() == before.value.to_bits();
            Some(if same { Outcome::Duplicate } else { Outcome::SameInstant })
        }
        Some(before) if sample.timestamp < before.timestamp => Some(Outcome::OutOfOrder),
        _ if sample.timestamp < first => Some(Outcome::TooOld),
        _ if sample.timestamp > last => Some(Outcome::TooFarAhead),
        _ => None,
    }
}

fn said(labels: &Labels, sample: &Sample, before: Option<Sample>, outcome: Outcome) -> String {
    let at = instant(sample.timestamp);
    let before = before.map(|before| instant(before.timestamp).to_string()).unwrap_or_default();
    match outcome {
        Outcome::SameInstant => format!("{labels} has another value at {at} already"),
        Outcome::OutOfOrder => format!("{labels} at {at} is older than its last sample, of {before}"),
        Outcome::TooOld => format!("{labels} at {at} is more than {BEHIND_MAX} before the service's clock"),
        _ => format!("{labels} at {at} is more than {AHEAD_MAX} after the service's clock"),
    }
}

/// How fast a total grew between two samples; none where too long a time was between them to say when. A total that falls
/// has begun anew at 0, as Prometheus' `rate` has it.
fn per_second(before: Option<Sample>, sample: Sample, bin: Duration) -> Option<f64> {
    let before = before?;
    let span = instant(sample.timestamp) - instant(before.timestamp);
    let grown = if sample.value < before.value { sample.value } else { sample.value - before.value };
    (span <= bin * 2).then(|| grown / span.seconds())
}

fn instant(milliseconds: i64) -> Instant {
    Instant::from_micros(milliseconds.saturating_mul(1_000))
}

fn milliseconds(at: Instant) -> i64 {
    at.micros().div_euclid(1_000)
}

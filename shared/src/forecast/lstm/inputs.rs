//! What the network reads: one code path for training and serving.

use serde::{Deserialize, Serialize};

use super::context::{Context, squash};
use crate::features::Past;

/// Which known events and sensors have inputs of their own, in order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    /// Names of known events.
    pub events: Vec<String>,
    /// Sensors, and what brings their readings to a common scale.
    pub sensors: Vec<SensorScaling>,
    /// Lags in bins, within a day, at which the series echo themselves.
    pub lags: Vec<usize>,
    /// Whether there were two weeks to learn the days of the week from.
    pub weekly: bool,
}

/// A sensor with the mean and standard deviation of its readings in training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SensorScaling {
    /// What was read.
    pub sensor: String,
    /// Mean over the bins that had readings.
    pub mean: f64,
    /// Standard deviation over the same.
    pub deviation: f64,
}

/// Known events with an input of their own; further ones are left out.
#[cfg(feature = "train")]
const EVENTS_MAX: usize = 8;
/// Sensors with inputs of their own; further ones are left out.
#[cfg(feature = "train")]
const SENSORS_MAX: usize = 8;
/// Counts that the head sees one by one.
const LAST: usize = 12;
/// Age in bins at which a carried reading counts as old.
const STALE_BINS: f64 = 12.0;

impl Layout {
    /// The layout of a past, of whose series these are the contexts.
    #[cfg(feature = "train")]
    pub(super) fn of(past: &Past, contexts: &[Context], season: usize) -> Self {
        let scaling = |name: &str| {
            let bins = past.sensor(name).unwrap_or_default();
            let read: Vec<f64> = bins.iter().filter(|bin| bin.age_bins == 0).filter_map(|bin| bin.value).collect();
            let n = read.len().max(1) as f64;
            let mean = read.iter().sum::<f64>() / n;
            let deviation = libm::sqrt(read.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / n);
            SensorScaling { sensor: name.to_owned(), mean, deviation }
        };
        Self {
            events: past.event_names().into_iter().take(EVENTS_MAX).map(str::to_owned).collect(),
            sensors: past.sensor_names().into_iter().take(SENSORS_MAX).map(scaling).collect(),
            lags: super::lags::echoing_lags(contexts, season),
            weekly: past.bins() >= 14 * season,
        }
    }

    /// Inputs of the recurrent part, a bin.
    pub fn step_inputs(&self) -> usize {
        2 + self.phases() + self.events.len() + 2 * self.sensors.len()
    }

    /// Inputs of the head beside the recurrent state, a target.
    pub fn head_inputs(&self) -> usize {
        2 + self.phases() + 7 + LAST + 5 + 2 * self.lags.len() + self.events.len() + 2 * self.sensors.len()
    }

    fn phases(&self) -> usize {
        if self.weekly { 4 } else { 2 }
    }

    /// Appends what the network reads of the bin at `position`, which is known.
    pub(super) fn push_step(&self, past: &Past, series: usize, context: &Context, position: usize, to: &mut Vec<f32>) {
        let (count, scale) = (context.counts[position], context.scale(position));
        to.push(squash(count - context.level(position), scale));
        to.push(squash(count - context.anchor(position, position), scale));
        self.push_phases(context, position, to);
        self.push_events(past, series, position, to);
        self.push_sensors(past, position, to);
    }

    /// What the head reads of an origin, whatever the target: the last counts, means over longer spans, level and noise.
    pub(super) fn of_origin(context: &Context, origin: usize) -> [f32; LAST + 5] {
        let (level, scale, season) = (context.level(origin), context.scale(origin), context.season());
        let hour = season / 24;
        let mut inputs = [0.0; LAST + 5];
        for (back, input) in (1..=LAST).zip(&mut inputs) {
            let count = origin.checked_sub(back).map_or(level, |position| context.counts[position]);
            *input = squash(count - level, scale);
        }
        for (bins, input) in [hour, 3 * hour, season].into_iter().zip(&mut inputs[LAST..]) {
            *input = squash(context.recent(origin, bins) - level, scale);
        }
        inputs[LAST + 3] = squash(level, scale);
        inputs[LAST + 4] = libm::log1p(scale) as f32 / 4.0;
        inputs
    }

    /// Appends what the head reads of the bin `lead` bins after the first one that is not known, with what it reads
    /// [of the origin](Self::of_origin); gives the bin's anchor.
    pub(super) fn push_target(
        &self,
        past: &Past,
        series: usize,
        (context, of_origin): (&Context, &[f32; LAST + 5]),
        (origin, lead): (usize, usize),
        to: &mut Vec<f32>,
    ) -> f64 {
        let target = origin + lead;
        let season = context.season() as f64;
        let (level, scale) = (context.level(origin), context.scale(origin));
        let anchor = context.anchor(origin, target);
        to.push((libm::log1p(lead as f64) / libm::log1p(season)) as f32);
        to.push((lead as f64 / season) as f32);
        self.push_phases(context, target, to);
        to.push(squash(anchor - level, scale));
        let hour = context.season() / 24;
        for (days, radius) in [(1, 0), (1, 2), (1, hour), (2, 2)] {
            let mean = context.mean_days_before(origin, target, days, radius);
            to.push(squash(mean.map_or(0.0, |mean| mean - anchor), scale));
        }
        let week = context.mean_days_before(origin, target, 7, hour / 2);
        to.push(squash(week.map_or(0.0, |mean| mean - anchor), scale));
        to.push(if week.is_some() { 1.0 } else { 0.0 });
        to.extend_from_slice(of_origin);
        for &lag in &self.lags {
            let known = target.checked_sub(lag).filter(|&position| position < origin);
            to.push(known.map_or(0.0, |position| squash(context.counts[position] - level, scale)));
            to.push(if known.is_some() { 1.0 } else { 0.0 });
        }
        self.push_events(past, series, target, to);
        self.push_sensors(past, origin - 1, to);
        anchor
    }

    fn push_phases(&self, context: &Context, position: usize, to: &mut Vec<f32>) {
        to.extend(context.calendar().phases(position)[..self.phases()].iter().map(|&phase| phase as f32));
    }

    fn push_events(&self, past: &Past, series: usize, position: usize, to: &mut Vec<f32>) {
        let indicator = |name: &String| if past.event(name, series, position) { 1.0 } else { 0.0 };
        to.extend(self.events.iter().map(indicator));
    }

    /// The last reading, and how old it is from 0 (fresh) to 1 (an hour of five-minute bins, or never read).
    fn push_sensors(&self, past: &Past, position: usize, to: &mut Vec<f32>) {
        for scaling in &self.sensors {
            let bin = past.sensor(&scaling.sensor).and_then(|bins| bins.get(position));
            let value = bin.and_then(|bin| bin.value).map_or(0.0, |value| value - scaling.mean);
            let age = bin.filter(|bin| bin.value.is_some()).map_or(STALE_BINS, |bin| f64::from(bin.age_bins));
            to.push(squash(value, scaling.deviation));
            to.push((age.min(STALE_BINS) / STALE_BINS) as f32);
        }
    }
}

//! What is known of a count that is to come: features as a row of numbers.

use super::super::model::season_bins;
use super::super::quantile::median;
use crate::features::{Calendar, Past};

/// Counts just before the origin that are features one by one.
const LAST: usize = 12;
/// Features besides the last counts, events and sensors.
const FIXED: usize = 14;
/// Beyond so many times its scale a count is as far from its level as it can be.
const FAR: f64 = 20.0;
/// The least scale, as part of that of a week: a quiet day is no measure.
const LEAST: f64 = 0.2;

/// One series of a past, to be looked at from several origins.
pub(super) struct SeriesRows<'p> {
    past: Past<'p>,
    series: usize,
    season: usize,
    calendar: &'p Calendar,
    /// Sums of the first counts.
    sums: Vec<f64>,
    events: &'p [String],
    sensors: &'p [String],
}

/// An origin: the level and the scale that its rows and targets are in, and what does not depend on the lead.
pub(super) struct From {
    origin: usize,
    pub(super) level: f64,
    pub(super) scale: f64,
    common: Vec<f32>,
}

/// How many features there are with so many events and sensors.
pub(super) fn width(events: usize, sensors: usize) -> usize {
    FIXED + LAST + events + sensors
}

impl<'p> SeriesRows<'p> {
    pub(super) fn new(
        past: Past<'p>,
        series: usize,
        calendar: &'p Calendar,
        events: &'p [String],
        sensors: &'p [String],
    ) -> Self {
        let running = past.counts(series).iter().scan(0.0, |sum, count| {
            *sum += count;
            Some(*sum)
        });
        let sums = core::iter::once(0.0).chain(running).collect();
        Self { past, series, season: season_bins(past.bin()), calendar, sums, events, sensors }
    }

    /// Looks from the end of the first `origin` bins; there is at least a day of them.
    pub(super) fn from(&self, origin: usize) -> From {
        let counts = &self.past.counts(self.series)[..origin];
        let day = &counts[origin - self.season..];
        let week = &counts[origin.saturating_sub(7 * self.season)..];
        let level = median(day);
        let distance =
            |counts: &[f64]| counts.iter().map(|count| (count - level).abs()).sum::<f64>() / counts.len() as f64;
        let scale = distance(day).max(LEAST * distance(week));
        let mut from = From { origin, level, scale, common: Vec::with_capacity(LAST + self.sensors.len() + 6) };
        let late = |bins: usize| self.mean(origin.saturating_sub(bins.max(1)), origin, origin);
        let means = [late(self.season / 24), late(self.season / 8), late(self.season), late(7 * self.season)];
        let part = scale / (level + scale).max(f64::MIN_POSITIVE);
        from.common = means.iter().map(|&mean| from.distance(mean)).chain([part as f32]).collect();
        let last = |back: usize| origin.checked_sub(back).map_or(f32::NAN, |at| from.distance(counts[at]));
        let last: Vec<f32> = (1..=LAST).map(last).collect();
        from.common.extend(last);
        from.common.extend(self.sensors.iter().map(|name| {
            let bins = self.past.sensor(name).unwrap_or_default();
            bins.get(origin - 1).and_then(|bin| bin.value).map_or(f32::NAN, |value| value as f32)
        }));
        from
    }

    /// The features of the count `lead` bins after an origin, into `row`.
    pub(super) fn row(&self, from: &From, lead: usize, row: &mut Vec<f32>) {
        let (origin, target) = (from.origin, from.origin + lead);
        let days = lead / self.season + 1;
        let week = days.div_ceil(7) * 7;
        let around = |days: usize, half: usize| {
            let at = self.calendar.days_before(target, days).map(|at| at.min(origin - 1));
            at.map_or(f32::NAN, |at| from.distance(self.mean(at.saturating_sub(half), at + half + 1, origin)))
        };
        let [day_part, week_part] = self.calendar.turns(target);
        row.clear();
        row.extend([
            lead as f32,
            around(days, 0),
            around(days, self.season / 144),
            around(days, self.season / 24),
            around(days + 1, 0),
            around(days + 1, self.season / 48),
            around(week, self.season / 144),
            day_part as f32,
            libm::floor(week_part * 7.0) as f32,
        ]);
        row.extend(&from.common);
        row.extend(self.events.iter().map(|name| f32::from(u8::from(self.past.event(name, self.series, target)))));
    }

    /// The mean of known counts from one bin to before another, as far as they lie before the origin.
    fn mean(&self, from: usize, to: usize, origin: usize) -> f64 {
        let to = to.min(origin);
        (self.sums[to] - self.sums[from]) / to.saturating_sub(from).max(1) as f64
    }
}

impl From {
    /// How far a count lies from the level, in scales.
    pub(super) fn distance(&self, count: f64) -> f32 {
        if self.scale > 0.0 { ((count - self.level) / self.scale).clamp(-FAR, FAR) as f32 } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::{CountSeries, Features, SeriesKey, SeriesSet};
    use crate::units::Duration;

    #[test]
    fn of_bins_longer_than_an_hour_the_last_one_is_the_mean_of_late() {
        let start = "2026-01-01T00:00:00Z".parse().unwrap();
        let counts = (0..48).map(|t| if t == 47 { 30.0 } else { f64::from(t % 12) }).collect();
        let series = vec![CountSeries { key: SeriesKey::TOTAL, counts }];
        let features = Features::new(SeriesSet { start, bin: Duration::HOUR * 2, series });
        let past = features.all();
        let calendar = past.calendar(1);
        let from = SeriesRows::new(past, 0, &calendar, &[], &[]).from(48);
        // A day of 0 to 10 and a 30: its median is 5.5, and the mean distance from it (5.5 + 4.5 + … + 4.5 + 24.5) / 12,
        // which is (5.5 + 2 × (0.5 + 1.5 + 2.5 + 3.5 + 4.5) + 24.5) / 12 = 55 / 12.
        assert_eq!(from.level, 5.5);
        assert!((from.scale - 55.0 / 12.0).abs() < 1e-12);
        assert!((f64::from(from.common[0]) - 24.5 / (55.0 / 12.0)).abs() < 1e-6, "{}", from.common[0]);
    }
}

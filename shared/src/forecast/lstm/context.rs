//! What the network measures a series by: the level of the last day, the noise, the seasonal anchor.

use crate::features::Calendar;

/// Level, noise and anchors of one series. Everything at a position is made of the counts before it.
pub(super) struct Context<'a> {
    pub(super) counts: &'a [f64],
    calendar: &'a Calendar,
    season: usize,
    /// The first bin that anything here was made of; the rest begin there.
    start: usize,
    /// After so many bins: the median of the last day.
    level: Vec<f64>,
    /// After so many bins: distances of counts from their levels, added up since the last multiple of a season.
    distances: Vec<f64>,
    /// From which position on the noise is known.
    from: usize,
    /// After so many bins: the mean distance of a count from its level over the last week.
    scale: Vec<f64>,
    /// The median of the bins around each; of those after the last bin it cannot know.
    smooth: Vec<f64>,
    /// How many bins around one make its neighbourhood, to either side.
    radius: usize,
}

/// Days that an anchor looks back.
const ANCHOR_DAYS: usize = 7;

impl<'a> Context<'a> {
    /// The context at `from` and everything after it; what it says there does not depend on `from`.
    pub(super) fn new(counts: &'a [f64], calendar: &'a Calendar, season: usize, from: usize) -> Self {
        // The noise adds up whole seasons, of which the first may begin eight before; levels take one more to be known.
        // Anchors look back seven days, and an hour where the clocks are changed.
        let start = from.saturating_sub((ANCHOR_DAYS + 2) * season);
        let radius = season / 48;
        let (mut level, mut distances) = (vec![0.0], vec![0.0]);
        let mut day = SortedWindow::default();
        let mut sum = 0.0;
        for (t, &count) in counts.iter().enumerate().skip(start) {
            if t.is_multiple_of(season) {
                sum = 0.0;
            }
            // Before the first count there is no level to be far from.
            sum += if t == 0 { 0.0 } else { (count - level[t - start]).abs() };
            distances.push(sum);
            match t.checked_sub(season).filter(|&gone| gone >= start) {
                Some(gone) => day.replace(counts[gone], count),
                None => day.insert(count),
            }
            level.push(day.median());
        }
        let mut around = SortedWindow::default();
        counts[start..].iter().take(radius).for_each(|&count| around.insert(count));
        let mut smooth = Vec::with_capacity(counts.len() - start);
        for t in start..counts.len() {
            if let Some(&count) = counts.get(t + radius) {
                around.insert(count);
            }
            if t > start + radius {
                around.remove(counts[t - radius - 1]);
            }
            smooth.push(around.median());
        }
        let mut context =
            Self { counts, calendar, season, start, level, distances, from, scale: Vec::new(), smooth, radius };
        context.scale = (from..=counts.len()).map(|origin| context.noise(origin)).collect();
        context
    }

    pub(super) fn season(&self) -> usize {
        self.season
    }

    pub(super) fn calendar(&self) -> &Calendar {
        self.calendar
    }

    pub(super) fn level(&self, origin: usize) -> f64 {
        self.level[origin - self.start]
    }

    pub(super) fn scale(&self, origin: usize) -> f64 {
        self.scale[origin - self.from]
    }

    fn noise(&self, origin: usize) -> f64 {
        let Some(last) = origin.checked_sub(1) else { return 0.0 };
        let bins = (ANCHOR_DAYS * self.season).min(origin);
        let mut sum = 0.0;
        let mut at = origin - bins;
        while at < origin {
            let end = ((at / self.season + 1) * self.season).min(origin);
            let before = if at.is_multiple_of(self.season) { 0.0 } else { self.distances[at - self.start] };
            sum += self.distances[end - self.start] - before;
            at = end;
        }
        let mean = sum / bins as f64;
        // What is left where one sum is taken from another is rounding, not noise.
        if mean > 1e-9 * self.counts[last].abs().max(self.level(last)) { mean } else { 0.0 }
    }

    /// What the target's time of day was like before `origin`: the median over the last known seven days of the median
    /// around that local time. The level where no day is known.
    pub(super) fn anchor(&self, origin: usize, target: usize) -> f64 {
        let mut days = [0.0; ANCHOR_DAYS];
        let mut known = 0;
        let first = self.first_day(origin, target);
        for back in first..first + ANCHOR_DAYS {
            let Some(position) = self.calendar.days_before(target, back) else { break };
            days[known] = self.around(origin, position);
            known += 1;
        }
        if known == 0 {
            return self.level(origin);
        }
        let days = &mut days[..known];
        days.sort_unstable_by(f64::total_cmp);
        (days[known / 2] + days[(known - 1) / 2]) / 2.0
    }

    /// The mean of the known bins within `radius` of the bin `days` known days before the target; none where that day
    /// is before the first bin. One day is the latest that is known at the origin.
    pub(super) fn mean_days_before(&self, origin: usize, target: usize, days: usize, radius: usize) -> Option<f64> {
        let back = self.first_day(origin, target) + days - 1;
        let position = self.calendar.days_before(target, back)?;
        let bins = &self.counts[position.saturating_sub(radius)..(position + radius + 1).min(origin)];
        Some(mean(bins))
    }

    /// Every count as its distance from the level of the day before it, in units of the noise of the week before.
    #[cfg(feature = "train")]
    pub(super) fn squashed(&self) -> Vec<f64> {
        let distance = |(t, &count): (usize, &f64)| f64::from(squash(count - self.level(t), self.scale(t)));
        self.counts.iter().enumerate().map(distance).collect()
    }

    /// The mean of the last `bins` bins before the origin.
    pub(super) fn recent(&self, origin: usize, bins: usize) -> f64 {
        mean(&self.counts[origin.saturating_sub(bins)..origin])
    }

    /// The fewest days back from the target that lead before the origin.
    fn first_day(&self, origin: usize, target: usize) -> usize {
        let mut days = 1;
        while self.calendar.days_before(target, days).is_some_and(|position| position >= origin) {
            days += 1;
        }
        days
    }

    fn around(&self, origin: usize, position: usize) -> f64 {
        if position + self.radius < origin {
            return self.smooth[position - self.start];
        }
        let mut bins = SortedWindow::default();
        self.counts[position.saturating_sub(self.radius)..origin].iter().for_each(|&count| bins.insert(count));
        bins.median()
    }
}

/// A distance in units of the noise, its far ends drawn in.
pub(super) fn squash(distance: f64, scale: f64) -> f32 {
    if scale > 0.0 { libm::asinh(distance / scale) as f32 } else { 0.0 }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// The values of a window in order.
#[derive(Default)]
struct SortedWindow(Vec<f64>);

impl SortedWindow {
    fn insert(&mut self, value: f64) {
        let position = self.0.partition_point(|&other| other < value);
        self.0.insert(position, value);
    }

    fn remove(&mut self, value: f64) {
        let position = self.0.partition_point(|&other| other < value);
        self.0.remove(position);
    }

    /// Takes one value out and another in; only those between the two move.
    fn replace(&mut self, old: f64, new: f64) {
        let mut at = self.0.partition_point(|&other| other < old);
        let to = self.0.partition_point(|&other| other < new);
        if at < to {
            self.0.copy_within(at + 1..to, at);
            at = to - 1;
        } else {
            self.0.copy_within(to..at, to + 1);
            at = to;
        }
        self.0[at] = new;
    }

    fn median(&self) -> f64 {
        match self.0.len() {
            0 => 0.0,
            n => (self.0[n / 2] + self.0[(n - 1) / 2]) / 2.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::TimeZone;
    use crate::units::{Duration, Instant};

    #[test]
    fn level_noise_and_anchor_agree_with_hand_arithmetic() {
        let calendar = Calendar::new(&TimeZone::UTC, Instant::from_micros(0), Duration::HOUR * 6, 24);
        // Four bins a day: three days.
        let counts = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0];
        let context = Context::new(&counts, &calendar, 4, 0);
        // Of 9, 10, 11, 12.
        assert_eq!(context.level(12), 10.5);
        // Levels before each count: none, 1, 1.5, 2, then 2.5 below it: distances 0, 1, 1.5, 2, then 2.5.
        let distances = [0.0, 1.0, 1.5, 2.0].iter().sum::<f64>() + 8.0 * 2.5;
        assert!((context.scale(12) - distances / 12.0).abs() < 1e-12);
        // Three earlier days at the same time: 1, 5, 9.
        assert_eq!(context.anchor(12, 12), 5.0);
        // Seen two days ahead the latest known day is still the third.
        assert_eq!(context.anchor(12, 17), 6.0);
        assert_eq!(context.mean_days_before(12, 12, 1, 1), Some(9.0));
        assert_eq!(context.mean_days_before(12, 15, 1, 1), Some(11.5), "the bin after it is not known");
        assert_eq!(context.mean_days_before(12, 12, 4, 1), None);
    }

    #[test]
    fn where_it_begins_changes_no_bit() {
        let (season, bins) = (24, 24 * 40);
        let calendar = Calendar::new(&TimeZone::UTC, Instant::from_micros(0), Duration::HOUR, bins + season);
        let draws = crate::random::Draws::new(1, 0, crate::random::Purpose::Example, 0);
        let counts: Vec<f64> = (0..bins as u64).map(|t| draws.normal(t).abs() * 1.7).collect();
        let whole = Context::new(&counts, &calendar, season, 0);
        for from in [0, 5, 217, 300, 24 * 30 + 7, bins - 1, bins] {
            let part = Context::new(&counts, &calendar, season, from);
            for origin in from..=bins {
                assert_eq!(part.level(origin), whole.level(origin));
                assert_eq!(part.scale(origin), whole.scale(origin));
                for target in [origin, origin + season - 1] {
                    assert_eq!(part.anchor(origin, target), whole.anchor(origin, target));
                    let mean = |context: &Context| context.mean_days_before(origin, target, 7, 1);
                    assert_eq!(mean(&part), mean(&whole));
                }
            }
        }
    }
}

//! Where counts are going right now.

mod restarts;

use self::restarts::Watch;
use super::leads;
use super::model::{a_day, season_bins};
use super::residuals::Band;
use super::{BinForecast, Fit, ModelId, ModelName, NotReady, Predict};
use crate::features::Past;

/// Level and damped trend by exponential smoothing (Gardner and McKenzie 1985), whose memory is chosen anew at every
/// origin: per group of leads the one with the least absolute error over the last day.
///
/// What else is fitted to weeks follows a change of regime late; this follows it within minutes, and pays for that where
/// nothing changes: some of the levels begin anew where several counts in a row lie far off on the same side.
#[derive(Clone, Copy, Debug, Default)]
pub struct LocalTrend;

/// With error e = y − (l + φb): l ← l + φb + αe and b ← φb + βe; lead h is l + (φ + … + φ^h) b.
#[derive(Clone, Copy, Debug)]
struct Smoothing {
    alpha: f64,
    beta: f64,
    phi: f64,
    /// Whether the level begins anew where counts in a row are far off.
    restarts: bool,
}

/// Levels alone, and then levels with a trend that lasts half an hour of five-minute bins.
const CHOICES: [Smoothing; 11] = [
    restarting(SLOWEST),
    restarting(0.1),
    restarting(0.3),
    level(SLOWEST),
    level(0.1),
    level(0.3),
    level(0.6),
    level(0.9),
    trend(0.3, 0.1, 0.85),
    trend(0.6, 0.2, 0.85),
    trend(0.9, 0.3, 0.85),
];

const fn restarting(alpha: f64) -> Smoothing {
    Smoothing { restarts: true, ..level(alpha) }
}

const fn level(alpha: f64) -> Smoothing {
    trend(alpha, 0.0, 0.0)
}

const fn trend(alpha: f64, beta: f64, phi: f64) -> Smoothing {
    Smoothing { alpha, beta, phi, restarts: false }
}

/// The memory of the slowest level.
const SLOWEST: f64 = 0.02;

/// Days that a level is made of: the slowest remembers 50 bins.
const MEMORY_DAYS: usize = 3;

/// Origins of the last day that choices are compared at.
const ORIGINS: usize = 96;

/// How much better than the slowest level another choice has to be, to the power of the group of leads, from 1: the longer the
/// lead, the fewer errors of a day are independent, and the more chance would choose.
const MARGIN: f64 = 0.96;

/// Fewer residuals than these say nothing of a distribution.
const RESIDUALS_MIN: usize = 12;

/// Level and trend after a count.
#[derive(Clone, Copy, Debug)]
struct State {
    level: f64,
    trend: f64,
}

/// The states of some choices after each count; they begin with the first one, and no trend.
///
/// Each state needs the one before it: taken count by count, the choices are worked on side by side.
fn states<const N: usize>(choices: &[Smoothing; N], counts: &[f64]) -> Vec<[State; N]> {
    let first = State { level: counts.first().copied().unwrap_or_default(), trend: 0.0 };
    let watch = Watch::new(counts);
    let mut now = [first; N];
    let mut watches = choices.map(|choice| choice.restarts.then_some(watch));
    let mut states = Vec::with_capacity(counts.len());
    for &count in counts {
        for ((state, choice), watch) in now.iter_mut().zip(choices).zip(&mut watches) {
            *state = choice.next(*state, count, watch.as_mut());
        }
        states.push(now);
    }
    states
}

impl Smoothing {
    /// The state after one more count. A level that restarts is the mean of all counts since, until its memory is full.
    #[inline]
    fn next(&self, state: State, count: f64, watch: Option<&mut Watch>) -> State {
        let &Self { alpha, beta, phi, .. } = self;
        let damped = phi * state.trend;
        let error = count - (state.level + damped);
        let mut alpha = alpha;
        if let Some(watch) = watch {
            let begins = watch.begins(count, error);
            alpha = alpha.max(1.0 / f64::from(watch.since()));
            if let Some(level) = begins {
                return State { level, trend: 0.0 };
            }
        }
        State { level: state.level + damped + alpha * error, trend: damped + beta * error }
    }

    /// What a trend of 1 adds up to at each lead.
    fn reach(self, bins: usize) -> Vec<f64> {
        let step = |(sum, power): &mut (f64, f64), _| {
            *power *= self.phi;
            *sum += *power;
            Some(*sum)
        };
        (0..bins).scan((0.0, 1.0), step).collect()
    }
}

impl State {
    fn at(self, reach: f64) -> f64 {
        (self.level + reach * self.trend).max(0.0)
    }
}

impl Fit for LocalTrend {
    type Fitted = Self;

    fn needs(&self, past: &Past) -> Option<NotReady> {
        a_day(past).err()
    }

    fn fit(&self, past: &Past) -> Result<Self, NotReady> {
        a_day(past)?;
        Ok(*self)
    }
}

impl Predict for LocalTrend {
    fn id(&self, _bins: usize) -> ModelId {
        ModelId { name: ModelName::LocalTrend, version: 2 }
    }

    fn predict_series(&self, past: &Past, series: usize, bins: usize) -> Result<Vec<BinForecast>, NotReady> {
        a_day(past)?;
        let season = season_bins(past.bin());
        let counts = past.counts(series);
        let counts = &counts[counts.len().saturating_sub(MEMORY_DAYS * season)..];
        let states = states(&CHOICES, counts);
        let reach = CHOICES.map(|choice| choice.reach(season.max(bins)));
        let groups = leads::groups(season);
        let mut chosen: Vec<(usize, Band)> = Vec::with_capacity(groups);
        for group in 0..groups {
            let lead = middle(group).min(season - 1);
            let pairs = |choice: usize| pairs(counts, (&states, choice), reach[choice][lead], lead, season);
            // A day that is over before the lead has come says nothing of it.
            if let Some(&shorter) = chosen.last().filter(|_| pairs(0).count() < RESIDUALS_MIN) {
                chosen.push(shorter);
                continue;
            }
            let errors = (0..CHOICES.len()).map(|choice| {
                let error: f64 = pairs(choice).map(|(forecast, count)| (count - forecast).abs()).sum();
                let slowest = CHOICES[choice].alpha == SLOWEST;
                (if slowest { error * libm::pow(MARGIN, group as f64 + 1.0) } else { error }, choice)
            });
            let (_, best) = errors.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or_default();
            chosen.push((best, Band::of(pairs(best))));
        }
        let one = |lead: usize| {
            let (choice, band) = chosen[leads::group(lead).min(groups - 1)];
            let last = states.last().map_or(State { level: 0.0, trend: 0.0 }, |states| states[choice]);
            band.around(last.at(reach[choice][lead]))
        };
        Ok((0..bins).map(one).collect())
    }
}

/// The middle of a group of leads: 0, 1, 4, 10, 22, ….
fn middle(group: usize) -> usize {
    ((1 << group) + (1 << group) / 2).max(1) - 1
}

/// What would have been said of a lead from origins of the last day, and what came.
fn pairs<'a>(
    counts: &'a [f64],
    (states, choice): (&'a [[State; CHOICES.len()]], usize),
    reach: f64,
    lead: usize,
    season: usize,
) -> impl Iterator<Item = (f64, f64)> + 'a {
    let end = counts.len().saturating_sub(lead);
    let first = counts.len().saturating_sub(season).max(1).min(end);
    (first..end)
        .step_by((season / ORIGINS).max(1))
        .map(move |origin| (states[origin - 1][choice].at(reach), counts[origin + lead]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::{CountSeries, Features, SeriesKey, SeriesSet};
    use crate::units::{Duration, Instant};

    const DAY: usize = 288;

    fn medians(counts: Vec<f64>, bins: usize) -> Vec<f64> {
        let series = vec![CountSeries { key: SeriesKey::TOTAL, counts }];
        let set = SeriesSet { start: Instant::from_micros(0), bin: Duration::from_minutes(5), series };
        let features = Features::new(set);
        let forecast = LocalTrend.predict_series(&features.all(), 0, bins).unwrap();
        forecast.iter().map(BinForecast::median).collect()
    }

    #[test]
    fn a_trend_follows_the_recursion() {
        // From 10, with α 0.5, β 0.25, φ 0.8: 14 misses by 4, so l 12 and b 1; 12 misses by −0.8, so l 12.4 and b 0.6.
        let states = states(&[trend(0.5, 0.25, 0.8)], &[10.0, 14.0, 12.0]).concat();
        assert!((states[1].level - 12.0).abs() < 1e-12 && (states[1].trend - 1.0).abs() < 1e-12);
        assert!((states[2].level - 12.4).abs() < 1e-12 && (states[2].trend - 0.6).abs() < 1e-12);
        // Two leads: 12.4 + 0.8 · 0.6, and 0.64 · 0.6 more.
        let reach = trend(0.5, 0.25, 0.8).reach(2);
        assert!((states[2].at(reach[0]) - 12.88).abs() < 1e-12 && (states[2].at(reach[1]) - 13.264).abs() < 1e-12);
    }

    #[test]
    fn what_stays_where_it_goes_is_followed_at_once() {
        // A walk of steps up or down: the best forecast of any lead is the last count.
        let mut level = 500.0;
        let steps = (0..6 * DAY).map(|t| if (t * t / 7) % 2 == 0 { 5.0 } else { -5.0 });
        let mut counts: Vec<f64> = steps
            .map(|step| {
                level += step;
                level
            })
            .collect();
        counts.iter_mut().skip(6 * DAY - 24).for_each(|count| *count += 4_000.0);
        let last = counts[counts.len() - 1];
        let medians = medians(counts, 12);
        assert!(medians.iter().all(|median| (median - last).abs() < 100.0), "{medians:?} after {last}");
    }

    #[test]
    fn three_counts_far_off_make_a_new_level() {
        // 10 and 12 by turns: distances of 1 to 2 around 11, so 30 is far; one of it is noise, three are a level.
        let noisy = |t: usize| if t.is_multiple_of(2) { 10.0 } else { 12.0 };
        let mut counts: Vec<f64> = (0..100).map(noisy).collect();
        counts.extend([30.0, 11.0, 30.0, 32.0, 31.0]);
        let levels: Vec<f64> = states(&[restarting(0.02)], &counts).iter().map(|[state]| state.level).collect();
        assert!(levels[99..104].iter().all(|level| (level - 11.5).abs() < 1.5), "{:?}", &levels[99..]);
        assert!((levels[104] - 31.0).abs() < 1e-12, "the mean of 30, 32 and 31");
        // A count of a fourth: its memory begins with these three.
        counts.push(35.0);
        let after = states(&[restarting(0.02)], &counts)[105][0].level;
        assert!((after - (31.0 + (35.0 - 31.0) / 4.0)).abs() < 1e-12, "{after}");
        // What never changed has no noise: the first change begins nothing, the third does.
        let mut flat = vec![5.0; 50];
        flat.extend([9.0, 9.0, 9.0]);
        assert_eq!(states(&[restarting(0.02)], &flat)[52][0].level, 9.0);
    }

    #[test]
    fn noise_around_a_level_is_not_followed() {
        let draws = crate::random::Draws::new(1, 0, crate::random::Purpose::Example, 0);
        let counts = (0..6 * DAY).map(|t| (100.0 + 20.0 * draws.normal(t as u64)).max(0.0)).collect();
        // A level deviates by 20 · √(α / (2 − α)): 2 for the slowest, 4.6 for the next, which chance may prefer; 3 of them.
        let medians = medians(counts, DAY);
        assert!(medians.iter().all(|median| (median - 100.0).abs() < 13.8), "{medians:?}");
    }
}

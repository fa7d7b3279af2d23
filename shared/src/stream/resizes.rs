//! Resizes: how often resources change their shape, and to what.

use std::collections::BTreeMap;

use super::Resizes;
use super::estimate::Source;
use super::weighted;
use crate::random::Draws;
use crate::request::{LifeBefore, Operation};
use crate::units::{Duration, FlavorIndex, Instant, Window};

/// Rates are in millionths of a resize per resource and day.
const RATE_STEPS: f64 = 1e6;

/// Resizes by the flavor that a resource has: those seen, over the time that resources had it.
///
/// The sources' logs have deletes: without them nobody knows how long a resource could have been resized.
pub(super) fn resizes(sources: &[&Source]) -> Vec<Resizes> {
    let mut seen: BTreeMap<FlavorIndex, BTreeMap<FlavorIndex, u32>> = BTreeMap::new();
    let mut micros: BTreeMap<FlavorIndex, f64> = BTreeMap::new();
    for source in sources {
        let lives: Vec<LifeBefore> = source.history.lives().collect();
        let mut now: Vec<(FlavorIndex, Instant)> =
            lives.iter().map(|life| (source.map.flavor(life.flavor), life.created)).collect();
        let mut had = |flavor, time: Duration| *micros.entry(flavor).or_default() += time.micros() as f64;
        for request in source.history.requests().filter(|request| request.operation == Operation::Resize) {
            let (flavor, since) = &mut now[request.resource.usize()];
            let new = source.map.flavor(request.flavor);
            had(*flavor, request.at - *since);
            *seen.entry(*flavor).or_default().entry(new).or_default() += 1;
            (*flavor, *since) = (new, request.at);
        }
        for (life, (flavor, since)) in lives.iter().zip(now) {
            had(flavor, life.created + life.age - since);
        }
    }
    let row = |(from, to): (FlavorIndex, BTreeMap<FlavorIndex, u32>)| {
        let count: u32 = to.values().sum();
        let days = micros[&from].max(1.0) / Duration::DAY.micros() as f64;
        let per_day_millionths = (f64::from(count) / days * RATE_STEPS + 0.5).min(f64::from(u32::MAX)) as u32;
        Resizes { from, per_day_millionths, to: to.into_iter().collect() }
    };
    seen.into_iter().map(row).filter(|row| row.per_day_millionths > 0).collect()
}

/// Resizes ready to be drawn.
pub(super) struct Resizing<'a>(BTreeMap<FlavorIndex, &'a Resizes>);

impl<'a> Resizing<'a> {
    pub(super) fn new(rows: &'a [Resizes]) -> Self {
        Self(rows.iter().filter(|row| row.per_day_millionths > 0).map(|row| (row.from, row)).collect())
    }

    /// Shows each resize of a resource that has `flavor` at the start of `lived`, with its instant and the new flavor: a
    /// Poisson process at the rate of the flavor that the resource has by then.
    pub(super) fn of_life(
        &self,
        draws: Draws,
        flavor: FlavorIndex,
        lived: Window,
        mut each: impl FnMut(Instant, FlavorIndex),
    ) {
        let (mut flavor, mut at, mut number) = (flavor, lived.start, 0);
        while let Some(row) = self.0.get(&flavor) {
            let days = draws.exponential(number) * RATE_STEPS / f64::from(row.per_day_millionths);
            // At least a microsecond, so that nothing is resized at the instant of its creation.
            at += Duration::from_micros(((days * Duration::DAY.micros() as f64) as i64).max(1));
            if at >= lived.end {
                return;
            }
            let target = weighted::at(&row.to, draws.below(number + 1, weighted::total(&row.to)));
            let Some(&new) = target else { return };
            each(at, new);
            (flavor, number) = (new, number + 2);
        }
    }
}

#[cfg(test)]
mod tests;

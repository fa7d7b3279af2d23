//! What the keys of one grouping come to hour by hour: what is asked for in one way is asked for again.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::series::{SliceHours, Totals};
use super::{Amounts, GroupBy, IdlePolicy};
use crate::units::LedgerUnits;

/// Running totals with a place for every hour of every key.
#[derive(Debug)]
pub(super) struct Grouped {
    size: Size,
    workload: Totals,
    micros: Totals,
    /// By policy; none is needed where idle is kept.
    idle: [OnceLock<Totals>; IdlePolicy::ALL.len()],
}

/// How many places there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) keys: usize,
    pub(super) hours: usize,
}

/// The number of a key, an hour, and an amount.
pub(super) type Placed = (usize, usize, i128);

/// The groupings that were asked for last, the latest at the end.
#[derive(Debug, Default)]
pub(super) struct LastGrouped(Mutex<Vec<(Vec<GroupBy>, Arc<Grouped>)>>);

/// Most places of one grouping, and of all that are kept: 32 to 64 bytes each.
pub(super) const PLACES_MAX: usize = 1 << 20;
const KEPT_MAX: usize = 1 << 22;

impl Size {
    /// How many places that are; none where no number can hold it.
    pub(super) fn places(self) -> Option<usize> {
        self.keys.checked_mul(self.hours)
    }

    fn totals(self, amounts: impl Iterator<Item = Placed>) -> Totals {
        let mut places = vec![0; self.keys * self.hours];
        amounts.for_each(|(key, hour, amount)| places[key * self.hours + hour] += amount);
        Totals::of(places)
    }
}

impl LastGrouped {
    /// What is kept of a grouping, or else is made now.
    pub(super) fn get(&self, by: &[GroupBy], make: impl FnOnce() -> Grouped) -> Arc<Grouped> {
        if let Some(grouped) = self.take(by) {
            self.keep(by, &grouped);
            return grouped;
        }
        let grouped = Arc::new(make());
        // Somebody else may have made it meanwhile.
        self.take(by);
        self.keep(by, &grouped);
        grouped
    }

    fn take(&self, by: &[GroupBy]) -> Option<Arc<Grouped>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = kept.iter().position(|(other, _)| other == by)?;
        Some(kept.remove(place).1)
    }

    fn keep(&self, by: &[GroupBy], grouped: &Arc<Grouped>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push((by.to_vec(), Arc::clone(grouped)));
        let places = |(_, grouped): &(Vec<GroupBy>, Arc<Grouped>)| grouped.size.keys * grouped.size.hours;
        while kept.iter().map(places).sum::<usize>() > KEPT_MAX {
            kept.remove(0);
        }
    }
}

impl Grouped {
    pub(super) fn new(
        size: Size,
        workload: impl Iterator<Item = Placed>,
        micros: impl Iterator<Item = Placed>,
    ) -> Self {
        Self { size, workload: size.totals(workload), micros: size.totals(micros), idle: Default::default() }
    }

    /// Tells of what every key comes to in every slice in which it has anything; `idle` is the policy that hands it out, and
    /// what it gives to whom.
    pub(super) fn each<I: Iterator<Item = Placed>>(
        &self,
        slices: &SliceHours,
        idle: Option<(IdlePolicy, impl FnOnce() -> I)>,
        mut give: impl FnMut(usize, usize, Amounts),
    ) {
        let idle = idle.map(|(policy, amounts)| self.idle[policy as usize].get_or_init(|| self.size.totals(amounts())));
        for key in 0..self.size.keys {
            for (slice, hours) in slices.each() {
                let first = key * self.size.hours;
                let places = first + hours.start..first + hours.end;
                let resource_micros = self.micros.sum(places.clone());
                if resource_micros > 0 {
                    let workload = LedgerUnits(self.workload.sum(places.clone()));
                    let idle = LedgerUnits(idle.map_or(0, |idle| idle.sum(places)));
                    give(key, slice, Amounts { workload, idle, resource_micros, ..Amounts::default() });
                }
            }
        }
    }
}

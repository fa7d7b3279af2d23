//! Which machine a volume or an address came with.

use std::collections::BTreeMap;

use super::NEAR_MICROS;
use crate::request::{LifeBefore, ResourceClass};
use crate::stream::estimate::Source;
use crate::units::{BatchIndex, FlavorIndex, Instant, TenantIndex};

/// By position among the lives of a source: the position of the machine that a life came with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::stream) struct Pairing(Vec<Option<usize>>);

impl Pairing {
    /// Pairs what one tenant created in one batch and not far apart: each volume and address goes to the machine that
    /// has the fewest of its flavor so far; of those to the nearest, and then to the first one.
    pub(in crate::stream) fn new(source: &Source) -> Self {
        let flavors = &source.history.tables().flavors;
        let is_machine = |life: &LifeBefore| flavors[life.flavor.usize()].class == ResourceClass::Compute;
        if source.history.lives().all(|life| is_machine(&life)) {
            return Self::default();
        }
        let lives: Vec<LifeBefore> = source.history.lives().collect();
        let mut machines: BTreeMap<(TenantIndex, BatchIndex), Vec<usize>> = BTreeMap::new();
        for (position, life) in lives.iter().enumerate().filter(|(_, life)| is_machine(life)) {
            if let Some(batch) = life.batch {
                machines.entry((life.tenant, batch)).or_default().push(position);
            }
        }
        let mut taken: BTreeMap<(usize, FlavorIndex), u32> = BTreeMap::new();
        let of_life = |life: &LifeBefore| {
            let batch = life.batch.filter(|_| !is_machine(life))?;
            let near = machines.get(&(life.tenant, batch))?.iter().map(|&position| {
                let count = taken.get(&(position, life.flavor)).copied().unwrap_or(0);
                Some((count, lag(lives[position].created, life.created)?.unsigned_abs(), position))
            });
            let (count, _, position) = near.flatten().min()?;
            taken.insert((position, life.flavor), count + 1);
            Some(position)
        };
        Self(lives.iter().map(of_life).collect())
    }

    /// The machine that the life at `position` came with.
    pub(in crate::stream) fn machine_of(&self, position: usize) -> Option<usize> {
        self.0.get(position).copied().flatten()
    }

    /// Whether nothing came with anything.
    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }
}

/// From one instant to another in microseconds, where they are near.
pub(super) fn lag(from: Instant, to: Instant) -> Option<i32> {
    i32::try_from((to - from).micros()).ok().filter(|lag| (-NEAR_MICROS..=NEAR_MICROS).contains(lag))
}

/// What became of an attached resource when its machine ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Deleted so many microseconds after the machine, or before it where negative.
    Followed(i32),
    /// It had ended by itself before.
    EndedBefore,
    /// It lived on.
    Outlived,
    /// The machine lives, or has ended too recently to say.
    Unknown,
}

/// What became of `attached`, as it was known at the cut of the history.
pub(super) fn fate(machine: &LifeBefore, attached: &LifeBefore) -> Fate {
    let (machine_end, end) = (machine.created + machine.age, attached.created + attached.age);
    match (machine.ended, lag(machine_end, end)) {
        (false, _) => Fate::Unknown,
        (true, Some(lag)) if attached.ended => Fate::Followed(lag),
        (true, Some(_)) => Fate::Unknown,
        (true, None) if end < machine_end => Fate::EndedBefore,
        (true, None) => Fate::Outlived,
    }
}

//! Choosing a node: what a policy prefers is a trait with a file a policy; an index finds it without a scan.
//!
//! Some policies rank nodes of one capacity by what is free on them, whoever asks: the rank of what is left is the rank
//! of what was free, less that of what was asked for. So the nodes of a group can be kept in the order in which any request
//! would be given them, and the node that it gets is the first of them that has room. Others score nodes for one request;
//! nodes that offer the same score the same, and bounds say which of them need not be looked at.

mod best_fit;
mod by_devices;
mod by_rank;
mod classes;
mod dot_product;
mod first_fit;
mod fragmentation_aware;
mod least_allocated;
mod most_allocated;
mod ordered;
mod popularity;
#[cfg(test)]
mod tests;
mod worst_fit;

use by_devices::ByDevices;
use by_rank::ByRank;
use classes::{Classes, Preference, Wants};
use first_fit::BySlot;
pub(super) use fragmentation_aware::Fragmentation;
pub(super) use popularity::Popularity;

use super::devices::{DeviceSet, Devices, Room};
use super::nodes::Slot;
use super::settings::PlacementPolicy;
use crate::units::{Dimension, Resources};

/// What a policy prefers: the node with the lowest rank of what is left on it; ties go to the lowest node index.
///
/// A rank is linear: the rank of a sum is the sum of the ranks. It is never negative, or never positive.
type Rank = fn(Resources, Resources) -> i64;

/// Finds nodes by what they offer.
#[derive(Clone, Debug)]
pub(super) enum Index {
    /// The lowest slot first.
    BySlot(BySlot),
    /// The lowest rank first.
    ByRank(ByRank),
    /// The highest score first.
    Classes(Classes),
    /// The least that becomes useless first.
    ByDevices(ByDevices),
}

impl Index {
    pub(super) fn new(policy: PlacementPolicy, groups: usize) -> Self {
        let by_class = |score, wants| Self::Classes(Classes::new(Preference::Amounts { score, wants }, groups));
        match policy {
            PlacementPolicy::FirstFit => Self::BySlot(BySlot::new(groups)),
            PlacementPolicy::BestFit => Self::ByRank(ByRank::new(best_fit::rank, groups)),
            PlacementPolicy::WorstFit => Self::ByRank(ByRank::new(worst_fit::rank, groups)),
            PlacementPolicy::DotProduct => by_class(dot_product::score, Wants::Room),
            PlacementPolicy::LeastAllocated => by_class(least_allocated::score, Wants::Room),
            PlacementPolicy::MostAllocated => by_class(most_allocated::score, Wants::Packing),
            PlacementPolicy::FragmentationAware => Self::ByDevices(ByDevices::new(groups)),
        }
    }

    /// Adds the machine of the next slot, with what it offers.
    pub(super) fn push(&mut self, machine: &Slot, offer: Resources, devices: impl FnOnce() -> Devices) {
        match self {
            Self::BySlot(index) => index.push(machine, offer),
            Self::ByRank(index) => index.push(machine, offer),
            Self::Classes(index) => index.push(machine, offer, devices()),
            Self::ByDevices(index) => index.push(machine, offer, devices()),
        }
    }

    /// Takes note of what a machine offers now.
    pub(super) fn update(&mut self, slot: u32, machine: &Slot, offer: Resources, devices: impl FnOnce() -> Devices) {
        match self {
            Self::BySlot(index) => index.update(slot, machine, offer),
            Self::ByRank(index) => index.update(slot, machine, offer),
            Self::Classes(index) => index.update(slot, machine, offer, devices()),
            Self::ByDevices(index) => index.update(slot, machine, offer, devices),
        }
    }

    /// Reads what the next update of a machine is going to need, so that it is in a cache by then.
    #[inline]
    pub(super) fn fetch(&self, slot: u32, machine: &Slot) {
        match self {
            Self::BySlot(index) => index.fetch(slot, machine),
            Self::ByRank(index) => index.fetch(slot),
            Self::Classes(index) => index.fetch(slot),
            Self::ByDevices(index) => index.fetch(slot, machine),
        }
    }

    /// The machine that is wanted for `requested`, of those that offer as much, are permitted, and are in groups that are
    /// open; an offer of nothing is none.
    pub(super) fn choose(
        &self,
        requested: Resources,
        open: impl Fn(usize) -> bool,
        permitted: impl Fn(u32) -> bool,
    ) -> Option<u32> {
        match self {
            Self::BySlot(index) => index.choose(requested, open, permitted),
            Self::ByRank(index) => index.choose(requested, open, permitted),
            Self::Classes(index) => index.choose(requested, open, permitted, None).map(|found| found.slot),
            Self::ByDevices(index) => index.choose(requested, open, permitted),
        }
    }

    /// From now on these shapes count, each as often as it was asked for.
    pub(super) fn expect(&mut self, popularity: &Popularity) {
        if let Self::ByDevices(index) = self {
            index.expect(popularity.shapes());
        }
    }

    /// Which of a machine's devices the policy wants; none where it leaves that to the rule for all.
    pub(super) fn devices(&self, requested: Resources, room: &Room) -> Option<DeviceSet> {
        Some(self.fragmentation()?.least_increase(requested, room)?.1)
    }

    pub(super) fn fragmentation(&self) -> Option<&Fragmentation> {
        if let Self::ByDevices(index) = self { index.fragmentation() } else { None }
    }

    /// What the policy makes of a machine that has room, as people read it: what would be left on it in shares of its
    /// capacity, which best fit wants the least of and worst fit the most; the dot product; a percentage; milli-GPU that
    /// would become useless; nothing where only the order counts.
    pub(super) fn shown(
        &self,
        policy: PlacementPolicy,
        requested: Resources,
        room: &Room,
        capacity: Resources,
    ) -> Option<f64> {
        let free = room.free;
        match policy {
            PlacementPolicy::FirstFit => None,
            PlacementPolicy::BestFit | PlacementPolicy::WorstFit => Some(left(free.checked_sub(requested)?, capacity)),
            PlacementPolicy::DotProduct => Some(dot_product::shown(dot_product::score(requested, free, capacity))),
            PlacementPolicy::LeastAllocated => Some(least_allocated::score(requested, free, capacity) as f64),
            PlacementPolicy::MostAllocated => Some(most_allocated::score(requested, free, capacity) as f64),
            PlacementPolicy::FragmentationAware => {
                let fragmentation = self.fragmentation()?;
                Some(fragmentation.shown(fragmentation.least_increase(requested, room)?.0))
            }
        }
    }

    /// Makes copies cheap from now on.
    pub(super) fn share(&mut self) {
        match self {
            Self::BySlot(index) => index.share(),
            Self::ByRank(index) => index.share(),
            Self::Classes(index) => index.share(),
            Self::ByDevices(index) => index.share(),
        }
    }
}

/// The shares of a capacity that `amounts` are, summed over its dimensions.
pub(super) fn left(amounts: Resources, capacity: Resources) -> f64 {
    share(amounts, capacity) as f64 / (1_i64 << 32) as f64
}

/// The shares of a capacity that `amounts` are, summed over its dimensions, in 2^-32.
///
/// The weight of a unit is rounded, not the share, which keeps the sum linear.
pub(super) fn share(amounts: Resources, capacity: Resources) -> i64 {
    let of = |dimension: Dimension| {
        let unit = (1_i64 << 32).checked_div(i64::from(capacity[dimension])).unwrap_or(0);
        unit * i64::from(amounts[dimension])
    };
    Dimension::ALL.into_iter().map(of).sum()
}

/// The dimensions that nodes have.
fn on_nodes() -> impl Iterator<Item = Dimension> {
    use Dimension::{Gpu, LocalDisk, Memory, Network, Vcpu};
    [Vcpu, Memory, Gpu, LocalDisk, Network].into_iter()
}

/// The mean of what amounts are in percent of a capacity, each rounded down and then their mean, over what kube-scheduler
/// scores.
fn mean_percent(requested: Resources, capacity: Resources, amount: impl Fn(Dimension) -> u32) -> i64 {
    let (sum, count) = scored(requested, capacity).fold((0, 0), |(sum, count), dimension| {
        (sum + of_capacity(amount(dimension), 100, capacity[dimension]), count + 1)
    });
    u64::checked_div(sum, count).unwrap_or(0) as i64
}

/// What kube-scheduler's scores are means of: vCPU and memory where the node has them, GPUs where they are asked for.
fn scored(requested: Resources, capacity: Resources) -> impl Iterator<Item = Dimension> {
    let counts = move |dimension| match dimension {
        Dimension::Gpu => requested[dimension] > 0 && capacity[dimension] > 0,
        _ => capacity[dimension] > 0,
    };
    [Dimension::Vcpu, Dimension::Memory, Dimension::Gpu].into_iter().filter(move |&dimension| counts(dimension))
}

/// An amount in `steps` of a capacity, rounded down; nothing of a capacity of nothing.
fn of_capacity(amount: u32, steps: u64, capacity: u32) -> u64 {
    (u64::from(amount) * steps).checked_div(u64::from(capacity)).unwrap_or(0)
}

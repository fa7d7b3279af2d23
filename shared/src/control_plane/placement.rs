//! Choosing a node: what a policy prefers is a trait with a file a policy; an index finds it without a scan.
//!
//! A policy ranks nodes of one capacity by what is free on them, whoever asks: the rank of what is left is the rank of
//! what was free, less that of what was asked for. So the nodes of a group can be kept in the order in which any request
//! would be given them, and the node that it gets is the first of them that has room.

mod best_fit;
mod by_rank;
mod first_fit;
#[cfg(test)]
mod tests;
mod worst_fit;

use by_rank::ByRank;
use first_fit::BySlot;

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
}

impl Index {
    pub(super) fn new(policy: PlacementPolicy, groups: usize) -> Self {
        match policy {
            PlacementPolicy::FirstFit => Self::BySlot(BySlot::new(groups)),
            PlacementPolicy::BestFit => Self::ByRank(ByRank::new(best_fit::rank, groups)),
            PlacementPolicy::WorstFit => Self::ByRank(ByRank::new(worst_fit::rank, groups)),
        }
    }

    /// Adds the machine of the next slot.
    pub(super) fn push(&mut self, machine: &Slot) {
        match self {
            Self::BySlot(index) => index.push(machine),
            Self::ByRank(index) => index.push(machine),
        }
    }

    /// Takes note of what a machine offers now.
    pub(super) fn update(&mut self, slot: u32, machine: &Slot) {
        match self {
            Self::BySlot(index) => index.update(slot, machine),
            Self::ByRank(index) => index.update(slot, machine),
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
        }
    }

    /// Makes copies cheap from now on.
    pub(super) fn share(&mut self) {
        match self {
            Self::BySlot(index) => index.share(),
            Self::ByRank(index) => index.share(),
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

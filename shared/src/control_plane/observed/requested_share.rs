//! How much of a machine was requested at once, as far as it was seen who was there.

use core::cmp::Reverse;
use std::collections::BinaryHeap;

use super::machines::Stay;
use crate::control_plane::settings::Fleet;
use crate::trace::inventory::InventoryNode;
use crate::units::{DIMENSIONS, Instant, NodeGroupIndex, Resources};

/// How much of a machine was requested when a resource had come there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestedShare {
    /// The machine's group.
    pub node_group: NodeGroupIndex,
    /// When it was there, at the latest.
    pub at: Instant,
    /// The sum of what all who were there had requested, in percent of what the machine has, rounded up, by
    /// [`Dimension`](crate::units::Dimension); `u32::MAX` of what it has nothing of, and they requested.
    pub percent: [u32; DIMENSIONS],
}

/// The share after each stay that is known to have begun, in order of time; `stays` are in that order.
///
/// Of a machine that no inventory lists the group is the first that would have held all who were there, or where none
/// would, the one that has to be over-committed least: so that no ratio is found to be higher than it may be.
pub(super) fn requested_shares(stays: &[Stay], listed: Option<&InventoryNode>, fleet: &Fleet) -> Vec<RequestedShare> {
    let held = held_after_each(stays);
    let possible =
        fleet.node_groups.iter().enumerate().filter(|(_, group)| listed.is_none_or(|node| group.lists(node)));
    let needs = possible.map(|(position, group)| {
        let need = held.iter().map(|(_, held)| most_percent(percent_of(*held, group.schedulable()))).max();
        (need.map_or(0, |need| need.max(100)), position)
    });
    let Some((_, position)) = needs.min() else { return Vec::new() };
    let (node_group, capacity) = (NodeGroupIndex::from_usize(position), fleet.node_groups[position].capacity);
    let share = |(at, held)| RequestedShare { node_group, at, percent: percent_of(held, capacity) };
    held.into_iter().map(share).collect()
}

/// What all who were there had requested when each came, in milli-vCPU and so on.
fn held_after_each(stays: &[Stay]) -> Vec<(Instant, [u64; DIMENSIONS])> {
    let mut leaving: BinaryHeap<Reverse<(Instant, [u32; DIMENSIONS])>> = BinaryHeap::new();
    let (mut sum, mut held) = ([0_u64; DIMENSIONS], Vec::with_capacity(stays.len()));
    for stay in stays {
        let Some(at) = stay.on_node_by else { continue };
        while let Some(Reverse((_, gone))) = leaving.peek().filter(|Reverse((until, _))| *until <= at) {
            sum.iter_mut().zip(gone).for_each(|(sum, amount)| *sum -= u64::from(*amount));
            leaving.pop();
        }
        let requested = stay.requested.to_array();
        sum.iter_mut().zip(requested).for_each(|(sum, amount)| *sum += u64::from(amount));
        leaving.extend(stay.until.map(|until| Reverse((until, requested))));
        held.push((at, sum));
    }
    held
}

/// Rounded up, and beyond any ratio of what there is nothing of.
fn percent_of(held: [u64; DIMENSIONS], capacity: Resources) -> [u32; DIMENSIONS] {
    let mut percent = [0; DIMENSIONS];
    for ((of, amount), has) in percent.iter_mut().zip(held).zip(capacity.to_array()).filter(|((_, held), _)| *held > 0)
    {
        let whole = (has > 0).then(|| (amount * 100).div_ceil(u64::from(has)));
        *of = whole.and_then(|percent| u32::try_from(percent).ok()).unwrap_or(u32::MAX);
    }
    percent
}

fn most_percent(percent: [u32; DIMENSIONS]) -> u32 {
    percent.into_iter().max().unwrap_or(0)
}

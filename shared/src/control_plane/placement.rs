//! Choosing a node: one trait, a file a policy.

mod best_fit;
mod first_fit;
mod worst_fit;

use super::nodes::{Nodes, Slot};
use super::settings::PlacementPolicy;
use crate::units::{Dimension, Resources};

/// Chooses among the nodes that have room; ties go to the lowest node index.
trait Policy {
    /// The slot of the chosen node; none when nothing has room.
    fn choose(&self, nodes: &Nodes, requested: Resources) -> Option<u32>;
}

/// The slot that `policy` chooses for `requested`.
pub(super) fn choose(policy: PlacementPolicy, nodes: &Nodes, requested: Resources) -> Option<u32> {
    let policy: &dyn Policy = match policy {
        PlacementPolicy::FirstFit => &first_fit::FirstFit,
        PlacementPolicy::BestFit => &best_fit::BestFit,
        PlacementPolicy::WorstFit => &worst_fit::WorstFit,
    };
    policy.choose(nodes, requested)
}

/// How much of a node would be free after `requested` came: the free shares of its dimensions, summed, in 1/65,536.
fn free_share_after(slot: &Slot, requested: Resources) -> u64 {
    let share = |dimension: Dimension| {
        let free = u64::from(slot.free[dimension] - requested[dimension]);
        (free << 16).checked_div(u64::from(slot.capacity[dimension])).unwrap_or(0)
    };
    Dimension::ALL.into_iter().map(share).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control_plane::settings::{Fleet, NodeGroup};
    use crate::units::{Duration, Instant, NodeGroupIndex, NodeIndex};

    fn fleet() -> Fleet {
        let group = |name: &str, capacity| NodeGroup {
            name: name.to_owned(),
            instance_type: name.to_owned(),
            capacity,
            min: 0,
            max: 1_000,
            boot: Duration::ZERO,
        };
        Fleet {
            node_groups: vec![
                group("small", Resources::compute(8_000, 16_384)),
                group("large", Resources::compute(16_000, 65_536)),
            ],
        }
    }

    fn naive_first(nodes: &Nodes, requested: Resources) -> Option<u32> {
        nodes.iter_fitting(requested).next().map(|(slot, _)| slot)
    }

    #[test]
    fn policies_choose_as_their_names_say() {
        let (fleet, now) = (fleet(), Instant::from_micros(0));
        let mut nodes = Nodes::new(2, NodeIndex(0));
        for _ in 0..3 {
            nodes.order(NodeGroupIndex(0), now, &fleet);
        }
        nodes.take(0, Resources::compute(2_000, 4_096));
        nodes.take(1, Resources::compute(6_000, 8_192));
        let asked = Resources::compute(2_000, 4_096);
        assert_eq!(choose(PlacementPolicy::FirstFit, &nodes, asked), Some(0));
        assert_eq!(choose(PlacementPolicy::BestFit, &nodes, asked), Some(1));
        assert_eq!(choose(PlacementPolicy::WorstFit, &nodes, asked), Some(2));
        assert_eq!(choose(PlacementPolicy::BestFit, &nodes, Resources::compute(9_000, 1)), None);
    }

    proptest::proptest! {
        #[test]
        fn the_tree_finds_what_a_scan_finds(
            steps in proptest::collection::vec((0_u8..6, 0_u32..40, 1_u32..9_000, 1_u32..40_000), 1..300),
        ) {
            let (fleet, now) = (fleet(), Instant::from_micros(0));
            let mut nodes = Nodes::new(2, NodeIndex(0));
            let mut taken: Vec<(u32, Resources)> = Vec::new();
            for (step, pick, vcpu, memory) in steps {
                let asked = Resources::compute(vcpu, memory);
                let first = nodes.first_fitting(asked);
                proptest::prop_assert_eq!(first, naive_first(&nodes, asked));
                match step {
                    0 => {
                        nodes.order(NodeGroupIndex(pick % 2), now, &fleet);
                    }
                    1 if !taken.is_empty() => {
                        let (slot, amount) = taken.swap_remove(pick as usize % taken.len());
                        nodes.give(slot, amount, now);
                    }
                    2 => {
                        let empty = nodes.iter_paid().find(|(_, slot)| slot.residents == 0).map(|(slot, _)| slot);
                        if let Some(slot) = empty {
                            nodes.drain(slot, now, now);
                            nodes.remove(slot, now);
                        }
                    }
                    _ => if let Some(slot) = first {
                        nodes.take(slot, asked);
                        taken.push((slot, asked));
                    },
                }
            }
        }
    }
}

//! What the index finds is what a scan finds.

use proptest::prelude::*;

use super::{best_fit, dot_product, least_allocated, most_allocated, worst_fit};
use crate::control_plane::nodes::{NodeLife, Nodes};
use crate::control_plane::settings::{Fleet, NodeGroup, PlacementPolicy};
use crate::units::{Duration, Instant, NodeGroupIndex, NodeIndex, Resources};

const NOW: Instant = Instant::from_micros(0);

fn fleet() -> Fleet {
    let group = |name: &str, capacity| NodeGroup {
        name: name.to_owned(),
        instance_type: name.to_owned(),
        capacity,
        min: 0,
        max: 1_000,
        boot: Duration::ZERO,
        ..NodeGroup::default()
    };
    Fleet::of(vec![
        group("small", Resources::compute(8_000, 16_384)),
        group("large", Resources::compute(16_000, 65_536)),
    ])
}

fn choose(nodes: &Nodes, requested: Resources) -> Option<u32> {
    nodes.choose(requested, |_| true, |_| true)
}

/// Looks at each node, as the policy's name says.
fn scan(policy: PlacementPolicy, nodes: &Nodes, requested: Resources, permitted: impl Fn(u32) -> bool) -> Option<u32> {
    let slots = nodes.iter().enumerate();
    let takes = slots.filter(|(_, slot)| slot.life == NodeLife::Paid && slot.node.gone.is_none());
    let fitting = takes.filter(|(position, slot)| requested.fits(slot.free) && permitted(*position as u32));
    let rank = |slot: &crate::control_plane::nodes::Slot| {
        let left = slot.free.checked_sub(requested).expect("it fits");
        let score = |of: fn(Resources, Resources, Resources) -> i64| -of(requested, slot.free, slot.capacity);
        match policy {
            PlacementPolicy::FirstFit => 0,
            PlacementPolicy::BestFit => best_fit::rank(left, slot.capacity),
            PlacementPolicy::WorstFit => worst_fit::rank(left, slot.capacity),
            PlacementPolicy::DotProduct => score(dot_product::score),
            PlacementPolicy::LeastAllocated => score(least_allocated::score),
            PlacementPolicy::MostAllocated => score(most_allocated::score),
        }
    };
    fitting.min_by_key(|(position, slot)| (rank(slot), *position)).map(|(position, _)| position as u32)
}

#[test]
fn policies_choose_as_their_names_say() {
    let fleet = fleet();
    // Of 8 vCPU and 16 GiB, 6 and 12 are free on the first, 2 and 8 on the second, all on the third; the dot products of
    // 2 vCPU and 4 GiB, 1/4 each, with that are (3/4 + 3/4) / 4, (1/4 + 1/2) / 4 and (1 + 1) / 4. The percentages left
    // are 50, (0 + 25) / 2 and 75.
    for (policy, expected) in PlacementPolicy::ALL.into_iter().zip([0, 1, 2, 2, 2, 1]) {
        let mut nodes = Nodes::new(2, NodeIndex(0), policy);
        for _ in 0..3 {
            nodes.order(NodeGroupIndex(0), NOW, &fleet);
        }
        nodes.take(0, Resources::compute(2_000, 4_096));
        nodes.take(1, Resources::compute(6_000, 8_192));
        assert_eq!(choose(&nodes, Resources::compute(2_000, 4_096)), Some(expected), "{policy:?}");
        assert_eq!(choose(&nodes, Resources::compute(9_000, 1)), None);
    }
}

proptest! {
    #![proptest_config(crate::cases(1_000))]

    #[test]
    fn the_index_finds_what_a_scan_finds(
        policy in proptest::sample::select(&PlacementPolicy::ALL),
        orders in 0_u32..200,
        steps in proptest::collection::vec((0_u8..8, 0_u32..400, 1_u32..9, 1_u32..6), 1..300),
    ) {
        let fleet = fleet();
        let mut nodes = Nodes::new(2, NodeIndex(0), policy);
        let mut taken: Vec<(u32, Resources)> = Vec::new();
        for order in 0..orders {
            nodes.order(NodeGroupIndex(order % 2), NOW, &fleet);
        }
        for (step, pick, vcpu, memory) in steps {
            // More shapes than are remembered, each again and again.
            let asked = Resources::compute(vcpu * 1_000, memory * 8_000);
            let chosen = choose(&nodes, asked);
            prop_assert_eq!(chosen, scan(policy, &nodes, asked, |_| true));
            let kept = |slot: u32| slot % 3 != pick % 3;
            let large = |slot: u32| nodes.slot(slot).node.node_group.usize() == 1;
            let restricted = nodes.choose(asked, |group| group == 1, kept);
            prop_assert_eq!(restricted, scan(policy, &nodes, asked, |slot| kept(slot) && large(slot)));
            match step {
                0 => {
                    nodes.order(NodeGroupIndex(pick % 2), NOW, &fleet);
                }
                1 | 2 if !taken.is_empty() => {
                    let (slot, amount) = taken.swap_remove(pick as usize % taken.len());
                    nodes.give(slot, amount, NOW);
                }
                3 => {
                    let empty = nodes.iter_paid().find(|(_, slot)| slot.residents == 0).map(|(slot, _)| slot);
                    if let Some(slot) = empty {
                        nodes.drain(slot, NOW, NOW);
                        nodes.remove(slot, NOW);
                    }
                }
                4 if !taken.is_empty() => {
                    let pick = pick as usize % taken.len();
                    let (slot, amount) = taken[pick];
                    let smaller = Resources::compute(amount.to_array()[0] / 2, amount.to_array()[1]);
                    nodes.exchange(slot, amount, smaller);
                    taken[pick].1 = smaller;
                }
                _ => if let Some(slot) = chosen {
                    nodes.take(slot, asked);
                    taken.push((slot, asked));
                },
            }
        }
        let machines = nodes.save().clone();
        let restored = Nodes::saved(machines, policy);
        let asked = Resources::compute(1_000, 2_048);
        prop_assert_eq!(choose(&restored, asked), choose(&nodes, asked));
    }
}

//! What the index finds is what a scan finds.

use proptest::prelude::*;

use super::{best_fit, dot_product, least_allocated, most_allocated, worst_fit};
use crate::control_plane::devices::DeviceSet;
use crate::control_plane::nodes::{NodeLife, Nodes, Slot};
use crate::control_plane::settings::{Fleet, NodeGroup, PlacementPolicy};
use crate::units::{Dimension, Duration, Instant, NodeGroupIndex, NodeIndex, Resources};

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
        group("gpu", Resources::compute(16_000, 65_536).with(Dimension::Gpu, 3_000)),
    ])
}

/// None, a part of one, or whole ones.
fn gpus() -> impl Strategy<Value = u32> {
    prop_oneof![3 => Just(0), 2 => (1_u32..10).prop_map(|tenths| tenths * 100), 1 => (1_u32..4).prop_map(|count| count * 1_000)]
}

fn choose(nodes: &Nodes, requested: Resources) -> Option<u32> {
    nodes.choose(requested, |_| true, |_| true)
}

/// Looks at each node, as the policy's name says.
fn scan(policy: PlacementPolicy, nodes: &Nodes, requested: Resources, permitted: impl Fn(u32) -> bool) -> Option<u32> {
    let slots = nodes.iter().enumerate();
    let takes = slots.filter(|(_, slot)| slot.life == NodeLife::Paid && slot.node.gone.is_none());
    let fits = |position: usize| nodes.has_room(position as u32, requested) && permitted(position as u32);
    let fitting = takes.filter(|(position, _)| fits(*position));
    let rank = |position: usize, slot: &Slot| {
        let left = slot.free.checked_sub(requested).expect("it fits");
        let room = nodes.room(position as u32);
        let score = |of: fn(Resources, Resources, Resources) -> i64| -of(requested, slot.free, slot.capacity);
        match policy {
            PlacementPolicy::FirstFit => 0,
            PlacementPolicy::BestFit => best_fit::rank(left, slot.capacity),
            PlacementPolicy::WorstFit => worst_fit::rank(left, slot.capacity),
            PlacementPolicy::DotProduct => score(dot_product::score),
            PlacementPolicy::LeastAllocated => score(least_allocated::score),
            PlacementPolicy::MostAllocated => score(most_allocated::score),
            PlacementPolicy::FragmentationAware => {
                let fragmentation = nodes.fragmentation().expect("the policy goes by it");
                fragmentation.least_increase(requested, &room).expect("it fits").0
            }
        }
    };
    fitting.min_by_key(|(position, slot)| (rank(*position, slot), *position)).map(|(position, _)| position as u32)
}

#[test]
fn policies_choose_as_their_names_say() {
    let fleet = fleet();
    // Of 8 vCPU and 16 GiB, 6 and 12 are free on the first, 2 and 8 on the second, all on the third; the dot products of
    // 2 vCPU and 4 GiB, 1/4 each, with that are (3/4 + 3/4) / 4, (1/4 + 1/2) / 4 and (1 + 1) / 4. The percentages left
    // are 50, (0 + 25) / 2 and 75. Nobody asks for GPUs.
    for (policy, expected) in PlacementPolicy::ALL.into_iter().zip([0, 1, 2, 2, 2, 1, 0]) {
        let mut nodes = Nodes::new(3, NodeIndex(0), policy);
        for _ in 0..3 {
            nodes.order(NodeGroupIndex(0), NOW, &fleet);
        }
        nodes.take(0, Resources::compute(2_000, 4_096), DeviceSet::default());
        nodes.take(1, Resources::compute(6_000, 8_192), DeviceSet::default());
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
        steps in proptest::collection::vec((0_u8..8, 0_u32..400, 1_u32..9, 1_u32..6, gpus()), 1..300),
    ) {
        let fleet = fleet();
        let mut nodes = Nodes::new(3, NodeIndex(0), policy);
        let mut taken: Vec<(u32, Resources, DeviceSet)> = Vec::new();
        for order in 0..orders {
            nodes.order(NodeGroupIndex(order % 3), NOW, &fleet);
        }
        for (step, pick, vcpu, memory, gpu) in steps {
            // More shapes than are remembered, each again and again.
            let asked = Resources::compute(vcpu * 1_000, memory * 8_000).with(Dimension::Gpu, gpu);
            nodes.note(|| asked);
            let chosen = choose(&nodes, asked);
            prop_assert_eq!(chosen, scan(policy, &nodes, asked, |_| true));
            let kept = |slot: u32| slot % 3 != pick % 3;
            let large = |slot: u32| nodes.slot(slot).node.node_group.usize() == 1;
            let restricted = nodes.choose(asked, |group| group == 1, kept);
            prop_assert_eq!(restricted, scan(policy, &nodes, asked, |slot| kept(slot) && large(slot)));
            match step {
                0 => {
                    nodes.order(NodeGroupIndex(pick % 3), NOW, &fleet);
                }
                1 | 2 if !taken.is_empty() => {
                    let (slot, amount, held) = taken.swap_remove(pick as usize % taken.len());
                    nodes.give(slot, amount, held, NOW);
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
                    let (slot, amount, held) = taken[pick];
                    let smaller = amount.with(Dimension::Vcpu, amount[Dimension::Vcpu] / 2);
                    // What needs no more GPUs than before stays on its devices.
                    prop_assert_eq!(nodes.exchange(slot, amount, held, smaller), held);
                    taken[pick].1 = smaller;
                }
                _ => if let Some(slot) = chosen {
                    taken.push((slot, asked, nodes.take(slot, asked, DeviceSet::default())));
                },
            }
        }
        let machines = nodes.save().clone();
        let restored = Nodes::saved(machines, policy);
        let asked = Resources::compute(1_000, 2_048).with(Dimension::Gpu, 300);
        prop_assert_eq!(choose(&restored, asked), choose(&nodes, asked));
    }
}

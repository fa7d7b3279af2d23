//! The GPUs of nodes, as far as plans tell: they do not say who is on which device.

use super::{Asked, Span, Violation, peaks, stays};
use crate::control_plane::{NodeGroup, ObservedFleet};
use crate::scenario::Scenario;
use crate::simulation::Plan;
use crate::units::{Dimension, Resources};

/// Nodes on which those who share no device with each other are more than there are devices: whoever takes more than half
/// of what may be requested of a device is alone of that kind on it.
pub(super) fn check(
    scenario: &Scenario,
    asked: &Asked,
    plans: &[Plan],
    fleet: &ObservedFleet,
) -> impl Iterator<Item = Violation> {
    let group = |node: u32| &scenario.fleet.node_groups[fleet.nodes[node as usize].node_group.usize()];
    let on = plans.iter().flat_map(|plan| stays(plan, fleet)).filter_map(|(node, resource, from, until)| {
        let gpu = asked.0.get(&resource)?.least[Dimension::Gpu];
        let alone = gpu > 0 && 2 * gpu.min(WHOLE) > of_one_device(group(node));
        let amount = Resources::ZERO.with(Dimension::Gpu, gpu.div_ceil(WHOLE));
        alone.then_some(Span { holder: node, from, until, amount })
    });
    let devices = |node: u32| group(node).capacity[Dimension::Gpu] / WHOLE;
    let found = peaks(on, |node, held| super::fits(held, Resources::ZERO.with(Dimension::Gpu, devices(node))));
    let found: Vec<Violation> = found
        .into_iter()
        .map(|(node, at, held)| {
            let needed = u32::try_from(held[Dimension::Gpu as usize]).unwrap_or(u32::MAX);
            Violation::TooFewDevices { node, at, needed, devices: devices(node) }
        })
        .collect();
    found.into_iter()
}

/// A whole device, in milli-GPU.
const WHOLE: u32 = Dimension::Gpu.per_written_unit();

fn of_one_device(group: &NodeGroup) -> u32 {
    WHOLE * group.over_commit_percent.get(&Dimension::Gpu).copied().unwrap_or(100) / 100
}

//! Which changes cannot be had together.

use crate::request::Module;
use crate::scenario::Edit;
use crate::units::{FlavorIndex, NodeGroupIndex, PoolIndex, TenantIndex};

/// What an edit changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    Placement,
    Workers(Module),
    ServiceTimes(Module),
    Failures(Module),
    /// How many nodes of a group there are.
    Nodes(NodeGroupIndex),
    /// What its nodes are, and how they are bought.
    Machines(NodeGroupIndex),
    OverCommit(NodeGroupIndex),
    Pool(PoolIndex),
    NodeFailures(NodeGroupIndex),
    ScaleDown,
    Consolidation,
    Quota(TenantIndex),
    Requested(TenantIndex, FlavorIndex),
    Commitments,
    /// What is asked for, what it is asked at, and what happens to the fleet: no matter of settings.
    World,
}

/// Whether two changes edit the same thing.
///
/// Numbers of nodes are about nodes of one type, and commitments are sized for how many machines there are, which ones, and
/// how they are bought: changes of both are in conflict, too.
pub(super) fn conflict(one: &[Edit], other: &[Edit]) -> bool {
    let others: Vec<Subject> = other.iter().flat_map(subjects).collect();
    one.iter().flat_map(subjects).any(|one| others.iter().any(|other| clash(one, *other)))
}

fn clash(a: Subject, b: Subject) -> bool {
    use Subject::{Commitments, Consolidation, Machines, Nodes, OverCommit, ScaleDown};
    let sizes = |of| matches!(of, Machines(_) | Nodes(_) | OverCommit(_) | ScaleDown | Consolidation);
    a == b || (a == Commitments && sizes(b)) || (sizes(a) && b == Commitments)
}

fn subjects(edit: &Edit) -> Vec<Subject> {
    match edit {
        Edit::Placement { .. } => vec![Subject::Placement],
        Edit::Workers { module, .. } => vec![Subject::Workers(*module)],
        Edit::ServiceTimes { module, .. } => vec![Subject::ServiceTimes(*module)],
        Edit::Failures { module, .. } => vec![Subject::Failures(*module)],
        Edit::MaxNodes { node_group, .. } | Edit::MinNodes { node_group, .. } | Edit::Scaling { node_group, .. } => {
            vec![Subject::Nodes(*node_group)]
        }
        Edit::InstanceType { node_group, .. } | Edit::SpotBeyond { node_group, .. } => {
            vec![Subject::Nodes(*node_group), Subject::Machines(*node_group)]
        }
        Edit::Purchase { node_group, .. } => vec![Subject::Machines(*node_group)],
        Edit::OverCommit { node_group, .. } => vec![Subject::OverCommit(*node_group)],
        Edit::PoolCapacity { pool, .. } | Edit::PoolOverCommit { pool, .. } => vec![Subject::Pool(*pool)],
        Edit::NodeFailures { node_group, .. } => vec![Subject::NodeFailures(*node_group)],
        Edit::ScaleDown { .. } => vec![Subject::ScaleDown],
        Edit::Consolidation { .. } => vec![Subject::Consolidation],
        Edit::Quota { tenant, .. } => vec![Subject::Quota(*tenant)],
        Edit::Requested { tenant, flavor, .. } => vec![Subject::Requested(*tenant, *flavor)],
        Edit::Commitments { .. } => vec![Subject::Commitments],
        Edit::ScaleDemand { .. }
        | Edit::ScaleFlavor { .. }
        | Edit::Shift { .. }
        | Edit::Burst(_)
        | Edit::Price { .. }
        | Edit::ZoneOutage(_)
        | Edit::RemoveTenant { .. } => vec![Subject::World],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{PlacementPolicy, Purchase};

    #[test]
    fn who_edits_the_same_thing_is_in_conflict() {
        let [first, second] = [NodeGroupIndex(0), NodeGroupIndex(1)];
        let min = |node_group| Edit::MinNodes { node_group, min: 1 };
        let typed = |node_group| Edit::InstanceType { node_group, instance_type: "m5.large".to_owned() };
        let on_demand = |node_group| Edit::Purchase { node_group, purchase: Purchase::OnDemand };
        let placed = Edit::Placement { policy: PlacementPolicy::BestFit };
        let promised = Edit::Commitments { commitments: Vec::new() };
        let check = |one: &Edit, other: &Edit, expected| {
            let [one, other] = [one, other].map(core::slice::from_ref);
            assert_eq!((conflict(one, other), conflict(other, one)), (expected, expected), "{one:?} {other:?}");
        };
        check(&min(first), &min(first), true);
        check(&min(first), &min(second), false);
        check(&min(first), &typed(first), true);
        check(&min(first), &on_demand(first), false);
        check(&typed(first), &on_demand(first), true);
        check(&promised, &on_demand(second), true);
        check(&promised, &min(first), true);
        check(&promised, &Edit::Consolidation { below_percent: Some(50) }, true);
        check(&promised, &placed, false);
        check(&placed, &placed, true);
        let scheduled = [min(first), min(second)];
        assert!(conflict(&scheduled, &[typed(second)]) && !conflict(&scheduled, &[placed]));
    }
}

//! What to know about a state that was read: what was counted, rounded, and left out.

use std::collections::BTreeMap;

use serde::Serialize;

/// Counts and names, for people and for programs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Said {
    /// Objects that were read, by kind.
    pub objects: BTreeMap<String, u64>,
    /// Objects of other kinds, passed over.
    pub kinds_unknown: BTreeMap<String, u64>,
    /// Objects that were there again; the first one holds.
    pub duplicates: u64,
    /// Live pods on a node.
    pub pods_running: u64,
    /// Live pods without a node.
    pub pods_pending: u64,
    /// Pods that have succeeded or failed: they hold nothing.
    pub pods_finished: u64,
    /// Live pods that ask for nothing, left out.
    pub pods_without_requests: Vec<String>,
    /// Pods with node selectors, affinity or spread constraints that are not carried over.
    pub pods_with_rules: u64,
    /// Pods that several selectors of others' rules select; rules see them in the first of these groups only.
    pub pods_in_many_groups: u64,
    /// Pods whose priority is that of the class that they name.
    pub priorities_by_class: u64,
    /// Pods that name no class, whose priority is that of the cluster's default one.
    pub priorities_by_default: u64,
    /// Priority classes that pods name and that are not in the dump, with the number of pods; their priority is taken for 0.
    pub priority_classes_unknown: BTreeMap<String, u64>,
    /// Resources that pods ask for and that have no dimension here, with the number of pods.
    pub resources_unknown: BTreeMap<String, u64>,
    /// Claims of volumes.
    pub claims: u64,
    /// Those of them that have no volume yet.
    pub claims_unbound: u64,
    /// Services with an address outside.
    pub load_balancers: u64,
    /// Services without one: they need nothing.
    pub services_inside: u64,
    /// Resources that no rule of the mapping matched; their tenant is their namespace.
    pub unmapped: u64,
    /// Requests that were finer than our units, rounded up.
    pub requests_rounded: u64,
    /// Nodes and limits of quotas that were finer than our units, rounded down.
    pub capacities_rounded: u64,
    /// Nodes without a label for their type, named after their shape.
    pub nodes_without_type: Vec<String>,
    /// Nodes that take no new pods.
    pub nodes_closed: Vec<String>,
    /// Nodes that take only pods that tolerate them.
    pub nodes_tainted: Vec<String>,
    /// Nodes that are not ready.
    pub nodes_not_ready: Vec<String>,
    /// Quotas with scopes, which limit only some pods; left out.
    pub quotas_of_a_part: Vec<String>,
    /// Limits of quotas on what has no dimension here, with the number of quotas.
    pub quota_limits_unknown: BTreeMap<String, u64>,
}

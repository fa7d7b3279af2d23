//! What a control plane is at one instant: enough to go on from there.

use serde::{Deserialize, Serialize};

use super::devices::DeviceSet;
use super::settings::InPools;
use crate::request::{MODULES, Module, Operation};
use crate::units::{
    FlavorIndex, Instant, NodeGroupIndex, NodeIndex, ResourceIndex, Resources, TenantIndex, TermsIndex,
};

/// The fork of a running control plane; the empty state is a control plane that has just been switched on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Nodes that are paid for, in order of their start.
    pub nodes: Vec<Node>,
    /// How many nodes were ever started; the next one gets this index.
    pub nodes_started: u32,
    /// Live resources; a [`ResourceIndex`] of the scenario below their number is a position here.
    pub live: Vec<LiveResource>,
    /// Resources without a node, longest waiting first.
    pub pending: Vec<ResourceIndex>,
    /// Requests on their way through the modules.
    pub in_flight: Vec<InFlight>,
    /// Per module, when its busy workers become free.
    pub busy_until: [Vec<Instant>; MODULES],
    /// Per module, when service of those who wait begins.
    #[serde(default)]
    pub waiting: [Vec<Instant>; MODULES],
}

/// A machine that is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Which one.
    pub index: NodeIndex,
    /// Its group.
    pub node_group: NodeGroupIndex,
    /// When it was ordered; paid from here.
    pub ordered: Instant,
    /// When it can be used.
    pub ready: Instant,
    /// Since when it is empty; decides when it is given back.
    pub empty_since: Option<Instant>,
    /// When it is no longer paid, once it is being given back.
    pub gone: Option<Instant>,
}

/// A node that is paid, and what is requested of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeUse {
    /// Which one.
    pub node: NodeIndex,
    /// Its group.
    pub node_group: NodeGroupIndex,
    /// What its residents have requested.
    pub requested: Resources,
    /// What may be requested of it.
    pub capacity: Resources,
}

/// A resource that was created and not released.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiveResource {
    /// Whose it is.
    pub tenant: TenantIndex,
    /// Its shape.
    pub flavor: FlavorIndex,
    /// Where its tenant wants it.
    #[serde(default)]
    pub terms: Option<TermsIndex>,
    /// Where it is; none for classes that need no node, and while it is pending or on its way.
    pub node: Option<NodeIndex>,
    /// Which GPUs of its node it holds; where it holds some and none is named, they are chosen anew.
    #[serde(default)]
    pub devices: DeviceSet,
    /// Which pools it is in; where it takes of some and none is named, they are chosen anew.
    #[serde(default)]
    pub pools: InPools,
    /// When it was created.
    pub created: Instant,
    /// When it could be used, once it could.
    pub ready: Option<Instant>,
    /// Keys its random draws.
    pub draw_key: u64,
}

/// A request on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InFlight {
    /// What it is about.
    pub resource: ResourceIndex,
    /// What it does.
    pub operation: Operation,
    /// The shape it asks for.
    pub flavor: FlavorIndex,
    /// When it was made.
    pub arrived: Instant,
    /// The module that it is about to enter or to leave.
    pub module: Module,
    /// Whether it is in the module already, and is about to leave.
    pub entered: bool,
    /// When it does.
    pub at: Instant,
    /// How often that module has failed it.
    #[serde(default)]
    pub attempt: u32,
}

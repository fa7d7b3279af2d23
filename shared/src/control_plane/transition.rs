//! What can happen to a control plane, and what it says about it.

use serde::{Deserialize, Serialize};

use super::settings::InPools;
use crate::request::{Module, Operation};
use crate::units::{Duration, FlavorIndex, Instant, NodeGroupIndex, NodeIndex, ResourceIndex, TenantIndex};

/// One change of state at an instant, other than the arrival of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Transition {
    /// A request enters a module's queue later than it left the one before: its node had to boot, or the module failed.
    Enter {
        /// Position among the requests on their way.
        call: u32,
        /// The module.
        module: Module,
    },
    /// A module is done with a request.
    Leave {
        /// Position among the requests on their way.
        call: u32,
        /// The module.
        module: Module,
    },
    /// An announced node is ordered.
    NodeOrdered {
        /// Position of the node.
        slot: u32,
    },
    /// A node has booted.
    NodeReady {
        /// Position of the node.
        slot: u32,
    },
    /// A node is being given back because that was observed.
    NodeDrains {
        /// Position of the node.
        slot: u32,
    },
    /// A node may have been empty for long enough.
    NodeIdle {
        /// Position of the node.
        slot: u32,
    },
    /// A node is no longer paid.
    NodeGone {
        /// Position of the node.
        slot: u32,
    },
    /// A spot node is about to be taken back.
    NodeInterrupted {
        /// Position of the node.
        slot: u32,
    },
    /// A node fails.
    NodeFails {
        /// Position of the node.
        slot: u32,
    },
    /// A zone is lost.
    ZoneFails {
        /// Position of the outage.
        outage: u32,
    },
    /// A zone is there again.
    ZoneReturns {
        /// Position of the outage.
        outage: u32,
    },
    /// The fleet is looked over.
    LookOver,
}

/// The order of transitions at the same instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Phase {
    /// Requests that end something.
    Release,
    /// Machines.
    Node,
    /// Everything else.
    Arrival,
}

/// A transition in the future.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scheduled {
    /// When.
    pub at: Instant,
    /// Before or after what else happens then.
    pub phase: Phase,
    /// What.
    pub transition: Transition,
}

/// What a step said; the caller empties it.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// What is going to happen.
    pub scheduled: Vec<Scheduled>,
    /// What happened.
    pub effects: Vec<Effect>,
}

/// Something that happened, for those who count and charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A module took a request out of its queue.
    Served {
        /// Which one.
        module: Module,
        /// What the request is about.
        resource: ResourceIndex,
        /// What it does.
        operation: Operation,
        /// When service begins.
        start: Instant,
        /// From entering the queue to the start.
        wait: Duration,
        /// From the start to the end.
        service: Duration,
        /// Whether it came to nothing, and is made again or given up.
        failed: bool,
    },
    /// A resource begins to be used, on a node of a group or without one.
    UseBegins {
        /// Which one.
        resource: ResourceIndex,
        /// Who uses what, where.
        what: Use,
        /// The position of the node.
        slot: Option<u32>,
    },
    /// It is no longer used.
    UseEnds {
        /// Which one.
        resource: ResourceIndex,
        /// Who used what, where.
        what: Use,
        /// The position of the node.
        slot: Option<u32>,
    },
    /// A resource can be used.
    Ready {
        /// From the request to now.
        latency: Duration,
    },
    /// A request was not let in.
    Refused {
        /// Why.
        refusal: Refusal,
        /// By which module.
        module: Module,
    },
    /// A resource had to leave its node; it waits for another one.
    Evicted {
        /// Which one.
        resource: ResourceIndex,
        /// The position of the node among the machines of the run.
        slot: u32,
        /// Since when it could be used, if it could.
        ready: Option<Instant>,
        /// Why.
        eviction: Eviction,
    },
    /// A resource that had been evicted can be used again.
    ReadyAgain(ResourceIndex),
    /// Nothing more will happen to a resource: it was released, or its create was refused.
    Over(Placed),
    /// A node was ordered: it is paid from now, as overhead.
    NodeOrdered {
        /// Its group.
        node_group: NodeGroupIndex,
        /// Its position.
        slot: u32,
        /// Which one.
        node: NodeIndex,
    },
    /// A node has booted: its time is no longer overhead.
    NodeReady {
        /// Its group.
        node_group: NodeGroupIndex,
        /// Its position.
        slot: u32,
    },
    /// A node is being given back: its time is overhead again.
    NodeDrains {
        /// Its group.
        node_group: NodeGroupIndex,
        /// Its position.
        slot: u32,
    },
    /// A node is no longer paid.
    NodeGone {
        /// Its group.
        node_group: NodeGroupIndex,
        /// Its position.
        slot: u32,
    },
    /// An observed placement was impossible; the control plane decided by itself.
    Anomaly(ResourceIndex),
}

/// What is known of one resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Which one.
    pub resource: ResourceIndex,
    /// Whose it is.
    pub tenant: TenantIndex,
    /// Its shape.
    pub flavor: FlavorIndex,
    /// When its create was made.
    pub created: Instant,
    /// When it could be used.
    pub ready: Option<Instant>,
    /// When it was given back.
    pub released: Option<Instant>,
    /// Where it is or was.
    pub node: Option<NodeIndex>,
    /// The position of that node among the machines of the run.
    pub slot: Option<u32>,
    /// The pools that it is or was in.
    pub pools: InPools,
    /// How far it came.
    pub state: PlanState,
}

/// Who uses what, where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Use {
    /// Who pays.
    pub tenant: TenantIndex,
    /// The shape.
    pub flavor: FlavorIndex,
    /// The group of the node; none where the resource needs no node.
    pub node_group: Option<NodeGroupIndex>,
}

/// How far a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum PlanState {
    /// In the modules.
    Admitted,
    /// Admitted, no node yet.
    Pending,
    /// On a node, not usable yet.
    Placed,
    /// Usable.
    Ready,
    /// Given back.
    Released,
    /// Not let in.
    Refused(Refusal),
}

impl PlanState {
    /// The name on the wire, without the reason.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admitted => "admitted",
            Self::Pending => "pending",
            Self::Placed => "placed",
            Self::Ready => "ready",
            Self::Released => "released",
            Self::Refused(_) => "refused",
        }
    }

    /// Why it was refused, if it was.
    pub const fn refusal(self) -> Option<Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }
}

/// Why a resource had to leave its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Eviction {
    /// A more urgent one took its place.
    Preempted,
    /// Its spot node was taken back.
    Interrupted,
    /// Its node failed, or the zone of its node.
    NodeFailed,
    /// Its node had little left to do and was given back.
    Consolidated,
}

impl Eviction {
    /// Every reason.
    pub const ALL: [Self; 4] = [Self::Preempted, Self::Interrupted, Self::NodeFailed, Self::Consolidated];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Preempted => "preempted",
            Self::Interrupted => "interrupted",
            Self::NodeFailed => "node_failed",
            Self::Consolidated => "consolidated",
        }
    }
}

/// Why a request was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Refusal {
    /// The tenant would hold more than its quota.
    Quota,
    /// No node group has a machine that could ever hold it.
    NoSuchNode,
    /// A resize that does not fit the node the resource is on.
    NoRoomToResize,
    /// The primary was seen to refuse it.
    Observed,
    /// As many requests wait for a module as may.
    Overloaded,
    /// A module failed as often as it may.
    Failed,
    /// No pool of its zone is there that could ever hold it: none is large enough, or the zone is lost.
    NoPool,
    /// The pool of its zone with the most free has too little storage left, or the one that a resize is in.
    NoStorageCapacity,
    /// It has too few operations per second left.
    NoIopsCapacity,
    /// It has too little bandwidth left.
    NoNetworkCapacity,
    /// It has too few addresses left.
    NoAddressCapacity,
}

impl Refusal {
    /// Every reason.
    pub const ALL: [Self; 11] = [
        Self::Quota,
        Self::NoSuchNode,
        Self::NoRoomToResize,
        Self::Observed,
        Self::Overloaded,
        Self::Failed,
        Self::NoPool,
        Self::NoStorageCapacity,
        Self::NoIopsCapacity,
        Self::NoNetworkCapacity,
        Self::NoAddressCapacity,
    ];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Quota => "quota",
            Self::NoSuchNode => "no_such_node",
            Self::NoRoomToResize => "no_room_to_resize",
            Self::Observed => "observed",
            Self::Overloaded => "overloaded",
            Self::Failed => "failed",
            Self::NoPool => "no_pool",
            Self::NoStorageCapacity => "no_storage_capacity",
            Self::NoIopsCapacity => "no_iops_capacity",
            Self::NoNetworkCapacity => "no_network_capacity",
            Self::NoAddressCapacity => "no_address_capacity",
        }
    }

    /// Whether pools had no room for it.
    pub const fn is_of_pools(self) -> bool {
        matches!(
            self,
            Self::NoPool
                | Self::NoStorageCapacity
                | Self::NoIopsCapacity
                | Self::NoNetworkCapacity
                | Self::NoAddressCapacity
        )
    }
}

//! The virtual control plane: what it is told, what it is, and what it does with a request.
//!
//! [`ControlPlane::arrive`] and [`ControlPlane::step`] are the whole of it: a request or a transition comes in, further
//! transitions and effects go out. It knows neither money nor whether a request is real or predicted; the same code runs
//! the primary and every shadow.

mod autoscaling;
mod call;
mod devices;
mod lives;
mod nodes;
mod observed;
mod occupancy;
mod pages;
mod placement;
mod pools;
mod quota;
mod residents;
mod rules;
mod service;
mod settings;
mod settle;
mod stage;
mod state;
mod step;
mod transition;
mod waiting;

pub use devices::DeviceSet;
pub(crate) use devices::Room;
pub use observed::{
    Anomaly, AnomalyKind, Asked, Folded, Moved, ObservedBoot, ObservedFleet, ObservedNode, RequestedShare, Stay, fold,
};
pub use occupancy::Occupancy;
pub use pools::PoolUse;
pub use settings::{
    Autoscaling, Billing, CapacityPool, Failures, Fleet, InPools, ModuleSettings, Modules, NoTimeOfDay, NodeGroup,
    Outage, POOLED, PlacementPolicy, PredictedNodes, Purchase, Scaling, ScheduledNodes, ServiceBin, ServiceOf,
    ServiceTime, Settings, Spot, TimeOfDay, Weekday,
};
pub use settle::{Seats, Settled, settle};
pub use stage::QueueDepth;
pub use state::{InFlight, LiveResource, Node, NodeUse, State};
pub use step::{Best, ControlPlane, Forbidden, GroupSurvey, InPlace, PoolSurvey, Rule, SavedPlane, Survey, Underway};
pub use transition::{Effect, Eviction, Output, Phase, Placed, PlanState, Refusal, Scheduled, Transition, Use};

//! The virtual control plane: what it is told, what it is, and what it does with a request.
//!
//! [`ControlPlane::step`] is the whole of it: a transition comes in, further transitions and effects go out. It knows
//! neither money nor whether a request is real or predicted; the same code runs the primary and every shadow.

mod autoscaling;
mod call;
mod nodes;
mod observed;
mod placement;
mod quota;
mod settings;
mod stage;
mod state;
mod step;
mod transition;

pub use observed::{Anomaly, AnomalyKind, Asked, Folded, ObservedFleet, ObservedNode, fold};
pub use settings::{
    Autoscaling, Billing, Fleet, ModuleSettings, Modules, NodeGroup, PlacementPolicy, ServiceTime, Settings,
};
pub use state::{InFlight, LiveResource, Node, State};
pub use step::{ControlPlane, ResourceRecord};
pub use transition::{Effect, Output, Phase, PlanState, Refusal, Scheduled, Transition, Use};

//! All that a shadow run needs, as one value.

mod assumed;
mod creates;
mod edits;
mod engine;
mod validation;

use serde::{Deserialize, Serialize};

pub use edits::{Burst, Edit};
pub use engine::{ENGINE, changes_since};
pub use validation::{MAX_BINS, Problem, Problems, ValidScenario};
pub(crate) use validation::{MAX_OVER_COMMIT_PERCENT, MAX_WAIT};

use crate::control_plane::State;
pub use crate::control_plane::{
    Autoscaling, Billing, CapacityPool, Fleet, ModuleSettings, Modules, NodeGroup, Outage, PlacementPolicy,
    PredictedNodes, Purchase, Scaling, ScheduledNodes, ServiceTime, Spot, TimeOfDay, Weekday,
};
use crate::pricing::PriceBook;
use crate::request::{Flavor, IndexedRequest, Tenant, Terms};
use crate::stream::StreamModel;
use crate::units::{Duration, Window};

/// Most nodes that a group of a scenario may have.
pub(crate) const MAX_NODES: u32 = 1_000_000;

/// Fleet, policies, prices, demand, edits and seed: the same scenario has the same outcome everywhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What people call it; it enters no draw and no digest.
    pub name: String,
    /// The [`ENGINE`] it was made for.
    pub engine: u32,
    /// Seeds every draw.
    pub seed: u64,
    /// How many runs make the ensemble.
    pub runs: u32,
    /// What is simulated.
    pub window: Window,
    /// Step of the timelines in the outcome.
    pub bin: Duration,
    /// IANA name; calendar features and axes follow it.
    pub time_zone: String,
    /// Who asks and pays.
    pub tenants: Vec<Tenant>,
    /// What they ask for.
    pub flavors: Vec<Flavor>,
    /// Where they want it.
    #[serde(default)]
    pub terms: Vec<Terms>,
    /// The machines.
    pub fleet: Fleet,
    /// How a node is chosen.
    pub placement: PlacementPolicy,
    /// How the fleet grows and shrinks.
    pub autoscaling: Autoscaling,
    /// What is paid for.
    pub billing: Billing,
    /// The stages of the control plane.
    pub modules: Modules,
    /// Prices.
    pub price_book: PriceBook,
    /// What is asked for.
    pub demand: Demand,
    /// What was there when the window began.
    pub start: State,
    /// Changes to all of the above, in order.
    pub edits: Vec<Edit>,
}

/// Where the requests of a run come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Demand {
    /// The same requests in every run.
    Requests(Vec<IndexedRequest>),
    /// A predicted stream a run, sampled from a forecast.
    Forecast(Box<StreamModel>),
}

impl Demand {
    /// How many of the scenario's tenants, the last ones, are only predicted to appear.
    pub fn newcomers(&self) -> usize {
        match self {
            Self::Requests(_) => 0,
            Self::Forecast(model) => model.newcomers.slots as usize,
        }
    }
}

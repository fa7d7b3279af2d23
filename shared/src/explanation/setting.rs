//! Changes of a scenario that no edit makes.

use serde::{Deserialize, Serialize};

use super::Fix;
use crate::control_plane::Outage;
use crate::request::Module;
use crate::scenario::{Edit, Scenario};

/// A setting of a scenario as it would have to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Setting {
    /// A zone is kept that is lost for a while, by the fleet or by an edit.
    NoOutage(Outage),
    /// A module tries more often before it gives up.
    Retries {
        /// Which one.
        module: Module,
        /// How many times it tries again.
        retries: u32,
    },
    /// More requests may wait for a module.
    QueueLimit {
        /// Which one.
        module: Module,
        /// How many.
        queue_limit: u32,
    },
}

impl Fix {
    /// Makes the change to a scenario to which its edits have not been applied.
    pub fn apply(&self, scenario: &mut Scenario) {
        make(&self.edits, &self.settings, scenario);
    }

    /// What it changes in `scenario`, to which its own edits have been applied, in words.
    ///
    /// # Panics
    /// When it names a tenant or a node group that is not there.
    pub fn describe(&self, scenario: &Scenario) -> Vec<String> {
        let edits = scenario.edits_in_words(&self.edits).into_iter();
        edits.chain(self.settings.iter().map(Setting::describe)).collect()
    }
}

/// Makes changes to a scenario to which its edits have not been applied.
pub(super) fn make(edits: &[Edit], settings: &[Setting], scenario: &mut Scenario) {
    settings.iter().for_each(|setting| setting.apply(scenario));
    scenario.edits.extend(edits.iter().cloned());
}

impl Setting {
    /// Whether the later of the two is what holds.
    pub(super) fn sets_the_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Retries { module: a, .. }, Self::Retries { module: b, .. })
            | (Self::QueueLimit { module: a, .. }, Self::QueueLimit { module: b, .. }) => a == b,
            _ => false,
        }
    }

    /// Changes a scenario to which its edits have not been applied.
    pub(super) fn apply(&self, scenario: &mut Scenario) {
        match self {
            Self::NoOutage(kept) => {
                scenario.fleet.outages.retain(|outage| outage != kept);
                scenario.edits.retain(|edit| !matches!(edit, Edit::ZoneOutage(outage) if outage == kept));
            }
            Self::Retries { module, retries } => {
                let by_edits = scenario.edits.iter_mut().filter_map(|edit| match edit {
                    Edit::Failures { module: of, failures } if of == module => failures.as_mut(),
                    _ => None,
                });
                let failures = scenario.modules[*module].failures.iter_mut().chain(by_edits);
                failures.for_each(|failures| failures.retries = *retries);
            }
            Self::QueueLimit { module, queue_limit } => scenario.modules[*module].queue_limit = Some(*queue_limit),
        }
    }

    /// What it changes, in words.
    pub fn describe(&self) -> String {
        match self {
            Self::NoOutage(Outage { zone, from, until }) => format!("zone `{zone}` kept from {from} to {until}"),
            Self::Retries { module, retries: 1 } => format!("1 retry for the {}", module.as_str()),
            Self::Retries { module, retries } => format!("{retries} retries for the {}", module.as_str()),
            Self::QueueLimit { module, queue_limit } => {
                format!("a queue of up to {queue_limit} for the {}", module.as_str())
            }
        }
    }
}

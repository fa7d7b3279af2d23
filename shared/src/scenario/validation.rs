//! A scenario that asks the impossible is refused before its first run, with every problem at once.

use super::Scenario;

/// One problem of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Path of the field, such as `fleet.node_groups[0].max`.
    pub field: String,
    /// What is wrong and what would be right.
    pub message: String,
}

/// A scenario without problems; the only kind that runs.
#[derive(Clone, Debug)]
pub struct ValidScenario(Scenario);

impl ValidScenario {
    /// The scenario.
    pub fn scenario(&self) -> &Scenario {
        &self.0
    }
}

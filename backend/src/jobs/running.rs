//! Ensembles that jobs need.

use shared::scenario::ValidScenario;
use shared::simulation::Outcome;

use super::{Runner, Stopped};
use crate::ensemble::{RunBy, Watch};
use crate::queue::QueueError;

impl From<QueueError> for Stopped {
    fn from(error: QueueError) -> Self {
        match error {
            QueueError::Unavailable { .. } | QueueError::Refused { .. } | QueueError::NoJetStream { .. } => {
                Self::Disturbed(error.to_string())
            }
            QueueError::Failed(_) | QueueError::TooLarge { .. } | QueueError::Damaged { .. } => {
                Self::Failed(error.to_string())
            }
        }
    }
}

impl Runner {
    /// Runs an ensemble, here or by workers.
    pub(super) fn outcome(&self, valid: &ValidScenario, watch: &impl Watch) -> Result<Outcome, Stopped> {
        let by = self.queue.as_deref().map_or(RunBy::Threads(self.config.job_threads()), RunBy::Workers);
        by.run(valid, watch)?.ok_or(Stopped::Cancelled)
    }
}

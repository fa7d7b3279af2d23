//! An ensemble that someone ordered.

use serde::{Deserialize, Serialize};
use shared::api::{OutcomeView, SavedScenario, ShadowRunOrder};
use shared::link::Limits;
use shared::scenario::ValidScenario;
use shared::units::{Instant, Window};

use super::{Runner, Stopped};
use crate::shadowing::{Ask, Prediction, SideInputs, name_anew, predict, stored_calibrations};
use crate::store::{Collection, StoredJob, observations_in, write_document};

/// What a run was asked for: stored as the job's input.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunInput {
    /// The order.
    pub order: ShadowRunOrder,
    /// The tenants that its edits name by index: the log may begin later, and have others, when its turn comes.
    pub tenants: Vec<String>,
}

/// What a run yields: stored as the job's output.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunOutput {
    /// The instant of the fork.
    pub origin: Instant,
    /// Content hash of the scenario.
    pub scenario: String,
    /// Figures.
    pub outcome: OutcomeView,
}

impl Runner {
    pub(super) async fn shadow_run(&self, stored: &StoredJob) -> Result<String, Stopped> {
        let failed = |error: serde_json::Error| Stopped::Failed(error.to_string());
        let input: RunInput = serde_json::from_str(&stored.input).map_err(failed)?;
        let (origin, scenario) = self.predicted_now(input).await?;
        let watch = |done: u32, total: u32| self.go_on(&stored.job, u64::from(done), u64::from(total));
        let outcome = self.outcome(&scenario, &watch)?;
        let saved = SavedScenario { scenario: scenario.original().clone(), digest: Some(outcome.digest) };
        let hash = saved_hash(&saved).map_err(failed)?;
        let documents = vec![write_document(hash.clone(), origin, &saved)?, write_document("current", origin, &saved)?];
        self.store.put(Collection::Scenarios, documents).await?;
        let output = RunOutput { origin, scenario: hash, outcome: OutcomeView::new(scenario.scenario(), &outcome) };
        serde_json::to_string(&output).map_err(failed)
    }

    /// What is predicted from the last bin on that has closed, and when that is.
    pub(super) async fn predicted_now(&self, input: RunInput) -> Result<(Instant, ValidScenario), Stopped> {
        let RunInput { order: ShadowRunOrder { horizon, runs, seed, mut edits }, tenants } = input;
        let snapshot = self.board.snapshot();
        let origin = snapshot.now.floor(self.config.bin);
        let start = self.config.keep.map_or(Instant::from_micros(0), |keep| origin - keep);
        let log = self.log_until(origin).await?;
        name_anew(&mut edits, &tenants, self.config.known(&log, origin).tenant_names()).map_err(Stopped::Failed)?;
        let received = observations_in(&*self.store, Window { start, end: origin }).await?;
        let calibrations = stored_calibrations(&*self.store).await?.unwrap_or_default().calibrations;
        let ask = Ask { origin, horizon, runs, seed, edits: &edits, calibrations: &calibrations };
        let side_inputs = SideInputs::read(&*self.store, &self.config, start, origin, horizon).await?;
        let champion = snapshot.champion.as_deref();
        let Prediction { scenario, .. } = predict(&self.config, champion, &log, &received, &side_inputs, &ask)
            .map_err(|reason| Stopped::Failed(reason.message))?;
        Limits::FILE.check(scenario.original()).map_err(|error| Stopped::Failed(error.to_string()))?;
        Ok((origin, scenario))
    }
}

/// The content hash of a saved scenario: BLAKE3 of its JSON.
///
/// # Errors
/// When it cannot be JSON.
pub(crate) fn saved_hash(saved: &SavedScenario) -> Result<String, serde_json::Error> {
    Ok(blake3::hash(&serde_json::to_vec(saved)?).to_hex().to_string())
}

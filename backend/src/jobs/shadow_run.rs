//! An ensemble that someone ordered.

use serde::{Deserialize, Serialize};
use shared::api::{OutcomeView, SavedScenario, ShadowRunOrder};
use shared::request::Names;
use shared::scenario::Edit;
use shared::units::{Instant, TenantIndex, Window};

use super::{Runner, Stopped};
use crate::ensemble;
use crate::shadowing::{Ask, Prediction, SideInputs, known_log, predict, stored_calibrations};
use crate::store::{Collection, StoredJob, observations_in, requests_in, write_document};

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
        let RunInput { mut order, tenants } = serde_json::from_str(&stored.input).map_err(failed)?;
        let snapshot = self.board.snapshot();
        let origin = snapshot.now.floor(self.config.bin);
        let start = self.config.keep.map_or(Instant::from_micros(0), |keep| origin - keep);
        let requests = requests_in(&*self.store, Window { start, end: origin }).await?;
        let (log, _) = known_log(&requests, &self.config.catalogue, self.config.start.as_ref())
            .map_err(|error| Stopped::Failed(error.to_string()))?;
        name_anew(&mut order.edits, &tenants, self.config.known(&log, origin).tenant_names())?;
        let received = observations_in(&*self.store, Window { start, end: origin }).await?;
        let calibrations = stored_calibrations(&*self.store).await?.unwrap_or_default().calibrations;
        let (runs, seed) = (order.runs, order.seed);
        let ask = Ask { origin, horizon: order.horizon, runs, seed, edits: &order.edits, calibrations: &calibrations };
        let side_inputs = SideInputs::read(&*self.store, &self.config, start, origin, order.horizon).await?;
        let champion = snapshot.champion.as_deref();
        let Prediction { scenario, .. } = predict(&self.config, champion, &log, &received, &side_inputs, &ask)
            .map_err(|reason| Stopped::Failed(reason.message))?;
        let watch = |done: u32, total: u32| self.go_on(&stored.job, u64::from(done), u64::from(total));
        let outcome = ensemble::run(&scenario, self.config.job_threads(), false, &watch).ok_or(Stopped::Cancelled)?;
        let saved = SavedScenario { scenario: scenario.original().clone(), digest: Some(outcome.digest) };
        let hash = saved_hash(&saved).map_err(failed)?;
        let documents = vec![write_document(hash.clone(), origin, &saved)?, write_document("current", origin, &saved)?];
        self.store.put(Collection::Scenarios, documents).await?;
        let output = RunOutput { origin, scenario: hash, outcome: OutcomeView::new(scenario.scenario(), &outcome) };
        serde_json::to_string(&output).map_err(failed)
    }
}

/// Gives the tenants of edits the indices that they have now.
fn name_anew(edits: &mut [Edit], then: &[String], now: &Names) -> Result<(), Stopped> {
    for edit in edits {
        if let Some(tenant) = edit.tenant_mut() {
            let name = then.get(tenant.usize()).map_or("", String::as_str);
            let index = now.get(name).ok_or_else(|| {
                Stopped::Failed(format!("`{name}`, whom an edit is about, has no request in the log any more"))
            })?;
            *tenant = TenantIndex(index);
        }
    }
    Ok(())
}

/// The content hash of a saved scenario: BLAKE3 of its JSON.
///
/// # Errors
/// When it cannot be JSON.
pub(crate) fn saved_hash(saved: &SavedScenario) -> Result<String, serde_json::Error> {
    Ok(blake3::hash(&serde_json::to_vec(saved)?).to_hex().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_mean_the_tenants_that_they_meant_when_they_were_ordered() {
        let scale = |tenant| Edit::ScaleDemand { tenant, percent: 200 };
        let then = ["a", "b", "c"].map(str::to_owned);
        let mut edits = [scale(Some(TenantIndex(2))), scale(None)];
        assert!(name_anew(&mut edits, &then, &["c", "b"].into_iter().collect()).is_ok());
        assert_eq!(edits, [scale(Some(TenantIndex(0))), scale(None)]);
        let gone = name_anew(&mut [scale(Some(TenantIndex(0)))], &then, &["c", "b"].into_iter().collect());
        assert!(matches!(gone, Err(Stopped::Failed(reason)) if reason.starts_with("`a`")));
    }
}

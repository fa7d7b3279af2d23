//! What came of a replay.

use serde::Serialize;
use shared::api::{JobKind, JobState, ModelInUse};
use shared::feedback::ledger::{Head, ZERO};
use shared::feedback::{Decision, Verdict};
use shared::simulation::Digest;
use shared::units::Window;

use crate::config::ShadowingConfig;
use crate::shadowing::{Board, Snapshot};
use crate::store::{Collection, Store, StoreError, read_documents, whole_ledger};

/// What came of a replay: the same for every replay of the same files with the same options.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReplaySummary {
    /// From the end of the first hour to the end of the last one.
    pub window: Option<Window>,
    /// Requests in the log.
    pub requests: u64,
    /// Forecasts made, each with an ensemble of shadows.
    pub forecasts: usize,
    /// Decisions about the models, the ones to leave things alone included.
    pub decisions: usize,
    /// Why there is no forecast, where there is none.
    pub not_ready: Option<String>,
    /// Trainings that ended well.
    pub trainings: usize,
    /// How many of them led to another champion.
    pub promotions: usize,
    /// The model in use at the end.
    pub model: Option<ModelInUse>,
    /// The end of the forecast ledger.
    pub ledger: Head,
    /// BLAKE3 of everything that the loop wrote down, and of the champion's weights.
    pub digest: Digest,
}

/// What the loop writes down for others to read.
const WRITTEN: [Collection; 8] = [
    Collection::Decisions,
    Collection::Forecasts,
    Collection::Runs,
    Collection::Reports,
    Collection::PredictedCosts,
    Collection::ActualCosts,
    Collection::Anomalies,
    Collection::Budgets,
];

/// So many trainings are counted at most.
const TRAININGS_MAX: usize = 1_000_000;

impl ReplaySummary {
    /// Sums up what is in the store.
    ///
    /// # Errors
    /// When the store fails, or another version wrote what is in it.
    pub async fn new(store: &dyn Store, board: &Board, config: &ShadowingConfig) -> Result<Self, StoreError> {
        let decisions = store.list(Collection::Decisions, Window::ALWAYS, usize::MAX).await?;
        let decisions: Vec<Decision> = read_documents(&decisions)?;
        let trainings = store.jobs(Some(JobKind::Retraining), TRAININGS_MAX).await?;
        let ledger = whole_ledger(store).await?.last().map_or(ZERO, |last| last.head());
        let Snapshot { champion, not_ready, .. } = board.snapshot();
        let mut hasher = blake3::Hasher::new();
        for collection in WRITTEN {
            for document in store.list(collection, Window::ALWAYS, usize::MAX).await? {
                hasher.update(document.key.as_bytes()).update(&[0]).update(document.body.as_bytes()).update(&[0]);
            }
        }
        hasher.update(&ledger.hash.0);
        hasher.update(&champion.as_ref().map_or_else(Vec::new, |champion| champion.selected.to_bytes()));
        Ok(Self {
            window: config.replay.as_ref().and_then(|replay| Some(Window { start: replay.start, end: replay.end? })),
            requests: store.summary().await?.requests,
            forecasts: store.list(Collection::Forecasts, Window::ALWAYS, usize::MAX).await?.len(),
            not_ready: not_ready.map(|reason| reason.message),
            trainings: trainings.iter().filter(|stored| stored.job.state == JobState::Succeeded).count(),
            promotions: decisions.iter().filter(|decision| decision.verdict == Verdict::Promote).count(),
            decisions: decisions.len(),
            model: champion.map(|champion| champion.in_use(shared::forecast::season_bins(config.bin))),
            ledger,
            digest: Digest(*hasher.finalize().as_bytes()),
        })
    }
}

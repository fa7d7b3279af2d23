//! Training a challenger.

use std::sync::Arc;

use shared::feedback::Verdict;
use shared::forecast::{Continue, ForecastError, Progress, TrainError};
use shared::units::{Duration, Instant, Window};

use super::{Runner, Stopped};
use crate::shadowing::{SideInputs, Trained, check_end, keep_champion, known_log, train};
use crate::store::{Collection, StoredJob, requests_in, write_document};

impl Runner {
    pub(super) async fn retrain(&self, stored: &StoredJob) -> Result<String, Stopped> {
        let snapshot = self.board.snapshot();
        let origin = snapshot.now.floor(Duration::HOUR);
        let start = self.config.keep.map_or(Instant::from_micros(0), |keep| origin - keep);
        let requests = requests_in(&*self.store, Window { start, end: origin }).await?;
        let (log, _) = known_log(&requests, &self.config.catalogue, self.config.start.as_ref())
            .map_err(|error| Stopped::Failed(error.to_string()))?;
        check_end(&log, origin).map_err(|reason| Stopped::Failed(reason.message))?;
        let side_inputs = SideInputs::read(&*self.store, &self.config, start, origin, self.config.horizon).await?;
        let mut watcher = |progress: Progress| {
            let (done, total) = match progress {
                Progress::Training { step, max_steps, .. } => (u64::from(step), u64::from(max_steps)),
                Progress::Backtest { origin, origins, .. } => (origin as u64, origins as u64),
            };
            if self.go_on(&stored.job.id, done, total) { Continue::Yes } else { Continue::Cancel }
        };
        let trained = train(&self.config, snapshot.champion.as_deref(), &log, &side_inputs, origin, &mut watcher);
        let Trained { challenger, decision } = trained.map_err(|error| match error {
            TrainError::Forecast(ForecastError::Cancelled) => Stopped::Cancelled,
            error => Stopped::Failed(error.to_string()),
        })?;
        if self.board.is_cancelled(&stored.job.id) {
            return Err(Stopped::Cancelled);
        }
        let document = write_document(format!("{}/{:?}", decision.at, decision.verdict), decision.at, &decision)?;
        self.store.put(Collection::Decisions, vec![document]).await?;
        if decision.verdict == Verdict::Promote {
            keep_champion(&*self.store, &challenger).await?;
            self.board.update(|snapshot| snapshot.champion = Some(Arc::new(challenger)));
        } else {
            // The champion stays, with the scores of what it was compared with.
            self.board.update(|snapshot| {
                if let Some(champion) = &mut snapshot.champion {
                    Arc::make_mut(champion).report = challenger.report;
                }
            });
            if let Some(champion) = self.board.snapshot().champion {
                keep_champion(&*self.store, &champion).await?;
            }
        }
        serde_json::to_string(&decision).map_err(|error| Stopped::Failed(error.to_string()))
    }
}

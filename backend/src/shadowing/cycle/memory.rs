//! What a restart goes on from.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use shared::api::JobKind;
use shared::feedback::{TriggerMemory, Triggers};
use shared::scenario::ValidScenario;
use shared::units::{Duration, Instant};

use super::asking::asked_at;
use super::closing_hour::open_day;
use super::predicted_day::{PredictedDay, forget_days, key};
use super::predicting::ExpectedHour;
use super::windows::OpenWindow;
use super::{Cycle, CycleError, Predicted};
use crate::ensemble;
use crate::jobs::{SearchInput, wall_clock};
use crate::shadowing::champion::stored_champion;
use crate::shadowing::closing::Accuracies;
use crate::shadowing::recording::forecast_record;
use crate::shadowing::rollback::fall_back;
use crate::store::{Collection, StoreError, write_document, write_json};

/// The loop after an hour has closed.
#[derive(Debug, Serialize, Deserialize)]
struct Memory {
    next: Instant,
    log_start: Instant,
    /// The instant of the newest forecast of each horizon.
    origins: BTreeMap<Duration, Instant>,
    /// The windows of other horizons than the reported one that are open.
    open: BTreeMap<Duration, OpenWindow>,
    expected: Vec<ExpectedHour>,
    accuracies: Accuracies,
    triggers: TriggerMemory,
    drift_decided: bool,
}

const MEMORY: &str = "loop";

/// The first whole step that does not begin before an instant.
pub(crate) fn ceiled(at: Instant, step: Duration) -> Instant {
    let floor = at.floor(step);
    if floor == at { at } else { floor + step }
}

/// A loop that was down for longer than this goes on with the last days only.
const CATCH_UP_MAX: Duration = Duration::from_seconds(7 * 86_400);

impl Cycle {
    /// Goes on from what is stored: with the same champion, the same open day, and the first step that has not closed.
    pub(super) async fn restore(&mut self) -> Result<(), CycleError> {
        let memory = self.stored::<Memory>(MEMORY).await?;
        match stored_champion(&*self.store).await {
            Ok(champion) => {
                self.board.update(|snapshot| snapshot.champion = champion.map(Arc::new));
            }
            Err(StoreError::Unreadable(error)) => {
                let at = memory.as_ref().map_or(self.next, |memory| memory.next);
                let (champion, fallback) = fall_back(&*self.store, at, &error).await?;
                self.board.update(|snapshot| {
                    (snapshot.champion, snapshot.fallback) = (champion.map(Arc::new), Some(fallback));
                });
            }
            Err(error) => return Err(error.into()),
        }
        let Some(memory) = memory else { return Ok(()) };
        self.board.update(|snapshot| {
            if snapshot.champion.is_some() {
                snapshot.set_origins(memory.origins);
            }
        });
        self.open = memory.open;
        self.accuracies = memory.accuracies;
        self.triggers = Triggers::resume(self.config.triggers, memory.triggers);
        self.drift_decided = memory.drift_decided;
        self.expected = memory.expected;
        // Steps may have been others then.
        let next = ceiled(memory.next, self.config.horizons.step());
        let earliest = self.next - CATCH_UP_MAX;
        if next < earliest {
            tracing::warn!(since = %memory.next, from = %earliest, "down for too long to close every hour");
        }
        self.next = next.max(earliest);
        self.set_log_start(open_day(self.next));
        if self.world.is_some() {
            // As it was when the last step had closed, which is what its jobs go by.
            let closed = self.closed_until();
            self.clock.go_on_from(closed);
            self.board.update(|snapshot| snapshot.now = closed);
        }
        if next == self.next {
            self.log_start = memory.log_start;
            self.predicted = self.stored_open_day().await?;
        }
        self.show_primary(self.closed_until()).await
    }

    /// Whether the step that closes next has asked for a training before a kill: it has to close again before that.
    pub async fn has_asked_already(&self) -> Result<bool, CycleError> {
        let latest = self.store.jobs(Some(JobKind::Retraining), 1).await?.pop();
        let waits = latest.filter(|stored| !stored.job.state.is_final());
        Ok(waits.and_then(|stored| asked_at(&stored.input)).is_some_and(|asked| asked >= self.next))
    }

    /// Remembers where the loop is.
    pub(super) async fn keep(&self) -> Result<(), CycleError> {
        // Nothing has been worked through yet that a restart could lose.
        let origins = self.board.snapshot().origins();
        if origins.is_empty() {
            return Ok(());
        }
        let memory = Memory {
            next: self.next,
            log_start: self.log_start,
            origins,
            open: self.open.clone(),
            expected: self.expected.clone(),
            accuracies: self.accuracies.clone(),
            triggers: self.triggers.memory().clone(),
            drift_decided: self.drift_decided,
        };
        let document = write_document(MEMORY, self.next, &memory)?;
        self.store.put(Collection::Models, vec![document]).await?;
        if self.closed_until() == open_day(self.next) {
            forget_days(&*self.store, open_day(self.next) - Duration::DAY).await?;
        }
        Ok(())
    }

    /// Remembers what was predicted for the day that begins.
    pub(super) async fn keep_open_day(&self, predicted: &Predicted) -> Result<(), CycleError> {
        let open = PredictedDay::of(predicted);
        let (day, document) = (open.scenario.window.start, open.document()?);
        // Both or neither: what a day is judged by is what was written down of it.
        let record = forecast_record(predicted, self.clock.now())?;
        self.store.put_and_link(Collection::Models, vec![document], record).await?;
        if self.config.recommends_daily {
            let search = write_json(&SearchInput { day: Some(day) })?;
            self.store.put_and_submit(Vec::new(), JobKind::Recommendation, search, wall_clock()).await?;
        }
        Ok(())
    }

    /// The prediction of the open day, its outcome run again: digests are the same everywhere, or the engine is another.
    async fn stored_open_day(&self) -> Result<Option<Predicted>, CycleError> {
        let day = open_day(self.next);
        let Some(open) = self.stored::<PredictedDay>(&key(day)).await? else { return Ok(None) };
        let PredictedDay { scenario, digest, model, lives, nodes } = open;
        if scenario.window.start != day {
            return Ok(None);
        }
        let Ok(scenario) = ValidScenario::of_accepted(scenario) else { return Ok(None) };
        let outcome = ensemble::run(&scenario, ensemble::available_threads(), false, &|_, _| true);
        let outcome = outcome.filter(|outcome| outcome.digest == digest);
        if outcome.is_none() {
            let reason = "the service was restarted by a version that runs what was predicted otherwise".to_owned();
            self.write_unreported(scenario.scenario().window, reason).await?;
        }
        Ok(outcome.map(|outcome| Predicted { scenario, outcome, model, lives, nodes }))
    }

    /// A document of the loop's own; none where another version wrote it.
    async fn stored<T: serde::de::DeserializeOwned>(&self, key: &str) -> Result<Option<T>, StoreError> {
        let Some(document) = self.store.get(Collection::Models, key.to_owned()).await? else { return Ok(None) };
        let read = document.read();
        if let Err(error) = &read {
            tracing::warn!(%error, "begins anew where an earlier version cannot be read");
        }
        Ok(read.ok())
    }
}

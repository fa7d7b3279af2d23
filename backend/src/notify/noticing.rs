//! What there is to notice, in what is written down and true now.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use shared::api::{BudgetList, Job, Notification};
use shared::feedback::{AnomalyReport, Decision, Verdict};
use shared::units::{Duration, Instant, Window};

use super::Outbox;
use super::alerts::{Alert, Present, alerts};
use super::told::{of_anomalies, of_budgets, of_decision, of_found, of_job};
use crate::config::ShadowingConfig;
use crate::jobs::wall_clock;
use crate::shadowing::{Board, Clock, Found, OUTLOOK};
use crate::store::{Collection, Document, NewNotification, Store, StoreError};

/// How far back it is looked, on the clock of the requests: whatever ends late is dated when it began.
const BACK: Duration = Duration::from_seconds(7 * 86_400);

/// An anomaly of a window that ended longer ago is no news.
const ANOMALY_LASTS: Duration = Duration::from_seconds(2 * 86_400);

/// For how long, on the clock of the machine, what happens at once is told as an alert.
const RECENT: Duration = Duration::HOUR;

/// So many of the newest of each kind are looked at.
const LOOKED_AT: usize = 500;

/// So many of the newest jobs.
const JOBS: usize = 20;

/// Looks what there is to notice.
pub(crate) struct Watch {
    store: Arc<dyn Store>,
    board: Arc<Board>,
    clock: Arc<dyn Clock>,
    config: Arc<ShadowingConfig>,
    outbox: Arc<Outbox>,
    /// What has been noticed of the newest documents, so that only new ones are read.
    seen: Mutex<BTreeSet<String>>,
}

impl Watch {
    /// Looks at what the loop and the jobs write into a store.
    pub(crate) fn new(
        store: Arc<dyn Store>,
        board: Arc<Board>,
        clock: Arc<dyn Clock>,
        config: Arc<ShadowingConfig>,
        outbox: Arc<Outbox>,
    ) -> Self {
        Self { store, board, clock, config, outbox, seen: Mutex::default() }
    }

    /// Where what is noticed is kept.
    pub(super) fn outbox(&self) -> &Arc<Outbox> {
        &self.outbox
    }

    /// Keeps what was not noticed before; what lasts.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) async fn look(&self) -> Result<Vec<Alert>, StoreError> {
        let snapshot = self.board.snapshot();
        if snapshot.now == Instant::default() {
            return Ok(Vec::new());
        }
        let since = Window { start: snapshot.now - BACK, ..Window::ALWAYS };
        let decisions = self.store.list(Collection::Decisions, since, LOOKED_AT).await?;
        let anomalies = self.store.list(Collection::Anomalies, since, LOOKED_AT).await?;
        let found = self.store.list(Collection::Recommendations, since, 1).await?;
        let budgets = self.store.get(Collection::Budgets, OUTLOOK.to_owned()).await?;
        let jobs = self.store.jobs(None, JOBS).await?;
        let jobs: Vec<Job> = jobs.into_iter().map(|stored| stored.job).collect();
        let (noticed, seen) = self.unseen(&decisions, &anomalies, &found, budgets.as_ref(), &jobs)?;
        self.outbox.note(noticed, wall_clock()).await?;
        // Not before it is kept: what could not be is noticed again.
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = seen;

        let newest: Option<AnomalyReport> = anomalies.last().map(Document::read).transpose()?;
        let behind = snapshot.closes.map_or(Duration::ZERO, |closes| self.clock.now() - closes);
        let now = snapshot.now;
        Ok(alerts(&Present {
            snapshot,
            behind,
            anomalies: newest.filter(|report| now - report.window.end < ANOMALY_LASTS),
            budgets: self.budgets(budgets.as_ref())?,
            decision: newest_of_trigger(&decisions)?,
            jobs,
            recent: self.recent().await?,
        }))
    }

    /// What is new among documents and jobs, and what is seen of them then.
    fn unseen(
        &self,
        decisions: &[Document],
        anomalies: &[Document],
        found: &[Document],
        budgets: Option<&Document>,
        jobs: &[Job],
    ) -> Result<(Vec<NewNotification>, BTreeSet<String>), StoreError> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut now = BTreeSet::new();
        let mut is_new = |kind: &str, document: &Document| {
            let what = format!("{kind}/{}/{}", document.key, blake3::hash(document.body.as_bytes()));
            let is_new = !seen.contains(&what);
            now.insert(what);
            is_new
        };
        let mut noticed = Vec::new();
        for document in decisions.iter().filter(|document| is_new("decision", document)) {
            noticed.extend(of_decision(&document.key, document.read()?));
        }
        for document in anomalies.iter().filter(|document| is_new("anomaly", document)) {
            noticed.extend(of_anomalies(document.read()?));
        }
        for document in found.iter().filter(|document| is_new("found", document)) {
            noticed.extend(of_found(document.read::<Found>()?));
        }
        if let Some(document) = budgets.filter(|document| is_new("budget", document)) {
            noticed.extend(of_budgets(document.read()?));
        }
        noticed.extend(jobs.iter().cloned().filter_map(of_job));
        Ok((noticed, now))
    }

    /// The newest outlook, of the budgets that there are now.
    fn budgets(&self, document: Option<&Document>) -> Result<Option<BudgetList>, StoreError> {
        let Some(document) = document else { return Ok(None) };
        let mut list: BudgetList = document.read()?;
        let now = &self.config.budgets.budgets;
        list.budgets.retain(|outlook| now.iter().any(|budget| budget.name == outlook.budget));
        Ok(Some(list))
    }

    /// What was noticed in the last hour.
    async fn recent(&self) -> Result<Vec<Notification>, StoreError> {
        let since = wall_clock() - RECENT;
        self.outbox.store.notifications(format!("n{:014x}", since.micros()), None, LOOKED_AT).await
    }
}

/// The newest decision to train or not to; others say nothing about demand.
fn newest_of_trigger(decisions: &[Document]) -> Result<Option<Decision>, StoreError> {
    for document in decisions.iter().rev() {
        let decision: Decision = document.read()?;
        if matches!(decision.verdict, Verdict::Retrain | Verdict::KeepModel) {
            return Ok(Some(decision));
        }
    }
    Ok(None)
}

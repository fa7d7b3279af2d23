//! What is true of the service right now, for whoever asks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use shared::api::{Basis, Contradictions, NotReady, ObservedView, Progress, SkippedForecasts, StartView};
use shared::quote::QuoteBase;
use shared::units::{Duration, Instant};

use tokio::sync::watch;

use super::{Champion, REPORTED};
use crate::config::ShadowingConfig;

/// Shared between the loop, the jobs and the answers over HTTP; nothing here survives a restart.
#[derive(Debug, Default)]
pub struct Board {
    snapshot: RwLock<Snapshot>,
    /// Counts how often that was changed, for who waits for it.
    changes: watch::Sender<u64>,
    progress: Mutex<BTreeMap<String, Progress>>,
    cancelled: Mutex<BTreeSet<String>>,
    /// Held by whoever changes the champion, here and in the store: both change together.
    champion: tokio::sync::Mutex<()>,
}

/// The loop as it was when it last said something.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Its clock; never ahead of what it has worked through by more than an hour.
    pub now: Instant,
    /// When the next hour closes; none before the first has.
    pub closes: Option<Instant>,
    /// Forecasts that were passed over.
    pub skipped: Option<SkippedForecasts>,
    /// Whether it has worked through all that was there when it began.
    pub caught_up: bool,
    /// Why it has no forecast.
    pub not_ready: Option<NotReady>,
    /// The model in use.
    pub champion: Option<Arc<Champion>>,
    /// Why that is not the champion that was promoted last, where that could not be loaded.
    pub fallback: Option<String>,
    /// Tenants seen.
    pub tenants: Vec<String>,
    /// Flavors that requests name.
    pub flavors: Vec<String>,
    /// Deletes and resizes of resources that the log never created.
    pub orphans: u64,
    /// Requests that contradict earlier ones.
    pub contradictions: Option<Contradictions>,
    /// Whether the open day's actual cost is metered from observations; none before the first.
    pub basis: Option<Basis>,
    /// What was observed of the open day.
    pub observed: ObservedView,
    /// What the primary began with, once that hour has closed.
    pub start: Option<StartView>,
    /// What quotes are made on: the primary at the newest forecast; none before the first since it began.
    pub quote_base: Option<Arc<QuoteBase>>,
    /// The newest forecast of each horizon.
    pub newest: BTreeMap<Duration, NewestForecast>,
    /// What the system's clock has shown; none of a replay, whose clock is ours.
    pub clock: Option<ClockSeen>,
    /// What is shadowed since requests were given up; none before.
    pub config: Option<Arc<ShadowingConfig>>,
}

/// The system's clock, which may be set back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockSeen {
    /// The latest that it has shown, as far as that is known.
    pub latest: Instant,
}

/// What is less is a clock that is being set right little by little.
const SET_BACK: Duration = Duration::from_seconds(2);

impl ClockSeen {
    /// By how much it is behind that, where it was set back.
    pub fn behind(&self, now: Instant) -> Option<Duration> {
        Some(self.latest - now).filter(|behind| *behind > SET_BACK)
    }
}

/// The newest forecast of a horizon.
#[derive(Clone, Debug, Default)]
pub struct NewestForecast {
    /// Its instant; none before the first.
    pub origin: Option<Instant>,
    /// Why there is none since.
    pub not_ready: Option<NotReady>,
}

impl NewestForecast {
    /// Notes that there is one of an instant.
    pub fn set(&mut self, origin: Instant) {
        *self = Self { origin: Some(origin), not_ready: None };
    }
}

impl Snapshot {
    /// The instant of the newest forecast of [`REPORTED`].
    pub fn origin(&self) -> Option<Instant> {
        self.origin_of(REPORTED)
    }

    /// The instant of the newest forecast of a horizon.
    pub fn origin_of(&self, horizon: Duration) -> Option<Instant> {
        self.newest.get(&horizon).and_then(|newest| newest.origin)
    }

    /// The newest origin of each horizon that has one.
    pub fn origins(&self) -> BTreeMap<Duration, Instant> {
        self.newest.iter().filter_map(|(&horizon, newest)| Some((horizon, newest.origin?))).collect()
    }

    /// Has these as the newest origins.
    pub fn set_origins(&mut self, origins: BTreeMap<Duration, Instant>) {
        for (horizon, origin) in origins {
            self.newest.entry(horizon).or_default().set(origin);
        }
    }
}

impl Board {
    /// A copy of what is true now.
    pub fn snapshot(&self) -> Snapshot {
        self.snapshot.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes what is true now.
    pub fn update(&self, change: impl FnOnce(&mut Snapshot)) {
        change(&mut self.snapshot.write().unwrap_or_else(PoisonError::into_inner));
        self.changes.send_modify(|times| *times += 1);
    }

    /// What tells that something was changed.
    pub(crate) fn listen(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// What is shadowed now, where the service began with `given`.
    pub fn config(&self, given: &Arc<ShadowingConfig>) -> Arc<ShadowingConfig> {
        let snapshot = self.snapshot.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(snapshot.config.as_ref().unwrap_or(given))
    }

    /// Waits until nobody else changes the champion.
    pub async fn change_champion(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.champion.lock().await
    }

    /// How far a running job has come.
    pub fn progress(&self, job: &str) -> Option<Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).get(job).copied()
    }

    /// Notes how far a job has come; whether it shall go on.
    pub fn report(&self, job: &str, progress: Progress) -> bool {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).insert(job.to_owned(), progress);
        !self.cancelled.lock().unwrap_or_else(PoisonError::into_inner).contains(job)
    }

    /// Has a job stop at its next report.
    pub fn cancel(&self, job: &str) {
        self.cancelled.lock().unwrap_or_else(PoisonError::into_inner).insert(job.to_owned());
    }

    /// Whether a job was told to stop.
    pub fn is_cancelled(&self, job: &str) -> bool {
        self.cancelled.lock().unwrap_or_else(PoisonError::into_inner).contains(job)
    }

    /// Forgets a job that has ended.
    pub fn forget(&self, job: &str) {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).remove(job);
        self.cancelled.lock().unwrap_or_else(PoisonError::into_inner).remove(job);
    }
}

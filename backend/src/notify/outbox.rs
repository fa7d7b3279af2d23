//! What was noticed, and who waits to hear of it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use shared::api::Notification;
use shared::units::Instant;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::alertmanager::Peer;
use super::alerts::Alert;
use crate::store::{NewNotification, NotificationStore, StoreError};

/// So many may hear of notifications as they happen, at once.
const LISTENERS_MAX: usize = 64;

/// What was noticed, kept for whoever asks; and what is known of those who are told.
pub struct Outbox {
    /// Where it is kept.
    pub store: Arc<dyn NotificationStore>,
    /// Counts how often something was kept.
    noted: watch::Sender<u64>,
    listeners: Arc<Semaphore>,
    closed: AtomicBool,
    alertmanagers: Mutex<Vec<Arc<Peer>>>,
    /// How many alerts last, by name.
    firing: Mutex<BTreeMap<&'static str, u64>>,
}

impl Outbox {
    /// One of what is kept there.
    pub fn new(store: Arc<dyn NotificationStore>) -> Self {
        let listeners = Arc::new(Semaphore::new(LISTENERS_MAX));
        Self {
            store,
            noted: watch::Sender::new(0),
            listeners,
            closed: AtomicBool::new(false),
            alertmanagers: Mutex::default(),
            firing: Mutex::default(),
        }
    }

    /// Keeps what was not noticed before; these notifications.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn note(&self, noticed: Vec<NewNotification>, now: Instant) -> Result<Vec<Notification>, StoreError> {
        if noticed.is_empty() {
            return Ok(Vec::new());
        }
        let noted = self.store.note(noticed, now).await?;
        if !noted.is_empty() {
            self.noted.send_modify(|times| *times += 1);
        }
        Ok(noted)
    }

    /// What tells that something was kept, for one more listener; none where there are too many.
    pub(crate) fn listen(&self) -> Option<(watch::Receiver<u64>, OwnedSemaphorePermit)> {
        let permit = Arc::clone(&self.listeners).try_acquire_owned().ok()?;
        Some((self.noted.subscribe(), permit))
    }

    /// Has those who listen end: the service does.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.noted.send_modify(|times| *times += 1);
    }

    /// Whether those who listen shall end.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Every Alertmanager that is told what lasts.
    pub(crate) fn alertmanagers(&self) -> Vec<Arc<Peer>> {
        self.alertmanagers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn add_alertmanager(&self, peer: Arc<Peer>) {
        self.alertmanagers.lock().unwrap_or_else(PoisonError::into_inner).push(peer);
    }

    /// How many alerts last, by name; 0 for those of which none does.
    pub(crate) fn firing(&self) -> BTreeMap<&'static str, u64> {
        let mut all: BTreeMap<_, _> = super::alerts::NAMES.into_iter().map(|name| (name, 0)).collect();
        all.extend(self.firing.lock().unwrap_or_else(PoisonError::into_inner).iter());
        all
    }

    pub(super) fn set_firing(&self, alerts: &[Alert]) {
        let mut firing: BTreeMap<&'static str, u64> = BTreeMap::new();
        for alert in alerts {
            *firing.entry(alert.name).or_default() += 1;
        }
        *self.firing.lock().unwrap_or_else(PoisonError::into_inner) = firing;
    }
}

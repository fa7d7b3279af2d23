//! What the service noticed, told to others: kept for whoever asks, posted to webhooks, and held up to Alertmanager while it
//! lasts.
//!
//! Nothing of it is in the way of the loop: what was noticed is read from what the loop has written down.

mod alertmanager;
mod alerts;
mod config;
mod delivery;
mod noticing;
mod outbox;
mod outgoing;
mod signature;
mod told;
mod webhooks;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub use config::{FileWebhook, Links, NotifyConfig, Retries, checked_url};
pub(crate) use delivery::deliver;
pub(crate) use noticing::Watch;
pub use outbox::Outbox;
pub(crate) use outgoing::Outgoing;
pub(crate) use signature::secret_bytes;
pub(crate) use webhooks::{WebhookError, create, find, remove, set_webhooks_of_file, test};

use self::alertmanager::{Peer, tell};
use self::alerts::Alert;

/// How often it is looked what there is to notice.
const LOOK: Duration = Duration::from_secs(1);

/// How soon it is noticed that the service ends.
const TICK: Duration = Duration::from_millis(100);

/// Keeps what is noticed until the service ends, and tells every Alertmanager what lasts.
pub(crate) async fn notice(watch: Watch, config: NotifyConfig, outgoing: Outgoing, stop: Arc<AtomicBool>) {
    let outbox = Arc::clone(watch.outbox());
    let tellers = spawn_tellers(&outbox, &config, &outgoing);
    let mut looked: Option<Instant> = None;
    loop {
        let ends = stop.load(Ordering::Relaxed);
        if ends || looked.is_none_or(|at| at.elapsed() >= LOOK) {
            looked = Some(Instant::now());
            match watch.look().await {
                Ok(alerts) => {
                    outbox.set_firing(&alerts);
                    // One that has panicked hears nothing.
                    tellers.iter().for_each(|(teller, _)| drop(teller.send(alerts.clone())));
                }
                Err(error) => tracing::error!(%error, "what there is to notice could not be read; it is tried again"),
            }
        }
        if ends {
            break;
        }
        tokio::time::sleep(TICK).await;
    }
    for (teller, thread) in tellers {
        drop(teller);
        // A panic of the thread has been printed already.
        let _ = thread.join();
    }
}

/// Those who tell one Alertmanager each, on threads of their own, so that none waits for another.
fn spawn_tellers(
    outbox: &Outbox,
    config: &NotifyConfig,
    outgoing: &Outgoing,
) -> Vec<(Sender<Vec<Alert>>, JoinHandle<()>)> {
    let mut tellers = Vec::new();
    for url in &config.alertmanagers {
        let peer = Arc::new(Peer::new(url));
        outbox.add_alertmanager(Arc::clone(&peer));
        let (alerts, heard) = channel();
        let (outgoing, links) = (outgoing.clone(), config.links.clone());
        let thread = std::thread::Builder::new().name("alertmanager".to_owned());
        match thread.spawn(move || tell(&peer, &outgoing, &links, &heard)) {
            Ok(thread) => tellers.push((alerts, thread)),
            Err(error) => tracing::error!(%error, url, "there is no thread to tell it from"),
        }
    }
    tellers
}

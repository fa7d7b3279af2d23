//! Sending notifications to webhooks: those of one in order, one at a time; a slow one keeps none of the others waiting.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use shared::units::Instant;
use tokio::task::JoinSet;

use super::outgoing::NotTaken;
use super::signature::{secret_bytes, sign};
use super::{Outbox, Outgoing, Retries};
use crate::jobs::wall_clock;
use crate::store::{Attempted, Delivery, StoreError};

/// How often it is looked what is due.
const TICK: Duration = Duration::from_millis(200);

/// So many webhooks are sent to at once.
const AT_ONCE: usize = 16;

/// The status of whoever wants nothing any more.
const GONE: u16 = 410;

/// Sends what is due until the service ends; what is under way then is waited for.
///
/// What was sent, and not noted before a kill, is sent again with the same id.
pub(crate) async fn deliver(outbox: Arc<Outbox>, outgoing: Outgoing, retries: Retries, stop: Arc<AtomicBool>) {
    let mut under_way = JoinSet::new();
    let mut busy: BTreeSet<String> = BTreeSet::new();
    let mut is_unread = false;
    while !stop.load(Ordering::Relaxed) {
        let due = match outbox.store.due(wall_clock()).await {
            Ok(due) => {
                is_unread = false;
                due
            }
            Err(error) => {
                // Once, however long it lasts.
                if !core::mem::replace(&mut is_unread, true) {
                    tracing::error!(%error, "what is due for webhooks could not be read; it is tried again");
                }
                Vec::new()
            }
        };
        for delivery in due {
            if busy.len() < AT_ONCE && busy.insert(delivery.webhook.clone()) {
                let outgoing = outgoing.clone();
                under_way.spawn_blocking(move || {
                    let became = send(&outgoing, &delivery);
                    (delivery, became)
                });
            }
        }
        tokio::select! {
            Some(done) = under_way.join_next() => settle(&outbox, retries, &mut busy, done).await,
            () = tokio::time::sleep(TICK) => {}
        }
    }
    while let Some(done) = under_way.join_next().await {
        settle(&outbox, retries, &mut busy, done).await;
    }
}

type Done = Result<(Delivery, Result<(), NotTaken>), tokio::task::JoinError>;

/// Notes what became of an attempt.
async fn settle(outbox: &Outbox, retries: Retries, busy: &mut BTreeSet<String>, done: Done) {
    let (delivery, became) = match done {
        Ok(done) => done,
        Err(panic) => return tracing::error!(%panic, "a webhook is sent nothing until the service begins again"),
    };
    let became = match became {
        Ok(()) => Attempted::Taken,
        Err(error) => not_taken(&delivery, &error, retries, wall_clock()),
    };
    match &became {
        Attempted::Taken => tracing::debug!(webhook = delivery.webhook, notification = delivery.notification, "taken"),
        Attempted::Again(at, error) => {
            tracing::warn!(webhook = delivery.webhook, notification = delivery.notification, error, again = %at, "not taken");
        }
        Attempted::GivenUp(_, error) => {
            tracing::error!(webhook = delivery.webhook, notification = delivery.notification, error, "given up");
        }
    }
    if let Err(error) = note(outbox, &delivery, became).await {
        tracing::error!(%error, webhook = delivery.webhook, "what became of a notification could not be noted");
    }
    busy.remove(&delivery.webhook);
}

async fn note(outbox: &Outbox, delivery: &Delivery, became: Attempted) -> Result<(), StoreError> {
    outbox.store.attempted(delivery.webhook.clone(), delivery.notification.clone(), became).await
}

/// Signs it with the time of the attempt, so that a receiver may refuse what is old.
fn send(outgoing: &Outgoing, delivery: &Delivery) -> Result<(), NotTaken> {
    let Some(secret) = secret_bytes(&delivery.secret) else {
        return Err(NotTaken::NoAnswer("its secret cannot be read".to_owned()));
    };
    let seconds = wall_clock().micros().div_euclid(1_000_000);
    let headers = [
        ("webhook-id", delivery.notification.clone()),
        ("webhook-timestamp", seconds.to_string()),
        ("webhook-signature", sign(&secret, &delivery.notification, seconds, &delivery.body)),
    ];
    outgoing.post(&delivery.url, &headers, &delivery.body)
}

fn not_taken(delivery: &Delivery, error: &NotTaken, retries: Retries, now: Instant) -> Attempted {
    let is_gone = matches!(error, NotTaken::Refused { status: GONE, .. });
    let wait = retries.wait(delivery.attempts + 1, getrandom::u32().unwrap_or_default());
    match wait.filter(|_| !is_gone) {
        Some(wait) => Attempted::Again(now + wait, error.to_string()),
        None => Attempted::GivenUp(now, error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(attempts: u32) -> Delivery {
        let text = String::new;
        Delivery { webhook: text(), notification: text(), attempts, url: text(), secret: text(), body: text() }
    }

    #[test]
    fn what_is_not_taken_is_sent_again_until_it_was_enough_or_nobody_is_there() {
        let refused = |status| NotTaken::Refused { status, answer: String::new() };
        let retries = Retries { first: shared::units::Duration::from_seconds(5), attempts: 2 };
        let now = Instant::from_micros(0);
        let Attempted::Again(at, error) = not_taken(&delivery(0), &refused(500), retries, now) else { panic!() };
        // Five seconds, more or less by a fifth.
        assert!((4_000_000..=6_000_000).contains(&at.micros()), "{at}");
        assert_eq!(error, "answered 500");
        assert!(matches!(not_taken(&delivery(1), &refused(500), retries, now), Attempted::GivenUp(..)));
        assert!(matches!(not_taken(&delivery(0), &refused(410), retries, now), Attempted::GivenUp(..)));
    }
}

//! One piece that was delivered: done, told of while it is done, answered and taken out of the queue, in this order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_nats::jetstream::stream::LastRawMessageErrorKind;
use async_nats::jetstream::{AckKind, Message};
use tokio::sync::watch;

use super::Worker;
use super::doing::{NotDone, done};
use crate::queue::QueueError;
use crate::queue::answer::Answer;
use crate::queue::connection::{ATTEMPTS_MAX, patiently};
use crate::queue::task::Task;

/// How long a piece waits that could not be done for a reason that passes.
const AGAIN: Duration = Duration::from_secs(2);

/// Works on a piece. What goes wrong with the queue meanwhile is logged; the piece is delivered again then.
pub(super) async fn work_on(worker: &Worker, message: &Message, stopped: &mut watch::Receiver<bool>) {
    let (name, delivered, sequence) = match message.info() {
        Ok(info) => (name(message).to_owned(), info.delivered, info.stream_sequence),
        Err(error) => return tracing::warn!(error, "a message is no piece"),
    };
    let given_up = Arc::new(AtomicBool::new(false));
    let answer = {
        let doing = attempt(worker, message, delivered, &given_up);
        tokio::pin!(doing);
        let mut beats = tokio::time::interval(worker.ack_wait / 3);
        beats.tick().await;
        loop {
            tokio::select! {
                done = &mut doing => break done,
                _ = beats.tick() => {
                    acknowledge(message, AckKind::Progress).await;
                    if is_gone(worker, sequence).await {
                        tracing::info!(piece = name, "nobody wants it any more");
                        return given_up.store(true, Ordering::Relaxed);
                    }
                }
                _ = stopped.changed() => {
                    given_up.store(true, Ordering::Relaxed);
                    return acknowledge(message, AckKind::Nak(None)).await;
                }
            }
        }
    };
    match answer {
        Ok(answer) => match store(worker, message, &answer).await {
            Ok(()) => {
                if let Err(error) = message.double_ack().await {
                    tracing::warn!(error, piece = name, "it may be delivered again, and counts once all the same");
                }
            }
            Err(error) => tracing::warn!(%error, piece = name, "its answer could not be stored; it is delivered again"),
        },
        Err(error) => {
            tracing::warn!(%error, piece = name, "it is tried again");
            acknowledge(message, AckKind::Nak(Some(AGAIN))).await;
        }
    }
}

/// The answer to a piece; an error where it may be otherwise the next time.
async fn attempt(
    worker: &Worker,
    message: &Message,
    delivered: i64,
    given_up: &Arc<AtomicBool>,
) -> Result<Answer, QueueError> {
    if delivered > ATTEMPTS_MAX {
        let begun = format!(
            "a piece was begun {ATTEMPTS_MAX} times, and each worker died of it, or said nothing for too long; the logs of \
             the workers may say why"
        );
        return Ok(Answer::Failed(begun));
    }
    let Ok(task) = Task::read(&message.payload) else {
        return Ok(Answer::Failed("another version of the program asks, in words that are not known here".to_owned()));
    };
    match done(worker, task, given_up).await {
        Ok(answer) => Ok(answer),
        Err(NotDone::Never(reason)) => Ok(Answer::Failed(reason)),
        Err(NotDone::Now(error)) if delivered < ATTEMPTS_MAX => Err(error),
        Err(NotDone::Now(error)) => Ok(Answer::Failed(format!("{error} (begun {delivered} times)"))),
    }
}

/// Stores an answer. The queue has it, once or twice over, when this returns.
async fn store(worker: &Worker, message: &Message, answer: &Answer) -> Result<(), QueueError> {
    let connection = &worker.connection;
    // An answer is beside the piece that it is of.
    let subject = message.subject.replacen(".work.", ".answer.", 1);
    let payload = answer.write();
    patiently(|| async {
        let sent = connection.context.publish(subject.clone(), payload.clone().into()).await;
        let stored = sent.map_err(|error| connection.failed(error))?.await;
        stored.map(drop).map_err(|error| connection.failed(error))
    })
    .await
}

async fn acknowledge(message: &Message, kind: AckKind) {
    if let Err(error) = message.ack_with(kind).await {
        tracing::warn!(error, "the queue could not be told of a piece");
    }
}

/// Whether a piece was taken out of the queue by who asked for it. What is not answered is no sign of that.
async fn is_gone(worker: &Worker, sequence: u64) -> bool {
    let found = worker.connection.work.get_raw_message(sequence).await;
    found.is_err_and(|error| matches!(error.kind(), LastRawMessageErrorKind::NoMessageFound))
}

fn name(message: &Message) -> &str {
    message.subject.rsplit('.').next().unwrap_or_default()
}

//! What was asked, from its first piece in the queue to its last answer.
//!
//! Answers are heard as they come. Every other second it is looked, too, what is in the queue and what is answered, so that
//! an answer that was not heard, and a piece that went away with a cancelled order for the same, are no loss.

use std::collections::BTreeSet;
use std::time::Duration;

use async_nats::Subscriber;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::Stream;
use futures_util::future::try_join_all;
use futures_util::{StreamExt, TryStreamExt};
use shared::simulation::RunOutcome;
use tokio::time::{Instant, sleep_until};

use crate::queue::QueueError;
use crate::queue::answer::{Answer, RUNS, read_runs, unpack_runs};
use crate::queue::bytes::pack;
use crate::queue::connection::{Connection, answer_subject, patiently, work_subject};
use crate::queue::objects::{fetch, is_there, keep};
use crate::queue::open_pieces::OpenPieces;
use crate::queue::task::{Piece, Pieces};

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(2);

/// After so long without an answer somebody who waits is told that there are no workers, if there are none.
const SILENCE: Duration = Duration::from_secs(5);

/// So many pieces are published before their acknowledgements are waited for.
const IN_FLIGHT: usize = 256;

/// Pieces that were asked for.
pub(super) struct Asked<'a> {
    connection: &'a Connection,
    group: String,
    open: OpenPieces,
    answers: Subscriber,
    /// What was answered up to this place of the stream was answered before.
    before: u64,
    heard: Instant,
    say: Option<fn(&str)>,
}

impl<'a> Asked<'a> {
    /// Listens for answers; nothing is asked yet.
    pub(super) async fn begin(connection: &'a Connection, pieces: Pieces, say: fn(&str)) -> Result<Self, QueueError> {
        let group = pieces.group.clone();
        let answers = connection.client.subscribe(format!("{}.*", answer_subject(&group))).await;
        let answers = answers.map_err(|error| connection.failed(error))?;
        let info = || async { connection.answers.get_info().await.map_err(|error| connection.failed(error)) };
        let before = patiently(info).await?.state.last_sequence;
        let open = OpenPieces::new(pieces);
        Ok(Self { connection, group, open, answers, before, heard: Instant::now(), say: Some(say) })
    }

    /// Asks for what has no answer, and waits for it; `done` hears how many runs more there are.
    pub(super) async fn wait(
        &mut self,
        (scenario, content): (&str, &[u8]),
        mut done: impl FnMut(u32),
    ) -> Result<Vec<RunOutcome>, QueueError> {
        // The scenario has to be there before anybody asks for a run of it.
        let there = self.answered().await?;
        self.take_all(&there, &mut done).await?;
        if !self.open.is_done() {
            if !is_there(self.connection, scenario).await {
                keep(self.connection, scenario, &pack(content, "the scenario")?).await?;
            }
            self.publish_missing("", &mut done).await?;
        }
        let mut look = Instant::now() + EVERY;
        while !self.open.is_done() {
            tokio::select! {
                message = self.answers.next() => {
                    let message = message.ok_or_else(|| self.connection.failed("the connection was closed"))?;
                    let name = last_token(&message.subject).to_owned();
                    done(self.take(&name, &message.payload, false).await?);
                }
                () = sleep_until(look) => {
                    self.tell_of_no_workers().await;
                    self.publish_missing(&format!("-{:016x}", getrandom::u64().unwrap_or_default()), &mut done).await?;
                    look = Instant::now() + EVERY;
                }
            }
        }
        Ok(std::mem::replace(&mut self.open, OpenPieces::new(Pieces::default())).into_runs())
    }

    /// Publishes what is neither in the queue nor answered. What is published again has an id of its own: the queue would take
    /// it for one that it had.
    async fn publish_missing(&mut self, again: &str, done: &mut impl FnMut(u32)) -> Result<(), QueueError> {
        // In this order: a worker answers before it takes a piece out of the queue.
        let (connection, subject) = (self.connection, work_subject(&self.group));
        let queued = patiently(|| names(connection, &connection.work, &subject)).await?;
        let there = self.answered().await?;
        self.take_all(&there, done).await?;
        let missing: Vec<&Piece> = self.open.iter().filter(|piece| !queued.contains(&piece.name)).collect();
        for some in missing.chunks(IN_FLIGHT) {
            patiently(|| publish(connection, &subject, some, again)).await?;
        }
        Ok(())
    }

    /// The names of what has an answer.
    async fn answered(&self) -> Result<BTreeSet<String>, QueueError> {
        let (connection, subject) = (self.connection, answer_subject(&self.group));
        patiently(|| names(connection, &connection.answers, &subject)).await
    }

    /// Takes those answers that are new, or are no failures.
    async fn take_all(&mut self, there: &BTreeSet<String>, done: &mut impl FnMut(u32)) -> Result<(), QueueError> {
        let wanted: Vec<String> =
            self.open.iter().filter(|piece| there.contains(&piece.name)).map(|piece| piece.name.clone()).collect();
        for name in wanted {
            let subject = format!("{}.{name}", answer_subject(&self.group));
            // What is gone meanwhile is asked for again.
            let Ok(stored) = self.connection.answers.get_last_raw_message_by_subject(&subject).await else { continue };
            done(self.take(&name, &stored.payload, stored.sequence <= self.before).await?);
        }
        Ok(())
    }

    /// Takes an answer; how many runs more are there.
    async fn take(&mut self, name: &str, message: &[u8], is_old: bool) -> Result<u32, QueueError> {
        let Some(of) = self.open.get(name).map(|piece| piece.runs) else { return Ok(0) };
        let runs = match Answer::read(message) {
            Ok(Answer::Here(packed)) => unpack_runs(&packed).and_then(|content| read_runs(&content, of)),
            Ok(Answer::Elsewhere(object)) => {
                let content = fetch(self.connection, &object, RUNS).await;
                content.and_then(|content| read_runs(&content, of))
            }
            Ok(Answer::Failed(reason)) => Err(QueueError::Failed(reason)),
            Err(error) => Err(error),
        };
        match runs {
            Ok(runs) => {
                self.heard = Instant::now();
                Ok(self.open.take(name, runs))
            }
            // It may be otherwise this time.
            Err(_) if is_old => Ok(0),
            Err(error) => Err(error),
        }
    }

    /// Says once that nobody takes what waits.
    async fn tell_of_no_workers(&mut self) {
        if let Some(say) = self.say
            && self.heard.elapsed() > SILENCE
            && !self.connection.has_workers().await
        {
            self.say = None;
            let address = &self.connection.address;
            say(&format!("nobody takes what waits in the queue: start `shadowplane worker --nats {address}`"));
        }
    }
}

/// Takes the pieces of a group out of the queue. Those that are worked on are given up by their workers, who look.
pub(super) async fn give_up(connection: &Connection, group: &str) -> Result<(), QueueError> {
    let purged = connection.work.purge().filter(format!("{}.*", work_subject(group))).await;
    purged.map(drop).map_err(|error| connection.failed(error))
}

async fn publish(connection: &Connection, subject: &str, pieces: &[&Piece], again: &str) -> Result<(), QueueError> {
    let mut acknowledged = Vec::new();
    for piece in pieces {
        let message =
            PublishMessage::build().message_id(format!("{}{again}", piece.name)).payload(piece.body.clone().into());
        let sent = connection.context.send_publish(format!("{subject}.{}", piece.name), message).await;
        acknowledged.push(sent.map_err(|error| connection.failed(error))?.into_future());
    }
    try_join_all(acknowledged).await.map(drop).map_err(|error| connection.failed(error))
}

/// The last tokens of the subjects of a stream that begin with `subject`.
async fn names(connection: &Connection, stream: &Stream, subject: &str) -> Result<BTreeSet<String>, QueueError> {
    let listed = stream.info_with_subjects(format!("{subject}.*")).await.map_err(|error| connection.failed(error))?;
    let names = listed.map_ok(|(subject, _)| last_token(&subject).to_owned());
    names.try_collect().await.map_err(|error| connection.failed(error))
}

fn last_token(subject: &str) -> &str {
    subject.rsplit('.').next().unwrap_or_default()
}

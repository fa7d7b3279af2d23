//! Folding what is in the stream into the store.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_nats::jetstream::consumer::pull;
use async_nats::jetstream::{AckKind, Message};
use futures_util::StreamExt;
use shared::api::{LineCode, RefusedRecord};
use shared::request::{Observation, Request};

use super::batch::{Kind, records};
use super::publishing::LogStream;
use crate::config::ShadowingConfig;
use crate::queue::QueueError;
use crate::shadowing::Board;
use crate::store::{Appended, Store, StoreError};

/// No further message is added to a transaction that has so many records: as many as a commit is cheap for.
const RECORDS_MAX: usize = 10_000;

/// So long a transaction waits for one more message. What was acknowledged makes room for the next ones, which come a little
/// later: without this, each transaction would hold the few that are there.
const LINGER: Duration = Duration::from_millis(5);

/// How often it is looked whether the service ends.
const TICK: Duration = Duration::from_millis(200);

/// How long it does nothing after something went wrong.
const PAUSE: Duration = Duration::from_secs(1);

/// Folds the stream into the store of the service that holds it.
pub struct Projector {
    /// The stream.
    pub log: Arc<LogStream>,
    /// Where all of it goes.
    pub store: Arc<dyn Store>,
    /// Since when requests are kept, and the loop's clock.
    pub board: Arc<Board>,
    /// What is shadowed.
    pub config: Arc<ShadowingConfig>,
    /// Set when the service ends.
    pub stop: Arc<AtomicBool>,
}

/// What was taken from the stream and is not acknowledged yet.
#[derive(Default)]
struct Taken {
    messages: Vec<Message>,
    requests: Vec<Request>,
    observations: Vec<Observation>,
}

/// Why nothing more is folded.
enum Ended {
    /// The service ends, or has lost its store to another one, which folds the rest.
    Over,
    /// The stream did not do what it should.
    Stream(QueueError),
}

impl From<QueueError> for Ended {
    fn from(error: QueueError) -> Self {
        Self::Stream(error)
    }
}

impl Projector {
    /// Folds until the service ends; while stream or store are away, it waits for them.
    pub async fn project(self) {
        while !self.stops() {
            match self.follow().await {
                Err(Ended::Over) => return,
                Err(Ended::Stream(error)) => tracing::warn!(%error, "the log cannot be folded; it is tried again"),
                Ok(()) => {}
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn follow(&self) -> Result<(), Ended> {
        let connection = self.log.connected().await?;
        let mut messages = connection.follow().await?;
        loop {
            let taken = match tokio::time::timeout(TICK, messages.next()).await {
                _ if self.stops() => return Err(Ended::Over),
                Err(_) => continue,
                Ok(None) => return Ok(()),
                Ok(Some(first)) => {
                    let first = first.map_err(|error| connection.failed(error))?;
                    self.take(first, &mut messages).await
                }
            };
            self.fold(taken).await?;
        }
    }

    /// A message, and those that are there already, or come at once.
    async fn take(&self, first: Message, messages: &mut pull::Stream) -> Taken {
        let mut taken = Taken::default();
        let mut next = Some(first);
        while let Some(message) = next.take() {
            if let Err(error) = taken.add(&message) {
                tracing::error!(%error, subject = %message.subject, "a message of the log cannot be read, and is given up");
                let record = RefusedRecord {
                    id: message.subject.to_string(),
                    code: LineCode::Wrong,
                    message: format!("all records of a message: {error}"),
                };
                self.log.folded.refused(record);
                acknowledge(&message, AckKind::Term).await;
            } else {
                taken.messages.push(message);
            }
            if taken.requests.len() + taken.observations.len() < RECORDS_MAX {
                // An error comes again when there is nothing else to do.
                next = tokio::time::timeout(LINGER, messages.next()).await.ok().flatten().and_then(Result::ok);
            }
        }
        taken
    }

    /// Commits what was taken, and takes it out of the stream.
    async fn fold(&self, mut taken: Taken) -> Result<(), Ended> {
        let kept_from = self.board.config(&self.config).kept_from();
        let too_late = |request: &Request| kept_from.is_some_and(|kept_from| request.at < kept_from);
        for late in taken.requests.extract_if(.., |request| too_late(request)) {
            self.refuse(late.id, LineCode::TooLate, "requests of that time are given up already (--keep-requests)");
        }
        if !taken.requests.is_empty() {
            self.fold_requests(&taken).await?;
        }
        if !taken.observations.is_empty() {
            self.fold_observations(&taken).await?;
        }
        for message in &taken.messages {
            acknowledge(message, AckKind::Ack).await;
        }
        Ok(())
    }

    async fn fold_requests(&self, taken: &Taken) -> Result<(), Ended> {
        let appended = self.patiently(taken, || self.store.append_requests(taken.requests.clone())).await?;
        let Some(appended) = appended else {
            // One of them is to blame; the others are taken.
            for request in &taken.requests {
                match self.patiently(taken, || self.store.append_requests(vec![request.clone()])).await? {
                    Some(appended) => self.count(core::slice::from_ref(request), &appended),
                    None => self.refuse(request.id.clone(), LineCode::Wrong, "the database cannot hold it"),
                }
            }
            return Ok(());
        };
        self.count(&taken.requests, &appended);
        Ok(())
    }

    async fn fold_observations(&self, taken: &Taken) -> Result<(), Ended> {
        let append = |batch: Vec<Observation>| self.store.append_observations(batch, self.board.snapshot().now);
        let Some(appended) = self.patiently(taken, || append(taken.observations.clone())).await? else {
            for observation in &taken.observations {
                match self.patiently(taken, || append(vec![observation.clone()])).await? {
                    Some(appended) => self.count(&[], &appended),
                    None => self.refuse(observation.request.clone(), LineCode::Wrong, "the database cannot hold it"),
                }
            }
            return Ok(());
        };
        self.count(&[], &appended);
        Ok(())
    }

    /// Tries again for as long as the store is away; meanwhile the stream hears that the messages are worked on. None where
    /// the store can never hold it.
    async fn patiently<F>(&self, taken: &Taken, append: impl Fn() -> F) -> Result<Option<Vec<Appended>>, Ended>
    where
        F: Future<Output = Result<Vec<Appended>, StoreError>>,
    {
        loop {
            match append().await {
                Ok(appended) => return Ok(Some(appended)),
                Err(StoreError::Unfit(error)) => {
                    tracing::error!(error, "the database cannot hold a record of the stream");
                    return Ok(None);
                }
                Err(error @ (StoreError::Held { .. } | StoreError::Closed)) => {
                    tracing::warn!(%error, "what is in the stream is folded by whoever has the database");
                    return Err(Ended::Over);
                }
                Err(error) => tracing::warn!(%error, "the log cannot be folded; it is tried again"),
            }
            for message in &taken.messages {
                acknowledge(message, AckKind::Progress).await;
            }
            tokio::time::sleep(PAUSE).await;
            if self.stops() {
                return Err(Ended::Over);
            }
        }
    }

    fn count(&self, requests: &[Request], appended: &[Appended]) {
        let count = |wanted| appended.iter().filter(|one| **one == wanted).count() as u64;
        self.log.folded.folded(count(Appended::Accepted), count(Appended::Duplicate));
        let conflicts = requests.iter().zip(appended).filter(|(_, appended)| **appended == Appended::Conflict);
        for (request, _) in conflicts {
            let message = "was a different request; ids are unique, and the one that was folded first stays";
            self.refuse(request.id.clone(), LineCode::Conflict, message);
        }
    }

    fn refuse(&self, id: String, code: LineCode, message: &str) {
        self.log.folded.refused(RefusedRecord { id, code, message: message.to_owned() });
    }

    fn stops(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

impl Taken {
    fn add(&mut self, message: &Message) -> Result<(), QueueError> {
        match Kind::named(message.subject.rsplit('.').next().unwrap_or_default()) {
            Some(Kind::Requests) => self.requests.extend(records::<Request>(&message.payload)?),
            Some(Kind::Observations) => self.observations.extend(records::<Observation>(&message.payload)?),
            None => return Err(QueueError::Damaged { what: "the subject of a message" }),
        }
        Ok(())
    }
}

/// One that does not arrive has the message delivered again, which changes nothing.
async fn acknowledge(message: &Message, kind: AckKind) {
    if let Err(error) = message.ack_with(kind).await {
        tracing::warn!(error, "the stream could not be told of a message");
    }
}

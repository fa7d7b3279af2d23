//! Publishing what was taken in.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::connection::State;
use async_nats::jetstream::context::PublishErrorKind;
use tokio::sync::Mutex;

use super::batch::{Batch, Message};
use super::connection::Connection;
use super::folded::Folded;
use crate::background::Background;
use crate::jobs::wall_clock;
use crate::queue::{NatsAddress, QueueError};

/// How long whoever takes records in waits for the stream, before senders are told to come again.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long it waits between two attempts, and for whom the last one's failure holds.
const PAUSE: Duration = Duration::from_millis(250);

/// How often it is looked how much is in the stream.
const LOOK: Duration = Duration::from_secs(1);

/// The stream, as the service has it.
pub struct LogStream {
    place: Arc<Place>,
    /// On which the connection lives.
    background: Background,
    /// How far it is folded.
    pub folded: Arc<Folded>,
}

struct Place {
    address: NatsAddress,
    replicas: u8,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    connection: Option<Arc<Connection>>,
    failed: Option<(Instant, QueueError)>,
}

impl LogStream {
    /// Begins to connect; a stream that is not there is made, with so many copies.
    ///
    /// # Errors
    /// When the system has no thread for it.
    pub fn new(address: NatsAddress, replicas: u8) -> io::Result<Self> {
        let place = Arc::new(Place { address, replicas, held: Mutex::default() });
        let (background, folded) = (Background::start("log-stream")?, Arc::new(Folded::default()));
        background.handle().spawn(look(Arc::clone(&place), Arc::clone(&folded)));
        Ok(Self { place, background, folded })
    }

    /// Publishes a batch. The stream has all of it when this returns.
    ///
    /// # Errors
    /// When the stream does not say so in time: it may have some of it, or all. And where a record is too large for it.
    pub async fn publish(&self, batch: &Batch) -> Result<(), QueueError> {
        let mut open = batch.messages()?;
        let begun = Instant::now();
        while !open.is_empty() {
            let connection = self.connected().await?;
            let Some(error) = sent(&connection, &mut open).await? else { break };
            if error.kind() == PublishErrorKind::StreamNotFound {
                // A server that came back with nothing is connected to as to a new one.
                self.place.held.lock().await.connection = None;
            }
            if begun.elapsed() >= PATIENCE {
                return Err(connection.failed(error));
            }
            tokio::time::sleep(PAUSE).await;
        }
        self.folded.published(batch.records());
        Ok(())
    }

    /// The connection, where it is one.
    ///
    /// # Errors
    /// When there is none now.
    pub(super) async fn connected(&self) -> Result<Arc<Connection>, QueueError> {
        let place = Arc::clone(&self.place);
        let connecting = self.background.handle().spawn(async move { place.connected().await });
        connecting.await.unwrap_or_else(|_| Err(self.place.unavailable("its thread has ended")))
    }
}

impl Place {
    async fn connected(&self) -> Result<Arc<Connection>, QueueError> {
        let mut held = self.held.lock().await;
        if let Some(connection) = &held.connection {
            // What is sent meanwhile would pile up.
            return match connection.client.connection_state() {
                State::Connected => Ok(Arc::clone(connection)),
                _ => Err(self.unavailable("the connection was lost; it is made again")),
            };
        }
        if let Some((at, error)) = &held.failed
            && at.elapsed() < PAUSE
        {
            return Err(error.clone());
        }
        match Connection::open(&self.address, self.replicas).await {
            Ok(connection) => {
                held.failed = None;
                Ok(Arc::clone(held.connection.insert(Arc::new(connection))))
            }
            Err(error) => {
                tracing::warn!(%error, "the stream of the log cannot be used; it is tried again");
                held.failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    fn unavailable(&self, reason: &str) -> QueueError {
        QueueError::Unavailable { address: self.address.to_string(), reason: reason.to_owned() }
    }
}

/// Sends messages, all at once, and keeps those that the stream has not; why it has not.
async fn sent(
    connection: &Connection,
    open: &mut Vec<Message>,
) -> Result<Option<async_nats::jetstream::context::PublishError>, QueueError> {
    let mut answers = Vec::with_capacity(open.len());
    for message in open.iter() {
        answers.push(connection.send(message).await);
    }
    let (mut left, mut failure) = (Vec::new(), None);
    for (message, answer) in std::mem::take(open).into_iter().zip(answers) {
        let stored = match answer {
            Ok(stored) => stored.await.map(drop),
            Err(error) => Err(error),
        };
        let Err(error) = stored else { continue };
        if error.kind() == PublishErrorKind::MaxPayloadExceeded {
            let (bytes, limit) = (message.payload.len(), connection.client.server_info().max_payload);
            return Err(QueueError::TooLarge { what: "a record", bytes, limit });
        }
        left.push(message);
        failure = Some(error);
    }
    *open = left;
    Ok(failure)
}

/// Looks how much is in the stream, for as long as its thread lives.
async fn look(place: Arc<Place>, folded: Arc<Folded>) {
    loop {
        let asked = wall_clock();
        let waiting = async { place.connected().await?.waiting().await };
        match waiting.await {
            Ok(waiting) => folded.saw(Some(&waiting), asked),
            Err(_) => folded.saw(None, asked),
        }
        tokio::time::sleep(LOOK).await;
    }
}

//! A connection to the queue, and what has to be there.

use std::time::{Duration, Instant};

use async_nats::ConnectErrorKind;
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::consumer::{AckPolicy, Consumer, pull};
use async_nats::jetstream::context::{Context, CreateStreamError, CreateStreamErrorKind};
use async_nats::jetstream::object_store::{self, ObjectStore};
use async_nats::jetstream::stream::{self, RetentionPolicy, StorageType, Stream};

use super::task::audience;
use super::{NatsAddress, QueueError};

/// As many copies as a stream may have.
pub const MAX_REPLICAS: u8 = 5;

/// After so long what nobody took, what was answered, and what it was made from are dropped.
pub(super) const KEPT: Duration = Duration::from_secs(24 * 3_600);

/// A piece is begun so often at most; whoever gets it then says that it failed.
pub(super) const ATTEMPTS_MAX: i64 = 5;

/// Whoever says so may die of something else, too.
const DELIVERIES_MAX: i64 = ATTEMPTS_MAX + 5;

/// The most pieces that are worked on, and that are waited for, at once, by all workers together.
const AT_ONCE_MAX: i64 = 10_000;

/// A piece that is published again within this time, since its acknowledgement got lost, is there once.
const DUPLICATES: Duration = Duration::from_secs(120);

/// How long a cluster may take to agree on who leads.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// Whoever has not answered by then may be a leader that is gone: it is asked again.
const SOON: Duration = Duration::from_secs(3);

/// How long it waits between two attempts.
const PAUSE: Duration = Duration::from_millis(250);

const WORK: &str = "shadowplane-work";
const ANSWERS: &str = "shadowplane-answers";
const OBJECTS: &str = "shadowplane-objects";

/// What the queue is made of.
pub(super) struct Connection {
    pub(super) client: async_nats::Client,
    pub(super) context: Context,
    /// What is to be done.
    pub(super) work: Stream,
    /// What came of it.
    pub(super) answers: Stream,
    /// What is too large for messages.
    pub(super) objects: ObjectStore,
    pub(super) address: String,
    replicas: u8,
}

impl Connection {
    /// Connects, and makes what is not there yet; what is there stays as it is.
    ///
    /// # Errors
    /// When nobody answers, or what answers will not do it.
    pub(super) async fn open(address: &NatsAddress, replicas: u8) -> Result<Self, QueueError> {
        let (name, client) = (address.to_string(), connect(address).await?);
        let mut context = async_nats::jetstream::new(client.clone());
        context.set_timeout(SOON);
        let (work, answers, objects) = made(&context, &name, replicas).await?;
        Ok(Self { client, context, work, answers, objects, address: name, replicas })
    }

    /// Makes again what a server has not that came back with nothing.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub(super) async fn make_again(&self) -> Result<(), QueueError> {
        made(&self.context, &self.address, self.replicas).await.map(drop)
    }

    /// Where workers get their pieces; a piece that is told nothing of for `ack_wait` goes to another one.
    pub(super) async fn consumer(&self, ack_wait: Duration) -> Result<Consumer<pull::Config>, QueueError> {
        let config = pull::Config {
            durable_name: Some(consumer_name()),
            ack_policy: AckPolicy::Explicit,
            ack_wait,
            max_deliver: DELIVERIES_MAX,
            max_ack_pending: AT_ONCE_MAX,
            max_waiting: AT_ONCE_MAX,
            filter_subject: format!("shadowplane.work.{}.>", audience()),
            ..Default::default()
        };
        patiently(|| async { self.work.create_consumer(config.clone()).await.map_err(|error| self.failed(error)) })
            .await
    }

    /// Whether any worker takes pieces, or has one.
    pub(super) async fn has_workers(&self) -> bool {
        let info = self.work.consumer_info(consumer_name()).await;
        info.is_ok_and(|info| info.num_waiting > 0 || info.num_ack_pending > 0)
    }

    /// Something that was not answered, or not as it should be.
    pub(super) fn failed(&self, error: impl std::fmt::Display) -> QueueError {
        unavailable(&self.address, error)
    }
}

/// A connection to the servers.
///
/// # Errors
/// When nobody answers, or what answers will not let us in.
pub(crate) async fn connect(address: &NatsAddress) -> Result<async_nats::Client, QueueError> {
    let name = address.to_string();
    address.options().connect(address.servers()).await.map_err(|error| match error.kind() {
        ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication => {
            QueueError::Refused { address: name.clone(), reason: error.to_string() }
        }
        _ => unavailable(&name, error),
    })
}

/// Where pieces of a group are, as a subject that goes on with their names.
pub(super) fn work_subject(group: &str) -> String {
    format!("shadowplane.work.{}.{group}", audience())
}

/// Where answers of a group are.
pub(super) fn answer_subject(group: &str) -> String {
    format!("shadowplane.answer.{}.{group}", audience())
}

/// Tries again, since a cluster that has lost its leader answers nobody until it has another one.
pub(super) async fn patiently<T, F>(attempt: impl Fn() -> F) -> Result<T, QueueError>
where
    F: Future<Output = Result<T, QueueError>>,
{
    let begun = Instant::now();
    loop {
        match attempt().await {
            Err(QueueError::Unavailable { .. }) if begun.elapsed() < PATIENCE => tokio::time::sleep(PAUSE).await,
            ended => return ended,
        }
    }
}

fn consumer_name() -> String {
    format!("workers-{}", audience())
}

fn named(name: &str, subject: &str, replicas: u8) -> stream::Config {
    stream::Config {
        name: name.to_owned(),
        subjects: vec![subject.to_owned()],
        max_age: KEPT,
        storage: StorageType::File,
        num_replicas: replicas.into(),
        ..Default::default()
    }
}

async fn made(context: &Context, name: &str, replicas: u8) -> Result<(Stream, Stream, ObjectStore), QueueError> {
    let work = stream::Config {
        retention: RetentionPolicy::WorkQueue,
        duplicate_window: DUPLICATES,
        description: Some("pieces of work that workers take".to_owned()),
        ..named(WORK, "shadowplane.work.>", replicas)
    };
    let answers = stream::Config {
        max_messages_per_subject: 1,
        description: Some("what came of pieces of work".to_owned()),
        ..named(ANSWERS, "shadowplane.answer.>", replicas)
    };
    let made = |config: &stream::Config| {
        let (context, config) = (context.clone(), config.clone());
        async move { context.get_or_create_stream(config).await.map_err(|error| of_making(name, &error)) }
    };
    let work = patiently(|| made(&work)).await?;
    let answers = patiently(|| made(&answers)).await?;
    Ok((work, answers, patiently(|| bucket(context, name, replicas)).await?))
}

/// Why a stream could not be made.
pub(crate) fn of_making(name: &str, error: &CreateStreamError) -> QueueError {
    let is_without = match error.kind() {
        CreateStreamErrorKind::JetStreamUnavailable => true,
        CreateStreamErrorKind::JetStream(reason) => {
            [ErrorCode::JETSTREAM_NOT_ENABLED, ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT]
                .contains(&reason.error_code())
        }
        _ => false,
    };
    if is_without { QueueError::NoJetStream { address: name.to_owned() } } else { unavailable(name, error) }
}

async fn bucket(context: &Context, name: &str, replicas: u8) -> Result<ObjectStore, QueueError> {
    if let Ok(objects) = context.get_object_store(OBJECTS).await {
        return Ok(objects);
    }
    let config = object_store::Config {
        bucket: OBJECTS.to_owned(),
        description: Some("scenarios that pieces are of, and large answers".to_owned()),
        max_age: KEPT,
        storage: StorageType::File,
        num_replicas: replicas.into(),
        ..Default::default()
    };
    context.create_object_store(config).await.map_err(|error| unavailable(name, error))
}

fn unavailable(address: &str, error: impl std::fmt::Display) -> QueueError {
    QueueError::Unavailable { address: address.to_owned(), reason: error.to_string() }
}

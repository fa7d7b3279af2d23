//! A connection to the stream, and what has to be there.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, Consumer, pull};
use async_nats::jetstream::context::{ConsumerInfoErrorKind, Context, PublishAckFuture, PublishError};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{self, DiscardPolicy, RetentionPolicy, StorageType, Stream};

use super::batch::Message;
use crate::queue::{self, NatsAddress, QueueError};

/// Counts the forms that messages had: those of another form wait for a program that knows them.
const FORM: u32 = 1;

const STREAM: &str = "shadowplane-log";

/// A message that is published again within this time, since its acknowledgement got lost, is there once.
const DUPLICATES: Duration = Duration::from_secs(120);

/// Whoever has not answered by then may be a leader that is gone.
const SOON: Duration = Duration::from_secs(2);

/// A message that is not folded by then is delivered again: hardly longer than a lease lasts, so that the next projector has not
/// to wait for what the one before had.
const ACK_WAIT: Duration = Duration::from_secs(20);

/// So many messages may be on their way to a projector. It bounds what that has in memory, and how many small ones are folded
/// at once.
const AT_ONCE_MAX: usize = 256;

/// A server that says nothing for twice as long is gone, and the next one is asked.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// For so long one waits for messages before one asks again.
const WAIT: Duration = Duration::from_secs(10);

/// The stream, as those who publish and the projector have it.
pub(super) struct Connection {
    pub(super) client: async_nats::Client,
    context: Context,
    stream: Stream,
    address: String,
}

/// What is not folded yet.
pub(super) struct Waiting {
    /// How many messages.
    pub(super) messages: u64,
    /// When the oldest of them was published, in nanoseconds since 1970, where it was found.
    pub(super) oldest_ns: Option<i128>,
}

impl Connection {
    /// Connects, and makes the stream where it is not there yet; one that is there stays as it is.
    ///
    /// # Errors
    /// When nobody answers, or what answers will not do it.
    pub(super) async fn open(address: &NatsAddress, replicas: u8) -> Result<Self, QueueError> {
        let client = queue::connect(address).await?;
        let mut context = async_nats::jetstream::new(client.clone());
        context.set_timeout(SOON);
        let config = stream::Config {
            name: STREAM.to_owned(),
            description: Some("requests and observations that are not in the store yet".to_owned()),
            subjects: vec!["shadowplane.log.>".to_owned()],
            // What is folded goes, and nothing else does: neither by age, nor for what comes after it.
            retention: RetentionPolicy::WorkQueue,
            discard: DiscardPolicy::New,
            duplicate_window: DUPLICATES,
            storage: StorageType::File,
            num_replicas: replicas.into(),
            ..Default::default()
        };
        let name = address.to_string();
        let stream = context.get_or_create_stream(config).await.map_err(|error| queue::of_making(&name, &error))?;
        Ok(Self { client, context, stream, address: name })
    }

    /// Sends a message; what is answered says whether the stream has it.
    pub(super) async fn send(&self, message: &Message) -> Result<PublishAckFuture, PublishError> {
        let subject = format!("shadowplane.log.form{FORM}.{}", message.kind.name());
        let publish = PublishMessage::build().message_id(&message.id).payload(message.payload.clone().into());
        self.context.send_publish(subject, publish).await
    }

    /// What comes in, from the oldest message on that is not folded.
    pub(super) async fn follow(&self) -> Result<pull::Stream, QueueError> {
        let config = pull::Config {
            durable_name: Some(projector_name()),
            description: Some("folds the log into the store".to_owned()),
            ack_policy: AckPolicy::Explicit,
            ack_wait: ACK_WAIT,
            max_ack_pending: AT_ONCE_MAX as i64,
            filter_subject: format!("shadowplane.log.form{FORM}.>"),
            ..Default::default()
        };
        let consumer: Consumer<pull::Config> =
            self.stream.create_consumer(config).await.map_err(|error| self.failed(error))?;
        let messages = consumer.stream().max_messages_per_batch(AT_ONCE_MAX).expires(WAIT).heartbeat(HEARTBEAT);
        messages.messages().await.map_err(|error| self.failed(error))
    }

    /// What is not folded yet, as the projector has acknowledged it. How much is in the stream says less: of a server that was away
    /// and came back, 2.9 may go on to hold what was acknowledged meanwhile.
    pub(super) async fn waiting(&self) -> Result<Waiting, QueueError> {
        let state = self.stream.get_info().await.map_err(|error| self.failed(error))?.state;
        let info = match self.stream.consumer_info(projector_name()).await {
            Ok(info) => info,
            Err(error) if matches!(error.kind(), ConsumerInfoErrorKind::NotFound) => {
                // Nobody has folded anything yet.
                let oldest_ns = Some(state.first_timestamp.unix_timestamp_nanos());
                return Ok(Waiting { messages: state.messages, oldest_ns });
            }
            Err(error) => return Err(self.failed(error)),
        };
        // Nothing is pending once the last one was delivered, whatever is counted.
        let to_deliver = if info.delivered.stream_sequence < state.last_sequence { info.num_pending } else { 0 };
        let messages = to_deliver + info.num_ack_pending as u64;
        let oldest = match messages {
            0 => None,
            _ => self.stream.get_raw_message(info.ack_floor.stream_sequence + 1).await.ok(),
        };
        Ok(Waiting { messages, oldest_ns: oldest.map(|oldest| oldest.time.unix_timestamp_nanos()) })
    }

    /// Something that was not answered, or not as it should be.
    pub(super) fn failed(&self, error: impl std::fmt::Display) -> QueueError {
        QueueError::Unavailable { address: self.address.clone(), reason: error.to_string() }
    }
}

/// The name under which whoever folds takes messages.
fn projector_name() -> String {
    format!("projector-form{FORM}")
}

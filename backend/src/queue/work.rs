//! A worker: takes pieces, a few at once, and answers them.

mod delivery;
mod doing;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::{Consumer, pull};
use futures_util::StreamExt;
use futures_util::future::join_all;
use tokio::sync::watch;

use self::delivery::work_on;
use self::doing::Scenarios;
use super::connection::Connection;
use super::{NatsAddress, QueueError};
use crate::service::told_to_stop;

/// For so long one waits for a piece before one asks again. A server that takes over knows nothing of who waits.
const WAIT: Duration = Duration::from_secs(5);

/// How long a worker does nothing after something went wrong.
const PAUSE: Duration = Duration::from_secs(1);

/// What a worker runs with.
#[derive(Clone, Debug)]
pub struct WorkerConfig {
    /// Where the queue is.
    pub address: NatsAddress,
    /// How many copies streams have that are not there yet.
    pub replicas: u8,
    /// How many pieces it works on at once.
    pub threads: usize,
    /// A piece that a worker says nothing of for so long goes to another one. It holds for all workers, as the last that began
    /// has it.
    pub ack_wait: Duration,
}

/// What all threads of a worker have.
struct Worker {
    connection: Connection,
    ack_wait: Duration,
    scenarios: Scenarios,
}

/// Works on pieces until it is told to stop (SIGINT or SIGTERM); what it has not done then goes to others. `hear` hears that it
/// begins.
///
/// # Errors
/// When the queue cannot be reached at the start; afterwards it waits for it.
pub fn work(config: &WorkerConfig, hear: impl FnOnce()) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ended = runtime.block_on(async {
        let connection = Connection::open(&config.address, config.replicas).await?;
        connection.consumer(config.ack_wait).await?;
        let worker = Worker { connection, ack_wait: config.ack_wait, scenarios: Scenarios::default() };
        let worker = Arc::new(worker);
        hear();
        let (stop, stopped) = watch::channel(false);
        let threads = (0..config.threads).map(|_| tokio::spawn(thread(Arc::clone(&worker), stopped.clone())));
        let threads: Vec<_> = threads.collect();
        told_to_stop().await;
        tracing::info!("what is not done goes to other workers");
        stop.send_replace(true);
        join_all(threads).await.into_iter().collect::<Result<(), _>>().context("a thread of the worker panicked")?;
        // Nobody waits for what a server that is gone would have heard.
        let _ = tokio::time::timeout(PAUSE, worker.connection.client.flush()).await;
        anyhow::Ok(())
    });
    // A run that is under way cannot be stopped, and nobody waits for it.
    runtime.shutdown_background();
    ended
}

/// Takes one piece after the other.
async fn thread(worker: Arc<Worker>, mut stopped: watch::Receiver<bool>) {
    let mut consumer = None;
    while !*stopped.borrow() {
        let taken = tokio::select! {
            _ = stopped.changed() => break,
            taken = take(&worker, &mut consumer) => taken,
        };
        match taken {
            Ok(Some(message)) => work_on(&worker, &message, &mut stopped).await,
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(%error, "no piece could be taken; it is tried again");
                consumer = None;
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// The next piece; none where there was none for a while.
async fn take(worker: &Worker, consumer: &mut Option<Consumer<pull::Config>>) -> Result<Option<Message>, QueueError> {
    let connection = &worker.connection;
    let consumer = match consumer {
        Some(consumer) => consumer,
        None => {
            connection.make_again().await?;
            consumer.insert(connection.consumer(worker.ack_wait).await?)
        }
    };
    let asked = consumer.batch().max_messages(1).expires(WAIT).messages().await;
    let mut batch = asked.map_err(|error| connection.failed(error))?;
    batch.next().await.transpose().map_err(|error| connection.failed(error))
}

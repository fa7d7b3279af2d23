//! Asking workers for the runs of an ensemble, and waiting until all of them are there.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::Duration;

use shared::scenario::ValidScenario;
use shared::simulation::{Outcome, RunOutcome};
use tokio::sync::Mutex;

use self::asked::{Asked, give_up};
use super::connection::Connection;
use super::objects::name_of;
use super::task::Pieces;
use super::{NatsAddress, QueueError};
use crate::background::Background;
use crate::ensemble::Watch;

mod asked;

/// How often it is looked whether the answer is still wanted.
const LOOK: Duration = Duration::from_millis(200);

/// The queue, as whoever asks sees it.
pub struct Queue {
    place: Arc<Place>,
    background: Background,
}

/// Where the queue is, and the connection where there is one.
struct Place {
    address: NatsAddress,
    replicas: u8,
    connection: Mutex<Option<Arc<Connection>>>,
    /// Says what somebody should know who waits.
    say: fn(&str),
}

/// What is heard while one waits.
enum News {
    /// So many runs more are there.
    Done(u32),
    /// That was all, or there will be no more.
    End(Result<Vec<RunOutcome>, QueueError>),
}

impl Queue {
    /// A queue that is not connected to yet. Streams that are not there will have so many copies; `say` hears what somebody
    /// should know who waits.
    ///
    /// # Errors
    /// When the system has no thread for it.
    pub fn new(address: NatsAddress, replicas: u8, say: fn(&str)) -> io::Result<Self> {
        let place = Place { address, replicas, connection: Mutex::default(), say };
        Ok(Self { place: Arc::new(place), background: Background::start("queue")? })
    }

    /// Connects, if that is not done.
    ///
    /// # Errors
    /// When nobody answers, or what answers is of no use.
    pub fn reach(&self) -> Result<(), QueueError> {
        let (place, (tell, hear)) = (Arc::clone(&self.place), mpsc::channel());
        self.background.handle().spawn(async move {
            // Whoever asked waits for it.
            let _ = tell.send(place.connected().await.map(drop));
        });
        hear.recv().unwrap_or_else(|_| Err(self.place.ended()))
    }

    /// Has workers run the whole ensemble of a scenario, without plans; none when it was cancelled. It comes to what
    /// [`ensemble::run`](crate::ensemble::run) comes to, whoever works on it.
    ///
    /// # Errors
    /// When the queue cannot be reached, or workers say that it cannot be done.
    pub fn run(&self, valid: &ValidScenario, watch: &impl Watch) -> Result<Option<Outcome>, QueueError> {
        let content = serde_json::to_vec(valid.original()).expect("a scenario can be JSON");
        let (scenario, total) = (name_of(&content), valid.scenario().runs);
        let pieces = Pieces::of_ensemble(&scenario, total);
        let group = pieces.group.clone();
        let (tell, hear) = mpsc::channel();
        let asking = self.background.handle().spawn(ask(Arc::clone(&self.place), scenario, content, pieces, tell));
        let mut done = 0;
        loop {
            match hear.recv_timeout(LOOK) {
                Ok(News::Done(runs)) => done += runs,
                Ok(News::End(end)) => return end.map(|runs| Some(Outcome::collect(runs))),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(self.place.ended()),
            }
            if !watch.done(done, total) && done < total {
                asking.abort();
                let place = Arc::clone(&self.place);
                self.background
                    .handle()
                    .spawn(async move { give_up(&*place.connected().await.ok()?, &group).await.ok() });
                return Ok(None);
            }
        }
    }
}

impl Place {
    /// The connection, which is made where there is none. Once there is one, it connects again by itself.
    async fn connected(&self) -> Result<Arc<Connection>, QueueError> {
        let mut held = self.connection.lock().await;
        if let Some(connection) = &*held {
            return Ok(Arc::clone(connection));
        }
        let connection = Arc::new(Connection::open(&self.address, self.replicas).await?);
        Ok(Arc::clone(held.insert(connection)))
    }

    fn ended(&self) -> QueueError {
        QueueError::Unavailable { address: self.address.to_string(), reason: "its thread has ended".to_owned() }
    }
}

async fn ask(place: Arc<Place>, scenario: String, content: Vec<u8>, pieces: Pieces, tell: Sender<News>) {
    let group = pieces.group.clone();
    let answered = async {
        let connection = place.connected().await?;
        let mut asked = Asked::begin(&connection, pieces, place.say).await?;
        let runs = asked.wait((&scenario, &content), |runs| drop(tell.send(News::Done(runs)))).await;
        if runs.is_err() {
            // Nobody wants the rest; where it cannot be given up, it is dropped when its time is over.
            let _ = give_up(&connection, &group).await;
        }
        runs
    };
    let answered = answered.await;
    if matches!(answered, Err(QueueError::Unavailable { .. })) {
        // A server that comes back with nothing is connected to as to a new one.
        *place.connection.lock().await = None;
    }
    // Whoever asked may have gone.
    let _ = tell.send(News::End(answered));
}

//! A thread that owns a database connection and does what it is sent, in order.

use std::sync::mpsc;
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::store::StoreError;

/// How many calls may wait before callers wait to be let in.
const QUEUE: usize = 256;

type Call = Box<dyn FnOnce(&mut Connection) + Send>;

/// Handle of the thread; it ends when the handle is dropped and everything queued is done.
#[derive(Debug)]
pub(super) struct DatabaseThread {
    calls: Option<mpsc::SyncSender<Call>>,
    thread: Option<JoinHandle<()>>,
}

impl DatabaseThread {
    pub(super) fn start(name: &str, mut connection: Connection) -> Result<Self, StoreError> {
        let (calls, queue) = mpsc::sync_channel::<Call>(QUEUE);
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || queue.into_iter().for_each(|call| call(&mut connection)))
            .map_err(|error| StoreError::Database(error.to_string()))?;
        Ok(Self { calls: Some(calls), thread: Some(thread) })
    }

    /// Has the thread do one thing, and waits for its answer.
    pub(super) async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let call: Call = Box::new(move |connection| {
            // Whoever asked may have gone; what was done stays done.
            let _ = answer.send(work(connection));
        });
        let calls = self.calls.as_ref().ok_or(StoreError::Closed)?;
        calls.send(call).map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Closed)?
    }
}

impl Drop for DatabaseThread {
    fn drop(&mut self) {
        self.calls.take();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been printed already.
            let _ = thread.join();
        }
    }
}

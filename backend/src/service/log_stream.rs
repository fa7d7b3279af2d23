//! The stream that the log goes through, and the thread that folds it into the store.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use actix_web::web::Data;

use super::{Worker, on_thread};
use crate::config::QueueConfig;
use crate::http::App;
use crate::log_stream::{LogStream, Projector};

/// Begins to connect. One that is not there for a while is waited for; meanwhile senders are told to come again.
pub(super) fn open(config: QueueConfig) -> io::Result<Arc<LogStream>> {
    Ok(Arc::new(LogStream::new(config.address, config.replicas)?))
}

/// Folds the stream of a service that has one.
pub(super) fn spawn(app: &Data<App>, log: &Arc<LogStream>, stop: &Arc<AtomicBool>) -> io::Result<Worker> {
    let projector = Projector {
        log: Arc::clone(log),
        store: Arc::clone(&app.store),
        board: Arc::clone(&app.board),
        config: Arc::clone(&app.config),
        stop: Arc::clone(stop),
    };
    on_thread("projector", async move {
        projector.project().await;
        Ok(())
    })
}

//! Remote write: what the last service left, and the thread that writes.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration as StdDuration;

use actix_web::web::Data;
use anyhow::Context;
use shared::units::Duration;

use super::{TICK, Worker, on_thread};
use crate::http::App;
use crate::prometheus::{Mapping, Receiver};
use crate::store::Stores;

/// How long samples of remote write are added up before they are written.
const WRITE_EVERY: StdDuration = StdDuration::from_secs(2);

/// What goes on with the bodies of remote write that the last service had stored when it ended.
pub(super) fn receiver(mapping: Mapping, stores: &Stores, bin: Duration) -> anyhow::Result<Arc<Receiver>> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let receiver = Receiver::open(mapping, Arc::clone(&stores.remote_writes), Arc::clone(&stores.store), bin);
    let receiver = runtime.block_on(receiver).context("what was stored of remote write cannot be read")?;
    Ok(Arc::new(receiver))
}

/// Writes what came by remote write, and all of it when the service ends.
pub(super) fn spawn(app: &Data<App>, receiver: &Arc<Receiver>, stop: &Arc<AtomicBool>) -> io::Result<Worker> {
    let (app, receiver, stop) = (app.clone(), Arc::clone(receiver), Arc::clone(stop));
    on_thread("remote-write", async move {
        loop {
            let last = stop.load(Ordering::Relaxed);
            if let Err(error) = receiver.write(app.board.snapshot().now).await {
                tracing::error!(%error, "what came by remote write could not be added to bins; it is tried again");
            }
            if last {
                return Ok(());
            }
            let begun = std::time::Instant::now();
            while begun.elapsed() < WRITE_EVERY && !stop.load(Ordering::Relaxed) {
                tokio::time::sleep(TICK).await;
            }
        }
    })
}

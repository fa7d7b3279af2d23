//! A process that takes requests and observations in for the one that holds the store: it has them in the stream, and keeps
//! nothing.

mod remembered_keys;

use std::sync::Arc;

use actix_web::web::Data;
use anyhow::{Context, anyhow};
use tokio::sync::oneshot;

use self::remembered_keys::RememberedKeys;
use super::{Ends, News, address, bind, door, log_stream, serve};
use crate::access::RateLimit;
use crate::config::{Config, ServiceRole};
use crate::http::{App, BillDesk, IngestGate, LastMetering};
use crate::notify::Outbox;
use crate::shadowing::SystemClock;
use crate::store::{PostgresStore, Stores};
use crate::tls::Certificate;

/// Runs until it is told to stop (SIGINT or SIGTERM); `hear` hears where it listens.
///
/// # Errors
/// When the address is taken, or the database cannot be reached at the start: afterwards it goes on without, for a while.
pub(super) fn run(mut config: Config, hear: impl Fn(News)) -> anyhow::Result<()> {
    let tls = config.tls.as_ref().map(Certificate::read).transpose()?;
    let (database, stream) = (config.database.take(), config.log_stream.take());
    let (database, stream) = database.zip(stream).ok_or_else(|| anyhow!("it needs a database and a stream"))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    // It reads there who may ask, and notes who did what: neither needs the hold on the database.
    let opened = runtime.block_on(PostgresStore::open(&database.address));
    let stores: Stores = Arc::new(opened.with_context(|| format!("cannot open {}", database.address))?).into();
    config.database = Some(database);
    let keys = Arc::new(RememberedKeys::new(stores.keys));
    let door = door(&config, &*keys)?;
    let listener = bind(config.listen)?;
    hear(News::Listening(address(&listener, tls.is_some())?));
    let app = Data::new(App {
        role: ServiceRole::Ingest,
        log: Some(log_stream::open(stream)?),
        store: stores.store,
        keys,
        door,
        outbox: Arc::new(Outbox::new(stores.notifications)),
        rate_limit: RateLimit::new(config.access.rate_limit),
        board: Arc::default(),
        clock: Arc::new(SystemClock),
        config: Arc::new(config.shadowing),
        body_bytes_max: config.body_bytes_max,
        late_window: config.late_window,
        gate: IngestGate::new(config.ingest_bytes, config.body_bytes_max),
        foreign: config.foreign,
        bills: BillDesk::default(),
        prometheus: None,
        last_metering: LastMetering::default(),
    });
    let (_over, is_over) = oneshot::channel();
    let served = serve(listener, tls, app, None, Ends { is_over, lost: None });
    Ok(actix_web::rt::System::new().block_on(served)?)
}

//! The service: store, loop, jobs and HTTP, started together and stopped together.

mod database;
mod folder;
mod ingest;
mod log_stream;
mod queue;
mod remote_write;
mod signals;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration as StdDuration;

use actix_web::middleware::{Compress, DefaultHeaders, ErrorHandlers, from_fn};
use actix_web::web::{self, Data};
use anyhow::{Context, anyhow};
use shared::features::PastBins;
use tokio::sync::oneshot;

use self::database::{Database, taken_over};
pub(crate) use self::folder::{DATABASE, DEMO_DATABASE, KEYS, REPLAY_DATABASE, claim_folder};
use self::folder::{open_folder, open_outbox};
use self::signals::renew;
pub(crate) use self::signals::told_to_stop;
use crate::access::{Door, RateLimit};
use crate::config::{Config, NoKeys, ServiceRole, ShadowingConfig};
use crate::http::{App, BillDesk, Dashboard, IngestGate, LastMetering, in_our_form, routes, same_origin};
use crate::jobs::{Runner, wall_clock};
use crate::notify::{NotifyConfig, Outgoing, Watch, deliver, notice};
use crate::queue::Queue;
use crate::replay::{ReplaySummary, replay, stay};
use crate::shadowing::{Beginning, Clock, Cycle, CycleError, SystemClock, VirtualClock, settled};
use crate::store::{KeyStore, Store, StoreError};
use crate::tls::Certificate;

/// How long the loop sleeps when no hour is due.
const TICK: StdDuration = StdDuration::from_millis(50);

/// How many seconds there are to answer what was asked before the service was told to end.
const SHUTDOWN: u64 = 10;
/// Most files that may be open at once, clients among them, where the system allows as many.
const OPEN_FILES: u64 = 65_536;

/// What the service tells of itself.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// It listens, at this address of a page.
    Listening(String),
    /// All that was to be replayed has happened.
    Replayed(Box<ReplaySummary>),
}

/// Runs until it is told to stop (SIGINT or SIGTERM), or to the end of what is replayed; `hear` hears the news.
///
/// # Errors
/// When the address is taken, the folder cannot be used, the dashboard is not there, or a replay cannot go on.
pub fn run(config: Config, hear: impl Fn(News) + Send + 'static) -> anyhow::Result<()> {
    if config.role == ServiceRole::Ingest {
        return ingest::run(config, hear);
    }
    let tls = config.tls.as_ref().map(Certificate::read).transpose()?;
    // One that waits for a database does not listen meanwhile.
    let mut database = config.database.as_ref().map(Database::hold).transpose()?;
    let listener = bind(config.listen)?;
    let dashboard = config.dashboard.as_deref().map(Dashboard::open).transpose()?;
    let (stores, _in_use) = match &database {
        Some(database) => (database.stores.clone(), None),
        None => {
            std::fs::create_dir_all(&config.data).with_context(|| format!("cannot make {}", config.data.display()))?;
            let in_use = claim_folder(&config.data)?;
            (open_folder(&config)?, Some(in_use))
        }
    };
    let door = door(&config, &*stores.keys)?;
    let outbox = open_outbox(&config, Arc::clone(&stores.notifications))?;
    let outgoing = Outgoing::new(config.notify.outgoing_ca.as_deref())?;
    let mut config = config;
    (config.shadowing.start, config.shadowing.past) = begin(&*stores.store, &config.shadowing)?;
    let clock: Arc<dyn Clock> = match &config.shadowing.replay {
        Some(replay) => Arc::new(VirtualClock::new(replay.start, replay.speed)),
        None => Arc::new(SystemClock),
    };
    let prometheus = match config.prometheus.take() {
        Some(mapping) => Some(remote_write::receiver(mapping, &stores, config.shadowing.bin)?),
        None => None,
    };
    let queue = config.queue.take().map(queue::open).transpose()?;
    let app = Data::new(App {
        role: ServiceRole::All,
        log: config.log_stream.take().map(log_stream::open).transpose()?,
        store: stores.store,
        keys: stores.keys,
        door,
        outbox,
        rate_limit: RateLimit::new(config.access.rate_limit),
        board: Arc::default(),
        clock,
        config: Arc::new(config.shadowing),
        body_bytes_max: config.body_bytes_max,
        late_window: config.late_window,
        gate: IngestGate::new(config.ingest_bytes, config.body_bytes_max),
        foreign: config.foreign,
        bills: BillDesk::default(),
        prometheus,
        last_metering: LastMetering::default(),
    });
    let stop = Arc::new(AtomicBool::new(false));
    let (over, is_over) = oneshot::channel();
    let address = address(&listener, tls.is_some())?;
    config.notify.links.external_url.get_or_insert_with(|| address.clone());
    hear(News::Listening(address));
    let mut threads = match &app.config.replay {
        Some(_) => vec![spawn_replay(&app, queue, &stop, (over, hear))?],
        None => vec![spawn_loop(&app, &stop)?, spawn_runner(&app, queue, &stop)?],
    };
    if let Some(receiver) = &app.prometheus {
        threads.push(remote_write::spawn(&app, receiver, &stop)?);
    }
    if let Some(log) = &app.log {
        threads.push(log_stream::spawn(&app, log, &stop)?);
    }
    threads.extend(spawn_notify(&app, config.notify, outgoing, &stop)?);
    let lost = database.as_mut().and_then(|database| database.lost.take());
    let served = actix_web::rt::System::new().block_on(serve(listener, tls, app, dashboard, Ends { is_over, lost }));
    stop.store(true, Ordering::Relaxed);
    for thread in threads {
        thread.join().map_err(|_| anyhow!("a thread of the service panicked; its message is above"))??;
    }
    database.as_ref().map(Database::let_go).transpose()?;
    Ok(served?)
}

/// Reads what the service would read when it starts, and holds it against the rest; nothing is listened to or written.
///
/// # Errors
/// As [`run`], of files.
pub fn check(config: &Config) -> anyhow::Result<()> {
    config.tls.as_ref().map(Certificate::read).transpose()?;
    config.dashboard.as_deref().map(Dashboard::open).transpose()?;
    Outgoing::new(config.notify.outgoing_ca.as_deref())?;
    Ok(())
}

fn bind(listen: SocketAddr) -> anyhow::Result<TcpListener> {
    // Each client is an open file, and the usual soft limit of 1,024 is for programs that call select(2): whoever does not
    // is to raise it (systemd, "File Descriptor Limits").
    match rlimit::increase_nofile_limit(OPEN_FILES) {
        Ok(files) => tracing::debug!(files, "files that may be open"),
        Err(error) => tracing::warn!("the limit of open files stays as it is: {error}"),
    }
    TcpListener::bind(listen).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => {
            anyhow!("{listen} is in use by another program; stop it, or choose another address with --listen")
        }
        _ => anyhow!("cannot listen on {listen}: {error}"),
    })
}

/// The address of a page of the service.
fn address(listener: &TcpListener, is_tls: bool) -> io::Result<String> {
    let scheme = if is_tls { "https" } else { "http" };
    Ok(format!("{scheme}://{}", listener.local_addr()?))
}

/// What the primary begins with, which is the same at every start, and what is left of the log before.
fn begin(store: &dyn Store, config: &ShadowingConfig) -> anyhow::Result<(Option<Beginning>, Option<Arc<PastBins>>)> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(async {
        let first = match config.replay.as_ref().and_then(|replay| replay.world.first()) {
            Some(first) => Some(first),
            None => store.summary().await?.first,
        };
        let last = config.history.as_ref().and_then(|history| history.last());
        if let Some((first, last)) = first.zip(last).filter(|(first, last)| first <= last) {
            return Err(anyhow!(
                "--history goes on until {last}, but the log begins at {first}: what is in both would count twice; leave it \
                 out of --history"
            ));
        }
        let beginning = settled(store, config.start.clone()).await?;
        let is_carried = beginning.as_ref().is_some_and(|beginning| beginning.carried.is_some());
        let past = if is_carried { Some(Arc::new(store.bins(config.bin).await?)) } else { None };
        Ok((beginning, past))
    })
}

/// Who may ask: whoever has a key, unless the service was started for anybody. The demo holds nothing of anybody, and needs
/// no key on this machine as long as there is none.
fn door(config: &Config, keys: &dyn KeyStore) -> anyhow::Result<Door> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let now = wall_clock();
    let usable = runtime
        .block_on(keys.keys())?
        .into_iter()
        .filter(|key| key.view.revoked_at.is_none() && key.view.expires_at.is_none_or(|end| now < end));
    let usable = usable.count();
    let demo = config.shadowing.is_demo() && config.listen.ip().is_loopback();
    match config.access.no_keys {
        Some(NoKeys::Anywhere) => {
            tracing::warn!("there are no keys: whoever reaches {} may do everything", config.listen);
            Ok(Door::Anybody)
        }
        None if usable > 0 => {
            tracing::info!(keys = usable, "whoever asks needs a key");
            Ok(Door::Keys)
        }
        Some(NoKeys::Loopback) => {
            tracing::warn!("there are no keys: whoever is on this machine may do everything");
            Ok(Door::ThisMachine)
        }
        None if demo => {
            tracing::info!("the demo needs no keys on {}; `shadowplane keys create` makes one", config.listen);
            Ok(Door::ThisMachine)
        }
        // It ends by itself, and so nobody has to ask.
        None if config.shadowing.replay.as_ref().is_some_and(|replay| replay.exit) => Ok(Door::Keys),
        None => {
            let (place, option) = match &config.database {
                Some(database) => (database.address.to_string(), "--store"),
                None => (config.data.display().to_string(), "--data"),
            };
            Err(anyhow!(
                "{place} has no key that is good, so that nobody could ask; make one with `shadowplane keys create --role admin \
                 {option} {place}`, or let whoever is on this machine do everything with --no-keys"
            ))
        }
    }
}

fn spawn_loop(app: &Data<App>, stop: &Arc<AtomicBool>) -> io::Result<Worker> {
    let (app, stop) = (app.clone(), Arc::clone(stop));
    on_thread("loop", async move {
        let mut cycle = match begin_when_reached(&app, &stop).await {
            Ok(cycle) => cycle,
            Err(error) => {
                tracing::error!(%error, "the loop cannot begin");
                return Ok(());
            }
        };
        while !stop.load(Ordering::Relaxed) {
            // What was acknowledged before a step closes belongs to it.
            let closes = cycle.closes();
            let waits = app.log.as_ref().is_some_and(|log| !log.folded.is_folded_until(closes));
            let stepped = if waits && closes <= app.clock.now() { Ok(false) } else { cycle.step().await };
            match stepped {
                Ok(true) => {}
                Ok(false) => tokio::time::sleep(TICK).await,
                Err(error) => {
                    tracing::error!(%error, "an hour could not be closed; it is tried again");
                    tokio::time::sleep(TICK * 20).await;
                    // From what is stored, as after a kill: what was half done is begun anew.
                    match begin_when_reached(&app, &stop).await {
                        Ok(anew) => cycle = anew,
                        Err(error) => tracing::error!(%error, "the loop cannot go on from what is stored"),
                    }
                }
            }
        }
        Ok(())
    })
}

/// Waits for a database that is not there for a while: to go on with what was half done would be wrong.
async fn begin_when_reached(app: &App, stop: &AtomicBool) -> Result<Cycle, CycleError> {
    loop {
        match begin_loop(app).await {
            Err(CycleError::Store(error @ StoreError::Unavailable(_))) if !stop.load(Ordering::Relaxed) => {
                tracing::warn!(%error, "the loop waits for the database");
                tokio::time::sleep(TICK * 20).await;
            }
            begun => return begun,
        }
    }
}

async fn begin_loop(app: &App) -> Result<Cycle, CycleError> {
    let (store, board) = (Arc::clone(&app.store), Arc::clone(&app.board));
    Cycle::begin(store, board, Arc::clone(&app.clock), Arc::clone(&app.config)).await
}

/// The loop and the jobs of a replay, in turn; `over` is told when the service shall end.
fn spawn_replay(
    app: &Data<App>,
    queue: Option<Arc<Queue>>,
    stop: &Arc<AtomicBool>,
    (over, hear): (oneshot::Sender<()>, impl Fn(News) + Send + 'static),
) -> io::Result<Worker> {
    let (app, jobs) = (app.clone(), runner(app, queue, stop));
    on_thread("replay", async move {
        // Where this ends, be it by an error, `over` is dropped, and the service ends.
        let _over = over;
        let mut cycle = begin_loop(&app).await?;
        if !replay(&mut cycle, &jobs).await? {
            return Ok(());
        }
        let summary = ReplaySummary::new(&*app.store, &app.board, &app.config).await?;
        hear(News::Replayed(Box::new(summary)));
        if app.config.replay.as_ref().is_some_and(|replay| !replay.exit) {
            stay(&mut cycle, &jobs).await?;
        }
        Ok(())
    })
}

fn runner(app: &Data<App>, queue: Option<Arc<Queue>>, stop: &Arc<AtomicBool>) -> Runner {
    Runner {
        store: Arc::clone(&app.store),
        board: Arc::clone(&app.board),
        config: Arc::clone(&app.config),
        keys: app.config.replay.is_none().then(|| Arc::clone(&app.keys)),
        queue,
        stop: Arc::clone(stop),
    }
}

fn spawn_runner(app: &Data<App>, queue: Option<Arc<Queue>>, stop: &Arc<AtomicBool>) -> io::Result<Worker> {
    let runner = runner(app, queue, stop);
    on_thread("jobs", async move {
        match runner.until_reached(|| runner.store.requeue_running(Some(wall_clock()))).await {
            Ok(0) => {}
            Ok(jobs) => tracing::info!(jobs, "jobs that were running are queued again"),
            Err(error) => tracing::error!(%error, "running jobs could not be queued again"),
        }
        runner.run().await;
        Ok(())
    })
}

/// What notices, and what sends that to webhooks.
fn spawn_notify(
    app: &Data<App>,
    config: NotifyConfig,
    outgoing: Outgoing,
    stop: &Arc<AtomicBool>,
) -> io::Result<[Worker; 2]> {
    let (store, board, clock) = (Arc::clone(&app.store), Arc::clone(&app.board), Arc::clone(&app.clock));
    let watch = Watch::new(store, board, clock, Arc::clone(&app.config), Arc::clone(&app.outbox));
    let deliveries = deliver(Arc::clone(&app.outbox), outgoing.clone(), config.retries, Arc::clone(stop));
    let notices = notice(watch, config, outgoing, Arc::clone(stop));
    let notices = on_thread("notify", async {
        notices.await;
        Ok(())
    })?;
    let deliveries = on_thread("webhooks", async {
        deliveries.await;
        Ok(())
    })?;
    Ok([notices, deliveries])
}

/// A thread of the service; what it could not go on with.
type Worker = JoinHandle<Result<(), CycleError>>;

fn on_thread(name: &str, work: impl Future<Output = Result<(), CycleError>> + Send + 'static) -> io::Result<Worker> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    std::thread::Builder::new().name(name.to_owned()).spawn(move || runtime.block_on(work))
}

/// What ends the service beside whoever started it.
struct Ends {
    /// All that was to be replayed has happened.
    is_over: oneshot::Receiver<()>,
    /// Another service has taken the database over.
    lost: Option<oneshot::Receiver<()>>,
}

async fn serve(
    listener: TcpListener,
    tls: Option<Arc<Certificate>>,
    app: Data<App>,
    dashboard: Option<Dashboard>,
    ends: Ends,
) -> io::Result<()> {
    let (replays, outbox) = (app.config.replay.is_some(), Arc::clone(&app.outbox));
    let policy = dashboard.as_ref().map_or("default-src 'none'; frame-ancestors 'none'".to_owned(), |dashboard| {
        dashboard.content_security_policy.clone()
    });
    let server = actix_web::HttpServer::new(move || {
        let headers = DefaultHeaders::new()
            .add(("Content-Security-Policy", policy.clone()))
            .add(("X-Content-Type-Options", "nosniff"))
            .add(("Referrer-Policy", "no-referrer"));
        let service = actix_web::App::new()
            .app_data(app.clone())
            .wrap(ErrorHandlers::new().default_handler_client(in_our_form))
            .wrap(from_fn(same_origin))
            .wrap(Compress::default())
            .wrap(headers)
            .configure(routes);
        match &dashboard {
            Some(dashboard) => service.service(dashboard.files()),
            None => service.default_service(web::to(crate::http::no_such_path)),
        }
    })
    .workers(1)
    .disable_signals()
    .shutdown_timeout(SHUTDOWN);
    let renewal = actix_web::rt::spawn(renew(tls.clone()));
    let server = match tls {
        Some(tls) => server.listen_rustls_0_23(listener, tls.config().map_err(io::Error::other)?)?,
        None => server.listen(listener)?,
    };
    let server = server.run();
    let handle = server.handle();
    actix_web::rt::spawn(async move {
        let graceful = tokio::select! {
            graceful = told_to_stop() => graceful,
            // Nobody says so: it is over when there is nobody left who could.
            _ = ends.is_over, if replays => true,
            () = taken_over(ends.lost) => false,
        };
        // Those who listen would never go by themselves.
        outbox.close();
        handle.stop(graceful).await;
    });
    let served = server.await;
    renewal.abort();
    served
}

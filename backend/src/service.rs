//! The service: store, loop, jobs and HTTP, started together and stopped together.

use std::fs::{File, TryLockError};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration as StdDuration;

use actix_web::middleware::{Compress, DefaultHeaders, ErrorHandlers, from_fn};
use actix_web::web::{self, Data};
use anyhow::{Context, anyhow};

use crate::config::Config;
use crate::http::{App, Dashboard, in_our_form, routes, same_origin};
use crate::jobs::Runner;
use crate::shadowing::{Beginning, Clock, Cycle, SystemClock, VirtualClock, settled};
use crate::store::{SqliteStore, Store};

/// The store's file in the folder of the data, and that of the demo.
pub(crate) const DATABASE: &str = "shadowplane.sqlite";
pub(crate) const DEMO_DATABASE: &str = "demo.sqlite";

/// How long the loop sleeps when no hour is due.
const TICK: StdDuration = StdDuration::from_millis(50);

/// Runs until it is told to stop (SIGINT or SIGTERM); `listening` hears the address as soon as there is one.
///
/// # Errors
/// When the address is taken, the folder cannot be used, or the dashboard is not there.
pub fn run(config: Config, listening: impl FnOnce(SocketAddr)) -> anyhow::Result<()> {
    let listener = bind(config.listen)?;
    let dashboard = config.dashboard.as_deref().map(Dashboard::open).transpose()?;
    std::fs::create_dir_all(&config.data).with_context(|| format!("cannot make {}", config.data.display()))?;
    let _in_use = claim_folder(&config.data)?;
    let store = open_store(&config)?;
    let mut config = config;
    config.shadowing.start = begin(&*store, config.shadowing.start.take())?;
    let clock: Arc<dyn Clock> = match &config.shadowing.demo {
        Some(demo) => Arc::new(VirtualClock::new(demo.start, demo.speed)),
        None => Arc::new(SystemClock),
    };
    let app = Data::new(App {
        store,
        board: Arc::default(),
        clock,
        config: Arc::new(config.shadowing),
        body_bytes_max: config.body_bytes_max,
    });
    let stop = Arc::new(AtomicBool::new(false));
    let threads = [spawn_loop(&app, &stop)?, spawn_runner(&app, &stop)?];
    listening(listener.local_addr()?);
    let served = actix_web::rt::System::new().block_on(serve(listener, app, dashboard));
    stop.store(true, Ordering::Relaxed);
    for thread in threads {
        thread.join().map_err(|_| anyhow!("a thread of the service panicked; its message is above"))?;
    }
    Ok(served?)
}

fn bind(listen: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(listen).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => {
            anyhow!("{listen} is in use by another program; stop it, or choose another address with --listen")
        }
        _ => anyhow!("cannot listen on {listen}: {error}"),
    })
}

/// Holds the folder for as long as the file is open: two loops would write two truths, and run each other's jobs.
fn claim_folder(data: &Path) -> anyhow::Result<File> {
    let path = data.join("in-use.lock");
    let file = File::create(&path).with_context(|| format!("cannot make {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(anyhow!(
            "{} is in use by another shadowplane; stop it, or choose another folder with --data",
            data.display()
        )),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("cannot lock {}", path.display())),
    }
}

/// What the primary begins with, which is the same at every start.
fn begin(store: &dyn Store, given: Option<Beginning>) -> anyhow::Result<Option<Beginning>> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    Ok(runtime.block_on(settled(store, given))?)
}

/// The demo has a file of its own and begins afresh, so that no day of the example is counted twice.
fn open_store(config: &Config) -> anyhow::Result<Arc<dyn Store>> {
    let name = if config.shadowing.demo.is_some() { DEMO_DATABASE } else { DATABASE };
    let file = config.data.join(name);
    if config.shadowing.demo.is_some() {
        for end in ["", "-wal", "-shm"] {
            let old = config.data.join(format!("{name}{end}"));
            match std::fs::remove_file(&old) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(anyhow!("cannot remove the last demo's {}: {error}", old.display()));
                }
                _ => {}
            }
        }
    }
    let store = SqliteStore::open(&file).with_context(|| format!("cannot open {}", file.display()))?;
    Ok(Arc::new(store))
}

fn spawn_loop(app: &Data<App>, stop: &Arc<AtomicBool>) -> io::Result<JoinHandle<()>> {
    let (app, stop) = (app.clone(), Arc::clone(stop));
    on_thread("loop", async move {
        let (store, board) = (Arc::clone(&app.store), Arc::clone(&app.board));
        let begun = Cycle::begin(store, board, Arc::clone(&app.clock), Arc::clone(&app.config)).await;
        let mut cycle = match begun {
            Ok(cycle) => cycle,
            Err(error) => return tracing::error!(%error, "the loop cannot begin"),
        };
        while !stop.load(Ordering::Relaxed) {
            match cycle.step().await {
                Ok(true) => {}
                Ok(false) => tokio::time::sleep(TICK).await,
                Err(error) => {
                    tracing::error!(%error, "an hour could not be closed; it is tried again");
                    tokio::time::sleep(TICK * 20).await;
                }
            }
        }
    })
}

fn spawn_runner(app: &Data<App>, stop: &Arc<AtomicBool>) -> io::Result<JoinHandle<()>> {
    let runner = Runner {
        store: Arc::clone(&app.store),
        board: Arc::clone(&app.board),
        config: Arc::clone(&app.config),
        stop: Arc::clone(stop),
    };
    on_thread("jobs", async move {
        match runner.store.requeue_running().await {
            Ok(0) => {}
            Ok(jobs) => tracing::info!(jobs, "jobs that were running are queued again"),
            Err(error) => tracing::error!(%error, "running jobs could not be queued again"),
        }
        runner.run().await;
    })
}

fn on_thread(name: &str, work: impl Future<Output = ()> + Send + 'static) -> io::Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    std::thread::Builder::new().name(name.to_owned()).spawn(move || runtime.block_on(work))
}

async fn serve(listener: TcpListener, app: Data<App>, dashboard: Option<Dashboard>) -> io::Result<()> {
    let policy = dashboard.as_ref().map_or("default-src 'none'; frame-ancestors 'none'".to_owned(), |dashboard| {
        dashboard.content_security_policy.clone()
    });
    actix_web::HttpServer::new(move || {
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
    .shutdown_timeout(5)
    .listen(listener)?
    .run()
    .await
}

//! What the service runs with, parsed once from the command line and the environment.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;
use shared::allocation::Budget;
use shared::api::JobKind;
use shared::features::{PastBins, TimeZone};
use shared::feedback::{PromotionSettings, TriggerSettings};
use shared::pricing::{CommitmentOffer, Owned, PriceBook};
use shared::request::{Catalogue, RequestLog};
use shared::scenario::Scenario;
use shared::shadow::Known;
use shared::trace::inventory::InventoryNode;
use shared::trace::mapping::Mapping;
use shared::units::{Duration, Instant};

use crate::notify::NotifyConfig;
use crate::queue::NatsAddress;
use crate::shadowing::{Beginning, Horizons, Recording, Schedule};
use crate::store::PostgresAddress;
use crate::tls::TlsFiles;
use crate::{ensemble, prometheus};

/// Settings of the service.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The folder of the database, where it is not on a server.
    pub data: PathBuf,
    /// The database on a server, where it is not in the folder.
    pub database: Option<DatabaseConfig>,
    /// Where workers take the ensembles of jobs from; without it, threads of this process run them.
    pub queue: Option<QueueConfig>,
    /// What this process does of the service.
    pub role: ServiceRole,
    /// The stream that requests and observations go through before they are in the store, where they do.
    pub log_stream: Option<QueueConfig>,
    /// The folder of the dashboard's files; without it there is only the API.
    pub dashboard: Option<PathBuf>,
    /// The most that a body may hold, after decompression.
    pub body_bytes_max: usize,
    /// How long ago a request may have been made that comes in.
    pub late_window: Duration,
    /// The most that bodies of records may hold that are in memory at once.
    pub ingest_bytes: usize,
    /// What it shows whoever connects by TLS; without it there is no TLS.
    pub tls: Option<TlsFiles>,
    /// Who may ask it.
    pub access: AccessConfig,
    /// Whose the resources are that events of other control planes tell of.
    pub foreign: ForeignTenants,
    /// Which metrics it takes from a Prometheus, and what they become; without it, it takes none.
    pub prometheus: Option<prometheus::Mapping>,
    /// Whom it tells what it notices.
    pub notify: NotifyConfig,
    /// The collector that is sent traces, by OTLP; without it, there are none.
    pub otlp_endpoint: Option<String>,
    /// What it shadows.
    pub shadowing: ShadowingConfig,
}

/// A database on a server.
#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    /// Where it is.
    pub address: PostgresAddress,
    /// Whether to wait while another service has it.
    pub wait: bool,
}

/// A queue of work in NATS JetStream.
#[derive(Clone, Debug)]
pub struct QueueConfig {
    /// Where it is.
    pub address: NatsAddress,
    /// How many copies streams have that are not there yet.
    pub replicas: u8,
}

/// What a process does of the service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceRole {
    /// Everything
    #[default]
    All,
    /// Takes requests and observations in, and has them in the stream: as many of these as you like
    Ingest,
}

impl ServiceRole {
    /// What it is called.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Ingest => "ingest",
        }
    }
}

/// Who may ask the service, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessConfig {
    /// Whom it answers without a key; nobody where nothing is said.
    pub no_keys: Option<NoKeys>,
    /// How many requests a second each key may make.
    pub rate_limit: NonZeroU32,
}

/// Whom a service answers that asks for no keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoKeys {
    /// Whoever is on this machine
    Loopback,
    /// Whoever reaches it
    Anywhere,
}

/// Whose the resources are that events of other control planes tell of: namespaces and accounts, unless these say otherwise.
#[derive(Clone, Debug, Default)]
pub struct ForeignTenants {
    /// Rules from namespaces, accounts, labels and tags to tenants.
    pub mapping: Option<Mapping>,
    /// The tag of AWS that names the tenant.
    pub tag: Option<String>,
}

/// What is shadowed, and how.
#[derive(Clone, Debug)]
pub struct ShadowingConfig {
    /// What the shadows assume.
    pub assumed: Scenario,
    /// What is really charged, where a bill says so; it comes from elsewhere than requests and observations.
    pub bill: Option<PriceBook>,
    /// All the machines that there are, where they are known; then others cannot have been observed.
    pub inventory: Vec<InventoryNode>,
    /// Amounts of flavors that requests only name.
    pub catalogue: Catalogue,
    /// Have nodes ordered before they are needed: as many as this share of the predicted streams does with, in percent.
    pub predictive_scaling: Option<u8>,
    /// Older requests, which models learn from besides the log; who of them lives is not known.
    pub history: Option<Arc<RequestLog>>,
    /// What the primary begins with beside its log.
    pub start: Option<Beginning>,
    /// Step of the counts.
    pub bin: Duration,
    /// How far the loop forecasts.
    pub horizons: Horizons,
    /// How often forecasts that reach further are made anew.
    pub refresh: Duration,
    /// How much of the log is read and kept, where it is that of a demo; all of it where nothing is said.
    pub keep: Option<Duration>,
    /// How long what comes in is kept; for ever where nothing is said.
    pub retention: Retention,
    /// What is left of requests that are kept no longer.
    pub past: Option<Arc<PastBins>>,
    /// How long it waits for late requests before an hour, or the step of a shorter horizon, counts as over.
    pub late: Duration,
    /// Steps of a training, at most.
    pub training_steps: u32,
    /// How long jobs may take; as long as they like in a replay.
    pub timeouts: JobTimeouts,
    /// When to train a challenger.
    pub triggers: TriggerSettings,
    /// When to train a challenger whatever the errors are, by the calendar.
    pub schedule: Option<Schedule>,
    /// When a challenger is better.
    pub promotion: PromotionSettings,
    /// What may be spent.
    pub budgets: BudgetConfig,
    /// Whether it is searched every day what is worth changing; else only when somebody orders it.
    pub recommends_daily: bool,
    /// Commitments that could be bought.
    pub offers: Vec<CommitmentOffer>,
    /// Machines that were bought.
    pub owned: Vec<Owned>,
    /// What is replayed, where it is not the present that comes in.
    pub replay: Option<ReplayConfig>,
}

/// How long jobs of each kind may take; none is as long as they like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobTimeouts {
    /// An ensemble that someone ordered, and the runs of an explanation or a bisection.
    pub shadow_run: Option<Duration>,
    /// A training with its backtest.
    pub retraining: Option<Duration>,
    /// A search for what is worth changing, and a check of what was accepted.
    pub recommendation: Option<Duration>,
}

impl JobTimeouts {
    /// Nothing is ever given up.
    pub const NONE: Self = Self { shadow_run: None, retraining: None, recommendation: None };

    /// That of a kind.
    pub fn of(&self, kind: JobKind) -> Option<Duration> {
        match kind {
            JobKind::ShadowRun | JobKind::Explanation | JobKind::Bisection => self.shadow_run,
            JobKind::Retraining => self.retraining,
            JobKind::Recommendation | JobKind::SavingCheck => self.recommendation,
            // It goes on the next day where it was.
            JobKind::Trimming => None,
        }
    }
}

impl Default for JobTimeouts {
    /// Half an hour for runs, two hours for trainings and searches.
    fn default() -> Self {
        let long = Some(Duration::HOUR * 2);
        Self { shadow_run: Some(Duration::from_minutes(30)), retraining: long, recommendation: long }
    }
}

/// How long what comes in is kept; none is for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Requests, what was observed of them, and readings of sensors one by one.
    pub requests: Option<Duration>,
    /// The counts by bin that are left of requests.
    pub bins: Option<Duration>,
    /// Entries of the audit.
    pub audit: Option<Duration>,
}

/// What may be spent, and when a breach is sure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetConfig {
    /// Every budget.
    pub budgets: Vec<Budget>,
    /// How many percent of the runs have to breach it, 1 to 100.
    pub sure_percent: u8,
}

impl Default for BudgetConfig {
    fn default() -> Self {
        Self { budgets: Vec::new(), sure_percent: 80 }
    }
}

/// A world of the past on a clock of its own, which waits for whatever is due.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplayConfig {
    /// Seconds of the virtual clock per second, at most.
    pub speed: f64,
    /// Where the virtual clock begins: what happened before is there already.
    pub start: Instant,
    /// Where it stands still; never where nothing is said.
    pub end: Option<Instant>,
    /// Whether the service ends there too.
    pub exit: bool,
    /// Whether it goes on where the last replay of the same world was; else it begins afresh.
    pub resume: bool,
    /// What happens.
    pub world: ReplayedWorld,
}

/// What is replayed.
#[derive(Clone, Debug, PartialEq)]
pub enum ReplayedWorld {
    /// The example workload with its primary, which goes on for ever: the demo.
    Example {
        /// Seeds the workload.
        seed: u64,
    },
    /// What was recorded elsewhere.
    Recorded(Arc<Recording>),
}

impl ReplayedWorld {
    /// The first request of what was recorded.
    pub fn first(&self) -> Option<Instant> {
        match self {
            Self::Example { .. } => None,
            Self::Recorded(recording) => recording.requests.first().map(|request| request.at),
        }
    }
}

impl ShadowingConfig {
    /// The time zone of calendar features and of the days of reports.
    pub fn zone(&self) -> TimeZone {
        self.assumed.time_zone.parse().unwrap_or_default()
    }

    /// BLAKE3 of all settings but what is replayed and how fast, as hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        let learnt = self.history.as_ref().map(|history| (history.requests.len(), history.first(), history.last()));
        let settings = format!("{learnt:?} {:?}", Self { replay: None, history: None, ..self.clone() });
        blake3::hash(settings.as_bytes()).to_hex().to_string()
    }

    /// What models learn from at an instant: the log, and older requests where there are any.
    pub fn known<'a>(&'a self, log: &'a RequestLog, at: Instant) -> Known<'a> {
        Known::going_on(log, self.history.as_deref(), self.past.as_deref(), at)
    }

    /// Where the log begins of which all is kept that its primary goes on from.
    pub fn log_from(&self) -> Instant {
        let carried = self.start.as_ref().filter(|beginning| beginning.carried.is_some());
        carried.map_or(Instant::from_micros(0), |beginning| beginning.at)
    }

    /// Since when requests are kept of which all is known, where others were given up.
    pub fn kept_from(&self) -> Option<Instant> {
        self.start.as_ref().filter(|beginning| beginning.carried.is_some()).map(Beginning::known_from)
    }

    /// From when on it is known who lives, where that is not known of all of the log.
    pub fn known_from(&self) -> Option<Instant> {
        self.start.as_ref().map(Beginning::known_from)
    }

    /// How many threads a job may use: the loop of a replay waits for it, any other goes on beside it.
    pub fn job_threads(&self) -> usize {
        if self.replay.is_some() { ensemble::available_threads() } else { 1 }
    }

    /// Whether the example workload is replayed.
    pub fn is_demo(&self) -> bool {
        matches!(&self.replay, Some(replay) if matches!(replay.world, ReplayedWorld::Example { .. }))
    }

    /// The end of the bins whose requests have all come in when the clock says `now`, late ones aside: of a replayed
    /// world one hears when an hour, or a shorter step, closes.
    pub fn counted_until(&self, now: Instant) -> Instant {
        now.floor(if self.replay.is_some() { self.horizons.step() } else { self.bin })
    }

    /// Shadows what comes in, on the clock of the system, under assumptions; `catalogue` has the amounts of flavors
    /// that requests only name.
    pub fn system(assumed: Scenario, catalogue: Catalogue) -> Self {
        Self {
            assumed,
            bill: None,
            inventory: Vec::new(),
            catalogue,
            predictive_scaling: None,
            history: None,
            start: None,
            bin: Duration::from_minutes(5),
            horizons: Horizons::default(),
            refresh: Duration::HOUR * 6,
            keep: None,
            retention: Retention::default(),
            past: None,
            late: Duration::from_minutes(10),
            training_steps: 300,
            timeouts: JobTimeouts::default(),
            triggers: TriggerSettings::default(),
            schedule: None,
            promotion: PromotionSettings::default(),
            budgets: BudgetConfig::default(),
            recommends_daily: true,
            offers: Vec::new(),
            owned: Vec::new(),
            replay: None,
        }
    }

    /// Shadows the example workload, two weeks after its beginning.
    pub fn demo(speed: f64) -> Self {
        let start = shared::example::day_window(DEMO_DAYS_BEFORE).start;
        Self {
            // The demo's bill: nothing else of the truth is known here.
            bill: Some(shared::example::truth().price_book),
            keep: Some(Duration::DAY * 21),
            ..Self::system(shared::example::scenario(), Catalogue::default()).replaying(ReplayConfig {
                speed,
                start,
                end: None,
                exit: false,
                resume: false,
                world: ReplayedWorld::Example { seed: shared::example::SEED },
            })
        }
    }

    /// The same for what is replayed, whose requests all come in time.
    pub fn replaying(self, replay: ReplayConfig) -> Self {
        Self { late: Duration::ZERO, timeouts: JobTimeouts::NONE, replay: Some(replay), ..self }
    }
}

/// Days of the example that a demo has behind it when it begins.
const DEMO_DAYS_BEFORE: i64 = 14;

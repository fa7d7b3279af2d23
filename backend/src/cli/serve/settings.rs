//! What a service is told, by the command line, the environment and a file.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use shared::input::parse_toml_document;
use shared::scenario::Scenario;
use shared::units::Duration;

use super::jobs_file::JobsFile;
use super::logging::LogFormat;
use super::notify_file::{RetriesFile, WebhookFile};
use super::retention::Keep;
use super::roles::LogThrough;
use super::triggers_file::TriggersFile;
use crate::cli::CliError;
use crate::cli::assumptions::AssumptionArgs;
use crate::cli::budget_file::read_budgets;
use crate::cli::queue_options::{NamedQueue, QueueOptions};
use crate::cli::store_files::StoreFiles;
use crate::config::{AccessConfig, BudgetConfig, DatabaseConfig, NoKeys, QueueConfig, ServiceRole, ShadowingConfig};
use crate::input;
use crate::shadowing::{Horizons, HorizonsError};
use crate::tls::TlsFiles;

/// What the command line, the environment and the file may say.
#[derive(Clone, Debug, Default, clap::Args, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::cli) struct Settings {
    /// Where to listen [default: 127.0.0.1:8080]
    #[arg(long, env = "SHADOWPLANE_LISTEN", value_name = "ADDRESS")]
    pub(super) listen: Option<SocketAddr>,
    /// Folder of the database [default: data]
    #[arg(long, env = "SHADOWPLANE_DATA", value_name = "DIR")]
    pub(super) data: Option<PathBuf>,
    /// Keep everything in a PostgreSQL database in the place of the folder: postgres://user@host:port/database. With
    /// ?sslmode=require by TLS, and the server's certificate is checked
    #[arg(long, env = "SHADOWPLANE_STORE", value_name = "URL", hide_env_values = true)]
    pub(super) store: Option<String>,
    /// The file that holds the password for --store, where the URL has none [default: that of PGPASSWORD]
    #[arg(long, env = "SHADOWPLANE_STORE_PASSWORD_FILE", value_name = "FILE")]
    pub(super) store_password_file: Option<PathBuf>,
    /// Certificates, PEM, that the server of --store may hang from [default: Mozilla's list]
    #[arg(long, env = "SHADOWPLANE_STORE_CA", value_name = "FILE")]
    pub(super) store_ca: Option<PathBuf>,
    /// Where another service has the database of --store, wait until it ends or is dead
    #[arg(long, env = "SHADOWPLANE_STORE_WAIT", value_name = "BOOL", num_args = 0..=1, require_equals = true,
        default_missing_value = "true")]
    pub(super) store_wait: Option<bool>,
    /// Have ensembles of jobs run by `shadowplane worker`s, which take them from a queue in NATS JetStream:
    /// nats://user@host:port, several with commas between; tls:// for TLS
    #[arg(long, env = "SHADOWPLANE_NATS", value_name = "URL", hide_env_values = true)]
    pub(super) nats: Option<String>,
    /// The file that holds the password for --nats, where the URL has none
    #[arg(long, env = "SHADOWPLANE_NATS_PASSWORD_FILE", value_name = "FILE")]
    pub(super) nats_password_file: Option<PathBuf>,
    /// Certificates, PEM, that the servers of --nats may hang from [default: the machine's list]
    #[arg(long, env = "SHADOWPLANE_NATS_CA", value_name = "FILE")]
    pub(super) nats_ca: Option<PathBuf>,
    /// How many servers of the cluster keep what is in the queue; it counts where its streams are made first [default: 1]
    #[arg(long, env = "SHADOWPLANE_NATS_REPLICAS", value_name = "N")]
    pub(super) nats_replicas: Option<u8>,
    /// What this process does: everything, or take requests and observations in for the process that does the rest, through
    /// the stream of --nats; that takes --store, too [default: all]
    #[arg(long, env = "SHADOWPLANE_ROLE", value_enum, value_name = "ROLE")]
    pub(super) role: Option<ServiceRole>,
    /// Where requests and observations go when they come in: into the store, or into a stream of --nats, of which this process
    /// folds them into the store [default: store]
    #[arg(long, env = "SHADOWPLANE_LOG", value_enum, value_name = "WHERE")]
    pub(super) log: Option<LogThrough>,
    /// Folder of the dashboard's files, as trunk builds them
    #[arg(long, env = "SHADOWPLANE_DASHBOARD", value_name = "DIR")]
    pub(super) dashboard: Option<PathBuf>,
    /// Answer by TLS, with this certificate and those that it hangs from, PEM; read again when it changes, and on SIGHUP
    #[arg(long, env = "SHADOWPLANE_TLS_CERT", value_name = "FILE")]
    pub(super) tls_cert: Option<PathBuf>,
    /// The private key of --tls-cert, PEM
    #[arg(long, env = "SHADOWPLANE_TLS_KEY", value_name = "FILE")]
    pub(super) tls_key: Option<PathBuf>,
    /// The most bytes that a body may hold, after decompression [default: 33554432]
    #[arg(long, env = "SHADOWPLANE_BODY_BYTES", value_name = "N")]
    pub(super) body_bytes: Option<usize>,
    /// The most bytes of records that may be in memory at once before senders are told to come again, with 429; what is made
    /// of them is some ten times as large [default: 67108864]
    #[arg(long, env = "SHADOWPLANE_INGEST_BYTES", value_name = "N")]
    pub(super) ingest_bytes: Option<usize>,
    /// Ask for no keys: whoever asks may do everything. Alone, or as `loopback`, it goes with an address of this machine, and
    /// the machine's own names; `anywhere` answers whoever reaches it. The demo needs none on loopback, as long as its
    /// folder has no key
    #[arg(
        long,
        env = "SHADOWPLANE_NO_KEYS",
        value_name = "WHOM",
        value_enum,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "loopback"
    )]
    pub(super) no_keys: Option<NoKeys>,
    /// How many requests a second each key may make, and four times as many at once [default: 50]
    #[arg(long, env = "SHADOWPLANE_RATE_LIMIT", value_name = "N")]
    pub(super) rate_limit: Option<NonZeroU32>,
    /// Budgets, CSV `name,amount,currency,period[,tenant][,label]`: period is day, week or month of UTC, label is KEY=VALUE
    #[arg(long, value_name = "FILE")]
    pub(super) budgets: Option<String>,
    /// How many percent of the runs have to breach a budget for its breach to be sure [default: 80]
    #[arg(long, value_name = "PERCENT")]
    pub(super) sure: Option<u8>,
    /// How far to forecast, in parts of an hour or a day or in days; a day is always among them [default: 1h,1d]
    #[arg(long, value_name = "HORIZONS", value_delimiter = ',')]
    pub(super) horizon: Vec<Duration>,
    /// How long to wait for late requests before an hour counts as over [default: 10m, and 0s in a replay]
    #[arg(long, value_name = "DURATION")]
    pub(super) late: Option<Duration>,
    /// How long ago a request may have been made when it comes in; one that comes later is refused as too late. Ten years
    /// let a history in [default: 3660d]
    #[arg(long, value_name = "DURATION")]
    pub(super) late_window: Option<Duration>,
    /// How long requests, what was observed of them and single readings are kept, in whole days, or forever; counts by bin
    /// are left of them, and those of resources that live stay [default: 30d]
    #[arg(long, env = "SHADOWPLANE_KEEP_REQUESTS", value_name = "DURATION")]
    pub(super) keep_requests: Option<Keep>,
    /// How long those counts by bin are kept, which models learn from, or forever [default: 730d]
    #[arg(long, env = "SHADOWPLANE_KEEP_BINS", value_name = "DURATION")]
    pub(super) keep_bins: Option<Keep>,
    /// How long the audit of who changed what is kept, or forever [default: 730d]
    #[arg(long, env = "SHADOWPLANE_KEEP_AUDIT", value_name = "DURATION")]
    pub(super) keep_audit: Option<Keep>,
    /// Have nodes ordered before they are needed, in shadows and in the primary where it is simulated: as many in each bin as
    /// this share of the predicted streams does with, in percent. Runs them twice
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=100))]
    #[serde(deserialize_with = "percent")]
    pub(super) predictive_scaling: Option<u8>,
    /// Older requests that models learn from besides, NDJSON; they need not have deletes, and end before those that come in
    #[arg(long, value_name = "FILE")]
    pub(super) history: Option<String>,
    /// What runs already when the service begins: its creates, NDJSON, as `import kubernetes-state` writes them; they live
    /// from the whole hour after all that is known of them, and are kept with the log
    #[arg(long, value_name = "FILE")]
    pub(super) start: Option<String>,
    /// Facts, NDJSON: about the requests of --replay, each known once all that it tells has happened; or, with --start, about
    /// what runs already: nodes, and when they were ready; else the policy places it
    #[arg(long, value_name = "FILE")]
    pub(super) observations: Option<String>,
    /// Whose the resources are that events of other control planes tell of: rules from namespaces, accounts, labels and tags
    /// to tenants
    #[arg(long, value_name = "FILE")]
    pub(super) mapping: Option<String>,
    /// Which metrics of Prometheus' remote write become sensor readings, usage or times in modules: rules, TOML; without them
    /// POST /v1/prometheus/write takes nothing
    #[arg(long, value_name = "FILE")]
    pub(super) prometheus_mapping: Option<String>,
    /// The tag that names the tenant of what AWS tells of; the account where a resource has none
    #[arg(long, value_name = "NAME")]
    pub(super) tenant_tag: Option<String>,
    /// When to search what is worth changing: of every day that is predicted, or when POST /v1/recommendations orders it
    /// [default: daily]
    #[arg(long, value_enum, value_name = "WHEN")]
    pub(super) recommend: Option<Recommend>,
    /// Commitments that could be bought, CSV, as for `shadow --recommend`
    #[arg(long, value_name = "FILE")]
    pub(super) commitment_offers: Option<String>,
    /// How the log is written, on standard error [default: text]
    #[arg(long, env = "SHADOWPLANE_LOG_FORMAT", value_enum, value_name = "FORMAT")]
    pub(super) log_format: Option<LogFormat>,
    /// What of the log is written: error, warn, info, debug or trace, or directives such as warn,audit=info [default: info]
    #[arg(long, env = "SHADOWPLANE_LOG_LEVEL", value_name = "LEVEL")]
    pub(super) log_level: Option<String>,
    /// Send OpenTelemetry traces of answers, jobs and steps of the loop to the collector there, by OTLP over HTTP, such as
    /// http://localhost:4318 [default: no traces]
    #[arg(long, env = "SHADOWPLANE_OTLP_ENDPOINT", value_name = "URL")]
    pub(super) otlp_endpoint: Option<String>,
    /// An Alertmanager that is told what the service notices, such as http://localhost:9093; several with commas between
    #[arg(long, env = "SHADOWPLANE_ALERTMANAGER", value_name = "URL", value_delimiter = ',')]
    pub(super) alertmanager: Vec<String>,
    /// The service's address as others see it, for links [default: where it listens]
    #[arg(long, env = "SHADOWPLANE_EXTERNAL_URL", value_name = "URL")]
    pub(super) external_url: Option<String>,
    /// Certificates, PEM, that Alertmanagers and webhooks may hang from [default: Mozilla's list]
    #[arg(long, env = "SHADOWPLANE_OUTGOING_CA", value_name = "FILE")]
    pub(super) outgoing_ca: Option<PathBuf>,
    #[command(flatten)]
    pub(super) assumptions: AssumptionArgs,
    /// When models are trained; only a file says so.
    #[arg(skip)]
    pub(super) triggers: TriggersFile,
    /// How long jobs may take; only a file says so.
    #[arg(skip)]
    pub(super) jobs: JobsFile,
    /// Where notifications are sent to; only a file says so.
    #[arg(skip)]
    pub(super) webhooks: Vec<WebhookFile>,
    /// How often what is not taken is sent again; only a file says so.
    #[arg(skip)]
    pub(super) webhook_retries: RetriesFile,
}

/// When recommendations are searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Recommend {
    /// Of every day that is predicted, and when it is ordered
    Daily,
    /// Only when it is ordered
    OnOrder,
}

/// The most that a body may hold where nothing is said.
pub(super) const BODY_BYTES: usize = 32 << 20;

/// The most that bodies of records may hold at once where nothing is said.
pub(super) const INGEST_BYTES: usize = 64 << 20;

/// The dashboard asks for some ten answers every two seconds.
const RATE_LIMIT: NonZeroU32 = NonZeroU32::new(50).unwrap();

/// How late a request may be at most: every bin since the first one is counted.
const LATE_WINDOW_MAX: Duration = Duration::from_seconds(3_660 * 86_400);

/// The longest that late requests are waited for: every day is over before the next one is.
const LATE_MAX: Duration = Duration::from_seconds(12 * 3_600);

impl Settings {
    /// The same, with what `file` says where these say nothing.
    pub(super) fn or(self, file: Self) -> Self {
        Self {
            listen: self.listen.or(file.listen),
            data: self.data.or(file.data),
            store: self.store.or(file.store),
            store_password_file: self.store_password_file.or(file.store_password_file),
            store_ca: self.store_ca.or(file.store_ca),
            store_wait: self.store_wait.or(file.store_wait),
            nats: self.nats.or(file.nats),
            nats_password_file: self.nats_password_file.or(file.nats_password_file),
            nats_ca: self.nats_ca.or(file.nats_ca),
            nats_replicas: self.nats_replicas.or(file.nats_replicas),
            role: self.role.or(file.role),
            log: self.log.or(file.log),
            dashboard: self.dashboard.or(file.dashboard),
            tls_cert: self.tls_cert.or(file.tls_cert),
            tls_key: self.tls_key.or(file.tls_key),
            body_bytes: self.body_bytes.or(file.body_bytes),
            ingest_bytes: self.ingest_bytes.or(file.ingest_bytes),
            no_keys: self.no_keys.or(file.no_keys),
            rate_limit: self.rate_limit.or(file.rate_limit),
            budgets: self.budgets.or(file.budgets),
            sure: self.sure.or(file.sure),
            horizon: if self.horizon.is_empty() { file.horizon } else { self.horizon },
            late: self.late.or(file.late),
            late_window: self.late_window.or(file.late_window),
            keep_requests: self.keep_requests.or(file.keep_requests),
            keep_bins: self.keep_bins.or(file.keep_bins),
            keep_audit: self.keep_audit.or(file.keep_audit),
            predictive_scaling: self.predictive_scaling.or(file.predictive_scaling),
            history: self.history.or(file.history),
            start: self.start.or(file.start),
            observations: self.observations.or(file.observations),
            mapping: self.mapping.or(file.mapping),
            prometheus_mapping: self.prometheus_mapping.or(file.prometheus_mapping),
            tenant_tag: self.tenant_tag.or(file.tenant_tag),
            recommend: self.recommend.or(file.recommend),
            commitment_offers: self.commitment_offers.or(file.commitment_offers),
            log_format: self.log_format.or(file.log_format),
            log_level: self.log_level.or(file.log_level),
            otlp_endpoint: self.otlp_endpoint.or(file.otlp_endpoint),
            alertmanager: if self.alertmanager.is_empty() { file.alertmanager } else { self.alertmanager },
            external_url: self.external_url.or(file.external_url),
            outgoing_ca: self.outgoing_ca.or(file.outgoing_ca),
            assumptions: self.assumptions.or(file.assumptions),
            triggers: file.triggers,
            jobs: file.jobs,
            webhooks: file.webhooks,
            webhook_retries: file.webhook_retries,
        }
    }

    /// Where to listen.
    pub(super) fn listen(&self) -> SocketAddr {
        self.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080)))
    }

    /// The database on a server, where there is one.
    pub(super) fn database(&self, replays: bool) -> Result<Option<DatabaseConfig>, CliError> {
        let files = StoreFiles { password: self.store_password_file.clone(), ca: self.store_ca.clone() };
        match &self.store {
            None => files.need_store(self.store_wait == Some(true)).map(|()| None),
            Some(_) if replays => {
                let message = "--store has no effect on a replay or the demo, which begin afresh in a file of their own; leave it \
                               out, or take SHADOWPLANE_STORE away";
                Err(CliError::Usage(message.to_owned()))
            }
            Some(url) => {
                let wait = self.store_wait == Some(true);
                Ok(Some(DatabaseConfig { address: files.address(url)?, wait }))
            }
        }
    }

    /// The queue that workers take work from, where there is one.
    pub(super) fn queue(&self) -> Result<Option<QueueConfig>, CliError> {
        let options = QueueOptions {
            url: self.nats.clone(),
            password: self.nats_password_file.clone(),
            ca: self.nats_ca.clone(),
            replicas: self.nats_replicas,
        };
        Ok(options.named()?.map(|NamedQueue { address, replicas }| QueueConfig { address, replicas }))
    }

    /// The certificate, where there is to be TLS.
    pub(super) fn tls(&self) -> Result<Option<TlsFiles>, CliError> {
        match (self.tls_cert.clone(), self.tls_key.clone()) {
            (None, None) => Ok(None),
            (Some(certificates), Some(key)) => Ok(Some(TlsFiles { certificates, key })),
            _ => Err(CliError::Usage("--tls-cert and --tls-key go together; name both".to_owned())),
        }
    }

    /// Who may ask; without keys nobody beyond this machine, unless that is said in so many words.
    pub(super) fn access(&self) -> Result<AccessConfig, CliError> {
        let listen = self.listen();
        if self.no_keys == Some(NoKeys::Loopback) && !listen.ip().is_loopback() {
            return Err(CliError::Usage(format!(
                "--no-keys with --listen {listen} would let whoever reaches this machine do everything; make a key with \
                 `shadowplane keys create`, listen on 127.0.0.1, or say --no-keys=anywhere"
            )));
        }
        Ok(AccessConfig { no_keys: self.no_keys, rate_limit: self.rate_limit.unwrap_or(RATE_LIMIT) })
    }

    /// The budgets, in the currency of the prices.
    pub(super) fn budgets(&self, assumed: &Scenario) -> Result<BudgetConfig, CliError> {
        let default = BudgetConfig::default();
        let sure_percent = self.sure.unwrap_or(default.sure_percent);
        if !(1..=100).contains(&sure_percent) {
            return Err(CliError::Usage(format!("--sure is {sure_percent}; expected a share of the runs, 1 to 100")));
        }
        let Some(path) = &self.budgets else { return Ok(default) };
        Ok(BudgetConfig { budgets: read_budgets(path, assumed.price_book.currency)?, sure_percent })
    }

    /// How long late requests are waited for.
    pub(super) fn late(&self, config: &ShadowingConfig) -> Result<Duration, CliError> {
        match self.late {
            None => Ok(config.late),
            Some(_) if config.replay.is_some() => {
                let message = "--late has no effect on a replay, whose requests all come in time";
                Err(CliError::Usage(message.to_owned()))
            }
            Some(late) if late < Duration::ZERO || late > LATE_MAX => {
                Err(CliError::Usage(format!("--late is {late}; expected 0s to {LATE_MAX}")))
            }
            Some(late) => Ok(late),
        }
    }

    /// How long ago a request may have been made.
    pub(super) fn late_window(&self) -> Result<Duration, CliError> {
        let late = self.late_window.unwrap_or(LATE_WINDOW_MAX);
        if late < Duration::HOUR || late > LATE_WINDOW_MAX {
            return Err(CliError::Usage(format!("--late-window is {late}; expected 1h to {LATE_WINDOW_MAX}")));
        }
        Ok(late)
    }

    /// How far is forecast.
    pub(super) fn horizons(&self, config: &ShadowingConfig, late: Duration) -> Result<Horizons, CliError> {
        if self.horizon.is_empty() {
            let longer = config.horizons.all().iter().copied().filter(|&horizon| horizon > late);
            return Horizons::new(&longer.collect::<Vec<_>>(), config.bin, late).map_err(usage);
        }
        Horizons::new(&self.horizon, config.bin, late).map_err(usage)
    }
}

fn usage(error: HorizonsError) -> CliError {
    CliError::Usage(format!("--horizon: {error}"))
}

fn percent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u8>, D::Error> {
    let percent = Option::<i64>::deserialize(deserializer)?;
    let checked = |percent: i64| u8::try_from(percent).ok().filter(|percent| (1..=100).contains(percent));
    percent
        .map(|wrong| checked(wrong).ok_or_else(|| D::Error::custom(format!("is {wrong}; expected 1 to 100"))))
        .transpose()
}

/// The settings of a file.
///
/// # Errors
/// At the first wrong line.
pub(in crate::cli) fn read_settings(path: &str) -> Result<Settings, CliError> {
    let text = input::read_text(path)?;
    parse_toml_document(&text).map_err(CliError::in_file(input::name(path)))
}

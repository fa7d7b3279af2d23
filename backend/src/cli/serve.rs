//! `shadowplane serve`: the service.

mod jobs_file;
mod logging;
mod notify_file;
mod replayed;
mod retention;
mod roles;
mod settings;
mod triggers_file;

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use shared::units::Duration;
use tracing_subscriber::EnvFilter;

pub(super) use self::logging::{LogFormat, filter as log_filter, start as start_log};
use self::replayed::ReplayArgs;
use self::settings::{BODY_BYTES, INGEST_BYTES, Recommend};
pub(super) use self::settings::{Settings, read_settings};
use super::assumptions::{Assumed, AssumptionArgs, check_alone};
use super::demand::read_log;
use super::import::mapping;
use super::shadow::offers;
use super::start::StartArgs;
use super::{CliError, Global};
use crate::config::{Config, ForeignTenants, ServiceRole, ShadowingConfig};
use crate::notify::Outgoing;
use crate::prometheus::{Mapping, read_prometheus_mapping};
use crate::service::News;
use crate::traces::Traces;
use crate::{input, output, service};

/// Runs the service: takes requests in, forecasts, runs shadows, reports costs and their variance, and retrains.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  shadowplane serve --demo                          the example workload on an accelerated clock
  shadowplane serve --demo --speed 600              ten virtual minutes a second
  shadowplane serve --replay requests.ndjson --speed 1e9 --replay-exit     the whole loop on a log of the past
  shadowplane serve --data /var/lib/shadowplane     your requests: POST them to /v1/requests as NDJSON, with a key
  shadowplane serve --no-keys                       on this machine alone, whose users may then do everything
  shadowplane serve --inventory nodes.csv --prices prices.csv     on your machines, at your prices
  shadowplane serve --mapping mapping.toml          audit events of Kubernetes: its webhook POSTs to /v1/kubernetes/audit
  shadowplane serve --tenant-tag team --billing per-resource --prices prices.csv
                                                    records of CloudTrail: EventBridge POSTs to /v1/aws/cloudtrail
  shadowplane serve --prometheus-mapping metrics.toml     readings of a Prometheus: its remote_write has the url
                                                    http://127.0.0.1:8080/v1/prometheus/write
  shadowplane serve --demo --budgets budgets.csv    when budgets will be passed: GET /v1/budgets
  shadowplane serve --inventory state/inventory.csv --start state/requests.ndjson \\
      --observations state/observations.ndjson     from what runs in a cluster
  shadowplane serve --horizon 15m,1h,1d,7d --late 1m     how far to forecast; budgets look as far as the longest
  shadowplane serve --keep-requests 60d --keep-bins forever     what is kept how long
  shadowplane serve --commitment-offers offers.csv     what is worth changing, or buying: GET /v1/recommendations
  shadowplane serve --alertmanager http://localhost:9093     anomalies, budgets at risk and the like as alerts
  shadowplane serve --otlp-endpoint http://localhost:4318     traces, to a collector of OpenTelemetry
  shadowplane serve --store postgres://shadowplane@db.example/shadowplane --store-password-file /run/secrets/db
                                                    keeps everything on a PostgreSQL server: docs/postgresql.md
  shadowplane serve --nats nats://mq.example:4222     shadow runs by `shadowplane worker`s: docs/scaling.md
  shadowplane serve --role ingest --nats nats://mq.example:4222 --store postgres://shadowplane@db.example/shadowplane
                                                    takes requests in for the one that has --log nats, as others do
  shadowplane serve --config shadowplane.toml

  listen = \"0.0.0.0:8080\"                          such a file
  [assumptions]
  inventory = \"nodes.csv\"
  policy = \"best-fit\"
  [triggers]
  schedule = \"0 3 * * 1\"                           trains on Mondays at 3:00, besides when forecasts go wrong

  shadowplane keys create --role operator                        prints a key, which those who ask send
  curl -H \"Authorization: Bearer $KEY\" --data-binary @requests.ndjson http://127.0.0.1:8080/v1/requests
  curl -H \"Authorization: Bearer $KEY\" http://127.0.0.1:8080/v1/forecasts?horizon=1d

The log goes to standard error. Its level is that of --log-level, or else of RUST_LOG, such as RUST_LOG=debug.")]
pub(super) struct Args {
    /// Check the settings and all files that they name, say what is wrong with them, and end
    #[arg(long)]
    check_config: bool,
    #[command(flatten)]
    options: Options,
}

/// What there is to say to a service.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// Settings, TOML: the options below by their names, those of assumptions under `[assumptions]`, and when models are
    /// trained under `[triggers]`; what the command line or the environment says holds
    #[arg(long, env = "SHADOWPLANE_CONFIG", value_name = "FILE")]
    config: Option<String>,
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    replayed: ReplayArgs,
}

impl Args {
    pub(super) fn run(&self, global: &Global) -> Result<(), CliError> {
        let speed = self.options.replayed.speed;
        if !(speed.is_finite() && speed > 0.0) {
            return Err(CliError::Usage(format!("--speed is {speed}; expected a number above zero")));
        }
        let (config, log, filter) = self.options.config()?;
        if self.check_config {
            service::check(&config)?;
            return output::print("the settings are good, and so are the files that they name\n");
        }
        let traces = config
            .otlp_endpoint
            .as_deref()
            .map(|endpoint| Traces::to(endpoint, Outgoing::new(config.notify.outgoing_ca.as_deref())?));
        let traces = traces.transpose()?;
        start_log(log, filter, traces.as_ref().map(Traces::tracer));
        let (demo, json) = (self.options.replayed.demo, global.json);
        service::run(config, move |news| {
            let text = if json { in_json(&news) } else { in_words(&news, demo) };
            // Nobody may be reading; the service runs all the same.
            let _ = std::io::stdout().write_all(text.as_bytes());
        })?;
        Ok(())
    }
}

impl Options {
    /// The file of settings.
    pub(super) fn file(&self) -> Option<&str> {
        self.config.as_deref()
    }

    /// What the service runs with, how it writes its log, and what of it.
    fn config(&self) -> Result<(Config, LogFormat, EnvFilter), CliError> {
        let file = self.config.as_deref().map_or_else(|| Ok(Settings::default()), read_settings)?;
        let settings = self.settings.clone().or(file);
        let (format, filter) = (settings.log_format.unwrap_or_default(), log_filter(settings.log_level.as_deref())?);
        let (access, tls, notify) = (settings.access()?, settings.tls()?, settings.notify()?);
        let otlp_endpoint = settings.otlp_endpoint()?;
        let scaling = settings.predictive_scaling.map(|_| "--predictive-scaling");
        let history = settings.history.as_ref().map(|_| "--history");
        let of_replay = self.replayed.replay.is_some();
        let (replayed, of_start) =
            if of_replay { (settings.observations.as_deref(), None) } else { (None, settings.observations.clone()) };
        let start = StartArgs::new(settings.start.clone(), of_start);
        if let Some(option) =
            settings.assumptions.given().or(scaling).or(history).or(start.given()).filter(|_| self.replayed.demo)
        {
            let message =
                format!("{option} has no effect with --demo, whose workload has a fleet and prices of its own");
            return Err(CliError::Usage(message));
        }
        match (&settings.observations, &settings.start) {
            (Some(_), None) if !of_replay => {
                let message = "--observations has no effect without --start: nothing runs yet; name what does";
                return Err(CliError::Usage(message.to_owned()));
            }
            (Some(_), Some(_)) if of_replay => {
                let message = "--observations are of --replay or of --start, and both are given; leave out one of them";
                return Err(CliError::Usage(message.to_owned()));
            }
            _ => {}
        }
        let shadowing = if self.replayed.demo {
            settings.triggers.applied(ShadowingConfig::demo(self.replayed.speed))?
        } else {
            let present = assuming(&settings.assumptions, &start)?;
            let present = settings.jobs.applied(settings.triggers.applied(present)?)?;
            let read = |path: &String| read_log(path, &present.catalogue).map(Arc::new);
            let history = settings.history.as_ref().map(read).transpose()?;
            let present = ShadowingConfig { history, ..present };
            match self.replayed.config(&present.catalogue, replayed)? {
                Some(replay) => present.replaying(replay),
                None => present,
            }
        };
        let budgets = settings.budgets(&shadowing.assumed)?;
        let predictive_scaling = settings.predictive_scaling;
        let late = settings.late(&shadowing)?;
        let late_window = settings.late_window()?;
        let horizons = settings.horizons(&shadowing, late)?;
        let offers = offers(settings.commitment_offers.as_deref(), &shadowing.assumed)?;
        let recommends_daily = settings.recommend != Some(Recommend::OnOrder);
        let shadowing =
            ShadowingConfig { budgets, predictive_scaling, late, horizons, offers, recommends_daily, ..shadowing };
        let shadowing = ShadowingConfig { retention: settings.retention(&shadowing)?, ..shadowing };
        let foreign =
            ForeignTenants { mapping: mapping(settings.mapping.as_deref())?, tag: settings.tenant_tag.clone() };
        let prometheus = settings.prometheus_mapping.as_deref().map(prometheus_mapping).transpose()?;
        let database = settings.database(shadowing.replay.is_some())?;
        let (role, log_stream) = settings.role(shadowing.replay.is_some())?;
        let queue = if role == ServiceRole::All { settings.queue()? } else { None };
        let config = Config {
            listen: settings.listen(),
            database,
            queue,
            role,
            log_stream,
            tls,
            access,
            data: settings.data.unwrap_or_else(|| PathBuf::from("data")),
            dashboard: settings.dashboard,
            body_bytes_max: settings.body_bytes.unwrap_or(BODY_BYTES),
            late_window,
            ingest_bytes: settings.ingest_bytes.unwrap_or(INGEST_BYTES),
            foreign,
            prometheus,
            notify,
            otlp_endpoint,
            shadowing,
        };
        Ok((config, format, filter))
    }
}

/// Reads the file that says which metrics are wanted.
fn prometheus_mapping(file: &str) -> Result<Mapping, CliError> {
    read_prometheus_mapping(&input::read_text(file)?).map_err(CliError::in_file(input::name(file)))
}

fn in_words(news: &News, demo: bool) -> String {
    match news {
        News::Listening(url) if demo => {
            format!("listening on {url}\nthe demo begins afresh in its own file, demo.sqlite\n")
        }
        News::Listening(url) => format!("listening on {url}\n"),
        News::Replayed(summary) => replayed::text(summary),
    }
}

/// One object a line.
fn in_json(news: &News) -> String {
    let news = match news {
        News::Listening(url) => serde_json::json!({ "listening": url }),
        News::Replayed(summary) => serde_json::json!({ "replayed": summary }),
    };
    format!("{news}\n")
}

/// What the service shadows under these assumptions; they are checked before the first request comes in.
fn assuming(assumptions: &AssumptionArgs, start: &StartArgs) -> Result<ShadowingConfig, CliError> {
    let Assumed { machines: inventory, base, catalogue, owned, notices } = assumptions.read(Duration::HOUR, "UTC")?;
    notices.iter().for_each(|notice| output::warn(notice));
    assumptions.check_machines(&base, &inventory)?.iter().for_each(|odd| output::warn(odd));
    check_alone(&base)?;
    let runs = start.read(&base, &inventory, &catalogue)?;
    if let Some((name, log)) = runs.log() {
        assumptions.check_prices(&base, name, log)?;
    }
    let start = runs.beginning();
    Ok(ShadowingConfig { inventory, owned, start, ..ShadowingConfig::system(base, catalogue) })
}

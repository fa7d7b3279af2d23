//! `shadowplane serve`: the service.

mod jobs_file;
mod replayed;
mod triggers_file;

use std::io::IsTerminal;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use shared::input::parse_toml_document;
use shared::scenario::{Scenario, ValidScenario};
use shared::units::{Duration, Instant, Window};
use tracing_subscriber::EnvFilter;

use self::jobs_file::JobsFile;
use self::replayed::ReplayArgs;
use self::triggers_file::TriggersFile;
use super::assumptions::AssumptionArgs;
use super::budget_file::read_budgets;
use super::demand::read_log;
use super::import::mapping;
use super::shadow::offers;
use super::start::StartArgs;
use super::{CliError, Global};
use crate::config::{BudgetConfig, Config, ForeignTenants, ShadowingConfig};
use crate::service::News;
use crate::shadowing::{Horizons, HorizonsError};
use crate::{input, output, service};

/// Runs the service: takes requests in, forecasts, runs shadows, reports costs and their variance, and retrains.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  shadowplane serve --demo                          the example workload on an accelerated clock
  shadowplane serve --demo --speed 600              ten virtual minutes a second
  shadowplane serve --replay requests.ndjson --speed 1e9 --replay-exit     the whole loop on a log of the past
  shadowplane serve --data /var/lib/shadowplane     your requests: POST them to /v1/requests as NDJSON
  shadowplane serve --inventory nodes.csv --prices prices.csv     on your machines, at your prices
  shadowplane serve --mapping mapping.toml          audit events of Kubernetes: its webhook POSTs to /v1/kubernetes/audit
  shadowplane serve --tenant-tag team --billing per-resource --prices prices.csv
                                                    records of CloudTrail: EventBridge POSTs to /v1/aws/cloudtrail
  shadowplane serve --demo --budgets budgets.csv    when budgets will be passed: GET /v1/budgets
  shadowplane serve --inventory state/inventory.csv --start state/requests.ndjson \\
      --observations state/observations.ndjson     from what runs in a cluster
  shadowplane serve --horizon 15m,1h,1d,7d --late 1m     how far to forecast; budgets look as far as the longest
  shadowplane serve --commitment-offers offers.csv     what is worth changing, or buying: GET /v1/recommendations
  shadowplane serve --config shadowplane.toml

  listen = \"0.0.0.0:8080\"                          such a file
  [assumptions]
  inventory = \"nodes.csv\"
  policy = \"best-fit\"
  [triggers]
  schedule = \"0 3 * * 1\"                           trains on Mondays at 3:00, besides when forecasts go wrong

  curl --data-binary @requests.ndjson http://127.0.0.1:8080/v1/requests
  curl http://127.0.0.1:8080/v1/forecasts?horizon=1d

The log level is that of RUST_LOG, such as RUST_LOG=debug.")]
pub(super) struct Args {
    /// Settings, TOML: the options below by their names, those of assumptions under `[assumptions]`, and when models are
    /// trained under `[triggers]`; what the command line or the environment says holds
    #[arg(long, env = "SHADOWPLANE_CONFIG", value_name = "FILE")]
    config: Option<String>,
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    replayed: ReplayArgs,
}

/// What the command line, the environment and the file may say.
#[derive(Clone, Debug, Default, clap::Args, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Settings {
    /// Where to listen [default: 127.0.0.1:8080]
    #[arg(long, env = "SHADOWPLANE_LISTEN", value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Folder of the database [default: data]
    #[arg(long, env = "SHADOWPLANE_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// Folder of the dashboard's files, as trunk builds them
    #[arg(long, env = "SHADOWPLANE_DASHBOARD", value_name = "DIR")]
    dashboard: Option<PathBuf>,
    /// The most bytes that a body may hold, after decompression [default: 33554432]
    #[arg(long, env = "SHADOWPLANE_BODY_BYTES", value_name = "N")]
    body_bytes: Option<usize>,
    /// Budgets, CSV `name,amount,currency,period[,tenant][,label]`: period is day, week or month of UTC, label is KEY=VALUE
    #[arg(long, value_name = "FILE")]
    budgets: Option<String>,
    /// How many percent of the runs have to breach a budget for its breach to be sure [default: 80]
    #[arg(long, value_name = "PERCENT")]
    sure: Option<u8>,
    /// How far to forecast, in parts of an hour or a day or in days; a day is always among them [default: 1h,1d]
    #[arg(long, value_name = "HORIZONS", value_delimiter = ',')]
    horizon: Vec<Duration>,
    /// How long to wait for late requests before an hour counts as over [default: 10m, and 0s in a replay]
    #[arg(long, value_name = "DURATION")]
    late: Option<Duration>,
    /// Have nodes ordered before they are needed, in shadows and in the primary where it is simulated: as many in each bin as
    /// this share of the predicted streams does with, in percent. Runs them twice
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=100))]
    #[serde(deserialize_with = "percent")]
    predictive_scaling: Option<u8>,
    /// Older requests that models learn from besides, NDJSON; they need not have deletes, and end before those that come in
    #[arg(long, value_name = "FILE")]
    history: Option<String>,
    /// What runs already when the service begins: its creates, NDJSON, as `import kubernetes-state` writes them; they live
    /// from the whole hour after all that is known of them, and are kept with the log
    #[arg(long, value_name = "FILE")]
    start: Option<String>,
    /// Facts, NDJSON: about the requests of --replay, each known once all that it tells has happened; or, with --start, about
    /// what runs already: nodes, and when they were ready; else the policy places it
    #[arg(long, value_name = "FILE")]
    observations: Option<String>,
    /// Whose the resources are that events of other control planes tell of: rules from namespaces, accounts, labels and tags
    /// to tenants
    #[arg(long, value_name = "FILE")]
    mapping: Option<String>,
    /// The tag that names the tenant of what AWS tells of; the account where a resource has none
    #[arg(long, value_name = "NAME")]
    tenant_tag: Option<String>,
    /// When to search what is worth changing: of every day that is predicted, or when POST /v1/recommendations orders it
    /// [default: daily]
    #[arg(long, value_enum, value_name = "WHEN")]
    recommend: Option<Recommend>,
    /// Commitments that could be bought, CSV, as for `shadow --recommend`
    #[arg(long, value_name = "FILE")]
    commitment_offers: Option<String>,
    #[command(flatten)]
    assumptions: AssumptionArgs,
    /// When models are trained; only a file says so.
    #[arg(skip)]
    triggers: TriggersFile,
    /// How long jobs may take; only a file says so.
    #[arg(skip)]
    jobs: JobsFile,
}

/// When recommendations are searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Recommend {
    /// Of every day that is predicted, and when it is ordered
    Daily,
    /// Only when it is ordered
    OnOrder,
}

const BODY_BYTES: usize = 32 << 20;

/// The longest that late requests are waited for: every day is over before the next one is.
const LATE_MAX: Duration = Duration::from_seconds(12 * 3_600);

impl Settings {
    /// The same, with what `file` says where these say nothing.
    fn or(self, file: Self) -> Self {
        Self {
            listen: self.listen.or(file.listen),
            data: self.data.or(file.data),
            dashboard: self.dashboard.or(file.dashboard),
            body_bytes: self.body_bytes.or(file.body_bytes),
            budgets: self.budgets.or(file.budgets),
            sure: self.sure.or(file.sure),
            horizon: if self.horizon.is_empty() { file.horizon } else { self.horizon },
            late: self.late.or(file.late),
            predictive_scaling: self.predictive_scaling.or(file.predictive_scaling),
            history: self.history.or(file.history),
            start: self.start.or(file.start),
            observations: self.observations.or(file.observations),
            mapping: self.mapping.or(file.mapping),
            tenant_tag: self.tenant_tag.or(file.tenant_tag),
            recommend: self.recommend.or(file.recommend),
            commitment_offers: self.commitment_offers.or(file.commitment_offers),
            assumptions: self.assumptions.or(file.assumptions),
            triggers: file.triggers,
            jobs: file.jobs,
        }
    }
}

impl Settings {
    /// The budgets, in the currency of the prices.
    fn budgets(&self, assumed: &Scenario) -> Result<BudgetConfig, CliError> {
        let default = BudgetConfig::default();
        let sure_percent = self.sure.unwrap_or(default.sure_percent);
        if !(1..=100).contains(&sure_percent) {
            return Err(CliError::Usage(format!("--sure is {sure_percent}; expected a share of the runs, 1 to 100")));
        }
        let Some(path) = &self.budgets else { return Ok(default) };
        Ok(BudgetConfig { budgets: read_budgets(path, assumed.price_book.currency)?, sure_percent })
    }
}

impl Settings {
    /// How long late requests are waited for.
    fn late(&self, config: &ShadowingConfig) -> Result<Duration, CliError> {
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

    /// How far is forecast.
    fn horizons(&self, config: &ShadowingConfig, late: Duration) -> Result<Horizons, CliError> {
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

impl Args {
    pub(super) fn run(&self, global: &Global) -> Result<(), CliError> {
        let speed = self.replayed.speed;
        if !(speed.is_finite() && speed > 0.0) {
            return Err(CliError::Usage(format!("--speed is {speed}; expected a number above zero")));
        }
        let config = self.config()?;
        let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .with_ansi(std::io::stderr().is_terminal())
            .init();
        let (demo, json) = (self.replayed.demo, global.json);
        service::run(config, move |news| {
            let text = if json { in_json(&news) } else { in_words(&news, demo) };
            // Nobody may be reading; the service runs all the same.
            let _ = std::io::stdout().write_all(text.as_bytes());
        })?;
        Ok(())
    }

    fn config(&self) -> Result<Config, CliError> {
        let file = self.config.as_deref().map_or_else(|| Ok(Settings::default()), read_settings)?;
        let settings = self.settings.clone().or(file);
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
        let horizons = settings.horizons(&shadowing, late)?;
        let offers = offers(settings.commitment_offers.as_deref(), &shadowing.assumed)?;
        let recommends_daily = settings.recommend != Some(Recommend::OnOrder);
        let shadowing =
            ShadowingConfig { budgets, predictive_scaling, late, horizons, offers, recommends_daily, ..shadowing };
        let foreign = ForeignTenants { mapping: mapping(settings.mapping.as_deref())?, tag: settings.tenant_tag };
        Ok(Config {
            listen: settings.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080))),
            data: settings.data.unwrap_or_else(|| PathBuf::from("data")),
            dashboard: settings.dashboard,
            body_bytes_max: settings.body_bytes.unwrap_or(BODY_BYTES),
            foreign,
            shadowing,
        })
    }
}

fn in_words(news: &News, demo: bool) -> String {
    match news {
        News::Listening(address) if demo => {
            format!("listening on http://{address}\nthe demo begins afresh in its own file, demo.sqlite\n")
        }
        News::Listening(address) => format!("listening on http://{address}\n"),
        News::Replayed(summary) => replayed::text(summary),
    }
}

/// One object a line.
fn in_json(news: &News) -> String {
    let news = match news {
        News::Listening(address) => serde_json::json!({ "listening": format!("http://{address}") }),
        News::Replayed(summary) => serde_json::json!({ "replayed": summary }),
    };
    format!("{news}\n")
}

/// What the service shadows under these assumptions; they are checked before the first request comes in.
fn assuming(assumptions: &AssumptionArgs, start: &StartArgs) -> Result<ShadowingConfig, CliError> {
    let inventory = assumptions.machines()?;
    let (base, converted) = assumptions.base_on(&inventory, Duration::HOUR, "UTC")?;
    converted.iter().for_each(|notice| output::warn(notice));
    let window = Window { start: Instant::default(), end: Instant::default() + Duration::DAY };
    let some_day = ValidScenario::new(Scenario { window, ..base.clone() });
    assumptions.check_machines(&base, &inventory)?.iter().for_each(|odd| output::warn(odd));
    some_day.map_err(|problems| CliError::Data(problems.to_string()))?;
    let catalogue = assumptions.catalogue(&base)?;
    let runs = start.read(&base, &inventory, &catalogue)?;
    if let Some((name, log)) = runs.log() {
        assumptions.check_prices(&base, name, log)?;
    }
    let start = runs.beginning();
    Ok(ShadowingConfig { inventory, start, ..ShadowingConfig::system(base, catalogue) })
}

fn percent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u8>, D::Error> {
    let percent = Option::<i64>::deserialize(deserializer)?;
    let checked = |percent: i64| u8::try_from(percent).ok().filter(|percent| (1..=100).contains(percent));
    percent
        .map(|wrong| checked(wrong).ok_or_else(|| D::Error::custom(format!("is {wrong}; expected 1 to 100"))))
        .transpose()
}

fn read_settings(path: &str) -> Result<Settings, CliError> {
    let text = input::read_text(path)?;
    parse_toml_document(&text).map_err(CliError::in_file(input::name(path)))
}

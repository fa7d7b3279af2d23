//! The inputs that forecasts are made from, as options of several commands.

use shared::features::{Features, KnownEvent, Past, SensorReading, TimeZone, read_known_events, read_sensors};
use shared::forecast::{Continue, ModelName, Selected, SelectionConfig, SelectionReport, fit_best};
use shared::request::{Catalogue, RequestLog, RequestLogBuilder, read_requests};
use shared::shadow::Known;
use shared::units::{Duration, Instant};

use super::{CliError, progress_line};
use crate::{input, output};

/// Beyond a year a forecast from days of history says nothing.
const LONGEST_HORIZON: Duration = Duration::from_seconds(366 * 86_400);

/// Requests, and what goes with them.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct DemandArgs {
    /// The primary's requests, NDJSON
    #[arg(long, value_name = "FILE")]
    requests: String,
    /// Older requests, for training only; they need not have deletes
    #[arg(long, value_name = "FILE")]
    history: Option<String>,
    /// Sensor readings, CSV `at,sensor,scope,value`
    #[arg(long, value_name = "FILE")]
    sensors: Option<String>,
    /// Known events, CSV `name,start,end[,tenant][,repeat]`
    #[arg(long, value_name = "FILE")]
    events: Option<String>,
    /// The instant the forecast is made for: nothing after it is read
    #[arg(long, value_name = "INSTANT")]
    origin: Option<Instant>,
    /// Time step of the counts
    #[arg(long, default_value = "5m")]
    bin: Duration,
    /// IANA name that hours of the day and days of the week follow
    #[arg(long, default_value = "UTC")]
    time_zone: String,
    /// The model: the best by backtest, or one of them
    #[arg(long, value_enum, default_value_t = Model::Auto)]
    model: Model,
    /// Most tenants with a series of their own; the largest come first
    #[arg(long, default_value_t = 100, value_name = "N")]
    tenants_max: usize,
}

/// Which model to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Model {
    /// The best by a rolling backtest on the history
    Auto,
    /// The same local time one day ago
    SeasonalNaive,
    /// The median of the last day
    OneDayMedian,
    /// The recurrent network
    Lstm,
}

/// What was read.
#[derive(Clone, Debug)]
pub(super) struct Demand {
    /// The primary's log.
    pub(super) log: RequestLog,
    older: Option<RequestLog>,
    readings: Vec<SensorReading>,
    events: Vec<KnownEvent>,
    zone: TimeZone,
}

impl DemandArgs {
    /// Reads and checks every file; flavors without amounts are looked up in `catalogue`.
    ///
    /// # Errors
    /// At the first wrong place, with its file.
    pub(super) fn read(&self, catalogue: &Catalogue) -> Result<Demand, CliError> {
        if self.bin <= Duration::ZERO {
            return Err(CliError::Usage("--bin is nothing; expected a duration such as 5m".to_owned()));
        }
        let zone = self.time_zone.parse::<TimeZone>().map_err(|error| CliError::Usage(error.to_string()))?;
        let log = read_log(&self.requests, catalogue)?;
        let older = self.history.as_deref().map(|path| read_log(path, catalogue)).transpose()?;
        if let (Some(last), Some(first)) = (older.as_ref().and_then(RequestLog::last), log.first())
            && last >= first
        {
            return Err(CliError::Data(format!(
                "--history goes on until {last}, but --requests begins at {first}: what is in both would count twice; \
                 cut the history there"
            )));
        }
        Ok(Demand {
            log,
            older,
            readings: read_with(self.sensors.as_deref(), read_sensors)?,
            events: read_with(self.events.as_deref(), read_known_events)?,
            zone,
        })
    }

    /// The origin that was asked for.
    pub(super) fn origin(&self) -> Option<Instant> {
        self.origin
    }

    /// The origin that was asked for, or the end of the last whole bin of the log.
    pub(super) fn origin_or_end(&self, demand: &Demand) -> Instant {
        self.origin.unwrap_or_else(|| demand.log.last().map_or(Instant::default(), |last| last.floor(self.bin)))
    }

    /// Length of a bin.
    pub(super) fn bin(&self) -> Duration {
        self.bin
    }

    /// The time zone as it was named.
    pub(super) fn time_zone(&self) -> &str {
        &self.time_zone
    }

    /// What the models learn from.
    pub(super) fn features(&self, demand: &Demand, known: &Known<'_>) -> Features {
        Features::new(known.series(self.bin, self.tenants_max))
            .in_zone(demand.zone.clone())
            .with_events(&demand.events, known.tenant_names())
            .with_sensors(&demand.readings)
    }

    /// Whether there are older requests.
    pub(super) fn has_history(&self) -> bool {
        self.history.is_some()
    }

    /// Chooses and fits a model, with progress on a terminal.
    pub(super) fn fit(
        &self,
        past: &Past<'_>,
        config: &SelectionConfig,
    ) -> Result<(Selected, SelectionReport), CliError> {
        if config.horizons.iter().any(|&horizon| horizon > LONGEST_HORIZON) {
            return Err(CliError::Usage(format!("a horizon is at most {LONGEST_HORIZON}")));
        }
        let fitted = fit_best(past, config, &mut |progress| {
            output::progress(&progress_line(progress));
            Continue::Yes
        });
        output::progress_done();
        fitted.map_err(|error| {
            let (bins, bin, origin) = (past.bins(), self.bin, past.origin());
            let advice = "bring older requests with --history, or choose another origin or horizon";
            CliError::Data(format!(
                "{}: {error}; it has {bins} bins of {bin} before {origin}: {advice}",
                input::name(&self.requests)
            ))
        })
    }

    /// How to choose a model for `horizons`.
    pub(super) fn selection(&self, horizons: Vec<Duration>, seed: u64) -> SelectionConfig {
        let mut config = SelectionConfig::new(horizons);
        config.lstm.seed = seed;
        match self.model {
            Model::Auto => {}
            Model::SeasonalNaive => config.models = vec![ModelName::SeasonalNaive],
            Model::OneDayMedian => config.models = vec![ModelName::OneDayMedian],
            Model::Lstm => config.models = vec![ModelName::Lstm],
        }
        config
    }
}

impl Demand {
    /// What it says before `origin`.
    pub(super) fn known(&self, origin: Instant) -> Known<'_> {
        Known::new(&self.log, self.older.as_ref(), origin)
    }
}

/// Reads one log of requests.
///
/// # Errors
/// At the first wrong line, and when there is no request at all.
pub(super) fn read_log(path: &str, catalogue: &Catalogue) -> Result<RequestLog, CliError> {
    let text = input::read_text(path)?;
    let mut builder = RequestLogBuilder::new(catalogue.clone());
    let log = read_requests(&text, &mut builder).and_then(|()| builder.finish());
    let log = log.map_err(CliError::in_file(input::name(path)))?;
    if log.requests.is_empty() {
        let message = "holds no request that can be run; write one NDJSON line a request, or see `shadowplane import`";
        return Err(CliError::in_file(input::name(path))(shared::input::InputError::whole(message)));
    }
    Ok(log)
}

fn read_with<T>(
    path: Option<&str>,
    read: impl Fn(&str) -> Result<Vec<T>, shared::input::InputError>,
) -> Result<Vec<T>, CliError> {
    let Some(path) = path else { return Ok(Vec::new()) };
    read(&input::read_text(path)?).map_err(CliError::in_file(input::name(path)))
}

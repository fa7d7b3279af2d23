//! The inputs that forecasts are made from, as options of several commands.

mod files;
mod known_events;
mod models;

use std::collections::BTreeSet;

use shared::features::{Features, KnownEvent, Past, SensorReading, SeriesKey, SeriesSet, TimeZone, read_sensors};
use shared::forecast::{Selected, SelectionConfig, SelectionReport};
use shared::input::InputError;
use shared::recommendation::{Usage, usage_by_flavor};
use shared::request::{Catalogue, Names, RequestLog, Silence};
use shared::scenario::MAX_BINS;
use shared::shadow::Known;
use shared::trace::csv::Kind;
use shared::trace::usage::{UsageReading, read_usage};
use shared::units::{Duration, Instant, Window};

pub(super) use self::files::{read_log, read_log_beside, read_table};
use self::known_events::read_events;
pub(super) use self::known_events::{nobodys, unknown_tenant};
pub(super) use self::models::{Model, fit, not_ready, selection};
use super::CliError;
use super::start::Start;
use crate::{input, output};

/// Tenants with a series of their own where nobody says.
const TENANTS_MAX: usize = 100;
/// What to do where there is too little history.
pub(super) const LONGER_LOG: &str = "bring older requests with --history, or choose a later origin";
/// Beyond a year a forecast from days of history says nothing.
const LONGEST_HORIZON: Duration = Duration::from_seconds(366 * 86_400);

/// Requests, and what goes with them. Its presence, where it is optional, is that of the requests.
#[derive(Clone, Debug, clap::Args)]
#[group(args = ["requests"])]
pub(super) struct DemandArgs {
    /// The primary's requests, NDJSON
    #[arg(long, value_name = "FILE")]
    requests: String,
    #[command(flatten)]
    context: ContextArgs,
    #[command(flatten)]
    question: QuestionArgs,
}

/// What a forecast is to say, whatever it is made from.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct QuestionArgs {
    /// The instant the forecast is made for: nothing after it is read
    #[arg(long, value_name = "INSTANT")]
    pub(super) origin: Option<Instant>,
    /// The model: what did best in a backtest on the history, or one of them [default: auto]
    #[arg(long, value_enum)]
    pub(super) model: Option<Model>,
}

/// What goes with requests, and how they are counted.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct ContextArgs {
    /// Older requests, for training only; they need not have deletes
    #[arg(long, value_name = "FILE")]
    history: Option<String>,
    /// Sensor readings, CSV `at,sensor,scope,value`
    #[arg(long, value_name = "FILE")]
    sensors: Option<String>,
    /// What resources used, CSV `at,resource,vcpu,memory_gib`: its mean per bin is a sensor like any other; without
    /// --origin, whoever used more than they requested pays for it in what is metered
    #[arg(long, value_name = "FILE")]
    usage: Option<String>,
    /// Known events, CSV `name,start,end[,tenant][,repeat]` or iCalendar
    #[arg(long, value_name = "FILE")]
    events: Option<String>,
    /// Time step of the counts
    #[arg(long, allow_hyphen_values = true, default_value = "5m")]
    bin: Duration,
    /// IANA name that hours of the day and days of the week follow
    #[arg(long, default_value = "UTC")]
    time_zone: String,
    /// Most tenants with a series of their own; the largest come first [default: 100]
    #[arg(long, value_name = "N")]
    tenants_max: Option<usize>,
}

/// What was read.
#[derive(Clone, Debug)]
pub(super) struct Demand {
    /// The primary's log.
    pub(super) log: RequestLog,
    older: Option<RequestLog>,
    readings: Vec<SensorReading>,
    /// What resources used, which is among the readings too.
    usage: Vec<UsageReading>,
    events: Vec<KnownEvent>,
    zone: TimeZone,
    /// What was said about the files when they were read.
    pub(super) warnings: Vec<String>,
    /// The names of the logs' files.
    requests: String,
    history: Option<String>,
}

impl ContextArgs {
    /// Reads and checks every file, of which `requests` are the primary's; flavors without amounts are looked up in
    /// `catalogue`.
    ///
    /// # Errors
    /// At the first wrong place, with its file.
    pub(super) fn read(&self, requests: &str, catalogue: &Catalogue) -> Result<Demand, CliError> {
        self.read_beside(requests, catalogue, None, |first, _| first)
    }

    /// The same beside what lives at `begins`, given the instants of the first and the last request.
    fn read_beside(
        &self,
        requests: &str,
        catalogue: &Catalogue,
        start: Option<&Start>,
        begins: impl FnOnce(Instant, Instant) -> Instant,
    ) -> Result<Demand, CliError> {
        if self.bin <= Duration::ZERO {
            return Err(CliError::Usage("--bin is nothing; expected a duration such as 5m".to_owned()));
        }
        let zone = self.zone()?;
        let log = read_log_beside(requests, catalogue, start, begins)?;
        let older = self.history.as_deref().map(|path| read_log(path, catalogue)).transpose()?;
        if let (Some(last), Some(first)) = (older.as_ref().and_then(RequestLog::last), log.first())
            && last >= first
        {
            return Err(CliError::Data(format!(
                "what is before (--history or --train), {}, goes on until {last}, but {} begins at {first}: what is in both \
                 would count twice; cut it there",
                input::name(self.history.as_deref().unwrap_or_default()),
                input::name(requests)
            )));
        }
        if let Some((first, last)) =
            log.first().zip(log.last()).filter(|(first, last)| (*last - *first).divide(self.bin) >= MAX_BINS)
        {
            return Err(CliError::in_file(input::name(requests))(InputError::whole(format!(
                "the first request is of {first} and the last of {last}: more than {MAX_BINS} bins of {}; take out what is so \
                 old, or ask for a longer --bin",
                self.bin
            ))));
        }
        let usage = self.usage()?;
        let readings = self.readings(&usage)?;
        let tenants: BTreeSet<&str> =
            [Some(&log), older.as_ref()].into_iter().flatten().flat_map(|log| log.tenants.iter()).collect();
        let first = older.as_ref().and_then(RequestLog::first).or(log.first()).unwrap_or_default();
        let window = Window { start: first, end: log.last().unwrap_or_default() + LONGEST_HORIZON };
        let (events, warnings) = read_events(self.events.as_deref(), &zone, window, &tenants)?;
        let (requests, history) = (requests.to_owned(), self.history.clone());
        Ok(Demand { log, older, readings, usage, events, zone, warnings, requests, history })
    }

    /// What the models learn from.
    pub(super) fn features(&self, demand: &Demand, known: &Known<'_>) -> Features {
        Features::new(known.series(self.bin, self.tenants_max.unwrap_or(TENANTS_MAX)))
            .in_zone(demand.zone.clone())
            .with_events(&demand.events, known.tenant_names())
            .with_sensors(&demand.readings)
    }

    /// Length of a bin.
    pub(super) fn bin(&self) -> Duration {
        self.bin
    }

    /// The same with older requests.
    pub(super) fn with_history(&self, history: &str) -> Result<Self, CliError> {
        if self.history.is_some() {
            return Err(CliError::Usage("--train is the history; leave out --history".to_owned()));
        }
        Ok(Self { history: Some(history.to_owned()), ..self.clone() })
    }

    /// A series that came without requests, with what goes with it.
    pub(super) fn around(&self, series: SeriesSet) -> Result<Features, CliError> {
        let zone = self.zone()?;
        let end = series.start + series.bin * series.bins() as i64 + LONGEST_HORIZON;
        let window = Window { start: series.start, end };
        let (events, _) = read_events(self.events.as_deref(), &zone, window, &BTreeSet::new())?;
        let readings = self.readings(&self.usage()?)?;
        let features = Features::new(series).in_zone(zone);
        Ok(features.with_events(&events, &Names::default()).with_sensors(&readings))
    }

    fn usage(&self) -> Result<Vec<UsageReading>, CliError> {
        Ok(read_table(self.usage.as_deref(), Kind::Usage, read_usage)?.unwrap_or_default())
    }

    fn readings(&self, usage: &[UsageReading]) -> Result<Vec<SensorReading>, CliError> {
        let mut readings = read_table(self.sensors.as_deref(), Kind::Sensors, read_sensors)?.unwrap_or_default();
        readings.extend(SensorReading::of_usage(usage));
        Ok(readings)
    }

    fn zone(&self) -> Result<TimeZone, CliError> {
        self.time_zone.parse::<TimeZone>().map_err(|error| CliError::Usage(error.to_string()))
    }
}

impl DemandArgs {
    /// Reads and checks every file; flavors without amounts are looked up in `catalogue`.
    ///
    /// # Errors
    /// At the first wrong place, with its file.
    pub(super) fn read(&self, catalogue: &Catalogue) -> Result<Demand, CliError> {
        self.context.read(&self.requests, catalogue)
    }

    /// The same beside what lives at the origin, or where there is none, at the start of the first bin.
    ///
    /// # Errors
    /// As [`DemandArgs::read`].
    pub(super) fn read_beside(&self, catalogue: &Catalogue, start: &Start) -> Result<Demand, CliError> {
        let begins = |first: Instant, _| self.origin().unwrap_or_else(|| first.floor(self.bin()));
        self.context.read_beside(&self.requests, catalogue, Some(start), begins)
    }

    /// The same beside what lives at the origin, or where there is none, at the end of the last whole bin.
    ///
    /// # Errors
    /// As [`DemandArgs::read`].
    pub(super) fn read_up_to(&self, catalogue: &Catalogue, start: &Start) -> Result<Demand, CliError> {
        let ends = |_, last: Instant| self.origin().unwrap_or_else(|| last.floor(self.bin()));
        self.context.read_beside(&self.requests, catalogue, Some(start), ends)
    }

    /// What messages call the primary's requests.
    pub(super) fn requests_name(&self) -> &str {
        input::name(&self.requests)
    }

    /// The origin that was asked for.
    pub(super) fn origin(&self) -> Option<Instant> {
        self.question.origin
    }

    /// The origin that was asked for, or the end of the last whole bin of the log.
    pub(super) fn origin_or_end(&self, demand: &Demand) -> Instant {
        self.question.origin.unwrap_or_else(|| demand.end(self.bin()))
    }

    /// Length of a bin.
    pub(super) fn bin(&self) -> Duration {
        self.context.bin
    }

    /// The time zone as it was named.
    pub(super) fn time_zone(&self) -> &str {
        &self.context.time_zone
    }

    /// What the models learn from.
    pub(super) fn features(&self, demand: &Demand, known: &Known<'_>) -> Features {
        self.context.features(demand, known)
    }

    /// The first option that was given and only means something to a forecast.
    pub(super) fn given_for_forecasts(&self) -> Option<&'static str> {
        let given = [
            ("--history", self.context.history.is_some()),
            ("--model", self.question.model.is_some()),
            ("--sensors", self.context.sensors.is_some()),
            ("--events", self.context.events.is_some()),
            ("--tenants-max", self.context.tenants_max.is_some()),
        ];
        given.into_iter().find(|(_, given)| *given).map(|(option, _)| option)
    }

    /// Whether there are readings of what was used.
    pub(super) fn has_usage(&self) -> bool {
        self.context.usage.is_some()
    }

    /// What to know about the end of the log before a forecast from `origin` is believed.
    ///
    /// # Errors
    /// When the origin lies before the log, or the whole day before the origin is silent: then a forecast would be of
    /// nothing.
    pub(super) fn check_origin(&self, demand: &Demand, origin: Instant) -> Result<Option<String>, CliError> {
        let first = demand.logs().filter_map(|(_, log)| log.first()).min();
        if let Some((first, last)) = first.zip(demand.log.last()).filter(|(first, _)| origin <= *first) {
            return Err(CliError::Data(format!(
                "{}: the origin, {origin}, lies before the log, which goes from {first} to {last}: nothing was known then; \
                 choose an origin inside it, or bring older requests with --history",
                input::name(&self.requests)
            )));
        }
        let Some(Silence { since: last, length }) = demand.log.before(origin).unusual_silence() else {
            return Ok(None);
        };
        if length > Duration::DAY {
            return Err(CliError::Data(format!(
                "{}: the last request before the origin, {origin}, is of {last}: with a day of nothing before it the \
                 forecast would be of nothing; choose an origin near the end of the log, or bring the requests until then",
                input::name(&self.requests)
            )));
        }
        Ok(Some(format!(
            "nothing was requested between {last} and the origin, {origin}: if the log only ends too early, the forecast \
             is too low"
        )))
    }

    /// Chooses and fits a model, with progress on a terminal.
    pub(super) fn fit(
        &self,
        past: &Past<'_>,
        config: &SelectionConfig,
    ) -> Result<(Selected, SelectionReport), CliError> {
        fit(self.question.model, past, config, (self.requests_name(), LONGER_LOG))
    }

    /// A log that is run as it is, in bins of five minutes.
    pub(super) fn of_log(requests: String, time_zone: String) -> Self {
        let context = ContextArgs {
            history: None,
            sensors: None,
            usage: None,
            events: None,
            bin: Duration::from_minutes(5),
            time_zone,
            tenants_max: None,
        };
        Self { requests, context, question: QuestionArgs { origin: None, model: None } }
    }

    /// These, of requests and what goes with them.
    pub(super) fn new(requests: String, context: ContextArgs, question: QuestionArgs) -> Self {
        Self { requests, context, question }
    }
}

impl Demand {
    /// All readings of what resources used.
    pub(super) fn usage(&self) -> &[UsageReading] {
        &self.usage
    }

    /// What tenants used of what they ask for, before an instant.
    pub(super) fn used_before(&self, end: Instant) -> Vec<Usage> {
        usage_by_flavor(&self.usage, &self.log, end)
    }

    /// The end of the last whole bin.
    pub(super) fn end(&self, bin: Duration) -> Instant {
        self.log.last().map_or(Instant::default(), |last| last.floor(bin))
    }

    /// The end of the last bin that the older requests reach into.
    pub(super) fn older_end(&self, bin: Duration) -> Instant {
        self.older.as_ref().and_then(RequestLog::last).map_or(self.start(bin), |last| last.floor(bin) + bin)
    }

    /// The start of the first bin.
    pub(super) fn start(&self, bin: Duration) -> Instant {
        self.log.first().map_or(Instant::default(), |first| first.floor(bin))
    }

    /// Its logs, with the names of their files.
    pub(super) fn logs(&self) -> impl Iterator<Item = (&str, &RequestLog)> {
        let older = self.history.as_deref().zip(self.older.as_ref());
        older.into_iter().chain([(self.requests.as_str(), &self.log)])
    }

    /// What it says before `origin`.
    pub(super) fn known(&self, origin: Instant) -> Known<'_> {
        Known::new(&self.log, self.older.as_ref(), origin)
    }
}

/// What a series counts, in words.
pub(super) fn series_name(key: SeriesKey, tenants: &[String]) -> String {
    match key {
        SeriesKey::Arrivals => "batches that arrive".to_owned(),
        SeriesKey::Given => "the series".to_owned(),
        SeriesKey::Creates { tenant, class } => {
            let class = class.map_or(String::new(), |class| format!(" of {}", class.as_str()));
            let tenant =
                tenant.map_or(String::new(), |tenant| format!(" by {}", output::in_line(&tenants[tenant.usize()])));
            format!("creates{class}{tenant}")
        }
    }
}

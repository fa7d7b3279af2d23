//! From what the page sends to counts per bin.

use shared::api::DemandSeries;
use shared::example;
use shared::features::{CountSeries, Features, SeriesKey, SeriesSet, read_series};
use shared::pricing::builtin;
use shared::request::{Catalogue, RequestLog, RequestLogBuilder, Silence, read_requests};
use shared::shadow::Known;
use shared::units::{Duration, Instant, TenantIndex};

use crate::worker::{Data, Order};

/// Tenants with a series of their own: those of the command line.
const TENANTS_MAX: usize = 100;
/// Days of the example.
const EXAMPLE_DAYS: i64 = 14;
/// More bins than these are more than a page can work on.
const BINS_MAX: i64 = 200_000;

/// Counts, and what they count.
pub(super) struct Counted {
    pub(super) features: Features,
    /// Names by the tenant index that series keys have.
    pub(super) tenants: Vec<String>,
    /// What to know before a forecast is believed.
    pub(super) notices: Vec<String>,
}

impl Counted {
    /// The counts of an order's data; or what is wrong with it, for people.
    pub(super) fn read(order: &Order) -> Result<Self, String> {
        match &order.data {
            Data::Example => {
                let requests = (0..EXAMPLE_DAYS).flat_map(|day| example::requests(example::SEED, day));
                let mut builder = RequestLogBuilder::new(Catalogue::default());
                let pushed = (1..).zip(requests).try_for_each(|(line, request)| builder.push(line, request).map(drop));
                let log = pushed.and_then(|()| builder.finish()).map_err(|error| error.to_string())?;
                Self::of_log(&log, example::day_window(EXAMPLE_DAYS).start, order.bin)
            }
            Data::Demand(series) => Self::of_demand(series),
            Data::File { name, content } => {
                Self::of_file(content, order.bin).map_err(|error| format!("{name}: {error}"))
            }
        }
    }

    fn of_file(content: &[u8], bin: Duration) -> Result<Self, String> {
        let text = std::str::from_utf8(content)
            .map_err(|error| format!("byte {} is no text; expected text", error.valid_up_to() + 1))?;
        if !text.trim_start_matches('\u{feff}').trim_start().starts_with('{') {
            let file = read_series(text, None).map_err(|error| error.to_string())?;
            let gaps = (file.gaps > 0).then(|| format!("{} bins had no value and repeat the one before.", file.gaps));
            return Ok(Self {
                features: Features::new(file.series),
                tenants: Vec::new(),
                notices: gaps.into_iter().collect(),
            });
        }
        let mut builder = RequestLogBuilder::new(builtin().catalogue());
        read_requests(text, &mut builder).map_err(|problems| problems.to_string())?;
        let log = builder.finish().map_err(|error| error.to_string())?;
        let origin = log.last().map_or_else(Instant::default, |last| last.floor(bin));
        Self::of_log(&log, origin, bin)
    }

    /// As the command line counts.
    fn of_log(log: &RequestLog, origin: Instant, bin: Duration) -> Result<Self, String> {
        if bin <= Duration::ZERO {
            return Err("the bin is nothing; expected a duration such as 5m".to_owned());
        }
        if log.first().is_some_and(|first| (origin - first).divide(bin) > BINS_MAX) {
            return Err(format!("holds more than {BINS_MAX} bins of {bin}; choose a longer bin or cut the file"));
        }
        let known = Known::new(log, None, origin);
        let silence = log.before(origin).unusual_silence().map(|Silence { since, .. }| {
            format!("Nothing was requested between {since} and the end: if the file only ends too early, the forecast is too low.")
        });
        Ok(Self {
            features: Features::new(known.series(bin, TENANTS_MAX)),
            tenants: known.tenant_names().iter().map(str::to_owned).collect(),
            notices: silence.into_iter().collect(),
        })
    }

    fn of_demand(series: &[DemandSeries]) -> Result<Self, String> {
        let first = series.first().ok_or("the service counted nothing")?;
        let (start, bin) = (first.start, first.bin);
        let bins = series.iter().map(|series| series.creates.len()).min().unwrap_or(0);
        let fits = |series: &&DemandSeries| series.start == start && series.bin == bin;
        let tenants: Vec<String> = series.iter().filter(fits).filter_map(|series| series.tenant.clone()).collect();
        let counted = series.iter().filter(fits).map(|series| {
            let position = series.tenant.as_ref().and_then(|name| tenants.iter().position(|other| other == name));
            CountSeries {
                key: SeriesKey::Creates { tenant: position.map(TenantIndex::from_usize), class: None },
                counts: series.creates[..bins].iter().map(|&creates| creates as f64).collect(),
            }
        });
        let set = SeriesSet { start, bin, series: counted.collect() };
        Ok(Self { features: Features::new(set), tenants, notices: Vec::new() })
    }

    /// What a series counts, in words.
    pub(super) fn name(&self, key: SeriesKey) -> String {
        series_name(key, &self.tenants)
    }
}

/// What a series counts, in words.
pub(super) fn series_name(key: SeriesKey, tenants: &[String]) -> String {
    match key {
        SeriesKey::Arrivals => "batches that arrive".to_owned(),
        SeriesKey::Given => "the series".to_owned(),
        SeriesKey::Creates { tenant, class } => {
            let class = class.map_or(String::new(), |class| format!(" of {}", class.as_str()));
            let name = tenant.map(|tenant| tenants.get(tenant.usize()).map_or("an unknown tenant", String::as_str));
            let tenant = name.map_or(String::new(), |name| format!(" by {name}"));
            format!("creates{class}{tenant}")
        }
    }
}

//! From logs to a shadow: what was known at an origin, the fork of the primary, the predicted scenario, and the actual
//! requests in its indices.
//!
//! A *base* scenario says what is assumed (fleet, policies, modules, prices, seed, runs); its tenants give quotas and
//! labels by name, and its demand, start and window are replaced.

mod going_on;
mod kept;
mod lives;
mod start;

pub use kept::KeptPrimary;
pub use start::Started;

use crate::control_plane::{ObservedFleet, State};
use crate::features::{Past, PastBins, SeriesKey, SeriesSet};
use crate::forecast::{Answer, Forecast, ForecastError, NotReady, Predict};
use crate::request::{Flavor, IndexedRequest, Life, Operation, RequestLog, TableMap, Tables, Tenant};
use crate::scenario::{Demand, Edit, Problems, Scenario, ValidScenario};
use crate::simulation::{Fork, RunEnd, RunOptions, simulate_to_fork};
use crate::stream::{ArrivalForecast, Source, StreamError, StreamModel, StreamSettings, estimate, newcomer_names};
use crate::units::{Duration, Instant, ResourceIndex, TenantIndex, TermsIndex, Window};

/// The log of a primary, and older requests for training only, numbered alike and cut at an origin.
#[derive(Clone, Debug)]
pub struct Known<'a> {
    /// When.
    pub origin: Instant,
    tables: Tables,
    log: KnownLog<'a>,
    older: Option<KnownLog<'a>>,
    past: Option<KnownPast<'a>>,
}

/// What is left of the log before what is kept of it, and which tenants it is about.
#[derive(Clone, Debug)]
struct KnownPast<'a> {
    bins: &'a PastBins,
    tenants: Vec<TenantIndex>,
}

#[derive(Clone, Debug)]
struct KnownLog<'a> {
    log: &'a RequestLog,
    map: TableMap,
    has_deletes: bool,
}

impl KnownLog<'_> {
    /// The series that it has by itself, in the numbering of all.
    fn standard(&self, origin: Instant, tenants_max: usize) -> Vec<SeriesKey> {
        let own = SeriesKey::standard(&self.log.before(origin), tenants_max);
        let mapped = |key: SeriesKey| key.with_tenant(|tenant| Some(self.map.tenant(tenant))).unwrap_or(key);
        own.into_iter().map(mapped).collect()
    }
}

/// A forecast of every series, and the model of the stream that it makes.
#[derive(Clone, Debug)]
pub struct Prediction {
    /// Quantiles of counts.
    pub forecast: Forecast,
    /// What predicted streams are sampled from.
    pub stream: StreamModel,
}

/// Why there is no prediction.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PredictionError {
    /// The horizon is no multiple of the bin.
    #[error(transparent)]
    Forecast(#[from] ForecastError),
    /// The model says nothing about arrivals.
    #[error("no forecast of arrivals: the model {0}; bring more history, or choose a later origin")]
    NotReady(#[from] NotReady),
    /// There is nothing to sample from.
    #[error(transparent)]
    Stream(#[from] StreamError),
}

impl<'a> Known<'a> {
    /// What `log`, and `older` where there is one, say before `origin`.
    pub fn new(log: &'a RequestLog, older: Option<&'a RequestLog>, origin: Instant) -> Self {
        Self::going_on(log, older, None, origin)
    }

    /// The same of a log whose beginning is only kept as bins.
    pub fn going_on(
        log: &'a RequestLog,
        older: Option<&'a RequestLog>,
        past: Option<&'a PastBins>,
        origin: Instant,
    ) -> Self {
        Self::numbered(Tables::default(), log, (older, past), origin)
    }

    /// What `log` says before the start of a scenario that was predicted from it earlier, its tenants and flavors
    /// numbered as they are there: requests that came in late may have changed who appears first. Tenants that were only
    /// predicted to appear are not among them.
    pub fn numbered_as(predicted: &Scenario, log: &'a RequestLog) -> Self {
        let known = predicted.tenants.len().saturating_sub(predicted.demand.newcomers());
        let tenants = predicted.tenants[..known].iter().map(|tenant| tenant.name.as_str());
        Self::numbered(
            Tables::starting_with(tenants, &predicted.flavors, &predicted.terms),
            log,
            (None, None),
            predicted.window.start,
        )
    }

    fn numbered(
        mut tables: Tables,
        log: &'a RequestLog,
        (older, past): (Option<&'a RequestLog>, Option<&'a PastBins>),
        origin: Instant,
    ) -> Self {
        let known = |tables: &mut Tables, log: &'a RequestLog| KnownLog {
            log,
            map: tables.add(log),
            has_deletes: log.before(origin).requests().any(|request| request.operation == Operation::Delete),
        };
        let older = older.map(|older| known(&mut tables, older));
        let past = past.map(|bins| {
            let tenants = bins.tenants.iter().map(|name| TenantIndex(tables.tenants.intern(name))).collect();
            KnownPast { bins, tenants }
        });
        let log = known(&mut tables, log);
        Self { origin, tables, log, older, past }
    }

    /// The times before the origin in which the log has no data.
    pub fn outages(&self) -> Vec<Window> {
        let past = self.past.as_ref().map(|past| past.bins.stretches()).unwrap_or_default();
        self.log.log.before(self.origin).outages_after(&past)
    }

    /// Counts of creates and arrivals in whole bins that end at the origin, from the first request on.
    ///
    /// One series each of what [`SeriesKey::standard`] names, for at most `tenants_max` tenants.
    ///
    /// # Panics
    /// When `bin` is not positive.
    pub fn series(&self, bin: Duration, tenants_max: usize) -> SeriesSet {
        let logs = || self.older.iter().chain([&self.log]);
        let of_older = self.older.iter().map(|known| SeriesSet::first_start(&known.log.before(self.origin), bin));
        let starts = of_older.chain([self.first_start(bin)]);
        let start = starts.min().unwrap_or(self.origin);
        let of_older = self.older.iter().flat_map(|known| known.standard(self.origin, tenants_max));
        let mut keys: Vec<SeriesKey> = of_older.chain(self.standard(tenants_max)).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut sum: Option<SeriesSet> = None;
        for known in logs() {
            let own: Vec<SeriesKey> = keys
                .iter()
                .map(|key| key.with_tenant(|tenant| known.map.own_tenant(tenant)).unwrap_or(SeriesKey::Given))
                .collect();
            let mut counted = SeriesSet::from_history(&known.log.before(self.origin), start, bin, &own);
            for (series, &key) in counted.series.iter_mut().zip(&keys) {
                series.key = key;
            }
            match &mut sum {
                None => sum = Some(counted),
                Some(sum) => sum.add(&counted),
            }
        }
        let mut sum = sum.expect("there is a log");
        if let Some(KnownPast { bins, tenants }) = &self.past {
            bins.add_to(&mut sum, |tenant| tenants[tenant as usize]);
        }
        sum
    }

    /// Where the series of the log begin, what is left of it from before included.
    fn first_start(&self, bin: Duration) -> Instant {
        let history = self.log.log.before(self.origin);
        match &self.past {
            Some(past) => past.bins.first_start(&history, bin),
            None => SeriesSet::first_start(&history, bin),
        }
    }

    /// The series that the log has, what is left of it from before included.
    fn standard(&self, tenants_max: usize) -> Vec<SeriesKey> {
        let Some(KnownPast { bins, tenants }) = &self.past else { return self.log.standard(self.origin, tenants_max) };
        let of_history = |tenant| self.log.map.tenant(tenant);
        let counts = (self.tables.tenants.len(), tenants_max);
        bins.standard(&self.log.log.before(self.origin), counts, |tenant| tenants[tenant as usize], of_history)
    }

    /// What a stream model is estimated from.
    pub fn sources(&self) -> Vec<Source<'_>> {
        let of_older = self.older.iter().map(|older| {
            // Where the older log ends, its lives are censored: what became of them is not known.
            let end = older.log.last().map_or(self.origin, |last| last + Duration::from_micros(1));
            self.source(older, end.min(self.origin))
        });
        of_older.chain([self.source(&self.log, self.origin)]).collect()
    }

    fn source<'s>(&'s self, known: &'s KnownLog<'_>, end: Instant) -> Source<'s> {
        Source { history: known.log.before(end), map: &known.map, has_deletes: known.has_deletes }
    }

    /// Forecasts every series of `past`, which ends at the origin, and estimates the stream of its arrivals.
    ///
    /// # Errors
    /// When the horizon does not fit, the model is not ready, or there are no creates or no lifetimes to learn from.
    ///
    /// # Panics
    /// When `past` has no series of arrivals: it is made from [`Known::series`].
    pub fn predict(
        &self,
        past: &Past,
        model: &impl Predict,
        horizon: Duration,
        settings: &StreamSettings,
    ) -> Result<Prediction, PredictionError> {
        let forecast = model.predict(past, horizon)?;
        let arrivals = (0..past.series()).find(|&series| past.key(series) == SeriesKey::Arrivals);
        let arrivals = arrivals.expect("series of a log count its arrivals");
        let bins = match &forecast.series[arrivals].answer {
            Answer::Bins(bins) => bins,
            Answer::NotReady(reason) => return Err((*reason).into()),
        };
        let (origin, bin, past) = (self.origin, past.bin(), past.counts(arrivals));
        let arrivals = ArrivalForecast { origin, bin, bins, past };
        let stream = estimate(&self.sources(), &arrivals, self.flavors(), settings)?;
        Ok(Prediction { forecast, stream })
    }

    /// How many flavors appear before the origin.
    pub fn flavors(&self) -> usize {
        self.known_rows(
            |known, request| known.map.flavor(request.flavor).usize() + 1,
            |known, life| known.map.flavor(life.flavor).usize() + 1,
        )
    }

    /// How many rows of a table the requests before the origin, and those who stand there, use, where each says how many
    /// it needs.
    fn known_rows(
        &self,
        row: impl Fn(&KnownLog<'_>, &IndexedRequest) -> usize,
        row_of_standing: impl Fn(&KnownLog<'_>, &Life) -> usize,
    ) -> usize {
        let log = self.log.log;
        let standing = log.lives[log.own_lives().len()..].iter().map(|life| row_of_standing(&self.log, life));
        let rows = self
            .older
            .iter()
            .chain([&self.log])
            .filter_map(|known| known.log.before(self.origin).requests().map(|request| row(known, &request)).max());
        rows.chain(standing).max().unwrap_or(0)
    }

    /// The names of all tenants, by index; the first ones appear before the origin.
    pub fn tenant_names(&self) -> &crate::request::Names {
        &self.tables.tenants
    }

    /// The primary, run from the log's first request up to the origin, on the machines and placements that were
    /// observed where there are any.
    ///
    /// # Errors
    /// When what `base` assumes cannot run.
    pub fn primary(&self, base: &Scenario, observed: Option<&ObservedFleet>) -> Result<RunEnd, Problems> {
        let (scenario, requests) = self.past(base)?;
        Ok(simulate_to_fork(&scenario, &requests, RunOptions { observed, ..RunOptions::default() }))
    }

    /// What the primary runs up to the origin; its resources are the lives of the log.
    ///
    /// # Errors
    /// When what `base` assumes cannot run.
    pub fn past(&self, base: &Scenario) -> Result<(ValidScenario, Vec<IndexedRequest>), Problems> {
        let end = self.origin;
        let first = self.log.log.first().filter(|&first| first < end).unwrap_or(end - base.bin);
        let window = Window { start: first.floor(base.bin).min(end - Duration::from_micros(1)), end };
        let scenario = Scenario { window, ..self.scenario_with_all(base) };
        let requests = self.log.log.before(end).requests().map(|request| self.log.map.request(request)).collect();
        Ok((ValidScenario::new(scenario)?, requests))
    }

    /// The scenario of a shadow over `horizon`: the primary's fork, and the predicted demand.
    ///
    /// Tenants and flavors that first appear after the origin are not in it; tenants that are predicted to appear follow
    /// those that are known, under names of their own.
    pub fn predicted(&self, base: &Scenario, fork: &Fork, model: StreamModel, horizon: Duration) -> Scenario {
        let flavors = model.lifetimes.hazards.len();
        let mut scenario = self.scenario_with_all(base);
        scenario.tenants.truncate(self.known_rows(
            |known, request| known.map.tenant(request.tenant).usize() + 1,
            |known, life| known.map.tenant(life.tenant).usize() + 1,
        ));
        let known: Vec<String> = scenario.tenants.iter().map(|tenant| tenant.name.clone()).collect();
        let new = newcomer_names(model.newcomers.slots, known.iter().map(String::as_str));
        scenario.tenants.extend(new.map(|name| Tenant { name, ..Tenant::default() }));
        scenario.flavors.truncate(flavors);
        let rows = |known: &KnownLog<'_>, terms: Option<TermsIndex>| {
            terms.map_or(0, |terms| known.map.terms(terms).usize() + 1)
        };
        scenario.terms.truncate(
            self.known_rows(|known, request| rows(known, request.terms), |known, life| rows(known, life.terms)),
        );
        Scenario {
            window: Window { start: self.origin, end: self.origin + horizon },
            demand: Demand::Forecast(Box::new(model)),
            start: fork.state.clone(),
            price_book: scenario.price_book.with_used(&fork.used_of_tiers),
            ..scenario
        }
    }

    /// The scenario of what happened over `horizon`: the same fork, and the actual requests.
    ///
    /// Whoever appeared after the origin is in it, behind those that were known.
    pub fn actual(&self, base: &Scenario, fork: &Fork, horizon: Duration) -> Scenario {
        let window = Window { start: self.origin, end: self.origin + horizon };
        let requests = self.requests_in(window, &fork.lives);
        let (demand, start) = (Demand::Requests(requests), fork.state.clone());
        let scenario = self.scenario_with_all(base);
        let price_book = scenario.price_book.with_used(&fork.used_of_tiers);
        Scenario { window, demand, start, price_book, ..scenario }
    }

    /// The scenario of what happened over `horizon`, on a control plane that has just been switched on.
    pub fn from_nothing(&self, base: &Scenario, horizon: Duration) -> Scenario {
        let window = Window { start: self.origin, end: self.origin + horizon };
        let demand = Demand::Requests(self.requests_in(window, &[]));
        Scenario { window, demand, start: State::default(), ..self.scenario_with_all(base) }
    }

    /// What is assumed, with the tenants, flavors and terms of the log, and with edits as if they had always been settings.
    ///
    /// # Errors
    /// When that cannot run.
    pub fn settings(&self, base: &Scenario, edits: &[Edit]) -> Result<Scenario, Problems> {
        let nothing = Scenario {
            demand: Demand::Requests(Vec::new()),
            edits: edits.to_vec(),
            ..self.from_nothing(base, base.bin)
        };
        Ok(Scenario { edits: Vec::new(), ..ValidScenario::of_accepted(nothing)?.scenario().clone() })
    }

    /// The requests of a window, their resources counted from the `live` ones on.
    fn requests_in(&self, window: Window, live: &[ResourceIndex]) -> Vec<IndexedRequest> {
        let indexed = |(position, resource): (usize, ResourceIndex)| IndexedRequest {
            resource,
            lifetime: None,
            ..self.log.map.request(self.log.log.requests[position])
        };
        self.inside(window, live).map(indexed).collect()
    }

    /// The ids of the requests of a window, in the order in which [`Known::actual`] has them.
    pub fn ids_in(&self, window: Window, live: &[ResourceIndex]) -> impl Iterator<Item = &str> {
        self.inside(window, live).map(|(position, _)| &*self.log.log.ids[position])
    }

    /// Where the requests of a window are in the log, and which resource of the scenario each is about: what the primary
    /// refused before the window is not there to be deleted.
    fn inside(&self, window: Window, live: &[ResourceIndex]) -> impl Iterator<Item = (usize, ResourceIndex)> {
        let log = self.log.log;
        let index = self.indices(window, live);
        let positions = log.position(window.start)..log.position(window.end);
        positions.filter_map(move |position| Some((position, index[log.requests[position].resource.usize()]?)))
    }

    /// The same predicted scenario with room for tenants and flavors that first appear after its origin, so that the
    /// actual requests can be replayed in it; its own outcome stays the same.
    ///
    /// The first tenant that appeared takes the place of the first one that was predicted to, and so on: what was predicted
    /// for a newcomer is compared with what came of one.
    pub fn with_newcomers(&self, predicted: &Scenario) -> Scenario {
        let Scenario { tenants: all, flavors, terms, .. } = self.scenario_with_all(predicted);
        let mut tenants = predicted.tenants.clone();
        for (position, tenant) in all.into_iter().enumerate() {
            match tenants.get_mut(position) {
                Some(predicted) => predicted.name = tenant.name,
                None => tenants.push(tenant),
            }
        }
        let mut demand = predicted.demand.clone();
        if let Demand::Forecast(model) = &mut demand {
            let intervals = model.lifetimes.edges.len();
            // A flavor that no template has is never sampled.
            model.lifetimes.hazards.resize(flavors.len(), vec![0; intervals]);
        }
        Scenario { tenants, flavors, terms, demand, ..predicted.clone() }
    }

    fn scenario_with_all(&self, base: &Scenario) -> Scenario {
        let named = |name: &str| {
            let known = base.tenants.iter().find(|tenant| tenant.name == name).cloned();
            known.unwrap_or_else(|| Tenant { name: name.to_owned(), ..Tenant::default() })
        };
        let flavors: Vec<Flavor> = self.tables.flavors().cloned().collect();
        let terms = self.tables.terms().cloned().collect();
        Scenario { tenants: self.tables.tenants.iter().map(named).collect(), flavors, terms, ..base.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example;
    use crate::features::Features;
    use crate::forecast::{Fit, SeasonalNaive};
    use crate::request::{Catalogue, Request, RequestLogBuilder};
    use crate::simulation::simulate;
    use crate::units::LedgerUnits;

    fn log(requests: impl IntoIterator<Item = Request>) -> RequestLog {
        let mut builder = RequestLogBuilder::new(Catalogue::default());
        for (line, request) in requests.into_iter().enumerate() {
            builder.push(line as u64 + 1, request).unwrap();
        }
        builder.finish().unwrap()
    }

    fn days(range: core::ops::Range<i64>) -> Vec<Request> {
        range.flat_map(|day| example::requests(1, day)).collect()
    }

    fn noon() -> Instant {
        example::day_window(3).start + Duration::HOUR * 12
    }

    #[test]
    fn what_happened_goes_on_from_the_fork() {
        let (log, base) = (log(days(0..5)), example::scenario());
        let total = |origin: Instant| {
            let known = Known::new(&log, None, origin);
            let primary = known.primary(&base, None).unwrap();
            let end = example::day_window(4).end;
            let actual = ValidScenario::new(known.actual(&base, &primary.fork, end - origin)).unwrap();
            let outcome = simulate(&actual, &actual.requests(0), RunOptions::default());
            primary.outcome.cost.total() + outcome.cost.total()
        };
        let whole = total(noon());
        assert!(whole > LedgerUnits::ZERO);
        assert_eq!(total(example::day_window(2).start + Duration::from_minutes(7)), whole);
    }

    #[test]
    fn nothing_after_the_origin_is_seen() {
        let base = example::scenario();
        let early: Vec<Request> = days(0..5).into_iter().filter(|request| request.at < noon()).collect();
        let (with, without) = (log(days(0..5)), log(early));
        let known = [&with, &without].map(|log| Known::new(log, None, noon()));
        assert_eq!(known[0].series(base.bin, 100), known[1].series(base.bin, 100));
        assert_eq!(known[0].flavors(), known[1].flavors());
        let [a, b] = known.map(|known| known.primary(&base, None).unwrap());
        assert_eq!((a.fork, a.outcome), (b.fork, b.outcome));
    }

    #[test]
    fn newcomers_change_nothing_that_was_predicted() {
        let (log, base) = (log(days(0..5)), example::scenario());
        let known = Known::new(&log, None, noon());
        let features = Features::new(known.series(Duration::from_minutes(5), 100));
        let past = features.all();
        let model = SeasonalNaive.fit(&past).unwrap();
        let prediction = known.predict(&past, &model, Duration::HOUR * 6, &StreamSettings::default()).unwrap();
        let primary = known.primary(&base, None).unwrap();
        let predicted = known.predicted(&base, &primary.fork, prediction.stream, Duration::HOUR * 6);
        let wider = known.with_newcomers(&predicted);
        let digest =
            |scenario: Scenario| crate::simulation::run(&ValidScenario::new(scenario).unwrap(), 0, false).digest;
        assert_eq!(digest(wider), digest(predicted));
    }

    #[test]
    fn an_older_log_adds_to_the_counts_but_not_to_the_primary() {
        let base = example::scenario();
        let creates = |days: Vec<Request>| days.into_iter().filter(|request| request.operation == Operation::Create);
        let (older, newer) = (log(creates(days(0..2))), log(creates(days(2..4))));
        let both = log(creates(days(0..4)));
        let origin = example::day_window(4).start;
        let split = Known::new(&newer, Some(&older), origin);
        let joined = Known::new(&both, None, origin);
        assert_eq!(split.series(base.bin, 100), joined.series(base.bin, 100));
        assert_eq!(split.primary(&base, None).unwrap().fork.state.live.len(), newer.lives.len());
    }
}

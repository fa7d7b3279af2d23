//! What happens when an hour closes, or a shorter step.

use std::collections::BTreeSet;

use shared::allocation::Grouping;
use shared::api::{JobKind, NotReady, ObservedView, WindowReport};
use shared::features::{SeriesKey, SeriesSet};
use shared::feedback::ledger::verify;
use shared::feedback::{Demanded, PastErrors};
use shared::request::{Received, RequestLog};
use shared::shadow::Known;
use shared::units::{Duration, Instant, TenantIndex, Window};
use tracing::Instrument;

use super::predicting::ExpectedHour;
use super::{Cycle, CycleError};
use crate::jobs::{CheckInput, wall_clock};
use crate::shadowing::calibrating::renew_calibrations;
use crate::shadowing::closing::{Before, close};
use crate::shadowing::known_log;
use crate::shadowing::primary::{Metered, meter, start_view};
use crate::shadowing::recommending::{awaits_check, found_for};
use crate::store::{Collection, read_documents_of, requests_in, whole_ledger, write_json};
use crate::traces;

/// How far back a report looks for what was so before.
const REMEMBERED_DAYS: i64 = 14;

impl Cycle {
    /// Closes what ends at an instant: the step, the hour, windows of forecasts, the day; and forecasts what is due then.
    pub(super) async fn close_step(&mut self, end: Instant) -> Result<(), CycleError> {
        let step = Window { start: end - self.config.horizons.step(), end };
        self.close(step).instrument(traces::closing(step)).await
    }

    async fn close(&mut self, step: Window) -> Result<(), CycleError> {
        let end = step.end;
        if let Some(world) = &mut self.world {
            world.advance(&*self.store, end).await?;
        }
        let (mut log, open) = self.take_in_log(end).await?;
        if log.requests.is_empty() {
            return self.wait_for_requests().await;
        }
        self.outages = self.config.known(&log, end).outages();
        self.note_training().await?;
        let day = Window { start: open_day(end), end };
        let mut received = self.take_in_observations().await?;
        if end == end.floor(Duration::HOUR) {
            self.charge(&log, &received, &open, day).await?;
            self.watch_demand(&log, Window { start: end - Duration::HOUR, end }).await?;
        }
        let midnight = end == end.floor(Duration::DAY);
        if !midnight && self.is_scheduled_in(step) {
            let decision = self.decide(end).await?;
            self.carry_out(decision).await?;
        }
        self.close_windows(&log, &received, end).await?;
        if midnight {
            self.close_day(&log, &received, day).await?;
            // The new day is predicted from the log that it will be judged by: where that begins later, tenants stand in
            // another order.
            (log, _) = self.take_in_log(end).await?;
            received = self.take_in_observations().await?;
        }
        self.predict_what_is_due(&log, &received, end).await
    }

    /// Says what there is to wait for.
    async fn wait_for_requests(&self) -> Result<(), CycleError> {
        match self.store.summary().await?.first {
            None => self.set_not_ready("no_requests", "no request has come in yet; POST some to /v1/requests"),
            Some(first) => {
                let step = self.config.horizons.step();
                let closes = first.floor(step) + step + self.config.late;
                let message = format!("the first forecast is made at {closes}, when the first requests are all in");
                self.set_not_ready("first_hour_open", &message);
            }
        }
        Ok(())
    }

    /// Shows the primary as it was known when an hour closed, again.
    pub(super) async fn show_primary(&mut self, hour: Instant) -> Result<(), CycleError> {
        let (log, open) = self.take_in_log(hour).await?;
        let received = self.take_in_observations().await?;
        let day = Window { start: open_day(hour), end: hour };
        if log.requests.is_empty() { Ok(()) } else { self.charge(&log, &received, &open, day).await }
    }

    /// The log until an hour, its tenants shown, and what is wrong with all that has come in; with the ids of requests
    /// that are not closed yet.
    async fn take_in_log(&mut self, hour: Instant) -> Result<(RequestLog, BTreeSet<String>), CycleError> {
        self.taken_in = self.store.summary().await?.ever();
        let start = self.log_start.max(self.config.log_from());
        let requests = requests_in(&*self.store, Window { start, ..Window::ALWAYS }).await?;
        let (closed, open) = requests.split_at(requests.partition_point(|request| request.at < hour));
        let (log, mut contradictions) = known_log(closed, &self.config.catalogue, self.config.start.as_ref())?;
        let mut orphans = log.orphans;
        if !open.is_empty() {
            let (all, found) = known_log(&requests, &self.config.catalogue, self.config.start.as_ref())?;
            (orphans, contradictions) = (all.orphans, found);
        }
        let tenants = log.tenants.iter().map(str::to_owned).collect();
        let flavors = named_flavors(&log);
        self.board.update(|snapshot| {
            (snapshot.tenants, snapshot.flavors) = (tenants, flavors);
            (snapshot.orphans, snapshot.contradictions) = (orphans, contradictions);
        });
        Ok((log, open.iter().map(|request| request.id.clone()).collect()))
    }

    /// The actual cost of every closed hour of the day; of the whole log the first time.
    async fn charge(
        &mut self,
        log: &RequestLog,
        received: &[Received],
        open: &BTreeSet<String>,
        Window { start: day, end }: Window,
    ) -> Result<(), CycleError> {
        let first_time = self.board.snapshot().origin().is_none();
        let first = log.first().unwrap_or(end).floor(self.config.assumed.bin);
        let from = if first_time { first } else { day };
        // What it cost is known from when it is known who lives.
        let began = self.config.known_from().filter(|at| *at < end);
        let window = Window { start: began.map_or(from, |at| from.max(at)), end };
        // Facts about requests of the open hour are no facts about nobody's: they wait for its close.
        let known = received.iter().filter(|received| !open.contains(&received.observation.request));
        let known: Vec<Received> = known.cloned().collect();
        let predicted = self.predicted.as_ref().map(|predicted| predicted.scenario.original());
        let told =
            predicted.filter(|predicted| predicted.window.start == window.start).map(|predicted| &predicted.fleet);
        let metered = meter(&self.config, &Known::new(log, None, window.start), &known, window, told);
        let Ok(Metered { end: ended, basis, folded, .. }) = metered else { return Ok(()) };
        if began.is_some() && self.board.snapshot().start.is_none() {
            let start = start_view(&self.config, &Known::new(log, None, end)).unwrap_or_default();
            self.board.update(|snapshot| snapshot.start = start);
        }
        // Facts about the closed hours come in later too, and by a clock that may since have been set back.
        let since = Window { start: day, ..Window::ALWAYS };
        let observed = ObservedView::new(&folded, since, ended.outcome.anomalies);
        self.board.update(|snapshot| (snapshot.basis, snapshot.observed) = (Some(basis), observed));
        // What a day cost is written when it closes; the fleet of the next one is not what it was metered on.
        let is_closed = end < self.next && end == end.floor(Duration::DAY);
        if is_closed {
            return Ok(());
        }
        self.write_actual_costs(window.start, ended.outcome.timeline.iter().map(|bin| bin.cost)).await
    }

    /// Sets the hour's demand against the newest forecast made before it.
    async fn watch_demand(&mut self, log: &RequestLog, hour: Window) -> Result<(), CycleError> {
        if self.outage_in(hour).is_some() {
            return Ok(());
        }
        let expected: Vec<&ExpectedHour> = self.expected.iter().filter(|expected| expected.at == hour.start).collect();
        let key = |of: &Demanded| match of {
            Demanded::Batches => SeriesKey::Arrivals,
            Demanded::Creates(None) => SeriesKey::TOTAL,
            Demanded::Creates(Some(name)) => {
                // Who is not in the log yet has asked for nothing.
                let tenant = log.tenants.get(name).map(|tenant| Some(TenantIndex(tenant)));
                tenant.map_or(SeriesKey::Given, |tenant| SeriesKey::Creates { tenant, class: None })
            }
        };
        let keys: Vec<SeriesKey> = expected.iter().map(|expected| key(&expected.of)).collect();
        let came = SeriesSet::from_history(&log.before(hour.end), hour.start, Duration::HOUR, &keys);
        for (ExpectedHour { of, count, .. }, came) in expected.into_iter().zip(came.series) {
            self.triggers.observe_demand(hour.start, of, *count, came.counts[0]);
        }
        // One decision a day says that the drift goes on; more of them would say nothing new.
        if self.triggers.drifted() && (!self.drift_decided || self.triggers.cooled_down(hour.end)) {
            self.drift_decided = true;
            let decision = self.decide(hour.end).await?;
            self.carry_out(decision).await?;
        }
        Ok(())
    }

    async fn close_day(&mut self, log: &RequestLog, received: &[Received], window: Window) -> Result<(), CycleError> {
        let predicted = self.predicted.take().filter(|p| p.scenario.scenario().window == window);
        // In a long one, nothing is predicted for the days that begin in it either.
        if let Some(outage) = self.outage_in(window) {
            let reason =
                format!("there is no data from {} to {}: the actual cost is not known", outage.start, outage.end);
            self.write_unreported(window, reason).await?;
        } else if let Some(predicted) = predicted {
            let found = found_for(&*self.store, window).await?;
            let before = Before {
                errors: self.past_errors(window).await?,
                found: found.as_ref().map(|found| &found.advice),
                reports: self.reports_before(window).await?,
            };
            match close(&self.config, log, received, &predicted, &before, &mut self.accuracies) {
                Ok(closed) => {
                    self.write_reports(&closed, &predicted.model).await?;
                    self.triggers.observe_cost(closed.accounts);
                }
                Err(reason) => self.write_unreported(window, reason.to_string()).await?,
            }
        }
        if self.outage_in(window).is_none() && awaits_check(&*self.store, window).await? {
            let input = write_json(&CheckInput { day: window.start })?;
            self.store.put_and_submit(Vec::new(), JobKind::SavingCheck, input, wall_clock()).await?;
        }
        self.drift_decided = false;
        let decision = self.decide(window.end).await?;
        self.carry_out(decision).await?;
        renew_calibrations(&*self.store, &self.config, log, received, window.end).await?;
        self.set_log_start(window.end);
        if self.config.keep.is_some() {
            self.store.forget_before(self.log_start).await?;
        }
        self.retain(log, received, window.end).await
    }

    /// How wrong the forecasts of days before a `window` of one were; nothing is known where the ledger does not hold.
    async fn past_errors(&self, window: Window) -> Result<PastErrors, CycleError> {
        Ok(match verify(&whole_ledger(&*self.store).await?) {
            Ok((_, records)) => PastErrors::new(&records, window),
            Err(broken) => {
                tracing::warn!(%broken, "the forecast ledger says nothing about past errors");
                PastErrors::default()
            }
        })
    }

    /// The reports by tenant of the days before a `window` of one.
    async fn reports_before(&self, window: Window) -> Result<Vec<WindowReport>, CycleError> {
        let days = Window { start: window.start - Duration::DAY * REMEMBERED_DAYS, end: window.start };
        let documents = self.store.list(Collection::Reports, days, usize::MAX).await?;
        Ok(read_documents_of(&documents, Grouping::Tenant.as_str())?)
    }

    /// The first outage that touches a window.
    pub(super) fn outage_in(&self, window: Window) -> Option<Window> {
        self.outages.iter().find(|outage| outage.start < window.end && window.start < outage.end).copied()
    }

    fn set_not_ready(&self, reason: &str, message: &str) {
        let not_ready = NotReady { reason: reason.to_owned(), message: message.to_owned(), bins_missing: None };
        self.board.update(|snapshot| snapshot.not_ready = Some(not_ready));
    }
}

/// The day that is open just before an instant.
pub(super) fn open_day(instant: Instant) -> Instant {
    (instant - Duration::from_micros(1)).floor(Duration::DAY)
}

/// The flavors that requests name; those that ask for amounts have none.
fn named_flavors(log: &RequestLog) -> Vec<String> {
    let named = log.flavors.iter().filter(|flavor| flavor.name != flavor.requested.to_string());
    let mut names: Vec<String> = Vec::new();
    for flavor in named {
        if !names.contains(&flavor.name) {
            names.push(flavor.name.clone());
        }
    }
    names
}

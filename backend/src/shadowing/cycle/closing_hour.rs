//! What happens when an hour closes.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use shared::api::{NotReady, ObservedView, SkippedForecasts};
use shared::features::SeriesKey;
use shared::feedback::PastErrors;
use shared::feedback::ledger::verify;
use shared::forecast::BinForecast;
use shared::request::{Received, RequestLog};
use shared::shadow::Known;
use shared::units::{Duration, Instant, Window};

use super::{Cycle, CycleError, Predicted};
use crate::ensemble;
use crate::shadowing::budgeting::outlook;
use crate::shadowing::calibrating::{renew_calibrations, stored_calibrations};
use crate::shadowing::champion::keep_champion;
use crate::shadowing::closing::close;
use crate::shadowing::primary::{Metered, meter, start_view};
use crate::shadowing::{Ask, Prediction, SideInputs, StoredForecast, known_log, predict};
use crate::store::{requests_in, whole_ledger};

impl Cycle {
    pub(super) async fn close_hour(&mut self, hour: Instant) -> Result<(), CycleError> {
        let over = Window { start: hour - Duration::HOUR, end: hour };
        if let Some(world) = &mut self.world {
            world.advance(&*self.store, hour).await?;
        }
        let (mut log, open) = self.take_in_log(hour).await?;
        if log.requests.is_empty() {
            match self.store.summary().await?.first {
                None => self.set_not_ready("no_requests", "no request has come in yet; POST some to /v1/requests"),
                Some(first) => {
                    let closes = first.floor(Duration::HOUR) + Duration::HOUR + self.config.late;
                    let message =
                        format!("the first forecast is made when the hour of the first request closes, at {closes}");
                    self.set_not_ready("first_hour_open", &message);
                }
            }
            return Ok(());
        }
        self.outages = log.before(hour).outages();
        self.note_training().await?;
        let day = open_day(hour);
        let mut received = self.take_in_observations().await?;
        self.charge(&log, &received, &open, Window { start: day, end: hour }).await?;
        self.watch_demand(over).await?;
        if hour != hour.floor(Duration::DAY) && self.is_scheduled_in(over) {
            let decision = self.decide(hour).await?;
            self.carry_out(decision).await?;
        }
        if hour == hour.floor(Duration::DAY) {
            self.close_day(&log, &received, Window { start: day, end: hour }).await?;
            // The new day is predicted from the log that it will be judged by: where that begins later, tenants stand in
            // another order.
            (log, _) = self.take_in_log(hour).await?;
            received = self.take_in_observations().await?;
        }
        let since_midnight = hour - hour.floor(Duration::DAY);
        let first = self.board.snapshot().origin.is_none();
        if first || since_midnight.micros() % self.config.refresh.micros() == 0 {
            if !first && self.is_overtaken(hour) {
                self.pass_over(hour);
            } else {
                self.predict(&log, &received, hour).await?;
            }
        }
        Ok(())
    }

    /// Whether the forecast after that of an hour is due already; what a day is judged by is made however late it is.
    fn is_overtaken(&self, hour: Instant) -> bool {
        let next = hour + self.config.refresh + self.config.late;
        hour != hour.floor(Duration::DAY) && next <= self.clock.now()
    }

    fn pass_over(&self, hour: Instant) {
        tracing::warn!(%hour, "no forecast is made: the next one is due already");
        self.board.update(|snapshot| {
            let count = snapshot.skipped.map_or(0, |skipped| skipped.count) + 1;
            snapshot.skipped = Some(SkippedForecasts { count, last: hour });
        });
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
        self.taken_in = self.store.summary().await?.requests;
        let requests = requests_in(&*self.store, Window { start: self.log_start, ..Window::ALWAYS }).await?;
        let (closed, open) = requests.split_at(requests.partition_point(|request| request.at < hour));
        let (log, mut contradictions) = known_log(closed, &self.config.catalogue, self.config.start.as_ref())?;
        let mut orphans = log.orphans;
        if !open.is_empty() {
            let (all, found) = known_log(&requests, &self.config.catalogue, self.config.start.as_ref())?;
            (orphans, contradictions) = (all.orphans, found);
        }
        let tenants = log.tenants.iter().map(str::to_owned).collect();
        self.board.update(|snapshot| {
            (snapshot.tenants, snapshot.orphans, snapshot.contradictions) = (tenants, orphans, contradictions);
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
        let first_time = self.board.snapshot().origin.is_none();
        let first = log.first().unwrap_or(end).floor(self.config.assumed.bin);
        let from = if first_time { first } else { day };
        // What it cost is known from when it is known who lives.
        let began = self.config.start.as_ref().map(|beginning| beginning.at).filter(|at| *at < end);
        let window = Window { start: began.map_or(from, |at| from.max(at)), end };
        // Facts about requests of the open hour are no facts about nobody's: they wait for its close.
        let known = received.iter().filter(|received| !open.contains(&received.observation.request));
        let known: Vec<Received> = known.cloned().collect();
        let predicted = self.predicted.as_ref().map(|predicted| predicted.scenario.original());
        let metered = meter(&self.config, &Known::new(log, None, window.start), &known, window, predicted);
        let Ok(Metered { end: ended, basis, folded }) = metered else { return Ok(()) };
        if began.is_some() && self.board.snapshot().start.is_none() {
            let start = start_view(&self.config, &Known::new(log, None, end)).unwrap_or_default();
            self.board.update(|snapshot| snapshot.start = start);
        }
        // Facts about the closed hours come in later too, and by a clock that may since have been set back.
        let since = Window { start: day, ..Window::ALWAYS };
        let observed = ObservedView::new(&folded, since, ended.outcome.anomalies);
        self.board.update(|snapshot| (snapshot.basis, snapshot.observed) = (Some(basis), observed));
        self.write_actual_costs(window.start, ended.outcome.timeline.iter().map(|bin| bin.cost)).await
    }

    /// Sets the hour's creates against the newest forecast made before it.
    async fn watch_demand(&mut self, hour: Window) -> Result<(), CycleError> {
        if self.outage_in(hour).is_some() {
            return Ok(());
        }
        let expected = self.expected.iter().filter(|expected| expected.at == hour.start);
        for ExpectedHour { tenant, creates, .. } in expected {
            let actual = self.store.count_creates(hour, Duration::HOUR, tenant.clone()).await?;
            let actual = actual.first().map_or(0, |(_, creates)| *creates) as f64;
            self.triggers.observe_demand(tenant.as_deref(), *creates, actual);
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
        if let Some(outage) = self.outage_in(window).filter(|_| predicted.is_some()) {
            let reason =
                format!("there is no data from {} to {}: the actual cost is not known", outage.start, outage.end);
            self.write_unreported(window, reason).await?;
        } else if let Some(predicted) = predicted {
            let past = self.past_errors(window.start).await?;
            match close(&self.config, log, received, &predicted, &past, &mut self.accuracies) {
                Ok(closed) => {
                    self.write_reports(&closed, &predicted.model).await?;
                    self.triggers.observe_cost(closed.accounts);
                }
                Err(reason) => self.write_unreported(window, reason.to_string()).await?,
            }
        }
        self.drift_decided = false;
        let decision = self.decide(window.end).await?;
        self.carry_out(decision).await?;
        renew_calibrations(&*self.store, &self.config, log, received, window.end).await?;
        self.set_log_start(window.end);
        if self.config.keep.is_some() {
            self.store.forget_before(self.log_start).await?;
        }
        Ok(())
    }

    /// How wrong the forecasts of days before `day` were; nothing is known where the ledger does not hold.
    async fn past_errors(&self, day: Instant) -> Result<PastErrors, CycleError> {
        Ok(match verify(&whole_ledger(&*self.store).await?) {
            Ok((_, records)) => PastErrors::new(&records, day),
            Err(broken) => {
                tracing::warn!(%broken, "the forecast ledger says nothing about past errors");
                PastErrors::default()
            }
        })
    }

    /// The first outage that touches a window.
    fn outage_in(&self, window: Window) -> Option<Window> {
        self.outages.iter().find(|outage| outage.start < window.end && window.start < outage.end).copied()
    }

    async fn predict(&mut self, log: &RequestLog, received: &[Received], origin: Instant) -> Result<(), CycleError> {
        let snapshot = self.board.snapshot();
        let assumed = &self.config.assumed;
        let (runs, seed) = (assumed.runs, assumed.seed);
        let calibrations = stored_calibrations(&*self.store).await?.unwrap_or_default().service_times;
        let ask = Ask { origin, horizon: self.config.horizon, runs, seed, edits: &[], calibrations: &calibrations };
        // What has come in since was not known at the origin.
        let received: Vec<Received> = received.iter().filter(|received| received.at < origin).cloned().collect();
        let side_inputs =
            SideInputs::read(&*self.store, &self.config, self.log_start, origin, self.config.horizon).await?;
        let predicted = predict(&self.config, snapshot.champion.as_deref(), log, &received, &side_inputs, &ask);
        let Prediction { forecast, scenario, champion, lives, nodes } = match predicted {
            Ok(prediction) => prediction,
            Err(reason) => {
                self.board.update(|snapshot| snapshot.not_ready = Some(reason));
                return Ok(());
            }
        };
        let threads = ensemble::available_threads();
        let outcome = ensemble::run(&scenario, threads, false, &|_, _| true).expect("nobody cancels it");
        self.expected = expected_hours(&forecast);
        self.write_prediction(&forecast, &scenario, &outcome).await?;
        if !self.config.budgets.budgets.is_empty()
            && let Ok(outlook) = outlook(&self.config, log, &received, &scenario, &lives)
        {
            self.write_outlook(origin, &outlook).await?;
        }
        // After a kill the first champion may be there, and its training not asked for.
        let first = snapshot.champion.is_none() || self.triggers.are_untouched();
        let mut newest = None;
        let changing = self.board.change_champion().await;
        self.board.update(|snapshot| {
            snapshot.not_ready = None;
            snapshot.origin = Some(origin);
            // The jobs may have promoted another one in the meantime; the baseline is fitted anew at every origin.
            if snapshot.champion.as_ref().is_none_or(|current| current.version == champion.version) {
                snapshot.champion = Some(std::sync::Arc::new(champion));
                newest.clone_from(&snapshot.champion);
            }
        });
        if let Some(champion) = newest {
            keep_champion(&*self.store, &champion).await?;
        }
        drop(changing);
        if first {
            self.first_training(origin).await?;
        }
        if origin == origin.floor(Duration::DAY) {
            let model = forecast.model.name.clone();
            let predicted = Predicted { scenario, outcome, model, lives, nodes };
            self.keep_open_day(&predicted).await?;
            self.predicted = Some(predicted);
        }
        Ok(())
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

/// What a forecast expects of an hour.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ExpectedHour {
    at: Instant,
    /// Whose creates; everyone's where none.
    tenant: Option<String>,
    creates: f64,
}

/// Expected creates of each whole hour of a forecast: of everyone, and of each tenant that has a series.
fn expected_hours(stored: &StoredForecast) -> Vec<ExpectedHour> {
    let forecast = &stored.forecast;
    let per_hour = Duration::HOUR.divide(forecast.bin).max(1) as usize;
    let mut expected = Vec::new();
    for series in &forecast.series {
        let SeriesKey::Creates { tenant, class: None } = series.key else { continue };
        let tenant = tenant.map(|tenant| stored.tenants[tenant.usize()].clone());
        let hours = series.bins().unwrap_or_default().chunks_exact(per_hour);
        let sums = hours.map(|hour| hour.iter().map(BinForecast::mean).sum());
        expected.extend(sums.enumerate().map(|(i, creates)| ExpectedHour {
            at: forecast.origin + Duration::HOUR * i as i64,
            tenant: tenant.clone(),
            creates,
        }));
    }
    expected
}

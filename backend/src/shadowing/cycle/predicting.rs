//! What is predicted when a step has closed.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use shared::api::SkippedForecasts;
use shared::features::SeriesKey;
use shared::feedback::Demanded;
use shared::forecast::BinForecast;
use shared::quote::QuoteBase;
use shared::request::{Received, RequestLog};
use shared::units::{Duration, Instant};

use super::{Cycle, CycleError, Predicted};
use crate::ensemble;
use crate::shadowing::budgeting::outlook;
use crate::shadowing::calibrating::stored_calibrations;
use crate::shadowing::champion::keep_champion;
use crate::shadowing::{Ask, Champion, Prediction, REPORTED, SideInputs, StoredForecast, predict};

impl Cycle {
    /// Forecasts over every horizon that is due, and in any case over [`REPORTED`] before the first forecast.
    pub(super) async fn predict_what_is_due(
        &mut self,
        log: &RequestLog,
        received: &[Received],
        at: Instant,
    ) -> Result<(), CycleError> {
        // What has come in since was not known at the origin.
        let received: Vec<Received> = received.iter().filter(|received| received.at < at).cloned().collect();
        let first = self.board.snapshot().origin().is_none();
        let mut due: Vec<Duration> = self.config.horizons.due(at, self.config.refresh).collect();
        if first && !due.contains(&REPORTED) {
            due.push(REPORTED);
        }
        // The shortest last: its predicted costs are those that are shown.
        due.sort_unstable_by(|a, b| b.cmp(a));
        for horizon in due {
            if !first && self.is_overtaken(at, horizon) {
                self.pass_over(at, horizon);
            } else {
                self.predict(log, &received, at, horizon).await?;
            }
        }
        Ok(())
    }

    /// Whether the next forecast over a horizon is due already; what a day is judged by is made however late it is.
    fn is_overtaken(&self, at: Instant, horizon: Duration) -> bool {
        let next = at + horizon.min(self.config.refresh) + self.config.late;
        !(horizon == REPORTED && at == at.floor(REPORTED)) && next <= self.clock.now()
    }

    fn pass_over(&self, at: Instant, horizon: Duration) {
        tracing::warn!(%at, %horizon, "no forecast is made: the next one is due already");
        self.board.update(|snapshot| {
            let count = snapshot.skipped.map_or(0, |skipped| skipped.count) + 1;
            snapshot.skipped = Some(SkippedForecasts { count, last: at });
        });
    }

    async fn predict(
        &mut self,
        log: &RequestLog,
        received: &[Received],
        origin: Instant,
        horizon: Duration,
    ) -> Result<(), CycleError> {
        let champion = self.board.snapshot().champion;
        let assumed = &self.config.assumed;
        let (runs, seed) = (assumed.runs, assumed.seed);
        let calibrations = stored_calibrations(&*self.store).await?.unwrap_or_default().calibrations;
        let ask = Ask { origin, horizon, runs, seed, edits: &[], calibrations: &calibrations };
        let side_inputs = SideInputs::read(&*self.store, &self.config, self.log_start, origin, horizon).await?;
        let prediction = match predict(&self.config, champion.as_deref(), log, received, &side_inputs, &ask) {
            Ok(prediction) => prediction,
            Err(reason) => {
                self.board.update(|snapshot| {
                    snapshot.newest.entry(horizon).or_default().not_ready = Some(reason.clone());
                    if horizon == REPORTED {
                        snapshot.not_ready = Some(reason);
                    }
                });
                return Ok(());
            }
        };
        let Prediction { forecast, scenario, champion: served, lives, resources, nodes } = prediction;
        let quote_base = Arc::new(QuoteBase::new(scenario.original(), resources, &assumed.tenants));
        self.board.update(|snapshot| snapshot.quote_base = Some(quote_base));
        let threads = ensemble::available_threads();
        let outcome = ensemble::run(&scenario, threads, false, &|_, _| true).expect("nobody cancels it");
        self.write_prediction(&forecast, &scenario, &outcome).await?;
        if horizon == self.config.horizons.longest()
            && !self.config.budgets.budgets.is_empty()
            && let Ok(outlook) = outlook(&self.config, log, received, &scenario, &lives)
        {
            self.write_outlook(origin, &outlook).await?;
        }
        let model = forecast.model.name.clone();
        let predicted = Predicted { scenario, outcome, model, lives, nodes };
        if horizon != REPORTED {
            self.board.update(|snapshot| snapshot.newest.entry(horizon).or_default().set(origin));
            return self.open_window(&predicted).await;
        }
        self.expected = expected_hours(&forecast);
        // After a kill the first champion may be there, and its training not asked for.
        let first = champion.is_none() || self.triggers.are_untouched();
        self.serve(served, origin).await?;
        if first {
            self.first_training(origin).await?;
        }
        if origin == origin.floor(REPORTED) {
            self.keep_open_day(&predicted).await?;
            self.predicted = Some(predicted);
        }
        Ok(())
    }

    /// Shows that a champion has forecast at an instant, and keeps it.
    async fn serve(&self, champion: Champion, origin: Instant) -> Result<(), CycleError> {
        let mut newest = None;
        let changing = self.board.change_champion().await;
        self.board.update(|snapshot| {
            snapshot.not_ready = None;
            snapshot.newest.entry(REPORTED).or_default().set(origin);
            // The jobs may have promoted another one in the meantime; the baseline is fitted anew at every origin.
            if snapshot.champion.as_ref().is_none_or(|current| current.version == champion.version) {
                snapshot.champion = Some(Arc::new(champion));
                newest.clone_from(&snapshot.champion);
            }
        });
        if let Some(champion) = newest {
            keep_champion(&*self.store, &champion).await?;
        }
        drop(changing);
        Ok(())
    }
}

/// What a forecast expects of an hour.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ExpectedHour {
    pub(super) at: Instant,
    pub(super) of: Demanded,
    pub(super) count: f64,
}

/// What a forecast expects of each of its whole hours: batches of everyone, and creates of everyone and of each tenant that
/// has a series.
fn expected_hours(stored: &StoredForecast) -> Vec<ExpectedHour> {
    let forecast = &stored.forecast;
    let per_hour = Duration::HOUR.divide(forecast.bin).max(1) as usize;
    let mut expected = Vec::new();
    for series in &forecast.series {
        let of = match series.key {
            SeriesKey::Arrivals => Demanded::Batches,
            SeriesKey::Creates { tenant, class: None } => {
                Demanded::Creates(tenant.map(|tenant| stored.tenants[tenant.usize()].clone()))
            }
            SeriesKey::Creates { .. } | SeriesKey::Given => continue,
        };
        let hours = series.bins().unwrap_or_default().chunks_exact(per_hour);
        let sums = hours.map(|hour| hour.iter().map(BinForecast::mean).sum());
        expected.extend(sums.enumerate().map(|(i, count)| ExpectedHour {
            at: forecast.origin + Duration::HOUR * i as i64,
            of: of.clone(),
            count,
        }));
    }
    expected
}

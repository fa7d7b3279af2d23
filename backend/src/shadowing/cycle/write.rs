//! What the loop writes down for others to read.

use shared::allocation::MoneyBand;
use shared::api::{BudgetList, OutcomeView, SavedScenario, UnreportedWindow, WindowReport};
use shared::scenario::ValidScenario;
use shared::simulation::Outcome;
use shared::units::{Instant, LedgerUnits, Window};

use super::{Cycle, CycleError};
use crate::shadowing::closing::Closed;
use crate::shadowing::recording::actual_record;
use crate::shadowing::{OUTLOOK, REPORTED, StoredForecast, UNREPORTED, forecast_key};
use crate::store::{Collection, Document, StoreError, write_document};

impl Cycle {
    pub(super) async fn write_actual_costs(
        &self,
        start: Instant,
        costs: impl Iterator<Item = LedgerUnits>,
    ) -> Result<(), CycleError> {
        let (bin, currency) = (self.config.assumed.bin, self.config.assumed.price_book.currency);
        let documents: Result<Vec<Document>, StoreError> = costs
            .enumerate()
            .map(|(i, cost)| {
                let at = start + bin * i as i64;
                write_document(at.to_string(), at, &cost.to_money(currency))
            })
            .collect();
        Ok(self.store.put(Collection::ActualCosts, documents?).await?)
    }

    pub(super) async fn write_prediction(
        &self,
        forecast: &StoredForecast,
        scenario: &ValidScenario,
        outcome: &Outcome,
    ) -> Result<(), CycleError> {
        let of = scenario.scenario();
        let origin = of.window.start;
        let key = forecast_key(forecast.horizon, origin);
        let document = write_document(key.clone(), origin, forecast)?;
        self.store.put(Collection::Forecasts, vec![document]).await?;
        let view = OutcomeView::new(of, outcome);
        let runs = vec![write_document(key, origin, &view)?];
        self.store.put(Collection::Runs, runs).await?;
        if forecast.horizon == REPORTED {
            let saved = SavedScenario { scenario: scenario.original().clone(), digest: Some(outcome.digest) };
            self.store.put(Collection::Scenarios, vec![write_document("current", origin, &saved)?]).await?;
        }
        // Costs are shown by whole bins.
        if origin != origin.floor(of.bin) || of.window.length().micros() % of.bin.micros() != 0 {
            return Ok(());
        }
        let bins = outcome.runs.first().map_or(0, |run| run.timeline.len());
        let documents: Result<Vec<Document>, StoreError> = (0..bins)
            .map(|i| {
                let at = origin + of.bin * i as i64;
                let costs = outcome.runs.iter().map(|run| run.timeline[i].cost);
                write_document(at.to_string(), at, &MoneyBand::over_runs(costs, of.price_book.currency))
            })
            .collect();
        Ok(self.store.put(Collection::PredictedCosts, documents?).await?)
    }

    pub(super) async fn write_reports(&self, closed: &Closed, model: &str) -> Result<(), CycleError> {
        let documents: Result<Vec<Document>, StoreError> = closed
            .reports
            .iter()
            .map(|report| {
                let key = format!("{}/{}", report.grouping.as_str(), report.window.start);
                let window =
                    WindowReport { model: model.to_owned(), observed: closed.observed.clone(), report: report.clone() };
                write_document(key, report.window.start, &window)
            })
            .collect();
        let anomalies = &closed.anomalies;
        let document = write_document(anomalies.window.start.to_string(), anomalies.window.start, anomalies)?;
        self.store.put(Collection::Anomalies, vec![document]).await?;
        match &closed.variance {
            Ok(variance) => {
                let document = write_document(variance.window.start.to_string(), variance.window.start, variance)?;
                self.store.put(Collection::Variances, vec![document]).await?;
            }
            Err(error) => {
                tracing::warn!(day = %anomalies.window.start, %error, "the variance by any groups is not kept")
            }
        }
        let record = actual_record(&closed.actual, self.clock.now())?;
        Ok(self.store.put_and_link(Collection::Reports, documents?, record).await?)
    }

    pub(super) async fn write_outlook(&self, origin: Instant, outlook: &BudgetList) -> Result<(), CycleError> {
        let document = write_document(OUTLOOK, origin, outlook)?;
        Ok(self.store.put(Collection::Budgets, vec![document]).await?)
    }

    /// Says why a window that has closed has no report.
    pub(super) async fn write_unreported(&self, window: Window, reason: String) -> Result<(), CycleError> {
        tracing::warn!(day = %window.start, reason, "the day has no report");
        let key = format!("{UNREPORTED}/{}", window.start);
        let document = write_document(key, window.start, &UnreportedWindow { window, reason })?;
        Ok(self.store.put(Collection::Reports, vec![document]).await?)
    }
}

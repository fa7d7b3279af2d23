//! What the loop writes down in the forecast ledger.

use serde::Serialize;
use shared::feedback::ledger::{ActualRecord, ForecastRecord, Record, forecast_series};
use shared::units::{Instant, Window};

use super::closing::{Charged, Predicted};
use crate::store::{LedgerRecord, StoreError};

/// What a day was predicted to cost, written down at `now`.
///
/// # Errors
/// When it cannot be JSON.
pub(super) fn forecast_record(predicted: &Predicted, now: Instant) -> Result<LedgerRecord, StoreError> {
    let of = predicted.scenario.scenario();
    let runs: Vec<_> = predicted.outcome.runs.iter().map(|run| &run.cost).collect();
    let record = Record::Forecast(ForecastRecord {
        window: of.window,
        origin: of.window.start,
        horizon: of.window.length(),
        recorded: now,
        model: predicted.model.clone(),
        digest: predicted.outcome.digest,
        runs: of.runs,
        series: forecast_series(&runs, (&of.tenants, &of.flavors), of.price_book.currency),
    });
    linked(key("forecast", of.window), None, &record)
}

/// What a day cost, written down at `now`; it has a place where its forecast was written down, which versions without a
/// ledger did not do.
///
/// # Errors
/// When it cannot be JSON.
pub(super) fn actual_record(charged: &Charged, now: Instant) -> Result<LedgerRecord, StoreError> {
    let Charged { window, basis, series } = charged.clone();
    let record = Record::Actual(ActualRecord { window, recorded: now, basis, series });
    linked(key("actual", window), Some(key("forecast", window)), &record)
}

fn key(what: &str, window: Window) -> String {
    format!("{what}/{}/{}", window.start, window.end)
}

fn linked(key: String, follows: Option<String>, record: &impl Serialize) -> Result<LedgerRecord, StoreError> {
    let record = serde_json::to_string(record).map_err(|error| StoreError::Unreadable(error.to_string()))?;
    Ok(LedgerRecord { key, follows, record })
}

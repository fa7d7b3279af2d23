//! Forecasts beside what came of them.

use std::collections::{BTreeMap, BTreeSet};

use super::{ActualRecord, ForecastRecord, Record};
use crate::units::{Currency, Instant, Window};

/// The windows of a ledger that can be judged, in order of time.
#[derive(Clone, Debug, Default)]
pub struct Pairs<'r> {
    /// The first forecast of each window, and the newest word on what it cost.
    pub judged: Vec<(&'r ForecastRecord, &'r ActualRecord)>,
    /// Windows that were forecast.
    pub forecast: u32,
    /// Those of them whose forecast was written down after they were over, which are not judged.
    pub late: u32,
    /// Those of them that were forecast in one currency and cost in another, which are not judged either.
    pub other_currency: u32,
}

/// Sets the first forecast of each window, where it was written down before the window was over, beside what it cost.
pub fn pairs<'r>(records: impl IntoIterator<Item = &'r Record>) -> Pairs<'r> {
    let mut forecasts: BTreeMap<(Instant, Instant), &ForecastRecord> = BTreeMap::new();
    let mut actuals: BTreeMap<(Instant, Instant), &ActualRecord> = BTreeMap::new();
    let place = |window: Window| (window.start, window.end);
    for record in records {
        match record {
            Record::Forecast(forecast) => {
                forecasts.entry(place(forecast.window)).or_insert(forecast);
            }
            Record::Actual(actual) => {
                actuals.insert(place(actual.window), actual);
            }
        }
    }
    let mut pairs = Pairs { forecast: forecasts.len() as u32, ..Pairs::default() };
    for (window, forecast) in forecasts {
        if forecast.recorded >= forecast.window.end {
            pairs.late += 1;
        } else if let Some(&actual) = actuals.get(&window) {
            let predicted = forecast.series.iter().map(|series| series.mean.currency);
            let came = actual.series.iter().map(|of| of.amount.currency);
            if currencies(predicted.chain(came)).len() > 1 {
                pairs.other_currency += 1;
            } else {
                pairs.judged.push((forecast, actual));
            }
        }
    }
    pairs
}

fn currencies(of: impl Iterator<Item = Currency>) -> BTreeSet<Currency> {
    of.collect()
}

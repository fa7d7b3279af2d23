//! Two ledgers about the same windows: whose forecasts of cost were better, and how sure that is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::ledger::{ForecastRecord, Record, pairs};
use super::scores::{RowKey, window_errors};
use super::{CorrectionSettings, PairedDifference, WindowErrors, corrected, corrections, paired_difference};
use crate::allocation::{Basis, RowKind};
use crate::units::{Duration, Instant};

/// One series, or all of a kind together, in two ledgers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ComparedSeries {
    /// How the actual costs are known.
    pub basis: Basis,
    /// How far the forecasts reach.
    pub horizon: Duration,
    /// The total, a part of it, or a class.
    pub kind: RowKind,
    /// Whose; none for all of the kind, and where the kind says all.
    pub name: Option<String>,
    /// Windows that both judge by the same actual cost.
    pub windows: u32,
    /// Σ|actual − predicted| ÷ Σ|actual| of the first; none where nothing cost anything.
    pub first: Option<f64>,
    /// The same of the second.
    pub second: Option<f64>,
    /// The second's less the first's: below zero where the second is better.
    pub difference: Option<PairedDifference>,
    /// The second's, corrected by what its own ledger had said before each window.
    pub corrected: Option<f64>,
    /// That less the first's.
    pub corrected_difference: Option<PairedDifference>,
}

/// Errors of one row, window by window: the second's beside the first's, and those of the second corrected.
#[derive(Default)]
struct Rows {
    as_predicted: Vec<WindowErrors>,
    corrected: Vec<WindowErrors>,
}

/// Compares two ledgers over the windows that both judge, where what these cost is the same in both; `seed` draws the
/// resamples of the intervals.
pub fn compare_ledgers(
    first: &[Record],
    second: &[Record],
    settings: &CorrectionSettings,
    seed: u64,
) -> Vec<ComparedSeries> {
    let others: BTreeMap<(Instant, Instant), _> =
        pairs(first).judged.into_iter().map(|pair| ((pair.0.window.start, pair.0.window.end), pair)).collect();
    let mut rows: BTreeMap<(Basis, Duration, bool, RowKey), Rows> = BTreeMap::new();
    for (forecast, actual) in pairs(second).judged {
        let Some((of_first, same)) = others.get(&(forecast.window.start, forecast.window.end)) else { continue };
        if (actual.basis, &actual.series) != (same.basis, &same.series) {
            continue;
        }
        let learnt = corrections(second, actual.basis, (forecast.window, forecast.recorded), settings);
        let with = ForecastRecord { series: corrected(&forecast.series, &learnt), ..forecast.clone() };
        let mut add = |of: &ForecastRecord, to: fn(&mut Rows) -> &mut Vec<WindowErrors>| {
            for (row, errors) in window_errors(of_first, of, &actual.series) {
                // The total first.
                let key = (actual.basis, forecast.horizon, row.0 != RowKind::Total, row);
                to(rows.entry(key).or_default()).push(errors);
            }
        };
        add(forecast, |rows| &mut rows.as_predicted);
        add(&with, |rows| &mut rows.corrected);
    }
    let compared = |((basis, horizon, _, (kind, name)), rows): (_, Rows)| {
        let Rows { as_predicted, corrected } = rows;
        ComparedSeries {
            basis,
            horizon,
            kind,
            name,
            windows: as_predicted.len() as u32,
            first: wape(&as_predicted, |errors| errors.without),
            second: wape(&as_predicted, |errors| errors.with),
            difference: paired_difference(&as_predicted, seed),
            corrected: wape(&corrected, |errors| errors.with),
            corrected_difference: paired_difference(&corrected, seed),
        }
    };
    rows.into_iter().map(compared).collect()
}

fn wape(windows: &[WindowErrors], error: impl Fn(&WindowErrors) -> f64) -> Option<f64> {
    let actual: f64 = windows.iter().map(|errors| errors.actual).sum();
    (actual > 0.0).then(|| windows.iter().map(error).sum::<f64>() / actual)
}

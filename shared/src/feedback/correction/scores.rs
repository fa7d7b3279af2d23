//! What corrections would have been worth: every prediction with and without the one that was known at its origin.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

use super::super::ledger::{
    AmountOf, ForecastRecord, IntervalScore, Record, ScoreRow, SeriesForecast, SeriesKey, by_series, pairs, rows_of,
    scorecard,
};
use super::{
    CorrectionSettings, CorrectionVerdict, PairedDifference, SeriesCorrection, WindowErrors, corrected, corrections,
    paired_difference,
};
use crate::allocation::{Basis, RowKind};

/// Predictions of one basis, scored with and without corrections.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CorrectionScores {
    /// The total first, then all of a kind, and each by itself.
    pub series: Vec<ScoredSeries>,
    /// The predictions as they would have been made, in order of time, corrected where that was in use.
    #[serde(skip)]
    pub corrected: Vec<ForecastRecord>,
}

/// One series, or all of a kind together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScoredSeries {
    /// The total, a part of it, or a class.
    pub kind: RowKind,
    /// Whose; none for all of the kind, and where the kind says all.
    pub name: Option<String>,
    /// Pairs of predicted and actual.
    pub windows: u32,
    /// Σ|actual| over them, in units of the currency.
    pub cost: f64,
    /// In how many of them its own correction was in use; elsewhere it moved only so that the parts add up.
    pub in_use: u32,
    /// As predicted.
    pub without: Figures,
    /// With corrections where earlier windows spoke for them, as the product has them.
    pub with: Figures,
    /// With every correction, whatever earlier windows said of it.
    pub always: Figures,
    /// WAPE with − without; none where nothing cost anything.
    pub difference: Option<PairedDifference>,
    /// WAPE always − without.
    pub difference_always: Option<PairedDifference>,
}

/// How good predictions were; relative to Σ|actual|, as in a [`ScoreRow`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Σ|actual − predicted|.
    pub wape: Option<f64>,
    /// Σ(predicted − actual).
    pub bias: Option<f64>,
    /// Mean pinball loss over the levels.
    pub pinball: Option<f64>,
    /// How often central intervals held what came.
    pub intervals: Vec<IntervalScore>,
}

pub(super) type RowKey = (RowKind, Option<String>);

/// Corrects every prediction with what was known when its window began, and scores it beside the one without.
///
/// Only windows whose actual cost is known as `basis` says count; `seed` draws the resamples of the intervals.
pub fn score_correction(
    records: &[Record],
    basis: Basis,
    settings: &CorrectionSettings,
    seed: u64,
) -> CorrectionScores {
    let pairs: Vec<_> = pairs(records).judged.into_iter().filter(|(_, actual)| actual.basis == basis).collect();
    let mut in_use: BTreeMap<RowKey, u32> = BTreeMap::new();
    let (mut with, mut always) = (Vec::new(), Vec::new());
    for (forecast, _) in &pairs {
        let learnt = corrections(records, basis, (forecast.window, forecast.recorded), settings);
        let predicted = |of: &&SeriesCorrection| {
            forecast.series.iter().any(|series| series.kind == of.kind && series.name == of.name)
        };
        let used = learnt.iter().filter(|of| of.verdict == CorrectionVerdict::Used).filter(predicted);
        used.flat_map(key_rows).for_each(|row| *in_use.entry(row).or_default() += 1);
        with.push(ForecastRecord { series: corrected(&forecast.series, &learnt), ..(*forecast).clone() });
        let every: Vec<_> =
            learnt.into_iter().map(|of| SeriesCorrection { verdict: CorrectionVerdict::Used, ..of }).collect();
        always.push(ForecastRecord { series: corrected(&forecast.series, &every), ..(*forecast).clone() });
    }
    let score = |forecasts: &mut dyn Iterator<Item = ForecastRecord>| -> BTreeMap<RowKey, ScoreRow> {
        let actuals = pairs.iter().map(|(_, actual)| Record::Actual((*actual).clone()));
        let all: Vec<Record> = forecasts.map(Record::Forecast).chain(actuals).collect();
        scorecard(&all).rows.into_iter().map(|row| ((row.kind, row.name.clone()), row)).collect()
    };
    let mut scored_with = score(&mut with.iter().cloned());
    let mut scored_always = score(&mut always.iter().cloned());
    let errors = |other: &[ForecastRecord]| {
        let windows = pairs.iter().zip(other);
        windows.map(|((forecast, actual), other)| window_errors(forecast, other, &actual.series)).collect::<Vec<_>>()
    };
    let (errors_with, errors_always) = (errors(&with), errors(&always));
    let difference = |errors: &[BTreeMap<RowKey, WindowErrors>], row: &RowKey| {
        let of_row: Vec<WindowErrors> =
            errors.iter().map(|window| window.get(row).copied().unwrap_or_default()).collect();
        paired_difference(&of_row, seed)
    };
    let rows = score(&mut pairs.iter().map(|(forecast, _)| (*forecast).clone()));
    let scored = rows.into_iter().filter_map(|(row, without)| {
        let (with, always) = (scored_with.remove(&row)?, scored_always.remove(&row)?);
        Some(ScoredSeries {
            kind: row.0,
            name: row.1.clone(),
            windows: without.windows,
            cost: errors_with.iter().filter_map(|window| window.get(&row)).map(|window| window.actual).sum(),
            in_use: in_use.get(&row).copied().unwrap_or(0),
            difference: difference(&errors_with, &row),
            difference_always: difference(&errors_always, &row),
            without: without.into(),
            with: with.into(),
            always: always.into(),
        })
    });
    let mut series: Vec<ScoredSeries> = scored.collect();
    series.sort_by_key(|of| of.kind != RowKind::Total);
    CorrectionScores { series, corrected: with }
}

fn key_rows(of: &SeriesCorrection) -> impl Iterator<Item = RowKey> {
    let key: SeriesKey = (of.kind, of.name.clone());
    rows_of(key)
}

/// How far two forecasts of one window were off, by row.
pub(super) fn window_errors(
    without: &ForecastRecord,
    with: &ForecastRecord,
    actual: &[AmountOf],
) -> BTreeMap<RowKey, WindowErrors> {
    let mut errors: BTreeMap<RowKey, WindowErrors> = BTreeMap::new();
    let with = by_series(&with.series, actual);
    for (key, (predicted, came)) in by_series(&without.series, actual) {
        let off = |predicted: Option<&SeriesForecast>| {
            let error = predicted.map_or(Decimal::ZERO, |series| series.mean.amount) - came;
            error.abs().to_f64().unwrap_or(0.0)
        };
        let (without, with) = (off(predicted), off(with.get(&key).and_then(|(predicted, _)| *predicted)));
        for row in rows_of(key) {
            let sum = errors.entry(row).or_default();
            sum.without += without;
            sum.with += with;
            sum.actual += came.abs().to_f64().unwrap_or(0.0);
        }
    }
    errors
}

impl From<ScoreRow> for Figures {
    fn from(row: ScoreRow) -> Self {
        Self { wape: row.wape, bias: row.bias, pinball: row.pinball, intervals: row.intervals }
    }
}

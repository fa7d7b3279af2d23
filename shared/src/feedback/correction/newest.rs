//! The newest prediction of a ledger, corrected beside uncorrected.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::ledger::{ForecastRecord, QuantileAmount, Record, SeriesForecast, SeriesKey};
use super::{CorrectionSettings, SeriesCorrection, corrected, corrections};
use crate::allocation::{Basis, RowKind};
use crate::simulation::Digest;
use crate::units::{Duration, Money, Window};

/// What a window is predicted to cost, with and without what was learnt from those before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CorrectedPrediction {
    /// Which.
    pub window: Window,
    /// The ensemble that the prediction is of.
    pub digest: Digest,
    /// How the costs that corrections were learnt from are known.
    pub basis: Basis,
    /// The total, its parts, which add up to it in both columns, and the classes.
    pub series: Vec<CorrectedSeries>,
}

/// One series of a prediction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CorrectedSeries {
    /// The total, a part of it, or a class.
    pub kind: RowKind,
    /// Whose; empty where the kind says all.
    pub name: String,
    /// As predicted.
    pub predicted: AmountBand,
    /// With the corrections that are in use; a series whose own is not moves only so that the parts add up.
    pub corrected: AmountBand,
    /// What was learnt of the series, used or not; none before its first window has closed.
    pub correction: Option<SeriesCorrection>,
    /// Whether it is used, and on which grounds, in words.
    pub said: String,
}

/// Mean and quantiles over the runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AmountBand {
    /// The mean.
    pub mean: Money,
    /// Quantiles, by rising level.
    pub quantiles: Vec<QuantileAmount>,
}

/// The prediction of the latest window of a horizon in a ledger, corrected by what had been written down before it; none
/// where nothing was predicted so far.
pub fn newest_corrected(
    records: &[Record],
    basis: Basis,
    horizon: Duration,
    settings: &CorrectionSettings,
) -> Option<CorrectedPrediction> {
    let mut newest: Option<&ForecastRecord> = None;
    for record in records {
        if let Record::Forecast(forecast) = record
            && forecast.horizon == horizon
            && newest.is_none_or(|newest| newest.window.start < forecast.window.start)
        {
            newest = Some(forecast);
        }
    }
    let forecast = newest?;
    let learnt = corrections(records, basis, (forecast.window, forecast.recorded), settings);
    let after = corrected(&forecast.series, &learnt);
    let mut learnt: BTreeMap<SeriesKey, SeriesCorrection> =
        learnt.into_iter().map(|of| ((of.kind, of.name.clone()), of)).collect();
    let band = |of: SeriesForecast| AmountBand { mean: of.mean, quantiles: of.quantiles };
    let series = forecast.series.iter().cloned().zip(after).map(|(predicted, corrected)| {
        let (kind, name) = (predicted.kind, predicted.name.clone());
        let correction = learnt.remove(&(kind, name.clone()));
        let said =
            correction.as_ref().map_or("not used: no window of it has closed".to_owned(), SeriesCorrection::sentence);
        CorrectedSeries { kind, name, predicted: band(predicted), corrected: band(corrected), correction, said }
    });
    Some(CorrectedPrediction { window: forecast.window, digest: forecast.digest, basis, series: series.collect() })
}

//! Unfitted and fitted models are different types: what is not fitted cannot predict.

use super::side_by_side::side_by_side;
use super::values::horizon_bins;
use super::{BinForecast, Forecast, ForecastError, LEVELS, ModelId, NotReady, SeriesForecast};
use crate::features::Past;
use crate::units::Duration;

/// A model before it has seen data.
pub trait Fit {
    /// What fitting makes of it.
    type Fitted: Predict;

    /// What is still missing before it can be fitted to this past; nothing when it can.
    fn needs(&self, past: &Past) -> Option<NotReady>;

    /// Learns from a past.
    ///
    /// # Errors
    /// What is missing, as [`Fit::needs`] says.
    fn fit(&self, past: &Past) -> Result<Self::Fitted, NotReady>;
}

/// A model that has learnt, and forecasts from the past that it learnt from or a later one of the same series.
pub trait Predict: Sync {
    /// Name and version of what answers for a horizon of `bins` bins; only a selection differs between horizons.
    fn id(&self, bins: usize) -> ModelId;

    /// The bins of one series from the origin of `past` on.
    ///
    /// # Errors
    /// What is missing before it can say anything about this series.
    fn predict_series(&self, past: &Past, series: usize, bins: usize) -> Result<Vec<BinForecast>, NotReady>;

    /// What it would have said earlier: for each of `asked`, so many bins before the origin of `past`, of so many bins from
    /// there on. Nothing of what came in between is read.
    fn predict_earlier(
        &self,
        past: &Past,
        series: usize,
        asked: &[(usize, usize)],
    ) -> Vec<Result<Vec<BinForecast>, NotReady>> {
        let one = |&(back, bins): &(usize, usize)| self.predict_series(&past.first(past.bins() - back), series, bins);
        asked.iter().map(one).collect()
    }

    /// All series, from the origin of `past` over `horizon`.
    ///
    /// # Errors
    /// When the horizon is not a positive multiple of the bin.
    fn predict(&self, past: &Past, horizon: Duration) -> Result<Forecast, ForecastError> {
        let bins = horizon_bins(horizon, past.bin())?;
        let one = |series| {
            let answer = self.predict_series(past, series, bins).into();
            SeriesForecast { key: past.key(series), answer }
        };
        Ok(Forecast {
            model: self.id(bins),
            origin: past.origin(),
            bin: past.bin(),
            levels: LEVELS,
            series: side_by_side(past.series(), one),
        })
    }
}

/// How many bins a day has, rounded to the nearest; at least one.
pub fn season_bins(bin: Duration) -> usize {
    let (day, bin) = (Duration::DAY.micros(), bin.micros());
    ((day + bin / 2) / bin).max(1) as usize
}

/// The bins that are missing to so many days of history.
///
/// The longest day of a time zone has an hour more than a season; the season's own length suffices because a lag that
/// would reach before the start is cut to the first bin.
pub(super) fn needs_days(past: &Past, days: usize) -> Option<NotReady> {
    let missing = (days * season_bins(past.bin())).saturating_sub(past.bins());
    (missing > 0).then_some(NotReady::NeedsBins { missing })
}

/// Whether there is the day that a model looks back.
pub(super) fn a_day(past: &Past) -> Result<(), NotReady> {
    needs_days(past, 1).map_or(Ok(()), Err)
}

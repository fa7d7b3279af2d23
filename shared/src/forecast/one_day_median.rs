//! The median of the last day.

use serde::{Deserialize, Serialize};

use super::model::{a_day, season_bins};
use super::quantile::median;
use super::residuals::Band;
use super::{BinForecast, Fit, ModelId, ModelName, NotReady, Predict, leads};
use crate::features::Past;

/// One value for every lead: the median over the bins of the 24 hours before the origin.
///
/// The interval at a lead has the quantiles of how far counts at about that lead were from the median, over the last
/// 28 days of history; where there are fewer than two days, those of the last day around its median.
#[derive(Clone, Copy, Debug, Default)]
pub struct OneDayMedian;

/// What the residuals of a history say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FittedOneDayMedian {
    /// By series, then by power of two of the lead.
    bands: Vec<Vec<Band>>,
}

impl Fit for OneDayMedian {
    type Fitted = FittedOneDayMedian;

    fn needs(&self, past: &Past) -> Option<NotReady> {
        a_day(past).err()
    }

    fn fit(&self, past: &Past) -> Result<FittedOneDayMedian, NotReady> {
        a_day(past)?;
        let bands = (0..past.series()).map(|series| bands(past.counts(series), season_bins(past.bin())));
        Ok(FittedOneDayMedian { bands: bands.collect() })
    }
}

impl Predict for FittedOneDayMedian {
    fn id(&self, _bins: usize) -> ModelId {
        ModelId { name: ModelName::OneDayMedian, version: 1 }
    }

    fn predict_series(&self, past: &Past, series: usize, bins: usize) -> Result<Vec<BinForecast>, NotReady> {
        a_day(past)?;
        let bands = &self.bands[series];
        let point = median_before(past.counts(series), past.bins(), season_bins(past.bin()));
        Ok((0..bins).map(|lead| leads::band(bands, lead).around(point)).collect())
    }
}

fn median_before(counts: &[f64], origin: usize, season: usize) -> f64 {
    median(&counts[origin - season..origin])
}

fn bands(counts: &[f64], season: usize) -> Vec<Band> {
    if counts.len() < 2 * season {
        let middle = median_before(counts, counts.len(), season);
        return vec![Band::of(counts[counts.len() - season..].iter().map(|&count| (middle, count)))];
    }
    let middles: Vec<f64> =
        leads::origins(counts, season).map(|origin| median_before(counts, origin, season)).collect();
    let mut pairs: Vec<Vec<(f64, f64)>> = vec![Vec::new(); leads::groups(season)];
    leads::each(counts, season, |origin, group, count| pairs[group].push((middles[origin], count)));
    pairs.into_iter().map(|pairs| Band::of(pairs.into_iter())).collect()
}

//! The mean of what little there is.

use super::model::season_bins;
use super::{BinForecast, Fit, LEVELS, ModelId, ModelName, NotReady, Predict};
use crate::features::Past;
use crate::random::normal_quantile;

/// The mean of the last day, or of all there is of it: the fallback for logs shorter than a day.
///
/// The interval is a normal one whose variance adds what was seen (the sample's), what any count has (the mean's, plus
/// one over the bins seen, so that never having seen a request is no proof of none) and what was not seen: the missing
/// part of a day may lie as far from the mean as zero does.
#[derive(Clone, Copy, Debug, Default)]
pub struct RecentMean;

impl Fit for RecentMean {
    type Fitted = RecentMean;

    fn needs(&self, past: &Past) -> Option<NotReady> {
        (past.bins() == 0).then_some(NotReady::NeedsBins { missing: 1 })
    }

    fn fit(&self, past: &Past) -> Result<RecentMean, NotReady> {
        self.needs(past).map_or(Ok(Self), Err)
    }
}

impl Predict for RecentMean {
    fn id(&self, _bins: usize) -> ModelId {
        ModelId { name: ModelName::RecentMean, version: 1 }
    }

    fn predict_series(&self, past: &Past, series: usize, bins: usize) -> Result<Vec<BinForecast>, NotReady> {
        self.needs(past).map_or(Ok(()), Err)?;
        let season = season_bins(past.bin());
        let seen = &past.counts(series)[past.bins().saturating_sub(season)..];
        let n = seen.len() as f64;
        let mean = seen.iter().sum::<f64>() / n;
        let sample = seen.iter().map(|count| (count - mean) * (count - mean)).sum::<f64>() / n;
        let unseen = 1.0 - n / season as f64;
        let deviation = libm::sqrt(sample + mean + 1.0 / n + mean * mean * unseen);
        let bin = BinForecast::new(LEVELS.map(|level| mean + normal_quantile(level) * deviation), mean);
        Ok(vec![bin; bins])
    }
}

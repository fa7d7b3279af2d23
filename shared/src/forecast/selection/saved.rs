//! A selection as a file, which keeps every bit of its numbers (JSON does not: readers round).

use serde::{Deserialize, Serialize};

use super::Selected;
use crate::features::SeriesKey;
use crate::forecast::lstm::{LstmModel, LstmModelError};
use crate::forecast::{
    Ensemble, FittedBoostedTrees, FittedHourMean, FittedModel, FittedOneDayMedian, FittedRecentLevel,
    FittedSeasonalNaive, LocalTrend, RecentMean, SmoothedLevel,
};

#[derive(Debug, Serialize, Deserialize)]
struct Saved {
    horizons: Vec<usize>,
    members: Vec<Member>,
    losses: Vec<(SeriesKey, Vec<Vec<Option<f64>>>)>,
    alone: Vec<(SeriesKey, Vec<Option<usize>>)>,
}

#[derive(Debug, Serialize, Deserialize)]
enum Member {
    RecentMean,
    SeasonalNaive(FittedSeasonalNaive),
    OneDayMedian(FittedOneDayMedian),
    RecentLevel(FittedRecentLevel),
    LocalTrend,
    DampedTrend,
    Mstl,
    /// A file of its own, with its own format and checks.
    Lstm(Vec<u8>),
    HourMean(FittedHourMean),
    BoostedTrees(FittedBoostedTrees),
    SmoothedLevel,
}

impl Selected {
    /// The chosen models as a file.
    ///
    /// # Panics
    /// Never: every field can be encoded.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Ensemble { horizons, members, losses, alone } = &self.0;
        let saved = Saved {
            horizons: horizons.clone(),
            members: members.iter().map(Member::of).collect(),
            losses: losses.iter().map(|(key, losses)| (*key, losses.clone())).collect(),
            alone: alone.iter().map(|(key, alone)| (*key, alone.clone())).collect(),
        };
        postcard::to_allocvec(&saved).expect("models are numbers and texts")
    }

    /// The chosen models of a file.
    ///
    /// # Errors
    /// When the file was made by another version, or is damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LstmModelError> {
        let saved = postcard::from_bytes(bytes).map_err(|_| LstmModelError::Damaged)?;
        let Saved { horizons, members, losses, alone } = saved;
        let members: Vec<FittedModel> = members.into_iter().map(Member::fitted).collect::<Result<_, _>>()?;
        let whole = losses.iter().all(|(_, ranges)| {
            ranges.len() == horizons.len() && ranges.iter().all(|range| range.len() == members.len())
        });
        let known = alone.iter().all(|(_, ranges)| {
            ranges.len() == horizons.len() && ranges.iter().flatten().all(|&member| member < members.len())
        });
        if horizons.is_empty() || !whole || !known {
            return Err(LstmModelError::Damaged);
        }
        let ensemble = Ensemble::new(horizons, members).with_losses(losses.into_iter().collect());
        Ok(Self(ensemble.with_alone(alone.into_iter().collect())))
    }
}

impl Member {
    fn of(model: &FittedModel) -> Self {
        match model {
            FittedModel::RecentMean(_) => Self::RecentMean,
            FittedModel::SeasonalNaive(model) => Self::SeasonalNaive(model.clone()),
            FittedModel::OneDayMedian(model) => Self::OneDayMedian(model.clone()),
            FittedModel::RecentLevel(model) => Self::RecentLevel(model.clone()),
            FittedModel::LocalTrend(_) => Self::LocalTrend,
            FittedModel::SmoothedLevel(_) => Self::SmoothedLevel,
            FittedModel::HourMean(model) => Self::HourMean(model.clone()),
            #[cfg(feature = "smoothing")]
            FittedModel::DampedTrend(_) => Self::DampedTrend,
            #[cfg(feature = "smoothing")]
            FittedModel::Mstl(_) => Self::Mstl,
            FittedModel::BoostedTrees(model) => Self::BoostedTrees((**model).clone()),
            FittedModel::Lstm(model) => Self::Lstm(model.to_bytes()),
        }
    }

    fn fitted(self) -> Result<FittedModel, LstmModelError> {
        Ok(match self {
            Self::RecentMean => FittedModel::RecentMean(RecentMean),
            Self::SeasonalNaive(model) => FittedModel::SeasonalNaive(model),
            Self::OneDayMedian(model) => FittedModel::OneDayMedian(model),
            Self::RecentLevel(model) => FittedModel::RecentLevel(model),
            Self::LocalTrend => FittedModel::LocalTrend(LocalTrend),
            Self::SmoothedLevel => FittedModel::SmoothedLevel(SmoothedLevel),
            Self::HourMean(model) => FittedModel::HourMean(model),
            #[cfg(feature = "smoothing")]
            Self::DampedTrend => FittedModel::DampedTrend(crate::forecast::DampedTrend),
            #[cfg(feature = "smoothing")]
            Self::Mstl => FittedModel::Mstl(crate::forecast::Mstl),
            #[cfg(not(feature = "smoothing"))]
            Self::DampedTrend | Self::Mstl => return Err(LstmModelError::Damaged),
            Self::BoostedTrees(model) if model.is_sound() => FittedModel::BoostedTrees(Box::new(model)),
            Self::BoostedTrees(_) => return Err(LstmModelError::Damaged),
            Self::Lstm(bytes) => FittedModel::Lstm(Box::new(LstmModel::from_bytes(&bytes)?)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example;
    use crate::features::{Features, SeriesKey, SeriesSet};
    use crate::forecast::{Continue, ModelName, Predict, SelectionConfig, fit_best};
    use crate::request::{Catalogue, RequestLogBuilder};
    use crate::units::Duration;

    #[test]
    fn a_saved_selection_forecasts_the_same_bits() {
        let mut builder = RequestLogBuilder::new(Catalogue::default());
        for request in (0..6).flat_map(|day| example::requests(1, day)) {
            builder.push(1, request).unwrap();
        }
        let log = builder.finish().unwrap();
        let history = log.before(example::day_window(6).start);
        let bin = Duration::HOUR;
        let set = SeriesSet::from_history(&history, example::START, bin, &[SeriesKey::Arrivals, SeriesKey::TOTAL]);
        let features = Features::new(set);
        let past = features.all();
        let untrained = [
            ModelName::SeasonalNaive,
            ModelName::OneDayMedian,
            ModelName::RecentLevel,
            ModelName::LocalTrend,
            ModelName::SmoothedLevel,
            ModelName::HourMean,
            ModelName::BoostedTrees,
        ];
        for models in [&untrained[..1], &untrained] {
            let mut config = SelectionConfig::new(vec![Duration::HOUR, Duration::DAY]);
            config.models = models.to_vec();
            let (selected, _) = fit_best(&past, &config, &mut |_| Continue::Yes).unwrap();
            let read = Selected::from_bytes(&selected.to_bytes()).unwrap();
            let forecast =
                |selected: &Selected| postcard::to_allocvec(&selected.predict(&past, Duration::DAY).unwrap());
            assert_eq!(forecast(&read), forecast(&selected));
            assert_eq!(Selected::from_bytes(&selected.to_bytes()[1..]).err(), Some(LstmModelError::Damaged));
        }
    }
}

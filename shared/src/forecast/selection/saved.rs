//! A selection as a file, which keeps every bit of its numbers (JSON does not: readers round).

use serde::{Deserialize, Serialize};

use super::Selected;
use crate::forecast::lstm::{LstmModel, LstmModelError};
use crate::forecast::{FittedOneDayMedian, FittedSeasonalNaive, ModelName};

#[derive(Debug, Serialize, Deserialize)]
struct Saved {
    choices: Vec<(usize, ModelName)>,
    seasonal_naive: Option<FittedSeasonalNaive>,
    one_day_median: Option<FittedOneDayMedian>,
    /// A file of its own, with its own format and checks.
    lstm: Option<Vec<u8>>,
}

impl Selected {
    /// The chosen models as a file.
    ///
    /// # Panics
    /// Never: every field can be encoded.
    pub fn to_bytes(&self) -> Vec<u8> {
        let saved = Saved {
            choices: self.choices.clone(),
            seasonal_naive: self.seasonal_naive.clone(),
            one_day_median: self.one_day_median.clone(),
            lstm: self.lstm.as_ref().map(LstmModel::to_bytes),
        };
        postcard::to_allocvec(&saved).expect("models are numbers and texts")
    }

    /// The chosen models of a file.
    ///
    /// # Errors
    /// When the file was made by another version, or is damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LstmModelError> {
        let Saved { choices, seasonal_naive, one_day_median, lstm } =
            postcard::from_bytes(bytes).map_err(|_| LstmModelError::Damaged)?;
        let lstm = lstm.map(|bytes| LstmModel::from_bytes(&bytes)).transpose()?;
        Ok(Self { choices, seasonal_naive, one_day_median, lstm })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example;
    use crate::features::{Features, SeriesKey, SeriesSet};
    use crate::forecast::{Continue, Predict, SelectionConfig, fit_best};
    use crate::request::{Catalogue, RequestLogBuilder};
    use crate::units::Duration;

    #[test]
    fn a_saved_selection_forecasts_the_same_bits() {
        let mut builder = RequestLogBuilder::new(Catalogue::default());
        for request in (0..4).flat_map(|day| example::requests(1, day)) {
            builder.push(1, request).unwrap();
        }
        let log = builder.finish().unwrap();
        let history = log.before(example::day_window(4).start);
        let bin = Duration::HOUR;
        let set = SeriesSet::from_history(&history, example::START, bin, &[SeriesKey::Arrivals, SeriesKey::TOTAL]);
        let features = Features::new(set);
        let past = features.all();
        for model in [ModelName::SeasonalNaive, ModelName::OneDayMedian] {
            let mut config = SelectionConfig::new(vec![Duration::DAY]);
            config.models = vec![model];
            let (selected, _) = fit_best(&past, &config, &mut |_| Continue::Yes).unwrap();
            let read = Selected::from_bytes(&selected.to_bytes()).unwrap();
            let forecast =
                |selected: &Selected| postcard::to_allocvec(&selected.predict(&past, Duration::DAY).unwrap());
            assert_eq!(forecast(&read), forecast(&selected));
            assert_eq!(Selected::from_bytes(&selected.to_bytes()[1..]).err(), Some(LstmModelError::Damaged));
        }
    }
}

//! What was fitted, as a file that gives the same forecast wherever it is read.

use serde::{Deserialize, Serialize};

use super::fingerprint::fingerprint;
use super::lstm::LstmModelError;
use super::{
    Forecast, ForecastError, NotReady, Predict, Selected, SelectionConfig, SelectionReport, TrainError, Watcher,
    fit_best,
};
use crate::features::Past;
use crate::input::{Seal, SealError};
use crate::units::{Duration, TenantIndex, Window};

/// Begins every file.
const SEAL: Seal = Seal { magic: *b"SPFM", format: 3 };

/// Chosen models, with what they learnt from, how, and how they did.
#[derive(Clone, Debug)]
pub struct ModelFile {
    /// The bins that they were fitted to.
    pub window: Window,
    /// Length of a bin.
    pub bin: Duration,
    /// BLAKE3 of those bins' counts, in hexadecimal.
    pub fingerprint: String,
    /// Names by the tenant index that series keys have.
    pub tenants: Vec<String>,
    /// What was asked for, the seed included.
    pub config: SelectionConfig,
    /// Scores of the backtest, and the choice.
    pub report: SelectionReport,
    /// The models.
    pub selected: Selected,
}

/// Why a file gives no forecast.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelFileError {
    /// It begins otherwise than every model file.
    #[error("this is no model file of Shadowplane")]
    NoModelFile,
    /// Made by another version.
    #[error("the model file has format {0}, this version reads {this}; train it again", this = SEAL.format)]
    Format(u32),
    /// It is cut short, or some of it was changed.
    #[error("the model file is damaged; fetch it again")]
    Damaged,
    /// One of the models was made by another version.
    #[error(transparent)]
    Model(#[from] LstmModelError),
    /// The data is counted by another step.
    #[error("the models count by {model}, the data by {data}; count it by {model}, or train on it")]
    OtherBin {
        /// The bin of the file.
        model: Duration,
        /// The bin of the data.
        data: Duration,
    },
    /// The data is too short for one of the models.
    #[error("the data is too short for these models: a forecast {0}")]
    NotReady(#[from] NotReady),
    /// The question is wrong.
    #[error(transparent)]
    Forecast(#[from] ForecastError),
}

/// What comes after the header.
#[derive(Serialize, Deserialize)]
struct Contents {
    window: Window,
    bin: Duration,
    fingerprint: String,
    tenants: Vec<String>,
    config: SelectionConfig,
    report: SelectionReport,
    selected: Vec<u8>,
}

impl ModelFile {
    /// Chooses and fits, as [`fit_best`] does; `tenants` are the names by the index that series keys have.
    ///
    /// # Errors
    /// As [`fit_best`]; then there is no file.
    pub fn fit(
        past: &Past,
        tenants: Vec<String>,
        config: &SelectionConfig,
        watcher: &mut Watcher,
    ) -> Result<Self, TrainError> {
        let (selected, report) = fit_best(past, config, watcher)?;
        Ok(Self::new(past, tenants, config, (selected, report)))
    }

    /// The file of what was fitted to a past.
    pub fn new(
        past: &Past,
        tenants: Vec<String>,
        config: &SelectionConfig,
        (selected, report): (Selected, SelectionReport),
    ) -> Self {
        let (window, fingerprint) = (Window { start: past.start(), end: past.origin() }, fingerprint(past));
        Self { window, bin: past.bin(), fingerprint, tenants, config: config.clone(), report, selected }
    }

    /// The bytes of the file.
    ///
    /// # Panics
    /// Never: every field can be encoded.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Self { window, bin, fingerprint, tenants, config, report, selected } = self.clone();
        let contents = Contents { window, bin, fingerprint, tenants, config, report, selected: selected.to_bytes() };
        let contents = postcard::to_allocvec(&contents).expect("a model file is numbers and texts");
        SEAL.close(&contents)
    }

    /// The file of some bytes.
    ///
    /// # Errors
    /// When they are no model file, or one of another version, or not as they were written.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelFileError> {
        let contents = SEAL.open(bytes).map_err(|error| match error {
            SealError::OtherKind => ModelFileError::NoModelFile,
            SealError::OtherFormat(format) => ModelFileError::Format(format),
            SealError::Damaged => ModelFileError::Damaged,
        })?;
        let Contents { window, bin, fingerprint, tenants, config, report, selected } =
            postcard::from_bytes(contents).map_err(|_| ModelFileError::Damaged)?;
        let selected = Selected::from_bytes(&selected)?;
        Ok(Self { window, bin, fingerprint, tenants, config, report, selected })
    }

    /// Whether it was fitted to exactly this past.
    pub fn learnt_from(&self, past: &Past) -> bool {
        self.fingerprint == fingerprint(past)
    }

    /// What it says of a past, which may be another than it learnt from: later, or of other series. `tenants` are the
    /// names by the index that the series keys of that past have.
    ///
    /// # Errors
    /// When the past has another bin, or is too short; and when the horizon is no positive multiple of the bin.
    pub fn forecast(&self, past: &Past, tenants: &[String], horizon: Duration) -> Result<Forecast, ModelFileError> {
        Ok(self.serving(past, tenants)?.predict(past, horizon)?)
    }

    /// What was fitted, ready for a past, which may be another than it learnt from; `tenants` as in [`ModelFile::forecast`].
    ///
    /// # Errors
    /// When the past has another bin, or is too short.
    pub fn serving(&self, past: &Past, tenants: &[String]) -> Result<Selected, ModelFileError> {
        if past.bin() != self.bin {
            return Err(ModelFileError::OtherBin { model: self.bin, data: past.bin() });
        }
        let position = |tenant: TenantIndex| {
            let name = self.tenants.get(tenant.usize())?;
            tenants.iter().position(|other| other == name).map(TenantIndex::from_usize)
        };
        // Fitting to the same past again would change nothing.
        if self.tenants == tenants && self.learnt_from(past) {
            return Ok(self.selected.clone());
        }
        Ok(self.selected.of_tenants(position).updated(past)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::{CountSeries, Features, SeriesKey, SeriesSet};
    use crate::forecast::{Continue, ModelName};
    use crate::units::Instant;

    /// Hourly: a day's wave of 24 hours for everyone, and two tenants that share it.
    fn features(days: usize, order: [usize; 2]) -> Features {
        let wave = |t: usize| 20.0 + 10.0 * libm::round(libm::sin(t as f64 * core::f64::consts::TAU / 24.0));
        // One repeats yesterday, the other ramps: they are forecast best by different models.
        let shape: [fn(usize) -> f64; 2] = [|t| ((t % 24) * 3) as f64, |t| (t / 7) as f64];
        let bins = 24 * days;
        let mut series = vec![CountSeries { key: SeriesKey::TOTAL, counts: (0..bins).map(wave).collect() }];
        series.extend((0..2).map(|index| CountSeries {
            key: SeriesKey::Creates { tenant: Some(TenantIndex::from_usize(index)), class: None },
            counts: (0..bins).map(shape[order[index]]).collect(),
        }));
        let start: Instant = "2026-01-01T00:00:00Z".parse().unwrap();
        Features::new(SeriesSet { start, bin: Duration::HOUR, series })
    }

    fn names(order: [&str; 2]) -> Vec<String> {
        order.map(str::to_owned).to_vec()
    }

    fn file() -> ModelFile {
        let mut config = SelectionConfig::new(vec![Duration::HOUR, Duration::DAY]);
        config.models = vec![ModelName::SeasonalNaive, ModelName::OneDayMedian, ModelName::LocalTrend];
        let features = features(8, [0, 1]);
        ModelFile::fit(&features.all(), names(["a", "b"]), &config, &mut |_| Continue::Yes).unwrap()
    }

    #[test]
    fn a_file_says_the_same_after_it_was_written_and_read() {
        let (file, features) = (file(), features(8, [0, 1]));
        let read = ModelFile::from_bytes(&file.to_bytes()).unwrap();
        let forecast =
            |file: &ModelFile| file.forecast(&features.all(), &names(["a", "b"]), Duration::DAY).unwrap().digest();
        assert_eq!(forecast(&read), forecast(&file));
        assert_eq!(forecast(&read), file.selected.predict(&features.all(), Duration::DAY).unwrap().digest());
        // Fitted to the same past again, it says the same.
        let again = file.selected.updated(&features.all()).unwrap();
        assert_eq!(again.predict(&features.all(), Duration::DAY).unwrap().digest(), forecast(&read));
        assert!(read.learnt_from(&features.all()) && !read.learnt_from(&features.first(190)));
        assert_eq!((read.report, read.config), (file.report, file.config));
    }

    #[test]
    fn a_tenant_is_known_by_name_whatever_its_index() {
        let file = file();
        let answers = |order: [usize; 2], tenants: [&str; 2]| {
            let features = features(8, order);
            let forecast = file.forecast(&features.all(), &names(tenants), Duration::DAY).unwrap();
            forecast.series.into_iter().map(|series| series.answer).collect::<Vec<_>>()
        };
        let (one, other) = (answers([0, 1], ["a", "b"]), answers([1, 0], ["b", "a"]));
        assert!(one[0] == other[0] && one[1] == other[2] && one[2] == other[1]);
        assert!(answers([1, 0], ["a", "b"])[2] != one[1], "what was learnt of one tenant is not said of the other");
    }

    #[test]
    fn what_is_no_sound_file_is_refused() {
        let bytes = file().to_bytes();
        assert_eq!(ModelFile::from_bytes(b"{\"id\":1}").err(), Some(ModelFileError::NoModelFile));
        let mut newer = bytes.clone();
        newer[4] = 9;
        assert_eq!(ModelFile::from_bytes(&newer).err(), Some(ModelFileError::Format(9)));
        assert_eq!(ModelFile::from_bytes(&bytes[..bytes.len() - 1]).err(), Some(ModelFileError::Damaged));
        assert_eq!(ModelFile::from_bytes(&bytes[..6]).err(), Some(ModelFileError::Damaged));
        let mut flipped = bytes;
        *flipped.last_mut().unwrap() ^= 1;
        assert_eq!(ModelFile::from_bytes(&flipped).err(), Some(ModelFileError::Damaged));
    }

    #[test]
    fn data_that_does_not_fit_is_refused() {
        let file = file();
        let mut other = features(8, [0, 1]);
        other.series.bin = Duration::from_minutes(5);
        let error = file.forecast(&other.all(), &[], Duration::DAY).unwrap_err();
        assert_eq!(error, ModelFileError::OtherBin { model: Duration::HOUR, data: Duration::from_minutes(5) });
        let short = features(8, [0, 1]);
        let error = file.forecast(&short.first(23), &[], Duration::DAY).unwrap_err();
        assert_eq!(error, ModelFileError::NotReady(NotReady::NeedsBins { missing: 1 }));
    }
}

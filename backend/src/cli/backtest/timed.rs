//! How long forecasts take.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use shared::features::Past;
use shared::forecast::{BinForecast, ModelId, NotReady, Predict};

/// Nothing panics while it holds the lock.
const NO_PANIC: &str = "no thread panicked with it";

/// A model whose forecasts are timed, series by series.
pub(super) struct Timed {
    model: Box<dyn Predict>,
    /// Number and time of the forecasts of each series.
    spent: Mutex<Vec<(u32, Duration)>>,
}

impl Timed {
    pub(super) fn new(model: Box<dyn Predict>, series: usize) -> Self {
        Self { model, spent: Mutex::new(vec![(0, Duration::ZERO); series]) }
    }

    /// The mean time of a forecast in milliseconds, by series.
    pub(super) fn mean_ms(&self) -> Vec<Option<f64>> {
        let mean = |&(count, time): &(u32, Duration)| (count > 0).then(|| time.as_secs_f64() * 1e3 / f64::from(count));
        self.spent.lock().expect(NO_PANIC).iter().map(mean).collect()
    }
}

impl Predict for Timed {
    fn id(&self, bins: usize) -> ModelId {
        self.model.id(bins)
    }

    fn predict_series(&self, past: &Past<'_>, series: usize, bins: usize) -> Result<Vec<BinForecast>, NotReady> {
        let begun = Instant::now();
        let forecast = self.model.predict_series(past, series, bins);
        let (count, time) = &mut self.spent.lock().expect(NO_PANIC)[series];
        (*count, *time) = (*count + 1, *time + begun.elapsed());
        forecast
    }
}

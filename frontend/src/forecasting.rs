//! What the forecast worker does: reads data, chooses and fits models, or serves those of a file.

mod data;
mod report;

use js_sys::Date;
use shared::features::Past;
use shared::forecast::{Continue, Forecast, ModelFile, ModelName, SelectionConfig, Watcher};
use shared::units::{Duration, Instant, Window};

use self::data::Counted;
use crate::worker::{AheadBin, Forecasts, ModelSaid, Order, Said, SeriesView, Task, serve_orders};

/// What is shown of the past beside a short horizon.
const SHORTEST_PAST: Duration = Duration::from_minutes(2 * 24 * 60);

/// Serves forecasts until the page terminates the worker.
///
/// # Panics
/// Outside of a Web Worker.
pub fn serve_forecasts() {
    serve_orders::<Forecasts>(|order, tell| {
        answer(&order, &mut |progress| {
            tell(progress);
            Continue::Yes
        })
    });
}

/// Does what was ordered; or says, for people, why it cannot be done.
fn answer(order: &Order, watcher: &mut Watcher) -> Result<Said, String> {
    let counted = Counted::read(order)?;
    let past = counted.features.all();
    let (model, forecast) = match &order.task {
        Task::Look => (None, None),
        Task::Train { steps, seed } => {
            let mut config = SelectionConfig::new(vec![order.horizon]);
            config.lstm.max_steps = *steps;
            config.lstm.seed = *seed;
            let began = Date::now();
            let file = ModelFile::fit(&past, counted.tenants.clone(), &config, watcher)
                .map_err(|error| format!("no forecast: it {error}; bring a longer history"))?;
            let fit_ms = Date::now() - began;
            let (model, forecast) = served(&file, &counted, &past, order.horizon, file.to_bytes())?;
            (Some(ModelSaid { fit_ms: Some(fit_ms), ..model }), Some(forecast))
        }
        Task::Serve { file: bytes } => {
            let file = ModelFile::from_bytes(bytes).map_err(|error| error.to_string())?;
            let (model, forecast) = served(&file, &counted, &past, order.horizon, bytes.clone())?;
            (Some(model), Some(forecast))
        }
    };
    let window = Window { start: past.start(), end: past.origin() };
    let shown = bins_of(order.horizon.max(SHORTEST_PAST), past.bin());
    let series = (0..past.series()).map(|series| SeriesView {
        name: counted.name(past.key(series)),
        past: latest(&past, series, shown),
        ahead: forecast.as_ref().map_or(Ok(Vec::new()), |forecast| ahead(forecast, series)),
    });
    Ok(Said {
        window,
        bin: past.bin(),
        horizon: order.horizon,
        series: series.collect(),
        notices: counted.notices.clone(),
        model,
    })
}

fn served(
    file: &ModelFile,
    counted: &Counted,
    past: &Past,
    horizon: Duration,
    bytes: Vec<u8>,
) -> Result<(ModelSaid, Forecast), String> {
    let began = Date::now();
    let forecast = file.forecast(past, &counted.tenants, horizon).map_err(|error| error.to_string())?;
    let forecast_ms = Date::now() - began;
    let used = forecast.model;
    let model = ModelSaid {
        name: format!("{} v{}", words(used.name), used.version),
        digest: forecast.digest(),
        scores: report::rows(&file.report, &file.tenants),
        reasons: report::reasons(&file.report, &file.tenants),
        origins: file.report.origins.len(),
        fallback: file.report.fallback.map(|fallback| fallback.to_string()),
        window: file.window,
        fingerprint: file.fingerprint.clone(),
        of_this_data: file.learnt_from(past),
        seed: file.config.lstm.seed,
        fit_ms: None,
        forecast_ms,
        file: bytes,
    };
    Ok((model, forecast))
}

fn latest(past: &Past, series: usize, bins: usize) -> Vec<(Instant, f64)> {
    let counts = past.counts(series);
    let first = counts.len().saturating_sub(bins);
    let bin = |(i, &count): (usize, &f64)| (past.start() + past.bin() * (first + i) as i64, count);
    counts[first..].iter().enumerate().map(bin).collect()
}

fn ahead(forecast: &Forecast, series: usize) -> Result<Vec<AheadBin>, String> {
    use shared::forecast::Answer;
    match &forecast.series[series].answer {
        Answer::NotReady(reason) => Err(reason.to_string()),
        Answer::Bins(bins) => {
            let one = |(i, bin): (usize, &shared::forecast::BinForecast)| AheadBin {
                at: forecast.origin + forecast.bin * i as i64,
                quantiles: *bin.quantiles(),
                mean: bin.mean(),
            };
            Ok(bins.iter().enumerate().map(one).collect())
        }
    }
}

fn bins_of(span: Duration, bin: Duration) -> usize {
    span.divide(bin).max(1) as usize
}

fn words(model: ModelName) -> String {
    model.as_str().replace('_', " ")
}

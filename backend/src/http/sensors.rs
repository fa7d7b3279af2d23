//! `/v1/sensors`: readings, as JSON or as CSV, and what they come to per bin.

use actix_web::HttpRequest;
use actix_web::web::{Data, Json, Payload};
use serde::Deserialize;
use shared::api::IngestAnswer;
use shared::features::{SensorReading, sensor_rows};
use shared::input::InputError;
use shared::units::{Duration, Instant, Window};

use super::ingest::Answers;
use super::plausible::{Plausible, Refused};
use super::query::{Query, in_order};
use super::{Answer, App, Problem, body};

pub(super) async fn readings(app: Data<App>, request: HttpRequest, payload: Payload) -> Answer<IngestAnswer> {
    let bytes = body::admitted(&app, &request, payload).await?;
    let text = body::text(&bytes)?;
    let records = if text.trim_start().starts_with(['{', '[']) {
        body::records::<SensorReading>(&bytes)?
    } else {
        sensor_rows(text).map_err(Problem::input)?
    };
    let known = Plausible::now(&app);
    let mut answers = Answers::default();
    for (line, record) in records {
        let checked = record.map_err(Refused::from).and_then(|reading| check(line, reading, &known));
        answers.take(line, checked, |reading| reading.sensor.clone());
    }
    let appended = app.store.append_readings(core::mem::take(&mut answers.valid)).await?;
    answers.finish(appended, "value", "was read there at the same instant with another value")
}

/// Which means are asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MeansQuery {
    from: Option<Instant>,
    to: Option<Instant>,
    sensor: Option<String>,
}

/// The longest window that is answered at once.
const MEANS_MAX: Duration = Duration::from_seconds(31 * 86_400);

/// What forecasts are made from: the mean of each sensor over its readings and scopes, by the starts of bins that have any.
pub(super) async fn means(app: Data<App>, Query(query): Query<MeansQuery>) -> Answer<Vec<SensorReading>> {
    in_order(query.from, query.to)?;
    let bin = app.config.bin;
    let end = query.to.unwrap_or_else(|| app.clock.now());
    // Bins are those of the clock, wherever the window begins.
    let start = query.from.unwrap_or(end - Duration::DAY).floor(bin);
    if end - start > MEANS_MAX {
        return Err(Problem::field("from", format!("is {start}, more than {MEANS_MAX} before {end}; ask for less")));
    }
    let mut means = app.store.mean_readings(Window { start, end }, bin).await?;
    means.retain(|mean| query.sensor.as_ref().is_none_or(|sensor| *sensor == mean.sensor));
    Ok(Json(means))
}

fn check(line: u64, reading: SensorReading, known: &Plausible) -> Result<SensorReading, Refused> {
    if reading.sensor.is_empty() {
        return Err(InputError::field(line, "sensor", "is empty; name the sensor, such as cpu_load").into());
    }
    known.check_reading(line, reading.at)?;
    Ok(reading)
}

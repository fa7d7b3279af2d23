//! `POST /v1/sensors`: readings, as JSON or as CSV.

use actix_web::HttpRequest;
use actix_web::web::{Data, Payload};
use shared::api::IngestAnswer;
use shared::features::{SensorReading, sensor_rows};
use shared::input::InputError;
use shared::units::Instant;

use super::ingest::{AHEAD_MAX, Answers};
use super::{Answer, App, Problem, body};

pub(super) async fn readings(app: Data<App>, request: HttpRequest, payload: Payload) -> Answer<IngestAnswer> {
    let bytes = body::admitted(&app, &request, payload).await?;
    let text = body::text(&bytes)?;
    let records = if text.trim_start().starts_with(['{', '[']) {
        body::records::<SensorReading>(&bytes)?
    } else {
        sensor_rows(text).map_err(Problem::input)?
    };
    let latest = app.clock.now() + AHEAD_MAX;
    let mut answers = Answers::default();
    for (line, record) in records {
        let checked = record.and_then(|reading| check(line, reading, latest));
        answers.take(line, checked, |reading| reading.sensor.clone());
    }
    let appended = app.store.append_readings(core::mem::take(&mut answers.valid)).await?;
    answers.finish(appended, "value", "was read there at the same instant with another value")
}

fn check(line: u64, reading: SensorReading, latest: Instant) -> Result<SensorReading, InputError> {
    if reading.sensor.is_empty() {
        return Err(InputError::field(line, "sensor", "is empty; name the sensor, such as cpu_load"));
    }
    if reading.at > latest {
        let message = format!("{} is more than a day after the service's clock", reading.at);
        return Err(InputError::field(line, "at", message));
    }
    Ok(reading)
}

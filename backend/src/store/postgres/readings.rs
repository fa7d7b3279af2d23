//! Sensor readings.

use std::collections::HashMap;

use shared::features::SensorReading;
use shared::units::{Duration, Instant, Window};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::session::Session;
use super::{counts, fits};
use crate::store::{Appended, StoreError};

/// What there is one reading of.
type Key = (i64, String, String);

/// Where the first reading of a batch is, and whether it is new.
struct First {
    position: usize,
    accepted: bool,
    /// What is stored, once the batch is in.
    value: f64,
}

/// Copies the batch beside the readings, and takes from there what is new.
pub(super) async fn append(session: &Session, batch: &[SensorReading]) -> Result<Vec<Appended>, StoreError> {
    let mut firsts: HashMap<Key, First> = HashMap::with_capacity(batch.len());
    for (position, reading) in batch.iter().enumerate() {
        fits("sensor", &[&reading.sensor, &reading.scope])?;
        firsts.entry(key(reading)).or_insert(First { position, accepted: false, value: reading.value });
    }
    stage(session, &firsts).await?;
    let new = "INSERT INTO readings (at, sensor, scope, value)
               SELECT at, sensor, scope, value FROM staged_readings ORDER BY at, sensor, scope
               ON CONFLICT (at, sensor, scope) DO NOTHING RETURNING at, sensor, scope";
    let added = session.query(new, &[]).await?;
    for row in &added {
        if let Some(first) = firsts.get_mut(&stored_key(row)?) {
            first.accepted = true;
        }
    }
    if added.len() < firsts.len() {
        let stored = "SELECT at, sensor, scope, r.value FROM staged_readings JOIN readings r USING (at, sensor, scope)";
        for row in session.query(stored, &[]).await? {
            if let Some(first) = firsts.get_mut(&stored_key(&row)?) {
                first.value = row.try_get(3)?;
            }
        }
    }
    let answer = |(position, reading): (usize, &SensorReading)| {
        let first = &firsts[&key(reading)];
        match first.value == reading.value {
            _ if first.accepted && first.position == position => Appended::Accepted,
            true => Appended::Duplicate,
            false => Appended::Conflict,
        }
    };
    let answers: Vec<Appended> = batch.iter().enumerate().map(answer).collect();
    counts::add(session, counts::READINGS, &answers).await?;
    Ok(answers)
}

async fn stage(session: &Session, firsts: &HashMap<Key, First>) -> Result<(), StoreError> {
    let rows =
        firsts.iter().map(|((at, sensor, scope), first)| vec![at as _, sensor as _, scope as _, &first.value as _]);
    let types = [Type::INT8, Type::TEXT, Type::TEXT, Type::FLOAT8];
    session.copy("staged_readings (at, sensor, scope, value)", &types, rows).await
}

fn key(reading: &SensorReading) -> Key {
    (reading.at.micros(), reading.sensor.clone(), reading.scope.clone())
}

fn stored_key(row: &Row) -> Result<Key, StoreError> {
    Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))
}

pub(super) async fn means(session: &Session, window: Window, bin: Duration) -> Result<Vec<SensorReading>, StoreError> {
    // Summed in one order, so that the same readings have the same mean to the last digit.
    let sql = "SELECT bin, sensor, sum(amount ORDER BY at, scope) / sum(readings)::float8 FROM (
             SELECT (at - $1::bigint) / $3::bigint AS bin, at, scope, sensor, value AS amount, 1::bigint AS readings
             FROM readings WHERE at >= $1 AND at < $2
             UNION ALL SELECT (at - $1::bigint) / $3::bigint, at, scope, sensor, sum, count
             FROM sensor_bins WHERE at >= $1 AND at < $2) AS both_kinds
         GROUP BY bin, sensor ORDER BY bin, sensor";
    let (start, end) = (window.start.micros(), window.end.micros());
    let rows = session.query(sql, &[&start, &end, &bin.micros()]).await?;
    let mean = |row: &Row| {
        let at = window.start + bin * row.try_get::<_, i64>(0)?;
        Ok(SensorReading { at, sensor: row.try_get(1)?, scope: String::new(), value: row.try_get(2)? })
    };
    rows.iter().map(mean).collect()
}

/// Deletes what was read before `end`.
pub(super) async fn forget_before(session: &Session, end: Instant) -> Result<(), StoreError> {
    session.execute("DELETE FROM sensor_bins WHERE at < $1", &[&end.micros()]).await?;
    let readings = session.execute("DELETE FROM readings WHERE at < $1", &[&end.micros()]).await?;
    counts::subtract(session, counts::READINGS, readings).await
}

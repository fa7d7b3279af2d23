//! Sensor readings.

use rusqlite::{Connection, params};
use shared::features::SensorReading;
use shared::units::{Duration, Instant, Window};

use crate::store::{Appended, StoreError};

pub(super) fn append(connection: &mut Connection, batch: &[SensorReading]) -> Result<Vec<Appended>, StoreError> {
    let transaction = connection.transaction()?;
    let mut answers = Vec::with_capacity(batch.len());
    {
        let mut insert = transaction.prepare_cached(
            "INSERT INTO readings (at, sensor, scope, value) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
        )?;
        let mut stored =
            transaction.prepare_cached("SELECT value FROM readings WHERE at = ?1 AND sensor = ?2 AND scope = ?3")?;
        for SensorReading { at, sensor, scope, value } in batch {
            let new = insert.execute(params![at.micros(), sensor, scope, value])? == 1;
            answers.push(if new {
                Appended::Accepted
            } else {
                let earlier: f64 = stored.query_row(params![at.micros(), sensor, scope], |row| row.get(0))?;
                if earlier == *value { Appended::Duplicate } else { Appended::Conflict }
            });
        }
    }
    transaction.commit()?;
    Ok(answers)
}

pub(super) fn means(connection: &Connection, window: Window, bin: Duration) -> Result<Vec<SensorReading>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT bin, sensor, sum(amount) / sum(readings) FROM (
             SELECT (at - ?1) / ?3 AS bin, sensor, value AS amount, 1 AS readings FROM readings WHERE at >= ?1 AND at < ?2
             UNION ALL SELECT (at - ?1) / ?3, sensor, sum, count FROM sensor_bins WHERE at >= ?1 AND at < ?2)
         GROUP BY 1, 2 ORDER BY 1, 2",
    )?;
    let rows = statement.query_map(params![window.start.micros(), window.end.micros(), bin.micros()], |row| {
        let at = window.start + bin * row.get::<_, i64>(0)?;
        Ok(SensorReading { at, sensor: row.get(1)?, scope: String::new(), value: row.get(2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Deletes what was read before `end`; tells how many single readings that was.
pub(super) fn forget_before(connection: &Connection, end: Instant) -> Result<usize, StoreError> {
    connection.execute("DELETE FROM sensor_bins WHERE at < ?1", params![end.micros()])?;
    Ok(connection.execute("DELETE FROM readings WHERE at < ?1", params![end.micros()])?)
}

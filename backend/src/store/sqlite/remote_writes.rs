//! Bodies of Prometheus' remote write, and what they come to.

use async_trait::async_trait;
use rusqlite::{Connection, Row, params};
use shared::units::Instant;

use super::SqliteStore;
use crate::store::{Folded, RemoteWrites, SeriesEnd, SpooledWrite, StoreError};

#[async_trait]
impl RemoteWrites for SqliteStore {
    async fn spool(&self, body: Vec<u8>, received: Instant) -> Result<u64, StoreError> {
        self.writer.call(move |connection| spool(connection, &body, received)).await
    }

    async fn spooled(&self, after: u64, limit: usize) -> Result<Vec<SpooledWrite>, StoreError> {
        self.reader.call(move |connection| spooled(connection, after, limit)).await
    }

    async fn fold(&self, folded: Folded) -> Result<(), StoreError> {
        self.writer.call(move |connection| fold(connection, &folded)).await
    }

    async fn series_ends(&self) -> Result<Vec<SeriesEnd>, StoreError> {
        self.reader.call(|connection| series_ends(connection)).await
    }
}

fn spool(connection: &Connection, body: &[u8], received: Instant) -> Result<u64, StoreError> {
    let mut insert = connection.prepare_cached("INSERT INTO remote_writes (received, body) VALUES (?1, ?2)")?;
    Ok(insert.insert(params![received.micros(), body])? as u64)
}

fn spooled(connection: &Connection, after: u64, limit: usize) -> Result<Vec<SpooledWrite>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT number, received, body FROM remote_writes WHERE number > ?1 ORDER BY number LIMIT ?2",
    )?;
    let write = |row: &Row<'_>| {
        let (number, received) = (row.get::<_, i64>(0)? as u64, Instant::from_micros(row.get(1)?));
        Ok(SpooledWrite { number, received, body: row.get(2)? })
    };
    let rows = statement.query_map(params![after as i64, limit as i64], write)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn fold(connection: &mut Connection, folded: &Folded) -> Result<(), StoreError> {
    let transaction = connection.transaction()?;
    {
        let mut add = transaction.prepare_cached(
            "INSERT INTO sensor_bins (at, sensor, scope, sum, count) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET sum = sum + excluded.sum, count = count + excluded.count",
        )?;
        for added in &folded.sums {
            add.execute(params![added.at.micros(), added.sensor, added.scope, added.sum, added.count as i64])?;
        }
        let mut end =
            transaction.prepare_cached("INSERT OR REPLACE INTO series_ends (id, at, value) VALUES (?1, ?2, ?3)")?;
        for SeriesEnd { id, at, value } in &folded.ends {
            end.execute(params![id.to_le_bytes(), at.micros(), value])?;
        }
        let mut forget = transaction.prepare_cached("DELETE FROM series_ends WHERE id = ?1")?;
        for id in &folded.ended {
            forget.execute(params![id.to_le_bytes()])?;
        }
        transaction.execute("DELETE FROM remote_writes WHERE number <= ?1", params![folded.until as i64])?;
    }
    Ok(transaction.commit()?)
}

fn series_ends(connection: &Connection) -> Result<Vec<SeriesEnd>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT id, at, value FROM series_ends")?;
    let rows = statement.query_map([], |row| {
        let (id, at) = (u128::from_le_bytes(row.get(0)?), Instant::from_micros(row.get(1)?));
        Ok(SeriesEnd { id, at, value: row.get(2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

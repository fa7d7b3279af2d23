//! Bodies of Prometheus' remote write, and what they come to.

use async_trait::async_trait;
use shared::units::Instant;
use tokio_postgres::Row;

use super::session::Session;
use super::{PostgresStore, fits};
use crate::store::{Folded, RemoteWrites, SeriesEnd, SpooledWrite, StoreError};

#[async_trait]
impl RemoteWrites for PostgresStore {
    async fn spool(&self, body: Vec<u8>, received: Instant) -> Result<u64, StoreError> {
        let writing = self.connections.write().await?;
        let sql = "INSERT INTO remote_writes (received, body) VALUES ($1, $2) RETURNING number";
        let row = writing.session()?.find(sql, &[&received.micros(), &body]).await?.ok_or(StoreError::Closed)?;
        writing.commit().await?;
        Ok(row.try_get::<_, i64>(0)? as u64)
    }

    async fn spooled(&self, after: u64, limit: usize) -> Result<Vec<SpooledWrite>, StoreError> {
        let sql = "SELECT number, received, body FROM remote_writes WHERE number > $1 ORDER BY number LIMIT $2";
        let reader = self.connections.reader().await?;
        let rows = reader.session()?.query(sql, &[&(after as i64), &(limit as i64)]).await?;
        let write = |row: &Row| {
            let (number, received) = (row.try_get::<_, i64>(0)? as u64, Instant::from_micros(row.try_get(1)?));
            Ok(SpooledWrite { number, received, body: row.try_get(2)? })
        };
        rows.iter().map(write).collect()
    }

    async fn fold(&self, folded: Folded) -> Result<(), StoreError> {
        let writing = self.connections.write().await?;
        fold(writing.session()?, &folded).await?;
        writing.commit().await
    }

    async fn series_ends(&self) -> Result<Vec<SeriesEnd>, StoreError> {
        let reader = self.connections.reader().await?;
        let rows = reader.session()?.query("SELECT id, at, value FROM series_ends", &[]).await?;
        rows.iter().map(series_end).collect()
    }
}

/// Bodies that are there no more were folded before: then the answer to that was lost, and nothing is to be added again.
async fn fold(session: &Session, folded: &Folded) -> Result<(), StoreError> {
    let bodies = session.execute("DELETE FROM remote_writes WHERE number <= $1", &[&(folded.until as i64)]).await?;
    if bodies == 0 && !folded.sums.is_empty() {
        return Ok(());
    }
    let add = "INSERT INTO sensor_bins (at, sensor, scope, sum, count) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (at, sensor, scope) DO UPDATE
               SET sum = sensor_bins.sum + excluded.sum, count = sensor_bins.count + excluded.count";
    for added in &folded.sums {
        fits("sensor", &[&added.sensor, &added.scope])?;
        let (at, count) = (added.at.micros(), added.count as i64);
        session.execute(add, &[&at, &added.sensor, &added.scope, &added.sum, &count]).await?;
    }
    let end = "INSERT INTO series_ends (id, at, value) VALUES ($1, $2, $3)
               ON CONFLICT (id) DO UPDATE SET at = excluded.at, value = excluded.value";
    for SeriesEnd { id, at, value } in &folded.ends {
        session.execute(end, &[&id.to_le_bytes().as_slice(), &at.micros(), value]).await?;
    }
    let ended: Vec<Vec<u8>> = folded.ended.iter().map(|id| id.to_le_bytes().to_vec()).collect();
    session.execute("DELETE FROM series_ends WHERE id = ANY($1)", &[&ended]).await?;
    Ok(())
}

fn series_end(row: &Row) -> Result<SeriesEnd, StoreError> {
    let id: &[u8] = row.try_get(0)?;
    let id = id.try_into().map_err(|_| StoreError::Unreadable(format!("a series of {} bytes", id.len())))?;
    Ok(SeriesEnd { id: u128::from_le_bytes(id), at: Instant::from_micros(row.try_get(1)?), value: row.try_get(2)? })
}

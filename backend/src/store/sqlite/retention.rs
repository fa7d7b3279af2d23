//! Requests, readings and jobs that are given up, and the bins that are left of requests.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, params};
use shared::api::JobKind;
use shared::features::{PastBin, PastBins, PastCreates};
use shared::request::{Names, ResourceClass, Stretch};
use shared::units::{Duration, Instant, Window};

use super::counts::Counts;
use super::{SqliteStore, documents, jobs};
use crate::store::retention::{Carry, Retention, Trim, Trimmed};
use crate::store::{Collection, CreatesOf, LogKey, StoreError};

/// The newest jobs, which are kept however old they are.
const JOBS_KEPT: usize = 200;

/// Names of values in the table.
const REQUESTS: &str = "requests";
const BINS: &str = "bins";
const GONE: &str = "gone";

#[async_trait]
impl Retention for SqliteStore {
    async fn put_bins(&self, bins: Vec<PastBin>, tenants: Vec<String>) -> Result<(), StoreError> {
        self.writer.call(move |connection| put_bins(connection, &bins, &tenants)).await
    }

    async fn bins(&self, bin: Duration) -> Result<PastBins, StoreError> {
        self.reader.call(move |connection| bins(connection, bin)).await
    }

    async fn carry_on(&self, carry: Carry) -> Result<(), StoreError> {
        self.writer
            .call(move |connection| {
                let transaction = connection.transaction()?;
                documents::put_in(&transaction, Collection::Models, core::slice::from_ref(&carry.document))?;
                set(&transaction, REQUESTS, carry.from.micros())?;
                jobs::submit(&transaction, JobKind::Trimming, &carry.input, carry.now)?;
                Ok(transaction.commit()?)
            })
            .await
    }

    async fn trim(&self, step: Trim) -> Result<Trimmed, StoreError> {
        let counts = Arc::clone(&self.counts);
        self.writer.call(move |connection| trim(connection, &step, &counts)).await
    }

    async fn bin_readings(&self, before: Instant, bin: Duration, limit: usize) -> Result<u64, StoreError> {
        let counts = Arc::clone(&self.counts);
        self.writer
            .call(move |connection| {
                let binned = bin_readings(connection, before, bin, limit)?;
                counts.readings.subtract(binned);
                Ok(binned as u64)
            })
            .await
    }

    async fn forget_bins(&self, before: Instant, limit: usize) -> Result<u64, StoreError> {
        self.writer.call(move |connection| forget_bins(connection, before, limit)).await
    }

    async fn forget_jobs(&self, before: Instant, limit: usize) -> Result<u64, StoreError> {
        self.writer.call(move |connection| forget_jobs(connection, before, limit)).await
    }

    async fn free_bytes(&self) -> Result<u64, StoreError> {
        self.reader
            .call(|connection| {
                let pages = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
                Ok((pages("freelist_count")? * pages("page_size")?) as u64)
            })
            .await
    }
}

/// Since when requests are kept; none where none were given up.
pub(super) fn requests_from(connection: &Connection) -> Result<Option<Instant>, StoreError> {
    Ok(value(connection, REQUESTS)?.map(Instant::from_micros))
}

/// Since when bins are kept; none where none were given up.
pub(super) fn bins_from(connection: &Connection) -> Result<Option<Instant>, StoreError> {
    Ok(value(connection, BINS)?.map(Instant::from_micros))
}

/// How many requests are gone.
pub(super) fn gone(connection: &Connection) -> Result<u64, StoreError> {
    Ok(value(connection, GONE)?.unwrap_or(0) as u64)
}

/// The first request of which a bin is left.
pub(super) fn first(connection: &Connection) -> Result<Option<Instant>, StoreError> {
    let first = "SELECT first FROM request_bins ORDER BY at LIMIT 1";
    let first: Option<i64> = connection.prepare_cached(first)?.query_row([], |row| row.get(0)).optional()?;
    Ok(first.map(Instant::from_micros))
}

/// Creates of a window per bin, of requests that are gone, added to `counts`.
pub(super) fn count_creates(
    connection: &Connection,
    window: Window,
    bin: Duration,
    of: &CreatesOf,
    counts: &mut BTreeMap<Instant, u64>,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT (at - ?1) / ?3, sum(creates) FROM create_bins
         WHERE at >= ?1 AND at < ?2 AND (?4 IS NULL OR tenant = (SELECT number FROM bin_tenants WHERE name = ?4))
         AND (?5 IS NULL OR class = ?5) GROUP BY 1",
    )?;
    let (start, end) = (window.start.micros(), window.end.micros());
    let class = of.class.map(ResourceClass::as_str);
    let rows = statement.query_map(params![start, end, bin.micros(), of.tenant, class], |row| {
        Ok((window.start + bin * row.get::<_, i64>(0)?, row.get::<_, i64>(1)? as u64))
    })?;
    for row in rows {
        let (at, count) = row?;
        *counts.entry(at).or_default() += count;
    }
    Ok(())
}

fn value(connection: &Connection, name: &str) -> Result<Option<i64>, StoreError> {
    let sql = "SELECT value FROM retention WHERE name = ?1";
    Ok(connection.prepare_cached(sql)?.query_row(params![name], |row| row.get(0)).optional()?)
}

fn set(connection: &Connection, name: &str, value: i64) -> Result<(), StoreError> {
    let sql = "INSERT OR REPLACE INTO retention (name, value) VALUES (?1, ?2)";
    connection.prepare_cached(sql)?.execute(params![name, value])?;
    Ok(())
}

fn put_bins(connection: &mut Connection, bins: &[PastBin], tenants: &[String]) -> Result<(), StoreError> {
    let transaction = connection.transaction()?;
    {
        let mut tenant =
            transaction.prepare_cached("INSERT OR REPLACE INTO bin_tenants (number, name) VALUES (?1, ?2)")?;
        for (number, name) in tenants.iter().enumerate() {
            tenant.execute(params![number as i64, name])?;
        }
        let mut insert = transaction.prepare_cached(
            "INSERT OR REPLACE INTO request_bins (at, first, last, longest, batches) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        let mut insert_creates = transaction.prepare_cached(
            "INSERT OR REPLACE INTO create_bins (at, tenant, class, creates) VALUES (?1, ?2, ?3, ?4)",
        )?;
        for PastBin { at, stretch: Stretch { first, last, longest }, batches, creates } in bins {
            let at = at.micros();
            insert.execute(params![at, first.micros(), last.micros(), longest.micros(), *batches as i64])?;
            for PastCreates { tenant, class, count } in creates {
                insert_creates.execute(params![at, tenant, class.as_str(), *count as i64])?;
            }
        }
    }
    Ok(transaction.commit()?)
}

fn bins(connection: &Connection, bin: Duration) -> Result<PastBins, StoreError> {
    let mut past = PastBins::new(bin);
    // What was written before a kill, and of which the log was not told, is counted anew.
    let Some(end) = value(connection, REQUESTS)? else { return Ok(past) };
    let names: Result<Vec<String>, _> = connection
        .prepare_cached("SELECT name FROM bin_tenants ORDER BY number")?
        .query_map([], |row| row.get(0))?
        .collect();
    past.tenants = names?.iter().map(String::as_str).collect::<Names>();
    let mut statement = connection
        .prepare_cached("SELECT at, first, last, longest, batches FROM request_bins WHERE at < ?1 ORDER BY at")?;
    let instant = |row: &rusqlite::Row<'_>, column| row.get(column).map(Instant::from_micros);
    let rows = statement.query_map(params![end], |row| {
        let longest = Duration::from_micros(row.get(3)?);
        let stretch = Stretch { first: instant(row, 1)?, last: instant(row, 2)?, longest };
        Ok(PastBin { at: instant(row, 0)?, stretch, batches: row.get::<_, i64>(4)? as u64, creates: Vec::new() })
    })?;
    past.bins = rows.collect::<Result<_, _>>()?;
    let sql = "SELECT at, tenant, class, creates FROM create_bins WHERE at < ?1 ORDER BY at, tenant";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![end])?;
    let mut position = 0;
    while let Some(row) = rows.next()? {
        let (at, class): (Instant, String) = (instant(row, 0)?, row.get(2)?);
        while past.bins.get(position).is_some_and(|bin| bin.at < at) {
            position += 1;
        }
        let Some(bin) = past.bins.get_mut(position).filter(|bin| bin.at == at) else { continue };
        let class = read_class(&class)?;
        bin.creates.push(PastCreates { tenant: row.get(1)?, class, count: row.get::<_, i64>(3)? as u64 });
    }
    past.bins.iter_mut().for_each(|bin| bin.creates.sort_unstable());
    Ok(past)
}

fn read_class(name: &str) -> Result<ResourceClass, StoreError> {
    serde_json::from_value(serde_json::Value::String(name.to_owned()))
        .map_err(|error| StoreError::Unreadable(error.to_string()))
}

fn trim(connection: &mut Connection, step: &Trim, counts: &Counts) -> Result<Trimmed, StoreError> {
    let Trim { before, kept, after, limit } = step;
    let transaction = connection.transaction()?;
    let mut trimmed = Trimmed::default();
    {
        let mut next = transaction.prepare_cached(
            "SELECT at, id FROM requests WHERE (at, id) > (?1, ?2) AND at < ?3 ORDER BY at, id LIMIT ?4",
        )?;
        let rows = next.query_map(params![after.at.micros(), after.id, before.micros(), *limit as i64], |row| {
            Ok(LogKey { at: Instant::from_micros(row.get(0)?), id: row.get(1)? })
        })?;
        let keys: Vec<LogKey> = rows.collect::<Result<_, _>>()?;
        let mut observations = transaction.prepare_cached("DELETE FROM observations WHERE request = ?1")?;
        let mut request = transaction.prepare_cached("DELETE FROM requests WHERE at = ?1 AND id = ?2")?;
        for LogKey { at, id } in keys.iter().filter(|key| !kept.contains(&key.id)) {
            trimmed.observations += observations.execute(params![id])? as u64;
            trimmed.requests += request.execute(params![at.micros(), id])? as u64;
        }
        trimmed.next = keys.last().filter(|_| keys.len() == *limit).cloned();
    }
    set(&transaction, GONE, gone(&transaction)? as i64 + trimmed.requests as i64)?;
    transaction.commit()?;
    counts.requests.subtract(trimmed.requests as usize);
    counts.observations.subtract(trimmed.observations as usize);
    Ok(trimmed)
}

fn bin_readings(
    connection: &mut Connection,
    before: Instant,
    bin: Duration,
    limit: usize,
) -> Result<usize, StoreError> {
    let transaction = connection.transaction()?;
    // The order of the key is that of time: those that are added up are those that are deleted.
    let few = "SELECT at, sensor, scope, value FROM readings WHERE at < ?1 ORDER BY at, sensor, scope LIMIT ?2";
    let sums = format!(
        "INSERT INTO sensor_bins (at, sensor, scope, sum, count)
         SELECT at / ?3 * ?3, sensor, scope, sum(value), count(*) FROM ({few}) GROUP BY 1, 2, 3
         ON CONFLICT DO UPDATE SET sum = sum + excluded.sum, count = count + excluded.count"
    );
    transaction.execute(&sums, params![before.micros(), limit as i64, bin.micros()])?;
    let delete = format!("DELETE FROM readings WHERE (at, sensor, scope) IN (SELECT at, sensor, scope FROM ({few}))");
    let deleted = transaction.execute(&delete, params![before.micros(), limit as i64])?;
    transaction.commit()?;
    Ok(deleted)
}

fn forget_bins(connection: &mut Connection, before: Instant, limit: usize) -> Result<u64, StoreError> {
    let transaction = connection.transaction()?;
    let last = "SELECT max(at) FROM (SELECT at FROM request_bins WHERE at < ?1 ORDER BY at LIMIT ?2)";
    let last: Option<i64> = transaction.query_row(last, params![before.micros(), limit as i64], |row| row.get(0))?;
    let Some(last) = last else { return Ok(0) };
    transaction.execute("DELETE FROM create_bins WHERE at <= ?1", params![last])?;
    let deleted = transaction.execute("DELETE FROM request_bins WHERE at <= ?1", params![last])?;
    set(&transaction, BINS, before.micros())?;
    transaction.commit()?;
    Ok(deleted as u64)
}

fn forget_jobs(connection: &Connection, before: Instant, limit: usize) -> Result<u64, StoreError> {
    let sql = "DELETE FROM jobs WHERE number IN (
                   SELECT number FROM jobs WHERE finished_at < ?1 AND number <= (SELECT max(number) - ?2 FROM jobs)
                   ORDER BY number LIMIT ?3)";
    Ok(connection.execute(sql, params![before.micros(), JOBS_KEPT as i64, limit as i64])? as u64)
}

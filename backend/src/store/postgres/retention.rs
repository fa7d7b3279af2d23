//! Requests, readings and jobs that are given up, and the bins that are left of requests.

use std::collections::BTreeMap;

use async_trait::async_trait;
use shared::api::JobKind;
use shared::features::{PastBin, PastBins, PastCreates};
use shared::request::{Names, ResourceClass, Stretch};
use shared::units::{Duration, Instant, Window};
use tokio_postgres::Row;

use super::session::Session;
use super::{PostgresStore, counts, documents, fits, jobs};
use crate::store::retention::{Carry, Retention, Trim, Trimmed};
use crate::store::{Collection, CreatesOf, LogKey, StoreError};

/// The newest jobs, which are kept however old they are.
const JOBS_KEPT: i64 = 200;

/// Names of values in the table.
const REQUESTS: &str = "requests";
const BINS: &str = "bins";
const GONE: &str = "gone";

#[async_trait]
impl Retention for PostgresStore {
    async fn put_bins(&self, bins: Vec<PastBin>, tenants: Vec<String>) -> Result<(), StoreError> {
        let writing = self.connections.write().await?;
        put_bins(writing.session()?, &bins, &tenants).await?;
        writing.commit().await
    }

    async fn bins(&self, bin: Duration) -> Result<PastBins, StoreError> {
        bins(self.connections.reader().await?.session()?, bin).await
    }

    async fn carry_on(&self, carry: Carry) -> Result<(), StoreError> {
        let writing = self.connections.write().await?;
        let session = writing.session()?;
        documents::put(session, Collection::Models, core::slice::from_ref(&carry.document)).await?;
        set(session, REQUESTS, carry.from.micros()).await?;
        jobs::submit(session, JobKind::Trimming, &carry.input, carry.now).await?;
        writing.commit().await
    }

    async fn trim(&self, step: Trim) -> Result<Trimmed, StoreError> {
        let writing = self.connections.write().await?;
        let trimmed = trim(writing.session()?, &step).await?;
        if trimmed.next.is_none() {
            self.partitions.drop_empty(writing.session()?, step.before).await?;
        }
        writing.commit().await?;
        Ok(trimmed)
    }

    async fn bin_readings(&self, before: Instant, bin: Duration, limit: usize) -> Result<u64, StoreError> {
        let writing = self.connections.write().await?;
        let binned = bin_readings(writing.session()?, before, bin, limit).await?;
        writing.commit().await?;
        Ok(binned)
    }

    async fn forget_bins(&self, before: Instant, limit: usize) -> Result<u64, StoreError> {
        let writing = self.connections.write().await?;
        let gone = forget_bins(writing.session()?, before, limit).await?;
        writing.commit().await?;
        Ok(gone)
    }

    async fn forget_jobs(&self, before: Instant, limit: usize) -> Result<u64, StoreError> {
        let sql = "DELETE FROM jobs WHERE number IN (
                       SELECT number FROM jobs WHERE finished_at < $1 AND number <= (SELECT max(number) - $2 FROM jobs)
                       ORDER BY number LIMIT $3)";
        let writing = self.connections.write().await?;
        let gone = writing.session()?.execute(sql, &[&before.micros(), &JOBS_KEPT, &(limit as i64)]).await?;
        writing.commit().await?;
        Ok(gone)
    }

    /// The server does not say it.
    async fn free_bytes(&self) -> Result<u64, StoreError> {
        Ok(0)
    }
}

/// Since when requests are kept; none where none were given up.
pub(super) async fn requests_from(session: &Session) -> Result<Option<Instant>, StoreError> {
    Ok(value(session, REQUESTS).await?.map(Instant::from_micros))
}

/// Since when bins are kept; none where none were given up.
pub(super) async fn bins_from(session: &Session) -> Result<Option<Instant>, StoreError> {
    Ok(value(session, BINS).await?.map(Instant::from_micros))
}

/// How many requests are gone.
pub(super) async fn gone(session: &Session) -> Result<u64, StoreError> {
    Ok(value(session, GONE).await?.unwrap_or(0) as u64)
}

/// Creates of a window per bin, of requests that are gone, added to `counts`.
pub(super) async fn count_creates(
    session: &Session,
    window: Window,
    bin: Duration,
    of: &CreatesOf,
    counts: &mut BTreeMap<Instant, u64>,
) -> Result<(), StoreError> {
    let sql = "SELECT (at - $1::bigint) / $3::bigint, sum(creates)::bigint FROM create_bins
               WHERE at >= $1 AND at < $2
               AND ($4::text IS NULL OR tenant = (SELECT number FROM bin_tenants WHERE name = $4))
               AND ($5::text IS NULL OR class = $5) GROUP BY 1";
    let (start, end) = (window.start.micros(), window.end.micros());
    let class = of.class.map(ResourceClass::as_str);
    for row in session.query(sql, &[&start, &end, &bin.micros(), &of.tenant, &class]).await? {
        let at = window.start + bin * row.try_get::<_, i64>(0)?;
        *counts.entry(at).or_default() += row.try_get::<_, i64>(1)? as u64;
    }
    Ok(())
}

async fn value(session: &Session, name: &str) -> Result<Option<i64>, StoreError> {
    let row = session.find("SELECT value FROM retention WHERE name = $1", &[&name]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

async fn set(session: &Session, name: &str, value: i64) -> Result<(), StoreError> {
    let sql = "INSERT INTO retention (name, value) VALUES ($1, $2)
               ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    session.execute(sql, &[&name, &value]).await?;
    Ok(())
}

async fn put_bins(session: &Session, bins: &[PastBin], tenants: &[String]) -> Result<(), StoreError> {
    let tenant = "INSERT INTO bin_tenants (number, name) VALUES ($1, $2)
                  ON CONFLICT (number) DO UPDATE SET name = excluded.name";
    for (number, name) in tenants.iter().enumerate() {
        fits("tenant", &[name])?;
        session.execute(tenant, &[&(number as i64), name]).await?;
    }
    let insert = "INSERT INTO request_bins (at, first, last, longest, batches) VALUES ($1, $2, $3, $4, $5)
                  ON CONFLICT (at) DO UPDATE SET first = excluded.first, last = excluded.last,
                      longest = excluded.longest, batches = excluded.batches";
    let insert_creates = "INSERT INTO create_bins (at, tenant, class, creates) VALUES ($1, $2, $3, $4)
                          ON CONFLICT (at, tenant, class) DO UPDATE SET creates = excluded.creates";
    for PastBin { at, stretch: Stretch { first, last, longest }, batches, creates } in bins {
        let at = at.micros();
        let (first, last, longest) = (first.micros(), last.micros(), longest.micros());
        session.execute(insert, &[&at, &first, &last, &longest, &(*batches as i64)]).await?;
        for PastCreates { tenant, class, count } in creates {
            let (tenant, count) = (i64::from(*tenant), *count as i64);
            session.execute(insert_creates, &[&at, &tenant, &class.as_str(), &count]).await?;
        }
    }
    Ok(())
}

async fn bins(session: &Session, bin: Duration) -> Result<PastBins, StoreError> {
    let mut past = PastBins::new(bin);
    // What was written before a kill, and of which the log was not told, is counted anew.
    let Some(end) = value(session, REQUESTS).await? else { return Ok(past) };
    let names = session.query("SELECT name FROM bin_tenants ORDER BY number", &[]).await?;
    let names: Vec<&str> = names.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    past.tenants = names.into_iter().collect::<Names>();
    let sql = "SELECT at, first, last, longest, batches FROM request_bins WHERE at < $1 ORDER BY at";
    past.bins = session.query(sql, &[&end]).await?.iter().map(past_bin).collect::<Result<_, _>>()?;
    let sql = "SELECT at, tenant, class, creates FROM create_bins WHERE at < $1 ORDER BY at, tenant";
    let mut position = 0;
    for row in session.query(sql, &[&end]).await? {
        let (at, class) = (Instant::from_micros(row.try_get(0)?), read_class(row.try_get(2)?)?);
        while past.bins.get(position).is_some_and(|bin| bin.at < at) {
            position += 1;
        }
        let Some(bin) = past.bins.get_mut(position).filter(|bin| bin.at == at) else { continue };
        let (tenant, count) = (row.try_get::<_, i64>(1)? as u32, row.try_get::<_, i64>(3)? as u64);
        bin.creates.push(PastCreates { tenant, class, count });
    }
    past.bins.iter_mut().for_each(|bin| bin.creates.sort_unstable());
    Ok(past)
}

fn past_bin(row: &Row) -> Result<PastBin, StoreError> {
    let instant = |column: usize| row.try_get(column).map(Instant::from_micros);
    let longest = Duration::from_micros(row.try_get(3)?);
    let stretch = Stretch { first: instant(1)?, last: instant(2)?, longest };
    Ok(PastBin { at: instant(0)?, stretch, batches: row.try_get::<_, i64>(4)? as u64, creates: Vec::new() })
}

fn read_class(name: &str) -> Result<ResourceClass, StoreError> {
    serde_json::from_value(serde_json::Value::String(name.to_owned()))
        .map_err(|error| StoreError::Unreadable(error.to_string()))
}

async fn trim(session: &Session, step: &Trim) -> Result<Trimmed, StoreError> {
    let Trim { before, kept, after, limit } = step;
    let sql = "SELECT at, id FROM requests WHERE at >= $1 AND (at, id) > ($1, $2) AND at < $3 ORDER BY at, id LIMIT $4";
    let rows = session.query(sql, &[&after.at.micros(), &after.id, &before.micros(), &(*limit as i64)]).await?;
    let keys = rows.iter().map(|row| Ok(LogKey { at: Instant::from_micros(row.try_get(0)?), id: row.try_get(1)? }));
    let keys: Vec<LogKey> = keys.collect::<Result<_, StoreError>>()?;
    let goes: Vec<&LogKey> = keys.iter().filter(|key| !kept.contains(&key.id)).collect();
    let (ids, ats): (Vec<&str>, Vec<i64>) = goes.iter().map(|key| (key.id.as_str(), key.at.micros())).unzip();
    let observations = session.execute("DELETE FROM observations WHERE request = ANY($1)", &[&ids]).await?;
    // The instants say in which partitions they are.
    let requests = session.execute("DELETE FROM requests WHERE at = ANY($1) AND id = ANY($2)", &[&ats, &ids]).await?;
    session.execute("DELETE FROM request_ids WHERE id = ANY($1)", &[&ids]).await?;
    set(session, GONE, gone(session).await? as i64 + requests as i64).await?;
    counts::subtract(session, counts::REQUESTS, requests).await?;
    counts::subtract(session, counts::OBSERVATIONS, observations).await?;
    Ok(Trimmed { requests, observations, next: keys.last().filter(|_| keys.len() == *limit).cloned() })
}

async fn bin_readings(session: &Session, before: Instant, bin: Duration, limit: usize) -> Result<u64, StoreError> {
    // The order of the key is that of time: those that are added up are those that are deleted.
    let few = "SELECT at, sensor, scope, value FROM readings WHERE at < $1 ORDER BY at, sensor, scope LIMIT $2";
    let sums = format!(
        "INSERT INTO sensor_bins (at, sensor, scope, sum, count)
         SELECT at / $3::bigint * $3::bigint, sensor, scope, sum(value), count(*) FROM ({few}) AS few GROUP BY 1, 2, 3
         ON CONFLICT (at, sensor, scope) DO UPDATE
         SET sum = sensor_bins.sum + excluded.sum, count = sensor_bins.count + excluded.count"
    );
    session.execute(&sums, &[&before.micros(), &(limit as i64), &bin.micros()]).await?;
    let delete =
        format!("DELETE FROM readings WHERE (at, sensor, scope) IN (SELECT at, sensor, scope FROM ({few}) AS few)");
    let deleted = session.execute(&delete, &[&before.micros(), &(limit as i64)]).await?;
    counts::subtract(session, counts::READINGS, deleted).await?;
    Ok(deleted)
}

async fn forget_bins(session: &Session, before: Instant, limit: usize) -> Result<u64, StoreError> {
    let last = "SELECT max(at) FROM (SELECT at FROM request_bins WHERE at < $1 ORDER BY at LIMIT $2) AS few";
    let last = session.find(last, &[&before.micros(), &(limit as i64)]).await?;
    let Some(last) = last.map(|row| row.try_get::<_, Option<i64>>(0)).transpose()?.flatten() else { return Ok(0) };
    session.execute("DELETE FROM create_bins WHERE at <= $1", &[&last]).await?;
    let deleted = session.execute("DELETE FROM request_bins WHERE at <= $1", &[&last]).await?;
    set(session, BINS, before.micros()).await?;
    Ok(deleted)
}

//! Requests and observations.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::de::DeserializeOwned;
use shared::request::{Observation, Operation, Received, Request, ResourceClass};
use shared::units::{Duration, Instant, Window};

use super::counts::Counts;
use super::retention;
use crate::store::{Appended, CreatesOf, LogKey, LogSummary, ObservationKey, StoreError};

pub(super) fn append_requests(connection: &mut Connection, batch: &[Request]) -> Result<Vec<Appended>, StoreError> {
    let transaction = connection.transaction()?;
    let mut answers = Vec::with_capacity(batch.len());
    {
        let mut insert = transaction.prepare_cached(
            "INSERT INTO requests (at, id, tenant, op, body) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
        )?;
        let mut stored = transaction.prepare_cached("SELECT body FROM requests WHERE id = ?1")?;
        for request in batch {
            let body = json(request)?;
            let operation = request.operation.as_str();
            let new = insert.execute(params![request.at.micros(), request.id, request.tenant, operation, body])? == 1;
            answers.push(if new {
                Appended::Accepted
            } else {
                let earlier: String = stored.query_row(params![request.id], |row| row.get(0))?;
                if earlier == body { Appended::Duplicate } else { Appended::Conflict }
            });
        }
    }
    transaction.commit()?;
    Ok(answers)
}

pub(super) fn append_observations(
    connection: &mut Connection,
    batch: &[Observation],
    now: Instant,
) -> Result<Vec<Appended>, StoreError> {
    let transaction = connection.transaction()?;
    let mut answers = Vec::with_capacity(batch.len());
    {
        let mut insert = transaction.prepare_cached(
            "INSERT INTO observations (at, request, body) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        )?;
        for observation in batch {
            let new = insert.execute(params![now.micros(), observation.request, json(observation)?])? == 1;
            answers.push(if new { Appended::Accepted } else { Appended::Duplicate });
        }
    }
    transaction.commit()?;
    Ok(answers)
}

pub(super) fn scan_requests(
    connection: &Connection,
    after: &LogKey,
    end: Instant,
    limit: usize,
) -> Result<Vec<Request>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT body FROM requests WHERE (at, id) > (?1, ?2) AND at < ?3 ORDER BY at, id LIMIT ?4")?;
    let rows = statement.query_map(params![after.at.micros(), after.id, end.micros(), limit as i64], body)?;
    rows.map(|row| parse(&row?)).collect()
}

pub(super) fn request(connection: &Connection, id: &str) -> Result<Option<Request>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT body FROM requests WHERE id = ?1")?;
    let found = statement.query_row(params![id], body).optional()?;
    found.map(|text| parse(&text)).transpose()
}

/// `0` is what follows `/`.
pub(super) fn others_have_ids_of(connection: &Connection, tenant: &str) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM requests WHERE id > ?1 || '/' AND id < ?1 || '0' AND tenant <> ?1 LIMIT 1";
    Ok(connection.prepare_cached(sql)?.exists(params![tenant])?)
}

pub(super) fn requests_beginning(connection: &Connection, with: &[String]) -> Result<Vec<Vec<Request>>, StoreError> {
    // As the index has them: no id that begins with the text lies outside.
    let mut statement =
        connection.prepare_cached("SELECT body FROM requests WHERE id >= ?1 AND id < ?2 ORDER BY at, id")?;
    let mut all = Vec::with_capacity(with.len());
    for beginning in with {
        let rows = statement.query_map(params![beginning, format!("{beginning}\u{10ffff}")], body)?;
        all.push(rows.map(|row| parse(&row?)).collect::<Result<_, StoreError>>()?);
    }
    Ok(all)
}

pub(super) fn observations_of(
    connection: &Connection,
    requests: &[String],
) -> Result<Vec<Vec<Observation>>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT body FROM observations WHERE request = ?1 ORDER BY sequence")?;
    let mut all = Vec::with_capacity(requests.len());
    for request in requests {
        let rows = statement.query_map(params![request], body)?;
        all.push(rows.map(|row| parse(&row?)).collect::<Result<_, StoreError>>()?);
    }
    Ok(all)
}

pub(super) fn scan_observations(
    connection: &Connection,
    after: ObservationKey,
    window: Window,
    limit: usize,
) -> Result<Vec<(ObservationKey, Received)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT sequence, at, body FROM observations WHERE sequence > ?1 AND at >= ?2 AND at < ?3
         ORDER BY sequence LIMIT ?4",
    )?;
    let bounds = params![after.0, window.start.micros(), window.end.micros(), limit as i64];
    let rows = statement.query_map(bounds, |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?)))?;
    let received = |row: rusqlite::Result<(i64, i64, String)>| {
        let (sequence, at, body) = row?;
        Ok((ObservationKey(sequence), Received { at: Instant::from_micros(at), observation: parse(&body)? }))
    };
    rows.map(received).collect()
}

pub(super) fn summary(connection: &Connection, counts: &Counts) -> Result<LogSummary, StoreError> {
    let instant = |row: &Row<'_>| row.get::<_, Option<i64>>(0).map(|at| at.map(Instant::from_micros));
    let first = connection.query_row("SELECT min(at) FROM requests", [], instant)?;
    Ok(LogSummary {
        first: first.into_iter().chain(retention::first(connection)?).min(),
        last: connection.query_row("SELECT max(at) FROM requests", [], instant)?,
        requests: counts.requests.get(),
        observations: counts.observations.get(),
        readings: counts.readings.get(),
        gone: retention::gone(connection)?,
        requests_from: retention::requests_from(connection)?,
        bins_from: retention::bins_from(connection)?,
    })
}

pub(super) fn count_creates(
    connection: &Connection,
    window: Window,
    bin: Duration,
    of: &CreatesOf,
) -> Result<Vec<(Instant, u64)>, StoreError> {
    let mut counts = BTreeMap::new();
    // Some of the requests before are kept, of those who live, and counted in the bins all the same.
    let kept = retention::requests_from(connection)?.unwrap_or(window.start).max(window.start).min(window.end);
    if window.start < kept && of.flavor.is_none() {
        retention::count_creates(connection, Window { end: kept, ..window }, bin, of, &mut counts)?;
    }
    let mut statement = connection.prepare_cached(
        "SELECT (at - ?1) / ?3, count(*) FROM requests
         WHERE at >= ?6 AND at < ?2 AND op = ?4 AND (?5 IS NULL OR tenant = ?5)
         AND (?7 IS NULL OR json_extract(body, '$.class') = ?7) AND (?8 IS NULL OR json_extract(body, '$.flavor') = ?8)
         GROUP BY 1 ORDER BY 1",
    )?;
    let (start, end) = (window.start.micros(), window.end.micros());
    let (create, class) = (Operation::Create.as_str(), of.class.map(ResourceClass::as_str));
    let of = params![start, end, bin.micros(), create, of.tenant, kept.micros(), class, of.flavor];
    let rows = statement
        .query_map(of, |row| Ok((window.start + bin * row.get::<_, i64>(0)?, row.get::<_, i64>(1)? as u64)))?;
    for row in rows {
        let (at, count) = row?;
        *counts.entry(at).or_default() += count;
    }
    Ok(counts.into_iter().collect())
}

pub(super) fn forget_before(connection: &mut Connection, end: Instant, counts: &Counts) -> Result<(), StoreError> {
    let transaction = connection.transaction()?;
    let delete = |table| transaction.execute(&format!("DELETE FROM {table} WHERE at < ?1"), params![end.micros()]);
    let (requests, observations) = (delete("requests")?, delete("observations")?);
    let finished = "DELETE FROM jobs WHERE finished_at IS NOT NULL AND number <= (SELECT max(number) - 200 FROM jobs)";
    transaction.execute(finished, [])?;
    transaction.commit()?;
    counts.requests.subtract(requests);
    counts.observations.subtract(observations);
    Ok(())
}

fn body(row: &Row<'_>) -> rusqlite::Result<String> {
    row.get(0)
}

fn json(record: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(record).map_err(|error| StoreError::Unreadable(error.to_string()))
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Unreadable(error.to_string()))
}

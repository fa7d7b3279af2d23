//! Requests and observations.

use std::collections::{BTreeMap, HashMap};

use serde::de::DeserializeOwned;
use shared::request::{Observation, Operation, Received, Request, ResourceClass};
use shared::units::{Duration, Instant, Window};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::session::Session;
use super::{counts, fits, holds, retention};
use crate::store::{Appended, CreatesOf, LogKey, LogSummary, ObservationKey, StoreError, write_json};

/// One request of a batch, the first of its id.
struct First<'a> {
    request: &'a Request,
    body: String,
    accepted: bool,
}

/// Whether a database can hold a request: who takes requests in for another process has to say so before that one sees them.
///
/// # Errors
/// When it cannot, with the reason.
pub(crate) fn check_request(request: &Request) -> Result<(), StoreError> {
    fits("id", &[&request.id])?;
    holds("tenant", &request.tenant)?;
    holds("flavor", request.flavor.as_deref().unwrap_or_default())
}

/// The same of an observation.
///
/// # Errors
/// When it cannot, with the reason.
pub(crate) fn check_observation(observation: &Observation) -> Result<(), StoreError> {
    fits("request", &[&observation.request])
}

/// Copies the batch beside the log, and takes from there what has a new id.
pub(super) async fn append_requests(session: &Session, batch: &[Request]) -> Result<Vec<Appended>, StoreError> {
    let mut firsts: HashMap<&str, First<'_>> = HashMap::with_capacity(batch.len());
    let mut bodies = Vec::with_capacity(batch.len());
    for request in batch {
        check_request(request)?;
        let body = write_json(request)?;
        firsts.entry(&request.id).or_insert_with(|| First { request, body: body.clone(), accepted: false });
        bodies.push(body);
    }
    stage_requests(session, firsts.values()).await?;
    // In the order of ids, so that two batches that share some do not wait for each other.
    let new = "INSERT INTO request_ids (id, at) SELECT id, at FROM staged_requests ORDER BY id
               ON CONFLICT (id) DO NOTHING RETURNING id";
    let new = session.query(new, &[]).await?;
    let ids: Vec<&str> = new.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    keep(session, &ids, firsts.len()).await?;
    for id in ids {
        if let Some(first) = firsts.get_mut(id) {
            first.accepted = true;
        }
    }
    let stored = stored_bodies(session, firsts.values().filter(|first| !first.accepted)).await?;
    let mut answers = Vec::with_capacity(batch.len());
    for (request, body) in batch.iter().zip(&bodies) {
        let first = &firsts[request.id.as_str()];
        let is_first = std::ptr::eq(first.request, request);
        let earlier = if first.accepted { Some(&first.body) } else { stored.get(&request.id) };
        answers.push(match earlier {
            _ if first.accepted && is_first => Appended::Accepted,
            Some(earlier) if earlier == body => Appended::Duplicate,
            _ => Appended::Conflict,
        });
    }
    counts::add(session, counts::REQUESTS, &answers).await?;
    Ok(answers)
}

async fn stage_requests<'a>(
    session: &Session,
    firsts: impl Iterator<Item = &'a First<'a>> + Send,
) -> Result<(), StoreError> {
    let columns = "staged_requests (at, id, tenant, op, class, flavor, body)";
    let types = [Type::INT8, Type::TEXT, Type::TEXT, Type::TEXT, Type::TEXT, Type::TEXT, Type::TEXT];
    let rows: Vec<_> = firsts
        .map(|First { request, body, .. }| {
            let (operation, class) = (request.operation.as_str(), request.class.as_str());
            (request.at.micros(), &request.id, &request.tenant, operation, class, &request.flavor, body)
        })
        .collect();
    let values = rows.iter().map(|(at, id, tenant, operation, class, flavor, body)| {
        vec![at as _, *id as _, *tenant as _, operation as _, class as _, *flavor as _, *body as _]
    });
    session.copy(columns, &types, values).await
}

/// Takes into the log what was copied beside it, of these ids; mostly that is all of it.
async fn keep(session: &Session, ids: &[&str], of: usize) -> Result<(), StoreError> {
    let all = "INSERT INTO requests (at, id, tenant, op, class, flavor, body)
               SELECT at, id, tenant, op, class, flavor, body FROM staged_requests";
    if ids.len() == of {
        session.execute(all, &[]).await?;
    } else if !ids.is_empty() {
        session.execute(&format!("{all} WHERE id = ANY($1)"), &[&ids]).await?;
    }
    Ok(())
}

/// What is stored under these ids.
async fn stored_bodies<'a>(
    session: &Session,
    of: impl Iterator<Item = &'a First<'a>>,
) -> Result<HashMap<String, String>, StoreError> {
    let ids: Vec<&str> = of.map(|first| first.request.id.as_str()).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let sql =
        "SELECT i.id, r.body FROM request_ids i JOIN requests r ON r.at = i.at AND r.id = i.id WHERE i.id = ANY($1)";
    let rows = session.query(sql, &[&ids]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// Copies the batch beside the observations, and takes from there what is new.
pub(super) async fn append_observations(
    session: &Session,
    batch: &[Observation],
    now: Instant,
) -> Result<Vec<Appended>, StoreError> {
    let mut firsts: HashMap<[u8; 32], usize> = HashMap::with_capacity(batch.len());
    let mut rows = Vec::with_capacity(batch.len());
    for (position, observation) in batch.iter().enumerate() {
        check_observation(observation)?;
        let body = write_json(observation)?;
        // The body names the request.
        let digest = *blake3::hash(body.as_bytes()).as_bytes();
        firsts.entry(digest).or_insert(position);
        rows.push((position as i64, now.micros(), &observation.request, digest, body));
    }
    let staged: Vec<_> = rows.iter().filter(|(position, .., digest, _)| firsts[digest] as i64 == *position).collect();
    let digests: Vec<&[u8]> = staged.iter().map(|(.., digest, _)| digest.as_slice()).collect();
    let values = staged.iter().zip(&digests).map(|((position, at, request, _, body), digest)| {
        vec![position as _, at as _, *request as _, digest as _, body as _]
    });
    let types = [Type::INT8, Type::INT8, Type::TEXT, Type::BYTEA, Type::TEXT];
    session.copy("staged_observations (position, at, request, digest, body)", &types, values).await?;
    let new = "INSERT INTO observations (at, request, digest, body)
               SELECT at, request, digest, body FROM staged_observations ORDER BY position
               ON CONFLICT (digest) DO NOTHING RETURNING digest";
    let mut answers = vec![Appended::Duplicate; batch.len()];
    for row in session.query(new, &[]).await? {
        if let Some(position) = firsts.get(row.try_get::<_, &[u8]>(0)?) {
            answers[*position] = Appended::Accepted;
        }
    }
    counts::add(session, counts::OBSERVATIONS, &answers).await?;
    Ok(answers)
}

pub(super) async fn scan_requests(
    session: &Session,
    after: &LogKey,
    end: Instant,
    limit: usize,
) -> Result<Vec<Request>, StoreError> {
    // The first bound says what the second one says too, and lets partitions be left out.
    let sql = "SELECT body FROM requests WHERE at >= $1 AND (at, id) > ($1, $2) AND at < $3 ORDER BY at, id LIMIT $4";
    let rows = session.query(sql, &[&after.at.micros(), &after.id, &end.micros(), &(limit as i64)]).await?;
    parsed(&rows)
}

pub(super) async fn request(session: &Session, id: &str) -> Result<Option<Request>, StoreError> {
    let sql = "SELECT r.body FROM request_ids i JOIN requests r ON r.at = i.at AND r.id = i.id WHERE i.id = $1";
    let found = session.find(sql, &[&id]).await?;
    found.map(|row| parse(row.try_get(0)?)).transpose()
}

/// `0` is what follows `/`.
pub(super) async fn others_have_ids_of(session: &Session, tenant: &str) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM request_ids i JOIN requests r ON r.at = i.at AND r.id = i.id
               WHERE i.id > $1 AND i.id < $2 AND r.tenant <> $3 LIMIT 1";
    session.exists(sql, &[&format!("{tenant}/"), &format!("{tenant}0"), &tenant]).await
}

pub(super) async fn requests_beginning(session: &Session, with: &[String]) -> Result<Vec<Vec<Request>>, StoreError> {
    let sql = "SELECT r.body FROM request_ids i JOIN requests r ON r.at = i.at AND r.id = i.id
               WHERE i.id >= $1 AND i.id < $2 ORDER BY r.at, r.id";
    let mut all = Vec::with_capacity(with.len());
    for beginning in with {
        let rows = session.query(sql, &[beginning, &format!("{beginning}\u{10ffff}")]).await?;
        all.push(parsed(&rows)?);
    }
    Ok(all)
}

pub(super) async fn observations_of(
    session: &Session,
    requests: &[String],
) -> Result<Vec<Vec<Observation>>, StoreError> {
    let sql = "SELECT body FROM observations WHERE request = $1 ORDER BY sequence";
    let mut all = Vec::with_capacity(requests.len());
    for request in requests {
        all.push(parsed(&session.query(sql, &[request]).await?)?);
    }
    Ok(all)
}

pub(super) async fn scan_observations(
    session: &Session,
    after: ObservationKey,
    window: Window,
    limit: usize,
) -> Result<Vec<(ObservationKey, Received)>, StoreError> {
    let sql = "SELECT sequence, at, body FROM observations WHERE sequence > $1 AND at >= $2 AND at < $3
               ORDER BY sequence LIMIT $4";
    let (start, end) = (window.start.micros(), window.end.micros());
    let rows = session.query(sql, &[&after.0, &start, &end, &(limit as i64)]).await?;
    let received = |row: &Row| {
        let at = Instant::from_micros(row.try_get(1)?);
        Ok((ObservationKey(row.try_get(0)?), Received { at, observation: parse(row.try_get(2)?)? }))
    };
    rows.iter().map(received).collect()
}

pub(super) async fn summary(session: &Session) -> Result<LogSummary, StoreError> {
    let sql = "SELECT (SELECT at FROM requests ORDER BY at, id LIMIT 1),
                   (SELECT at FROM requests ORDER BY at DESC, id DESC LIMIT 1),
                   (SELECT first FROM request_bins ORDER BY at LIMIT 1),
                   (SELECT value FROM counts WHERE name = 'requests'),
                   (SELECT value FROM counts WHERE name = 'observations'),
                   (SELECT value FROM counts WHERE name = 'readings')";
    let row = session.find(sql, &[]).await?.ok_or(StoreError::Closed)?;
    let instant = |column: usize| row.try_get::<_, Option<i64>>(column).map(|at| at.map(Instant::from_micros));
    let count = |column: usize| row.try_get::<_, Option<i64>>(column).map(|count| count.unwrap_or(0) as u64);
    Ok(LogSummary {
        first: instant(0)?.into_iter().chain(instant(2)?).min(),
        last: instant(1)?,
        requests: count(3)?,
        observations: count(4)?,
        readings: count(5)?,
        gone: retention::gone(session).await?,
        requests_from: retention::requests_from(session).await?,
        bins_from: retention::bins_from(session).await?,
    })
}

pub(super) async fn count_creates(
    session: &Session,
    window: Window,
    bin: Duration,
    of: &CreatesOf,
) -> Result<Vec<(Instant, u64)>, StoreError> {
    let mut counts = BTreeMap::new();
    // Some of the requests before are kept, of those who live, and counted in the bins all the same.
    let kept = retention::requests_from(session).await?.unwrap_or(window.start).max(window.start).min(window.end);
    if window.start < kept && of.flavor.is_none() {
        retention::count_creates(session, Window { end: kept, ..window }, bin, of, &mut counts).await?;
    }
    let sql = "SELECT (at - $1::bigint) / $3::bigint, count(*) FROM requests
               WHERE at >= $6 AND at < $2 AND op = $4 AND ($5::text IS NULL OR tenant = $5)
               AND ($7::text IS NULL OR class = $7) AND ($8::text IS NULL OR flavor = $8)
               GROUP BY 1 ORDER BY 1";
    let (start, end) = (window.start.micros(), window.end.micros());
    let (create, class) = (Operation::Create.as_str(), of.class.map(ResourceClass::as_str));
    let values = session
        .query(sql, &[&start, &end, &bin.micros(), &create, &of.tenant, &kept.micros(), &class, &of.flavor])
        .await?;
    for row in values {
        let at = window.start + bin * row.try_get::<_, i64>(0)?;
        *counts.entry(at).or_default() += row.try_get::<_, i64>(1)? as u64;
    }
    Ok(counts.into_iter().collect())
}

pub(super) async fn forget_before(session: &Session, end: Instant) -> Result<(), StoreError> {
    let end = end.micros();
    session.execute("DELETE FROM request_ids WHERE at < $1", &[&end]).await?;
    let requests = session.execute("DELETE FROM requests WHERE at < $1", &[&end]).await?;
    let observations = session.execute("DELETE FROM observations WHERE at < $1", &[&end]).await?;
    let finished = "DELETE FROM jobs WHERE finished_at IS NOT NULL AND number <= (SELECT max(number) - 200 FROM jobs)";
    session.execute(finished, &[]).await?;
    counts::subtract(session, counts::REQUESTS, requests).await?;
    counts::subtract(session, counts::OBSERVATIONS, observations).await
}

fn parsed<T: DeserializeOwned>(rows: &[Row]) -> Result<Vec<T>, StoreError> {
    rows.iter().map(|row| parse(row.try_get(0)?)).collect()
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Unreadable(error.to_string()))
}

//! Jobs and their states.

use rusqlite::{Connection, OptionalExtension, Row, params};
use shared::api::{Job, JobKind, JobState, Progress};
use shared::units::{Duration, Instant};

use crate::store::{JobEnd, JobsAsked, StoreError, StoredJob};

/// How long a job waits with which the service was killed twice.
const KILLED_BACK_OFF: Duration = Duration::from_seconds(10);

const PREFIX: &str = "j-";
const COLUMNS: &str = "number, kind, state, done, total, queued_at, started_at, finished_at, failure, input, output, \
     attempts, retry_at";

pub(super) fn submit(connection: &Connection, kind: JobKind, input: &str, now: Instant) -> Result<Job, StoreError> {
    connection.execute(
        "INSERT INTO jobs (kind, state, queued_at, input) VALUES (?1, ?2, ?3, ?4)",
        params![kind.as_str(), JobState::Queued.as_str(), now.micros(), input],
    )?;
    Ok(Job {
        id: format!("{PREFIX}{}", connection.last_insert_rowid()),
        kind,
        state: JobState::Queued,
        progress: Progress::default(),
        queued_at: now,
        started_at: None,
        finished_at: None,
        failure: None,
        attempts: 0,
        retry_at: None,
    })
}

/// Whether a job of a kind was ever queued with this input.
pub(super) fn was_submitted(connection: &Connection, kind: JobKind, input: &str) -> Result<bool, StoreError> {
    let mut found = connection.prepare_cached("SELECT 1 FROM jobs WHERE kind = ?1 AND input = ?2")?;
    Ok(found.exists(params![kind.as_str(), input])?)
}

pub(super) fn claim(connection: &Connection, now: Instant) -> Result<Option<StoredJob>, StoreError> {
    // One statement on the one writing thread: no two claims can take the same row.
    let sql = format!(
        "UPDATE jobs SET state = ?1, started_at = ?2, done = 0, total = 0, attempts = attempts + 1, retry_at = NULL
         WHERE number = (
             SELECT number FROM jobs WHERE state = ?3 AND (retry_at IS NULL OR retry_at <= ?2)
             ORDER BY kind IN (?4, ?5, ?6, ?7), number LIMIT 1
         ) RETURNING {COLUMNS}"
    );
    let states = (JobState::Running.as_str(), JobState::Queued.as_str());
    // Nobody sits and waits for these.
    let last = [JobKind::Retraining, JobKind::Recommendation, JobKind::SavingCheck, JobKind::Trimming];
    let [a, b, c, d] = last.map(JobKind::as_str);
    Ok(connection.query_row(&sql, params![states.0, now.micros(), states.1, a, b, c, d], stored_job).optional()?)
}

pub(super) fn finish(
    connection: &Connection,
    id: &str,
    end: &JobEnd,
    progress: Progress,
    now: Instant,
) -> Result<bool, StoreError> {
    let Progress { done, total } = progress;
    let (state, failure, output, done) = match end {
        JobEnd::Succeeded(output) => (JobState::Succeeded, None, Some(output), total),
        JobEnd::Failed(failure) => (JobState::Failed, Some(failure), None, done),
        JobEnd::Cancelled => (JobState::Cancelled, None, None, done),
    };
    let changed = connection.execute(
        "UPDATE jobs SET state = ?2, failure = ?3, output = ?4, finished_at = ?5, done = ?8, total = ?9
         WHERE number = ?1 AND state IN (?6, ?7)",
        params![
            number(id),
            state.as_str(),
            failure,
            output,
            now.micros(),
            JobState::Queued.as_str(),
            JobState::Running.as_str(),
            done as i64,
            total as i64,
        ],
    )?;
    Ok(changed == 1)
}

pub(super) fn retry(connection: &Connection, id: &str, failure: &str, at: Instant) -> Result<bool, StoreError> {
    let states = (JobState::Queued.as_str(), JobState::Running.as_str());
    let sql = "UPDATE jobs SET state = ?2, failure = ?4, retry_at = ?5, done = 0, total = 0, started_at = NULL
               WHERE number = ?1 AND state = ?3";
    Ok(connection.execute(sql, params![number(id), states.0, states.1, failure, at.micros()])? == 1)
}

pub(super) fn release(connection: &Connection, id: &str) -> Result<bool, StoreError> {
    let states = (JobState::Queued.as_str(), JobState::Running.as_str());
    let sql = "UPDATE jobs SET state = ?2, attempts = attempts - 1, done = 0, total = 0, started_at = NULL
               WHERE number = ?1 AND state = ?3";
    Ok(connection.execute(sql, params![number(id), states.0, states.1])? == 1)
}

pub(super) fn requeue_running(connection: &Connection, now: Option<Instant>) -> Result<u64, StoreError> {
    let states = (JobState::Queued.as_str(), JobState::Running.as_str());
    let sql = "UPDATE jobs SET state = ?1, done = 0, total = 0, started_at = NULL,
                   failure = 'the service was killed while it ran (begun ' || attempts || ' times)',
                   retry_at = CASE WHEN attempts > 1 THEN ?3 + (?4 << MIN(attempts - 2, 8)) END
               WHERE state = ?2";
    let wait = KILLED_BACK_OFF.micros();
    Ok(connection.execute(sql, params![states.0, states.1, now.map(Instant::micros), wait])? as u64)
}

pub(super) fn get(connection: &Connection, id: &str) -> Result<Option<StoredJob>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM jobs WHERE number = ?1");
    Ok(connection.query_row(&sql, params![number(id)], stored_job).optional()?)
}

pub(super) fn list(connection: &Connection, asked: &JobsAsked) -> Result<Vec<StoredJob>, StoreError> {
    let JobsAsked { kind, state, after, limit } = asked;
    let columns = COLUMNS.replace("output", "NULL");
    let sql = format!(
        "SELECT {columns} FROM jobs
         WHERE (?1 IS NULL OR kind = ?1) AND (?2 IS NULL OR state = ?2) AND (?3 IS NULL OR number < ?3)
         ORDER BY number DESC LIMIT ?4"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let after = after.as_deref().map(number);
    let words = (kind.map(JobKind::as_str), state.map(JobState::as_str));
    let rows = statement.query_map(params![words.0, words.1, after, *limit as i64], stored_job)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The row of an id; none has 0.
fn number(id: &str) -> i64 {
    id.strip_prefix(PREFIX).and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn stored_job(row: &Row<'_>) -> rusqlite::Result<StoredJob> {
    let instant = |column: usize| row.get::<_, Option<i64>>(column).map(|at| at.map(Instant::from_micros));
    Ok(StoredJob {
        job: Job {
            id: format!("{PREFIX}{}", row.get::<_, i64>(0)?),
            kind: word(row, 1)?,
            state: word(row, 2)?,
            progress: Progress { done: row.get::<_, i64>(3)? as u64, total: row.get::<_, i64>(4)? as u64 },
            queued_at: Instant::from_micros(row.get(5)?),
            started_at: instant(6)?,
            finished_at: instant(7)?,
            failure: row.get(8)?,
            attempts: row.get(11)?,
            retry_at: instant(12)?,
        },
        input: row.get(9)?,
        output: row.get(10)?,
    })
}

/// A stored word as the enum whose name on the wire it is.
fn word<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let word: String = row.get(column)?;
    serde_json::from_value(serde_json::Value::String(word)).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
    })
}

//! Jobs and their states.

use shared::api::{Job, JobKind, JobState, Progress};
use shared::units::{Duration, Instant};
use tokio_postgres::Row;

use super::session::Session;
use crate::store::{JobEnd, JobsAsked, StoreError, StoredJob};

/// How long a job waits with which the service was killed twice.
const KILLED_BACK_OFF: Duration = Duration::from_seconds(10);

const PREFIX: &str = "j-";
const COLUMNS: &str = "number, kind, state, done, total, queued_at, started_at, finished_at, failure, input, output, \
     attempts, retry_at";

pub(super) async fn submit(session: &Session, kind: JobKind, input: &str, now: Instant) -> Result<Job, StoreError> {
    let sql = "INSERT INTO jobs (kind, state, queued_at, input) VALUES ($1, $2, $3, $4) RETURNING number";
    let values: super::session::Values<'_> = &[&kind.as_str(), &JobState::Queued.as_str(), &now.micros(), &input];
    let row = session.find(sql, values).await?.ok_or(StoreError::Closed)?;
    Ok(Job {
        id: format!("{PREFIX}{}", row.try_get::<_, i64>(0)?),
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
pub(super) async fn was_submitted(session: &Session, kind: JobKind, input: &str) -> Result<bool, StoreError> {
    session.exists("SELECT 1 FROM jobs WHERE kind = $1 AND input = $2 LIMIT 1", &[&kind.as_str(), &input]).await
}

pub(super) async fn claim(session: &Session, now: Instant) -> Result<Option<StoredJob>, StoreError> {
    // What another claim has taken is locked, and skipped.
    let sql = format!(
        "UPDATE jobs SET state = $1, started_at = $2, done = 0, total = 0, attempts = attempts + 1, retry_at = NULL
         WHERE number = (
             SELECT number FROM jobs WHERE state = $3 AND (retry_at IS NULL OR retry_at <= $2)
             ORDER BY kind = ANY($4), number LIMIT 1 FOR UPDATE SKIP LOCKED
         ) RETURNING {COLUMNS}"
    );
    let states = (JobState::Running.as_str(), JobState::Queued.as_str());
    // Nobody sits and waits for these.
    let last = [JobKind::Retraining, JobKind::Recommendation, JobKind::SavingCheck, JobKind::Trimming];
    let last: Vec<&str> = last.into_iter().map(JobKind::as_str).collect();
    let found = session.find(&sql, &[&states.0, &now.micros(), &states.1, &last]).await?;
    found.as_ref().map(stored_job).transpose()
}

pub(super) async fn finish(
    session: &Session,
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
    let sql = "UPDATE jobs SET state = $2, failure = $3, output = $4, finished_at = $5, done = $8, total = $9
               WHERE number = $1 AND state IN ($6, $7)";
    let (queued, running) = (JobState::Queued.as_str(), JobState::Running.as_str());
    // A character that the server cannot hold is shown as one that says so.
    let failure = failure.map(|failure| failure.replace('\0', "\u{fffd}"));
    let changed = session
        .execute(
            sql,
            &[
                &number(id),
                &state.as_str(),
                &failure,
                &output,
                &now.micros(),
                &queued,
                &running,
                &(done as i64),
                &(total as i64),
            ],
        )
        .await?;
    Ok(changed == 1)
}

pub(super) async fn retry(session: &Session, id: &str, failure: &str, at: Instant) -> Result<bool, StoreError> {
    let states = (JobState::Queued.as_str(), JobState::Running.as_str());
    let sql = "UPDATE jobs SET state = $2, failure = $4, retry_at = $5, done = 0, total = 0, started_at = NULL
               WHERE number = $1 AND state = $3";
    let failure = failure.replace('\0', "\u{fffd}");
    Ok(session.execute(sql, &[&number(id), &states.0, &states.1, &failure, &at.micros()]).await? == 1)
}

pub(super) async fn release(session: &Session, id: &str) -> Result<bool, StoreError> {
    let states = (JobState::Queued.as_str(), JobState::Running.as_str());
    let sql = "UPDATE jobs SET state = $2, attempts = attempts - 1, done = 0, total = 0, started_at = NULL
               WHERE number = $1 AND state = $3";
    Ok(session.execute(sql, &[&number(id), &states.0, &states.1]).await? == 1)
}

pub(super) async fn requeue_running(session: &Session, now: Option<Instant>) -> Result<u64, StoreError> {
    let states = (JobState::Queued.as_str(), JobState::Running.as_str());
    let sql = "UPDATE jobs SET state = $1, done = 0, total = 0, started_at = NULL,
                   failure = 'the service was killed while it ran (begun ' || attempts::text || ' times)',
                   retry_at = CASE WHEN attempts > 1
                       THEN $3::bigint + ($4::bigint << LEAST(attempts - 2, 8)::int) END
               WHERE state = $2";
    let wait = KILLED_BACK_OFF.micros();
    session.execute(sql, &[&states.0, &states.1, &now.map(Instant::micros), &wait]).await
}

pub(super) async fn get(session: &Session, id: &str) -> Result<Option<StoredJob>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM jobs WHERE number = $1");
    session.find(&sql, &[&number(id)]).await?.as_ref().map(stored_job).transpose()
}

pub(super) async fn list(session: &Session, asked: &JobsAsked) -> Result<Vec<StoredJob>, StoreError> {
    let JobsAsked { kind, state, after, limit } = asked;
    let columns = COLUMNS.replace("output", "NULL::text");
    let sql = format!(
        "SELECT {columns} FROM jobs
         WHERE ($1::text IS NULL OR kind = $1) AND ($2::text IS NULL OR state = $2)
             AND ($3::bigint IS NULL OR number < $3)
         ORDER BY number DESC LIMIT $4"
    );
    let after = after.as_deref().map(number);
    let words = (kind.map(JobKind::as_str), state.map(JobState::as_str));
    let limit = (*limit).min(i64::MAX as usize) as i64;
    let rows = session.query(&sql, &[&words.0, &words.1, &after, &limit]).await?;
    rows.iter().map(stored_job).collect()
}

/// The row of an id; none has 0.
fn number(id: &str) -> i64 {
    id.strip_prefix(PREFIX).and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn stored_job(row: &Row) -> Result<StoredJob, StoreError> {
    let instant = |column: usize| row.try_get::<_, Option<i64>>(column).map(|at| at.map(Instant::from_micros));
    let count = |column: usize| row.try_get::<_, i64>(column).map(|count| count as u64);
    Ok(StoredJob {
        job: Job {
            id: format!("{PREFIX}{}", row.try_get::<_, i64>(0)?),
            kind: word(row, 1)?,
            state: word(row, 2)?,
            progress: Progress { done: count(3)?, total: count(4)? },
            queued_at: Instant::from_micros(row.try_get(5)?),
            started_at: instant(6)?,
            finished_at: instant(7)?,
            failure: row.try_get(8)?,
            attempts: count(11)? as u32,
            retry_at: instant(12)?,
        },
        input: row.try_get(9)?,
        output: row.try_get(10)?,
    })
}

/// A stored word as the enum whose name on the wire it is.
fn word<T: serde::de::DeserializeOwned>(row: &Row, column: usize) -> Result<T, StoreError> {
    let word: String = row.try_get(column)?;
    serde_json::from_value(serde_json::Value::String(word)).map_err(|error| StoreError::Unreadable(error.to_string()))
}

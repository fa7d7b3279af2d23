//! `GET /v1/jobs`, `GET` and `DELETE /v1/jobs/{id}`, and `POST /v1/retraining`.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Data, Json, Path};
use serde::Deserialize;
use shared::api::{Job, JobKind, JobPage, JobState, paths};

use super::query::{IdPage, Query};
use super::{Answer, App, Problem};
use crate::jobs::wall_clock;
use crate::store::{JobEnd, JobsAsked};

/// Which jobs are asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    after: Option<String>,
    limit: Option<usize>,
    kind: Option<JobKind>,
    state: Option<JobState>,
}

pub(super) async fn list(app: Data<App>, Query(asked): Query<Asked>) -> Answer<JobPage> {
    let Asked { after, limit, kind, state } = asked;
    if let Some(after) = &after
        && app.store.job(after.clone()).await?.is_none()
    {
        return Err(Problem::field("after", format!("`{after}` is no job; expected the `next` of a page")));
    }
    let page = IdPage::of(after.clone(), limit);
    let found = app.store.job_page(JobsAsked { kind, state, after, limit: page.scanned() }).await?;
    let (jobs, next) = page.cut(found, |stored| stored.job.id.clone());
    Ok(Json(JobPage { jobs: jobs.into_iter().map(|stored| live(&app, stored.job)).collect(), next }))
}

pub(super) async fn one(app: Data<App>, id: Path<String>) -> Answer<Job> {
    let stored = app.store.job(id.clone()).await?;
    let stored = stored.ok_or_else(|| Problem::not_found(format!("there is no job `{id}`")))?;
    Ok(Json(live(&app, stored.job)))
}

pub(super) async fn cancel(app: Data<App>, id: Path<String>) -> Answer<Job> {
    let Json(job) = one(app.clone(), Path::from(id.clone())).await?;
    stop(&app, &job.id, job.kind).await?;
    one(app, id).await
}

/// Ends a job before its time; the work on it stops at its next step.
///
/// # Errors
/// When it has ended already.
pub(super) async fn stop(app: &App, id: &str, kind: JobKind) -> Result<(), Problem> {
    app.board.cancel(id);
    let progress = app.board.progress(id).unwrap_or_default();
    if app.store.finish(id.to_owned(), JobEnd::Cancelled, progress, wall_clock()).await? {
        return Ok(());
    }
    app.board.forget(id);
    Err(Problem::conflict(format!("the {} `{id}` has ended already", kind.as_str().replace('_', " "))))
}

/// So many of the newest jobs of a kind are looked at for one that has not ended.
const LISTED: usize = 20;

/// One training at a time: what is asked for again is the one that is under way.
pub(super) async fn retrain(app: Data<App>) -> Result<HttpResponse, Problem> {
    order_once(&app, JobKind::Retraining, "{}".to_owned()).await
}

/// Queues a job, or answers the one of its kind that is under way.
pub(super) async fn order_once(app: &App, kind: JobKind, input: String) -> Result<HttpResponse, Problem> {
    let newest = app.store.jobs(Some(kind), LISTED).await?;
    let job = match newest.into_iter().find(|stored| !stored.job.state.is_final()) {
        Some(under_way) => live(app, under_way.job),
        None => app.store.submit(kind, input, wall_clock()).await?,
    };
    let location = paths::JOB.replace("{id}", &job.id);
    Ok(HttpResponse::Accepted().insert_header((header::LOCATION, location)).json(job))
}

/// A job with the progress that it has made since it was last written down.
pub(super) fn live(app: &App, job: Job) -> Job {
    let progress = app.board.progress(&job.id).filter(|_| job.state == JobState::Running);
    Job { progress: progress.unwrap_or(job.progress), ..job }
}

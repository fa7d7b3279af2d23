//! `/v1/explanations`: why a request got what it got; ordered, and answered once it was run.

use actix_web::http::header;
use actix_web::web::{Data, Json, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use shared::api::{ExplanationOrder, ExplanationRun, JobKind, SavedScenario, paths};
use shared::explanation::position;
use shared::request::Operation;
use shared::scenario::Demand;

use super::{Answer, App, Problem, body, jobs};
use crate::jobs::wall_clock;
use crate::store::{Collection, StoreError, StoredJob};

/// How many explanations a list shows.
const LISTED: usize = 50;

pub(super) async fn order(app: Data<App>, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let order: ExplanationOrder = body::document(&request, payload, app.body_bytes_max).await?;
    match &order.scenario {
        Some(hash) => check_place(&app, hash, &order).await?,
        None => check_request(&app, &order).await?,
    }
    let input = serde_json::to_string(&order).map_err(|error| Problem::field("request", error.to_string()))?;
    let job = app.store.submit(JobKind::Explanation, input, wall_clock()).await?;
    let location = paths::EXPLANATION.replace("{id}", &job.id);
    let run = ExplanationRun { job, order, explanation: None };
    Ok(HttpResponse::Accepted().insert_header((header::LOCATION, location)).json(run))
}

/// Refuses what is no create and no resize of the log.
async fn check_request(app: &App, order: &ExplanationOrder) -> Result<(), Problem> {
    let id = &order.request;
    let found = app.store.request(id.clone()).await?;
    let since = app.board.config(&app.config).kept_from();
    let found = found.ok_or_else(|| {
        let since = since.map_or(String::new(), |since| format!(", which has requests from {since} on"));
        Problem::not_found(format!("there is no request `{id}` in the log{since}"))
    })?;
    if let Some(since) = since.filter(|since| found.at < *since) {
        let message =
            format!("`{id}` is of {}, and what happened beside it is kept from {since} on (--keep-requests)", found.at);
        return Err(Problem::given_up("request", message));
    }
    if found.operation == Operation::Delete {
        return Err(Problem::field("request", format!("`{id}` is a delete; creates and resizes are explained")));
    }
    if order.run != 0 {
        return Err(Problem::field("run", format!("is {}; what happened is run 0", order.run)));
    }
    Ok(())
}

/// Refuses what is no place of a run of a saved scenario.
async fn check_place(app: &App, hash: &str, order: &ExplanationOrder) -> Result<(), Problem> {
    let document = app.store.get(Collection::Scenarios, hash.to_owned()).await?;
    let document = document.ok_or_else(|| Problem::not_found(format!("there is no scenario `{hash}`")))?;
    let SavedScenario { scenario, .. } = document.read()?;
    let ExplanationOrder { request, run, .. } = order;
    let Some(place) = position(request) else {
        let message = format!("is `{request}`; expected a place counted from 0, or an id such as p-000041");
        return Err(Problem::field("request", message));
    };
    if let Demand::Requests(requests) = &scenario.demand
        && scenario.edits.is_empty()
        && place >= requests.len()
    {
        let message = format!("is {place}; the scenario has {} requests, counted from 0", requests.len());
        return Err(Problem::field("request", message));
    }
    if *run >= scenario.runs {
        let message = format!("is {run}; the scenario has {} runs, counted from 0", scenario.runs);
        return Err(Problem::field("run", message));
    }
    Ok(())
}

pub(super) async fn list(app: Data<App>) -> Answer<Vec<ExplanationRun>> {
    let jobs = app.store.jobs(Some(JobKind::Explanation), LISTED).await?;
    Ok(Json(jobs.into_iter().map(|stored| view(&app, stored)).collect::<Result<_, _>>()?))
}

pub(super) async fn one(app: Data<App>, id: Path<String>) -> Answer<ExplanationRun> {
    Ok(Json(view(&app, find(&app, &id).await?)?))
}

pub(super) async fn cancel(app: Data<App>, id: Path<String>) -> Answer<ExplanationRun> {
    find(&app, &id).await?;
    jobs::stop(&app, &id, JobKind::Explanation).await?;
    one(app, id).await
}

async fn find(app: &App, id: &str) -> Result<StoredJob, Problem> {
    let stored = app.store.job(id.to_owned()).await?.filter(|stored| stored.job.kind == JobKind::Explanation);
    stored.ok_or_else(|| Problem::not_found(format!("there is no explanation `{id}`")))
}

fn view(app: &App, stored: StoredJob) -> Result<ExplanationRun, Problem> {
    let unreadable = |error: serde_json::Error| Problem::from(StoreError::Unreadable(error.to_string()));
    let order = serde_json::from_str(&stored.input).map_err(unreadable)?;
    let explanation = stored.output.as_deref().map(serde_json::from_str).transpose().map_err(unreadable)?;
    Ok(ExplanationRun { job: jobs::live(app, stored.job), order, explanation })
}

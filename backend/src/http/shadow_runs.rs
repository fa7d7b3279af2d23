//! `/v1/shadow-runs`: ordered, watched, cancelled.

use actix_web::http::header;
use actix_web::web::{Data, Json, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use shared::api::{JobKind, ShadowRun, ShadowRunOrder, paths};
use shared::forecast::horizon_bins;
use shared::request::Tenant;
use shared::scenario::Scenario;
use shared::units::Duration;

use super::{Answer, App, Problem, body, jobs};
use crate::jobs::{RunInput, RunOutput, wall_clock};
use crate::shadowing::stored_calibrations;
use crate::store::StoredJob;

/// The most runs of one order.
const RUNS_MAX: u32 = 1_000;
/// How far an order may reach.
const HORIZON_MAX: Duration = Duration::from_seconds(7 * 86_400);
/// How many runs a list shows.
const LISTED: usize = 50;

pub(super) async fn order(app: Data<App>, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let order: ShadowRunOrder = body::document(&request, payload, app.body_bytes_max).await?;
    horizon_bins(order.horizon, app.config.bin).map_err(|error| Problem::field("horizon", error.to_string()))?;
    if order.horizon > HORIZON_MAX {
        return Err(Problem::field("horizon", format!("is too far; ask for {HORIZON_MAX} at most")));
    }
    if !(1..=RUNS_MAX).contains(&order.runs) {
        return Err(Problem::field("runs", format!("is {}; ask for 1 to {RUNS_MAX}", order.runs)));
    }
    // The tenants that edits name by index are those that the log has now.
    let names = app.board.snapshot().tenants;
    let tenants = names.iter().map(|name| Tenant { name: name.clone(), ..Tenant::default() });
    let calibrations = stored_calibrations(&*app.store).await?.unwrap_or_default().calibrations;
    let current = Scenario { tenants: tenants.collect(), ..calibrations.applied_to(&app.config.assumed) };
    current.check_edits(&order.edits).map_err(Problem::fields)?;
    let ordered = RunInput { order: order.clone(), tenants: names };
    let input = serde_json::to_string(&ordered).map_err(|error| Problem::field("edits", error.to_string()))?;
    let job = app.store.submit(JobKind::ShadowRun, input, wall_clock()).await?;
    let location = paths::SHADOW_RUN.replace("{id}", &job.id);
    let run = ShadowRun { job, order, origin: None, scenario: None, outcome: None };
    Ok(HttpResponse::Accepted().insert_header((header::LOCATION, location)).json(run))
}

pub(super) async fn list(app: Data<App>) -> Answer<Vec<ShadowRun>> {
    let jobs = app.store.jobs(Some(JobKind::ShadowRun), LISTED).await?;
    Ok(Json(jobs.into_iter().map(|stored| view(&app, stored)).collect::<Result<_, _>>()?))
}

pub(super) async fn one(app: Data<App>, id: Path<String>) -> Answer<ShadowRun> {
    Ok(Json(view(&app, find(&app, &id).await?)?))
}

pub(super) async fn cancel(app: Data<App>, id: Path<String>) -> Answer<ShadowRun> {
    find(&app, &id).await?;
    jobs::stop(&app, &id, JobKind::ShadowRun).await?;
    one(app, id).await
}

async fn find(app: &App, id: &str) -> Result<StoredJob, Problem> {
    let stored = app.store.job(id.to_owned()).await?.filter(|stored| stored.job.kind == JobKind::ShadowRun);
    stored.ok_or_else(|| Problem::not_found(format!("there is no shadow run `{id}`")))
}

fn view(app: &App, stored: StoredJob) -> Result<ShadowRun, Problem> {
    let unreadable = |error: serde_json::Error| Problem::from(crate::store::StoreError::Unreadable(error.to_string()));
    let RunInput { order, .. } = serde_json::from_str(&stored.input).map_err(unreadable)?;
    let output: Option<RunOutput> =
        stored.output.as_deref().map(serde_json::from_str).transpose().map_err(unreadable)?;
    let job = jobs::live(app, stored.job);
    Ok(match output {
        None => ShadowRun { job, order, origin: None, scenario: None, outcome: None },
        Some(RunOutput { origin, scenario, outcome }) => {
            ShadowRun { job, order, origin: Some(origin), scenario: Some(scenario), outcome: Some(outcome) }
        }
    })
}

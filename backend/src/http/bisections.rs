//! `/v1/bisections`: the few requests that a variance of a closed day comes from; ordered, and answered once they are found.

use actix_web::http::header;
use actix_web::web::{Data, Json, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use shared::allocation::Grouping;
use shared::api::{BisectionOrder, BisectionRun, JobKind, paths};
use shared::units::Duration;

use super::tenants::asked_for;
use super::{Answer, App, Problem, body, jobs};
use crate::access::Scope;
use crate::jobs::wall_clock;
use crate::shadowing::{DAYS_KEPT, predicted_day};
use crate::store::{Collection, StoreError, StoredJob};

/// How many bisections a list shows.
const LISTED: usize = 50;

pub(super) async fn order(
    app: Data<App>,
    scope: Scope,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let order: BisectionOrder = body::document(&request, payload, app.body_bytes_max).await?;
    let order = BisectionOrder { tenant: asked_for(&scope, order.tenant)?, ..order };
    if !(1..=100).contains(&order.percent) {
        return Err(Problem::field("percent", format!("is {}; ask for 1 to 100", order.percent)));
    }
    check_day(&app, &order).await?;
    let input = serde_json::to_string(&order).map_err(|error| Problem::field("day", error.to_string()))?;
    let job = app.store.submit(JobKind::Bisection, input, wall_clock()).await?;
    let location = paths::BISECTION.replace("{id}", &job.id);
    let run = BisectionRun { job, order, bisected: None };
    Ok(HttpResponse::Accepted().insert_header((header::LOCATION, location)).json(run))
}

/// Refuses what is no closed day, or is kept no longer, and who is no tenant.
async fn check_day(app: &App, order: &BisectionOrder) -> Result<(), Problem> {
    let (day, config) = (order.day, app.board.config(&app.config));
    if day != day.floor(Duration::DAY) {
        let message = format!("is {day}, which is no beginning of a day; expected {}", day.floor(Duration::DAY));
        return Err(Problem::field("day", message));
    }
    let snapshot = app.board.snapshot();
    let closes = day + Duration::DAY + config.late;
    // Its report is there a moment before the clock says that the day has closed.
    let report = format!("{}/{day}", Grouping::Tenant.as_str());
    if snapshot.now < closes && app.store.get(Collection::Reports, report).await?.is_none() {
        let message = format!("the day from {day} has not closed; it closes at {closes}");
        return Err(Problem::field("day", message));
    }
    let since = snapshot.now.floor(Duration::DAY) - Duration::DAY * DAYS_KEPT;
    if day < since {
        let message = format!("what was predicted for a day is kept for {DAYS_KEPT} days, now from {since} on");
        return Err(Problem::given_up("day", message));
    }
    if let Some(since) = config.kept_from().filter(|since| day < *since) {
        let message = format!("requests are kept from {since} on (--keep-requests), and those of {day} are given up");
        return Err(Problem::given_up("day", message));
    }
    let predicted = predicted_day(&*app.store, day).await?;
    let predicted = predicted.ok_or_else(|| {
        Problem::not_found(format!(
            "nothing is known of what was predicted for the day from {day}: nothing was, or it closed before that was kept"
        ))
    })?;
    let is_tenant = |name: &String| {
        let foretold = predicted.scenario.tenants.iter().any(|tenant| tenant.name == *name);
        foretold || snapshot.tenants.contains(name)
    };
    match &order.tenant {
        Some(name) if !is_tenant(name) => Err(Problem::unknown_tenant("tenant", name)),
        _ => Ok(()),
    }
}

pub(super) async fn list(app: Data<App>, scope: Scope) -> Answer<Vec<BisectionRun>> {
    let jobs = app.store.jobs(Some(JobKind::Bisection), LISTED).await?;
    let runs: Vec<BisectionRun> = jobs.into_iter().map(|stored| view(&app, stored)).collect::<Result<_, _>>()?;
    Ok(Json(runs.into_iter().filter_map(|run| of_scope(&scope, run)).collect()))
}

pub(super) async fn one(app: Data<App>, scope: Scope, id: Path<String>) -> Answer<BisectionRun> {
    find(&app, &scope, &id).await.map(Json)
}

pub(super) async fn cancel(app: Data<App>, scope: Scope, id: Path<String>) -> Answer<BisectionRun> {
    find(&app, &scope, &id).await?;
    jobs::stop(&app, &id, JobKind::Bisection).await?;
    one(app, scope, id).await
}

async fn find(app: &App, scope: &Scope, id: &str) -> Result<BisectionRun, Problem> {
    let stored = app.store.job(id.to_owned()).await?.filter(|stored| stored.job.kind == JobKind::Bisection);
    let run = stored.map(|stored| view(app, stored)).transpose()?.and_then(|run| of_scope(scope, run));
    run.ok_or_else(|| Problem::not_found(format!("there is no bisection `{id}`")))
}

/// What of a bisection somebody sees: nothing of what is about others, nor why one failed, which may name them.
fn of_scope(scope: &Scope, mut run: BisectionRun) -> Option<BisectionRun> {
    let Some(tenants) = scope.tenants() else { return Some(run) };
    if let Some(why) = &mut run.job.failure {
        "it could not be done; a key that is limited to no tenants is told why".clone_into(why);
    }
    run.order.tenant.as_ref().is_some_and(|name| tenants.contains(name)).then_some(run)
}

fn view(app: &App, stored: StoredJob) -> Result<BisectionRun, Problem> {
    let unreadable = |error: serde_json::Error| Problem::from(StoreError::Unreadable(error.to_string()));
    let order = serde_json::from_str(&stored.input).map_err(unreadable)?;
    let bisected = stored.output.as_deref().map(serde_json::from_str).transpose().map_err(unreadable)?;
    Ok(BisectionRun { job: jobs::live(app, stored.job), order, bisected })
}

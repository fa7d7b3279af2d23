//! `/v1/recommendations`: what is worth changing, searched every day or when it is ordered; and what was accepted.

pub(super) mod dismissals;
pub(super) mod export;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Data, Json, Path};
use shared::api::{AcceptedRecommendation, JobKind, JobState, NotReady, RecommendationList, RecommendationView, paths};

use super::{Answer, App, Problem, jobs};
use crate::jobs::SearchInput;
use crate::shadowing::{Accepted, Found, accepted, accepted_change, newest_found, newest_with};
use crate::store::{Collection, write_json};

pub(super) async fn list(app: Data<App>) -> Answer<RecommendationList> {
    let newest = app.store.jobs(Some(JobKind::Recommendation), 1).await?.pop();
    let search = newest.map(|stored| jobs::live(&app, stored.job)).filter(|job| job.state != JobState::Succeeded);
    let accepted = accepted(&*app.store).await?.into_iter().map(|accepted| accepted.view).collect();
    let dismissed = dismissals::all(&app).await?;
    let list = RecommendationList { accepted, dismissed, search, ..RecommendationList::default() };
    Ok(Json(match newest_found(&*app.store).await? {
        Some(Found { window, advice, .. }) => RecommendationList { window: Some(window), advice, ..list },
        None => RecommendationList { not_ready: Some(not_searched(&app)), ..list },
    }))
}

/// Why nothing was searched.
fn not_searched(app: &App) -> NotReady {
    let snapshot = app.board.snapshot();
    let (reason, message) = match (snapshot.origin(), snapshot.not_ready) {
        (None, Some(waiting)) => ("no_forecast", format!("nothing is predicted yet: {}", waiting.message)),
        _ if app.config.recommends_daily => (
            "not_searched",
            "a day that is predicted is searched when it begins, or when somebody orders it".to_owned(),
        ),
        _ => ("not_searched", "what is predicted is searched when somebody orders it".to_owned()),
    };
    NotReady { reason: reason.to_owned(), message, bins_missing: None }
}

/// One search at a time: what is ordered again is the one that is under way.
pub(super) async fn search(app: Data<App>) -> Result<HttpResponse, Problem> {
    jobs::order_once(&app, JobKind::Recommendation, write_json(&SearchInput::default())?).await
}

pub(super) async fn acceptance(app: Data<App>, id: Path<String>) -> Answer<AcceptedRecommendation> {
    let accepted = accepted_change(&*app.store, &id).await?;
    accepted.map(|accepted| Json(accepted.view)).ok_or_else(|| not_accepted(&id))
}

/// What is accepted again stays as it was accepted first.
pub(super) async fn accept(app: Data<App>, id: Path<String>) -> Result<HttpResponse, Problem> {
    if let Some(accepted) = accepted_change(&*app.store, &id).await? {
        return Ok(HttpResponse::Ok().json(accepted.view));
    }
    let (found, recommendation) = known(&app, &id).await?;
    let accepted = Accepted::new(found, recommendation, app.clock.now(), &app.config.assumed);
    app.store.put(Collection::Acceptances, vec![accepted.document()?]).await?;
    // Who accepts what was dismissed has changed their mind.
    app.store.remove(Collection::Dismissals, id.clone()).await?;
    let location = paths::ACCEPTANCE.replace("{id}", &id);
    Ok(HttpResponse::Created().insert_header((header::LOCATION, location)).json(accepted.view))
}

pub(super) async fn withdraw(app: Data<App>, id: Path<String>) -> Answer<RecommendationList> {
    if app.store.remove(Collection::Acceptances, id.clone()).await? { list(app).await } else { Err(not_accepted(&id)) }
}

/// The newest search that found a change, and the change.
async fn known(app: &App, id: &str) -> Result<(Found, RecommendationView), Problem> {
    let found = newest_with(&*app.store, id).await?;
    found.ok_or_else(|| Problem::not_found(format!("`{id}` is not recommended; GET {}", paths::RECOMMENDATIONS)))
}

fn not_accepted(id: &str) -> Problem {
    Problem::not_found(format!("`{id}` was not accepted; PUT {} accepts it", paths::ACCEPTANCE.replace("{id}", id)))
}

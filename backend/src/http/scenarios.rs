//! `/v1/scenarios`: saved by content hash, so that a long link becomes a short one.

use actix_web::http::header;
use actix_web::web::{Data, Json, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use shared::api::{SavedScenario, ScenarioLink, paths};
use shared::input::{InputError, InputProblems};
use shared::link::Limits;
use shared::scenario::{self, Problems, ValidScenario};

use super::{Answer, App, Problem, body};
use crate::jobs::saved_hash;
use crate::store::{Collection, write_document};

/// The largest scenario that is saved.
const BYTES_MAX: usize = 8 << 20;

pub(super) async fn current(app: Data<App>) -> Answer<SavedScenario> {
    find(&app, "current", "no shadow has run yet").await
}

pub(super) async fn one(app: Data<App>, hash: Path<String>) -> Answer<SavedScenario> {
    find(&app, &hash, &format!("there is no scenario `{hash}`")).await
}

pub(super) async fn save(app: Data<App>, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let bytes = body::json(&request, payload, BYTES_MAX).await?;
    let saved = SavedScenario::from_json(body::text(&bytes)?).map_err(wrong)?;
    ValidScenario::new(saved.scenario.clone()).map_err(|Problems(mut problems)| {
        problems.iter_mut().for_each(|problem| problem.field.insert_str(0, "scenario."));
        Problem::fields(Problems(problems))
    })?;
    // What is asked of a saved scenario is answered here, whatever its edits make of it.
    Limits::FILE.check(&saved.scenario).map_err(|error| Problem::field("scenario", error.to_string()))?;
    let hash = saved_hash(&saved).map_err(|error| Problem::field("scenario", error.to_string()))?;
    let document = write_document(hash.clone(), app.board.snapshot().now, &saved)?;
    app.store.put(Collection::Scenarios, vec![document]).await?;
    let location = paths::SCENARIO.replace("{hash}", &hash);
    Ok(HttpResponse::Created().insert_header((header::LOCATION, location)).json(ScenarioLink { hash }))
}

/// One wrong field, with its line, or all of them.
fn wrong(InputProblems(mut errors): InputProblems) -> Problem {
    if errors.len() == 1 {
        return Problem::input(errors.remove(0));
    }
    let problem =
        |error: InputError| scenario::Problem { field: error.field.unwrap_or_default(), message: error.message };
    Problem::fields(Problems(errors.into_iter().map(problem).collect()))
}

async fn find(app: &App, key: &str, missing: &str) -> Answer<SavedScenario> {
    let document = app.store.get(Collection::Scenarios, key.to_owned()).await?;
    Ok(Json(document.ok_or_else(|| Problem::not_found(missing))?.read()?))
}

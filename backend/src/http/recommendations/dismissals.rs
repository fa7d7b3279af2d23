//! `/v1/recommendations/{id}/dismissal`: what is not wanted, and why.

use actix_web::http::header;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use shared::api::{DismissalOrder, DismissedRecommendation, RecommendationList, paths};
use shared::units::Window;

use super::{known, list};
use crate::http::{Answer, App, Problem, body};
use crate::shadowing::accepted_change;
use crate::store::{Collection, StoreError, read_documents, write_document};

/// The longest reason, in characters.
const REASON_MAX: usize = 1_000;

/// What was dismissed, the newest first.
pub(super) async fn all(app: &App) -> Result<Vec<DismissedRecommendation>, StoreError> {
    let documents = app.store.list(Collection::Dismissals, Window::ALWAYS, usize::MAX).await?;
    let mut all: Vec<DismissedRecommendation> = read_documents(&documents)?;
    all.reverse();
    Ok(all)
}

/// Another reason takes the place of the one before.
pub(in crate::http) async fn dismiss(
    app: Data<App>,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let DismissalOrder { reason } = body::document(&request, payload, app.body_bytes_max).await?;
    let reason = checked(&reason)?;
    if accepted_change(&*app.store, &id).await?.is_some() {
        let withdraw = paths::ACCEPTANCE.replace("{id}", &id);
        return Err(Problem::conflict(format!("`{id}` was accepted; DELETE {withdraw} before it is dismissed")));
    }
    let before = app.store.get(Collection::Dismissals, id.to_string()).await?;
    let (is_new, recommendation) = match before {
        Some(before) => (false, before.read::<DismissedRecommendation>()?.recommendation),
        None => (true, known(&app, &id).await?.1),
    };
    let dismissed = DismissedRecommendation { recommendation, reason, dismissed_at: app.clock.now() };
    let document = write_document(id.to_string(), dismissed.dismissed_at, &dismissed)?;
    app.store.put(Collection::Dismissals, vec![document]).await?;
    let mut answer = if is_new { HttpResponse::Created() } else { HttpResponse::Ok() };
    let location = paths::DISMISSAL.replace("{id}", &id);
    Ok(answer.insert_header((header::LOCATION, location)).json(dismissed))
}

pub(in crate::http) async fn restore(app: Data<App>, id: Path<String>) -> Answer<RecommendationList> {
    if app.store.remove(Collection::Dismissals, id.clone()).await? {
        return list(app).await;
    }
    let dismissal = paths::DISMISSAL.replace("{id}", &id);
    Err(Problem::not_found(format!("`{id}` was not dismissed; PUT {dismissal} dismisses it")))
}

fn checked(reason: &str) -> Result<String, Problem> {
    let reason = reason.trim();
    match reason.chars().count() {
        0 => Err(Problem::field("reason", "is empty; say why it is not wanted")),
        1..=REASON_MAX => Ok(reason.to_owned()),
        long => Err(Problem::field("reason", format!("has {long} characters; expected {REASON_MAX} at most"))),
    }
}

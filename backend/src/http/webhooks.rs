//! `/v1/webhooks`: where notifications are sent to.

use actix_web::http::header;
use actix_web::web::{Data, Json, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use shared::api::{FailurePage, WebhookOrder, WebhookView, paths};

use super::query::{IdPage, Query};
use super::{Answer, App, Problem, body};
use crate::jobs::wall_clock;
use crate::notify::{self, WebhookError};

pub(super) async fn list(app: Data<App>) -> Answer<Vec<WebhookView>> {
    Ok(Json(app.outbox.store.webhooks().await?))
}

pub(super) async fn create(app: Data<App>, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let order: WebhookOrder = body::document(&request, payload, app.body_bytes_max).await?;
    let new = notify::create(&*app.outbox.store, order, wall_clock()).await?;
    let location = paths::WEBHOOK.replace("{id}", &new.view.id);
    let uncached = (header::CACHE_CONTROL, "no-store");
    Ok(HttpResponse::Created().insert_header((header::LOCATION, location)).insert_header(uncached).json(new))
}

pub(super) async fn remove(app: Data<App>, id: Path<String>) -> Answer<WebhookView> {
    Ok(Json(notify::remove(&*app.outbox.store, &id).await?))
}

pub(super) async fn test(app: Data<App>, id: Path<String>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Accepted().json(notify::test(&app.outbox, &id, wall_clock()).await?))
}

pub(super) async fn failures(app: Data<App>, id: Path<String>, Query(page): Query<IdPage>) -> Answer<FailurePage> {
    notify::find(&*app.outbox.store, &id).await?;
    let (after, limit) = page.scan();
    let found = app.outbox.store.failures(id.into_inner(), after, limit).await?;
    let (failures, next) = page.cut(found, |failure| failure.notification.id.clone());
    Ok(Json(FailurePage { failures, next }))
}

pub(super) async fn send_again(app: Data<App>, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (id, notification) = path.into_inner();
    notify::find(&*app.outbox.store, &id).await?;
    let again = app.outbox.store.send_again(id, notification.clone(), wall_clock()).await?;
    let missing = || {
        let list = paths::WEBHOOK_FAILURES;
        Problem::not_found(format!("`{notification}` was not given up for this webhook; GET {list} lists what was"))
    };
    Ok(HttpResponse::Accepted().json(again.ok_or_else(missing)?))
}

impl From<WebhookError> for Problem {
    fn from(error: WebhookError) -> Self {
        match error {
            WebhookError::Wrong { field, message } => Self::field(field, message),
            WebhookError::Unknown(_) => Self::not_found(error.to_string()),
            WebhookError::OfFile(_) | WebhookError::TooMany => Self::conflict(error.to_string()),
            WebhookError::Store(error) => error.into(),
            WebhookError::Entropy(error) => {
                tracing::error!(%error, "the system gives no random bytes");
                Self::broken()
            }
        }
    }
}

//! `/v1/keys`: who may ask the service.

use actix_web::http::header;
use actix_web::web::{Data, Json, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use shared::api::{KeyOrder, KeyRotation, KeyView, NewKey, paths};

use super::{Answer, App, Problem, body};
use crate::access::{self, GRACE, KeyError};
use crate::jobs::wall_clock;

pub(super) async fn list(app: Data<App>) -> Answer<Vec<KeyView>> {
    Ok(Json(app.keys.keys().await?.into_iter().map(|key| key.view).collect()))
}

pub(super) async fn create(app: Data<App>, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let order: KeyOrder = body::document(&request, payload, app.body_bytes_max).await?;
    let new = access::create(&*app.keys, order, wall_clock()).await?;
    let location = paths::KEY.replace("{id}", &new.view.id);
    let uncached = (header::CACHE_CONTROL, "no-store");
    Ok(HttpResponse::Created().insert_header((header::LOCATION, location)).insert_header(uncached).json(new))
}

pub(super) async fn revoke(app: Data<App>, id: Path<String>) -> Answer<KeyView> {
    Ok(Json(access::revoke(&*app.keys, &id, wall_clock()).await?))
}

pub(super) async fn rotate(
    app: Data<App>,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let KeyRotation { grace } = body::document(&request, payload, app.body_bytes_max).await?;
    let new: NewKey = access::rotate(&*app.keys, &id, grace.unwrap_or(GRACE), wall_clock()).await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(new))
}

impl From<KeyError> for Problem {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Wrong { field, message } => Self::field(field, message),
            KeyError::Unknown(_) => Self::not_found(error.to_string()),
            KeyError::Ended(_) => Self::conflict(error.to_string()),
            KeyError::Store(error) => error.into(),
            KeyError::Entropy(error) => {
                tracing::error!(%error, "the system gives no random bytes");
                Self::broken()
            }
        }
    }
}

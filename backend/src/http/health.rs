//! `/livez`, `/readyz` and `/openapi.json`.

use actix_web::HttpResponse;
use actix_web::http::header::ContentType;
use actix_web::web::{Data, Json};
use shared::api::NotReady;

use super::{App, Problem, openapi};
use crate::config::ServiceRole;

pub(super) async fn live() -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::plaintext()).body("live")
}

pub(super) async fn ready(app: Data<App>) -> Result<HttpResponse, Problem> {
    if let Some(log) = app.log.as_ref().filter(|_| app.role == ServiceRole::Ingest) {
        let ready = || HttpResponse::Ok().content_type(ContentType::plaintext()).body("ready");
        return if log.folded.is_reached() { Ok(ready()) } else { Err(Problem::no_stream()) };
    }
    app.store.summary().await?;
    if app.board.snapshot().caught_up {
        return Ok(HttpResponse::Ok().content_type(ContentType::plaintext()).body("ready"));
    }
    Err(Problem::not_ready(&NotReady {
        reason: "catching_up".to_owned(),
        message: "the loop is working through what is in the log".to_owned(),
        bins_missing: None,
    }))
}

pub(super) async fn describe() -> Json<utoipa::openapi::OpenApi> {
    Json(openapi::document())
}

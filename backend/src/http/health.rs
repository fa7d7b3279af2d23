//! `/livez`, `/readyz` and `/openapi.json`.

use actix_web::HttpResponse;
use actix_web::http::header::ContentType;
use actix_web::web::{Data, Json, ServiceConfig};
use shared::api::{NotReady, paths};

use super::{App, Problem, get, openapi, resource};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource(paths::LIVE).route(get().to(live)))
        .service(resource(paths::READY).route(get().to(ready)))
        .service(resource(paths::OPENAPI).route(get().to(describe)));
}

async fn live() -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::plaintext()).body("live")
}

async fn ready(app: Data<App>) -> Result<HttpResponse, Problem> {
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

async fn describe() -> Json<utoipa::openapi::OpenApi> {
    Json(openapi::document())
}

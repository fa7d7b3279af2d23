//! `GET /v1/anomalies`.

use actix_web::web::{Data, Json, ServiceConfig};
use serde::Deserialize;
use shared::api::{AnomalyList, paths};
use shared::units::{Duration, Instant, Window};

use super::query::{Query, in_order};
use super::reports::why_none;
use super::{Answer, App, get, resource};
use crate::store::{Collection, read_documents};

/// The most windows of one answer.
const WINDOWS_MAX: usize = 400;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    from: Option<Instant>,
    to: Option<Instant>,
}

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(resource(paths::ANOMALIES).route(get().to(anomalies)));
}

async fn anomalies(app: Data<App>, Query(query): Query<Ask>) -> Answer<AnomalyList> {
    in_order(query.from, query.to)?;
    let now = app.board.snapshot().now;
    let start = query.from.unwrap_or(now - Duration::DAY * 31);
    let window = Window { start, end: query.to.unwrap_or(now) };
    let windows = read_documents(&app.store.list(Collection::Anomalies, window, WINDOWS_MAX).await?)?;
    let not_ready = if windows.is_empty() { Some(why_none(&app, window).await?) } else { None };
    Ok(Json(AnomalyList { windows, not_ready }))
}

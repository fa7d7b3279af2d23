//! `GET /v1/reports/allocation`.

use actix_web::web::{self, Data, Json, ServiceConfig};
use serde::Deserialize;
use shared::allocation::Grouping;
use shared::api::{ReportList, WindowReport, paths};
use shared::units::{Duration, Instant, Window};

use super::query::{Query, in_order};
use super::{Answer, App, resource};
use crate::store::{Collection, Document, read_documents};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    from: Option<Instant>,
    to: Option<Instant>,
    #[serde(default)]
    by: Grouping,
}

/// The most windows of one answer, times the groupings there are.
const REPORTS_MAX: usize = 400;

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(resource(paths::ALLOCATION).route(web::get().to(allocation)));
}

async fn allocation(app: Data<App>, Query(query): Query<Ask>) -> Answer<ReportList> {
    in_order(query.from, query.to)?;
    let now = app.board.snapshot().now;
    let start = query.from.unwrap_or(now - Duration::DAY * 31);
    let window = Window { start, end: query.to.unwrap_or(now) };
    let by = serde_json::to_value(query.by).unwrap_or_default();
    let prefix = format!("{}/", by.as_str().unwrap_or_default());
    let documents = app.store.list(Collection::Reports, window, REPORTS_MAX).await?;
    let of_grouping: Vec<Document> =
        documents.into_iter().filter(|document| document.key.starts_with(&prefix)).collect();
    let windows: Vec<WindowReport> = read_documents(&of_grouping)?;
    Ok(Json(ReportList {
        prediction_accuracy: windows.last().and_then(|window| window.report.prediction_accuracy),
        windows,
    }))
}

//! `GET /v1/anomalies`.

use actix_web::Either;
use actix_web::web::{Data, Json};
use serde::Deserialize;
use shared::api::{AnomalyList, TenantAnomalies, TenantAnomalyList};
use shared::feedback::AnomalyReport;
use shared::units::{Duration, Instant, Window};

use super::App;
use super::query::{Query, in_order};
use super::reports::why_none;
use super::tenants::{ScopedAnswer, nothing_yet, of_anomalies};
use crate::access::Scope;
use crate::store::{Collection, read_documents};

/// The most windows of one answer.
const WINDOWS_MAX: usize = 400;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    from: Option<Instant>,
    to: Option<Instant>,
}

pub(super) async fn anomalies(
    app: Data<App>,
    scope: Scope,
    Query(query): Query<Ask>,
) -> ScopedAnswer<AnomalyList, TenantAnomalyList> {
    in_order(query.from, query.to)?;
    let now = app.board.snapshot().now;
    let start = query.from.unwrap_or(now - Duration::DAY * 31);
    let window = Window { start, end: query.to.unwrap_or(now) };
    let windows: Vec<AnomalyReport> =
        read_documents(&app.store.list(Collection::Anomalies, window, WINDOWS_MAX).await?)?;
    if let Some(tenants) = scope.tenants() {
        let windows: Vec<TenantAnomalies> = windows.into_iter().map(|report| of_anomalies(tenants, report)).collect();
        let not_ready = windows.is_empty().then(|| nothing_yet("no day of a report has closed in this window"));
        return Ok(Either::Right(Json(TenantAnomalyList { windows, not_ready })));
    }
    let not_ready = if windows.is_empty() { Some(why_none(&app, window).await?) } else { None };
    Ok(Either::Left(Json(AnomalyList { windows, not_ready })))
}

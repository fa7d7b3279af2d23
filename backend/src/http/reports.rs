//! `GET /v1/reports/allocation`.

use actix_web::Either;
use actix_web::web::{Data, Json};
use serde::Deserialize;
use shared::allocation::Grouping;
use shared::api::{NotReady, ReportList, TenantReport, TenantReportList, UnreportedWindow, WindowReport};
use shared::units::{Duration, Instant, Window};

use super::query::{Query, in_order};
use super::tenants::{ScopedAnswer, nothing_yet, of_report};
use super::{App, Problem};
use crate::access::Scope;
use crate::shadowing::UNREPORTED;
use crate::store::{Collection, read_documents_of};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    from: Option<Instant>,
    to: Option<Instant>,
    #[serde(default)]
    by: Grouping,
}

/// The most windows of one answer, times the groupings there are.
pub(super) const REPORTS_MAX: usize = 400;

pub(super) async fn allocation(
    app: Data<App>,
    scope: Scope,
    Query(query): Query<Ask>,
) -> ScopedAnswer<ReportList, TenantReportList> {
    in_order(query.from, query.to)?;
    if scope.tenants().is_some() && query.by != Grouping::Tenant {
        let detail = format!("is {}, which is of all tenants together; group by tenant", query.by.as_str());
        return Err(Problem::beyond_tenants("by", detail));
    }
    let now = app.board.snapshot().now;
    let start = query.from.unwrap_or(now - Duration::DAY * 31);
    let window = Window { start, end: query.to.unwrap_or(now) };
    let documents = app.store.list(Collection::Reports, window, REPORTS_MAX).await?;
    let windows: Vec<WindowReport> = read_documents_of(&documents, query.by.as_str())?;
    if let Some(tenants) = scope.tenants() {
        let windows: Vec<TenantReport> = windows.into_iter().map(|window| of_report(tenants, window)).collect();
        let not_ready = windows.is_empty().then(|| nothing_yet("no day of a report has closed in this window"));
        return Ok(Either::Right(Json(TenantReportList { windows, not_ready })));
    }
    let unreported: Vec<UnreportedWindow> = read_documents_of(&documents, UNREPORTED)?;
    let none = windows.is_empty() && unreported.is_empty();
    let not_ready = if none { Some(why_none(&app, window).await?) } else { None };
    Ok(Either::Left(Json(ReportList {
        not_ready,
        unreported,
        prediction_accuracy: windows.last().and_then(|window| window.report.prediction_accuracy),
        windows,
    })))
}

/// Why no day that has closed lies in a window.
pub(super) async fn why_none(app: &App, window: Window) -> Result<NotReady, Problem> {
    let reason = |reason: &str, message: String| NotReady { reason: reason.to_owned(), message, bins_missing: None };
    let ever = Window { start: Instant::from_micros(0), end: Instant::from_micros(i64::MAX) };
    if !app.store.list(Collection::Reports, ever, 1).await?.is_empty() {
        let message = format!("no day of a report begins between {} and {}; ask for others", window.start, window.end);
        return Ok(reason("none_in_window", message));
    }
    let snapshot = app.board.snapshot();
    let waiting = snapshot.not_ready.map_or(String::new(), |waiting| format!(" ({})", waiting.message));
    let midnight = snapshot.now.floor(Duration::DAY) + Duration::DAY;
    let late = match app.config.late {
        Duration::ZERO => String::new(),
        late => format!(" and is reported when late requests have had their {late} more"),
    };
    let message = format!(
        "no day has closed that was forecast at its beginning, 00:00 UTC{waiting}; the next one ends at {midnight}{late}"
    );
    Ok(reason("no_closed_day", message))
}

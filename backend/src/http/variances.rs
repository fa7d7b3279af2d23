//! `GET /v1/reports/variance`: what was predicted of closed days and what came, by any one or two groupings.

use std::collections::BTreeSet;

use actix_web::web::{self, Data, Json};
use serde::Deserialize;
use shared::allocation::{GroupBy, Grouping, KeptVariance, VarianceStatement};
use shared::api::{UnreportedWindow, VarianceList, WindowReport};
use shared::units::{Duration, Instant, Window};

use super::query::{Query, groupings, in_order};
use super::reports::{REPORTS_MAX, why_none};
use super::tenants::nothing_yet;
use super::{Answer, App, Problem};
use crate::access::Scope;
use crate::shadowing::UNREPORTED;
use crate::store::{Collection, Document, read_documents, read_documents_of};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    from: Option<Instant>,
    to: Option<Instant>,
    by: Option<String>,
}

/// What is said of days whose runs were gone before there was anything to keep of them.
const NOT_KEPT: &str = "closed before variances by any groups were kept; /v1/reports/allocation has it by tenant, module, \
                        flavor and class";

pub(super) async fn variance(app: Data<App>, scope: Scope, Query(ask): Query<Ask>) -> Answer<VarianceList> {
    in_order(ask.from, ask.to)?;
    let by = groupings(ask.by.as_deref())?;
    if scope.tenants().is_some() && !by.contains(&GroupBy::Tenant) {
        let detail = "leaves tenants out, and the key is limited to some; have tenant among them";
        return Err(Problem::beyond_tenants("by", detail));
    }
    let now = app.board.snapshot().now;
    let start = ask.from.unwrap_or(now - Duration::DAY * 31);
    let window = Window { start, end: ask.to.unwrap_or(now) };
    let kept = app.store.list(Collection::Variances, window, REPORTS_MAX).await?;
    let reports = app.store.list(Collection::Reports, window, REPORTS_MAX).await?;
    let limited = scope.tenants().is_some();
    let list = web::block(move || list(&kept, &reports, &by, scope.tenants()));
    let mut list = list.await.map_err(|_| Problem::broken())??;
    if list.windows.is_empty() && list.missing.is_empty() {
        list.not_ready = Some(match limited {
            true => nothing_yet("no day of a report has closed in this window"),
            false => why_none(&app, window).await?,
        });
    }
    Ok(Json(list))
}

/// The windows that were kept, and those that were not; why a window has no report at all is told to those who may know
/// of everything.
fn list(
    kept: &[Document],
    reports: &[Document],
    by: &[GroupBy],
    tenants: Option<&BTreeSet<String>>,
) -> Result<VarianceList, Problem> {
    let kept: Vec<KeptVariance> = read_documents(kept)?;
    let reported: Vec<WindowReport> = read_documents_of(reports, Grouping::Tenant.as_str())?;
    let mut missing: Vec<UnreportedWindow> =
        if tenants.is_none() { read_documents_of(reports, UNREPORTED)? } else { Vec::new() };
    let known: BTreeSet<Instant> = kept.iter().map(|kept| kept.window.start).collect();
    let unkept = reported.iter().map(|of| of.report.window).filter(|window| !known.contains(&window.start));
    missing.extend(unkept.map(|window| UnreportedWindow { window, reason: NOT_KEPT.to_owned() }));
    let mut windows: Vec<VarianceStatement> = Vec::new();
    for of in &kept {
        match of.by(by, tenants) {
            Ok(statement) => windows.push(statement),
            Err(reason) => missing.push(UnreportedWindow { window: of.window, reason: reason.to_string() }),
        }
    }
    missing.sort_by_key(|missing| missing.window.start);
    Ok(VarianceList { windows, missing, not_ready: None })
}

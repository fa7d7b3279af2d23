//! `GET /v1/audit`: who changed what.

use actix_web::web::{Data, Json};
use serde::Deserialize;
use shared::api::AuditPage;

use super::query::Query;
use super::{Answer, App};

/// So many entries are a page unless asked for otherwise, and at most.
const PAGE: (usize, usize) = (100, 1_000);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    after: Option<u64>,
    limit: Option<usize>,
}

pub(super) async fn page(app: Data<App>, Query(query): Query<Page>) -> Answer<AuditPage> {
    let limit = query.limit.unwrap_or(PAGE.0).clamp(1, PAGE.1);
    // One more tells whether there is a next page.
    let mut entries = app.keys.audit(query.after.unwrap_or(0), limit + 1).await?;
    let more = entries.len() > limit;
    entries.truncate(limit);
    let next = entries.last().map(|entry| entry.number).filter(|_| more);
    Ok(Json(AuditPage { entries, next }))
}

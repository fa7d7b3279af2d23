//! `GET /v1/ledger` and `GET /v1/scorecard`.

use actix_web::web::{Data, Json};
use serde::Deserialize;
use shared::api::LedgerPage;
use shared::feedback::ledger::{Scorecard, scorecard, verify};

use super::query::Query;
use super::{Answer, App, Problem};
use crate::store::whole_ledger;

/// So many links are a page unless asked for otherwise, and at most.
const PAGE: (usize, usize) = (100, 1_000);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    after: Option<u64>,
    limit: Option<usize>,
}

pub(super) async fn page(app: Data<App>, Query(query): Query<Page>) -> Answer<LedgerPage> {
    let limit = query.limit.unwrap_or(PAGE.0).clamp(1, PAGE.1);
    // One more tells whether there is a next page.
    let mut entries = app.store.ledger(query.after.unwrap_or(0), limit + 1).await?;
    let more = entries.len() > limit;
    entries.truncate(limit);
    let next = entries.last().map(|entry| entry.sequence).filter(|_| more);
    Ok(Json(LedgerPage { entries, next }))
}

pub(super) async fn scores(app: Data<App>) -> Answer<Scorecard> {
    let entries = whole_ledger(&*app.store).await?;
    let (_, records) =
        verify(&entries).map_err(|broken| Problem::conflict(format!("the forecast ledger: {broken}")))?;
    Ok(Json(scorecard(&records)))
}

//! `GET /v1/ledger` and `GET /v1/scorecard`.

use actix_web::web::{Data, Json, ServiceConfig};
use serde::Deserialize;
use shared::api::{LedgerPage, paths};
use shared::feedback::ledger::{Scorecard, scorecard, verify};

use super::query::Query;
use super::{Answer, App, Problem, get, resource};
use crate::store::whole_ledger;

/// So many links are a page unless asked for otherwise, and at most.
const PAGE: (usize, usize) = (100, 1_000);

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource(paths::LEDGER).route(get().to(page)))
        .service(resource(paths::SCORECARD).route(get().to(scores)));
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    after: Option<u64>,
    limit: Option<usize>,
}

async fn page(app: Data<App>, Query(query): Query<Page>) -> Answer<LedgerPage> {
    let limit = query.limit.unwrap_or(PAGE.0).clamp(1, PAGE.1);
    // One more tells whether there is a next page.
    let mut entries = app.store.ledger(query.after.unwrap_or(0), limit + 1).await?;
    let more = entries.len() > limit;
    entries.truncate(limit);
    let next = entries.last().map(|entry| entry.sequence).filter(|_| more);
    Ok(Json(LedgerPage { entries, next }))
}

async fn scores(app: Data<App>) -> Answer<Scorecard> {
    let entries = whole_ledger(&*app.store).await?;
    let (_, records) =
        verify(&entries).map_err(|broken| Problem::conflict(format!("the forecast ledger: {broken}")))?;
    Ok(Json(scorecard(&records)))
}

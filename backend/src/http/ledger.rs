//! `GET /v1/ledger` and `GET /v1/scorecard`.

use actix_web::web::{Data, Json};
use shared::api::LedgerPage;
use shared::feedback::ledger::{Scorecard, scorecard, verify};

use super::query::{Page, Query};
use super::{Answer, App, Problem};
use crate::store::whole_ledger;

pub(super) async fn page(app: Data<App>, Query(page): Query<Page>) -> Answer<LedgerPage> {
    let (after, limit) = page.scan();
    let (entries, next) = page.cut(app.store.ledger(after, limit).await?, |entry| entry.sequence);
    Ok(Json(LedgerPage { entries, next }))
}

pub(super) async fn scores(app: Data<App>) -> Answer<Scorecard> {
    let entries = whole_ledger(&*app.store).await?;
    let (_, records) =
        verify(&entries).map_err(|broken| Problem::conflict(format!("the forecast ledger: {broken}")))?;
    Ok(Json(scorecard(&records)))
}

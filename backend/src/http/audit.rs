//! `GET /v1/audit`: who changed what.

use actix_web::web::{Data, Json};
use shared::api::AuditPage;

use super::query::{Page, Query};
use super::{Answer, App};

pub(super) async fn page(app: Data<App>, Query(page): Query<Page>) -> Answer<AuditPage> {
    let (after, limit) = page.scan();
    let (entries, next) = page.cut(app.keys.audit(after, limit).await?, |entry| entry.number);
    Ok(Json(AuditPage { entries, next }))
}

//! `GET /v1/decisions`.

use actix_web::web::{Data, Json};
use serde::Deserialize;
use shared::api::DecisionPage;
use shared::feedback::Verdict;

use super::query::{IdPage, Query};
use super::{Answer, App, Problem};
use crate::store::{Collection, read_documents};

/// Which decisions are asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    after: Option<String>,
    limit: Option<usize>,
    verdict: Option<Verdict>,
}

pub(super) async fn decisions(app: Data<App>, Query(asked): Query<Asked>) -> Answer<DecisionPage> {
    let Asked { after, limit, verdict } = asked;
    if let Some(after) = &after
        && app.store.get(Collection::Decisions, after.clone()).await?.is_none()
    {
        return Err(Problem::field("after", format!("`{after}` is no decision; expected the `next` of a page")));
    }
    let page = IdPage::of(after.clone(), limit);
    let wanted = verdict.map(|verdict| ("verdict", verdict.as_str().to_owned()));
    let found = app.store.list_after(Collection::Decisions, after, wanted, page.scanned()).await?;
    let (documents, next) = page.cut(found, |document| document.key.clone());
    Ok(Json(DecisionPage { decisions: read_documents(&documents)?, next }))
}

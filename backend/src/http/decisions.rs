//! `GET /v1/decisions`.

use actix_web::web::{Data, Json};
use serde::Deserialize;
use shared::feedback::Decision;
use shared::units::Window;

use super::query::Query;
use super::{Answer, App};
use crate::store::{Collection, read_documents};

/// How many of a list are asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limit {
    limit: Option<usize>,
}

impl Limit {
    /// A hundred unless asked for otherwise, a thousand at most.
    pub(super) fn get(&self) -> usize {
        self.limit.unwrap_or(100).min(1_000)
    }
}

pub(super) async fn decisions(app: Data<App>, Query(query): Query<Limit>) -> Answer<Vec<Decision>> {
    let mut decisions: Vec<Decision> =
        read_documents(&app.store.list(Collection::Decisions, Window::ALWAYS, query.get()).await?)?;
    decisions.reverse();
    Ok(Json(decisions))
}

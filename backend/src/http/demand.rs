//! `GET /v1/demand`.

use actix_web::web::{Data, Json};
use serde::Deserialize;
use shared::api::DemandSeries;
use shared::units::{Duration, Instant, Window};

use super::query::{Query, in_order};
use super::tenants::asked_for;
use super::{Answer, App, Problem};
use crate::access::Scope;

/// A window that an answer is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Between {
    from: Option<Instant>,
    to: Option<Instant>,
    tenant: Option<String>,
}

/// The most bins of one answer: more than a month of five minutes.
const BINS_MAX: i64 = 10_000;

pub(super) async fn demand(app: Data<App>, scope: Scope, Query(query): Query<Between>) -> Answer<DemandSeries> {
    let (bin, now) = (app.config.bin, app.board.snapshot().now);
    let Between { from, to, tenant } = query;
    let tenant = asked_for(&scope, tenant)?;
    in_order(from, to)?;
    let end = to.unwrap_or(now).min(app.config.counted_until(now)).floor(bin);
    let start = from.unwrap_or(end - Duration::DAY).floor(bin).min(end);
    let bins = (end - start).divide(bin);
    if bins > BINS_MAX {
        return Err(Problem::field("from", format!("the window has {bins} bins; ask for {BINS_MAX} at most")));
    }
    if let Some(since) = app.store.summary().await?.bins_from.filter(|since| start < *since) {
        let message = format!("is {start}, and counts are kept from {since} on (--keep-bins)");
        return Err(Problem::given_up("from", message));
    }
    if let Some(name) = &tenant {
        known_tenant(&app, name).await?;
    }
    let mut creates = vec![0; bins as usize];
    for (at, count) in app.store.count_creates(Window { start, end }, bin, tenant.clone()).await? {
        creates[(at - start).divide(bin) as usize] = count;
    }
    Ok(Json(DemandSeries { start, bin, tenant, creates }))
}

/// Refuses a tenant that has never created anything: zeros would look like an answer.
async fn known_tenant(app: &App, name: &str) -> Result<(), Problem> {
    if app.board.snapshot().tenants.iter().any(|known| known == name) {
        return Ok(());
    }
    // It may have come within the open hour.
    let counts = app.store.count_creates(Window::ALWAYS, Duration::DAY, Some(name.to_owned())).await?;
    if counts.is_empty() { Err(Problem::unknown_tenant("tenant", name)) } else { Ok(()) }
}

//! `GET /v1/demand`.

use actix_web::web::{Data, Json};
use serde::Deserialize;
use shared::api::DemandSeries;
use shared::request::ResourceClass;
use shared::units::{Duration, Instant, Window};

use super::query::{Query, in_order};
use super::tenants::asked_for;
use super::{Answer, App, Problem};
use crate::access::Scope;
use crate::store::CreatesOf;

/// A window that an answer is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Between {
    from: Option<Instant>,
    to: Option<Instant>,
    tenant: Option<String>,
    class: Option<ResourceClass>,
    flavor: Option<String>,
}

/// The most bins of one answer: more than a month of five minutes.
const BINS_MAX: i64 = 10_000;

pub(super) async fn demand(app: Data<App>, scope: Scope, Query(query): Query<Between>) -> Answer<DemandSeries> {
    let (bin, now) = (app.config.bin, app.board.snapshot().now);
    let Between { from, to, tenant, class, flavor } = query;
    let tenant = asked_for(&scope, tenant)?;
    in_order(from, to)?;
    let end = to.unwrap_or(now).min(app.config.counted_until(now)).floor(bin);
    let start = from.unwrap_or(end - Duration::DAY).floor(bin).min(end);
    let bins = (end - start).divide(bin);
    if bins > BINS_MAX {
        return Err(Problem::field("from", format!("the window has {bins} bins; ask for {BINS_MAX} at most")));
    }
    are_kept(&app, start, flavor.is_some()).await?;
    if let Some(name) = &tenant {
        known_tenant(&app, name).await?;
    }
    let mut creates = vec![0; bins as usize];
    let of = CreatesOf { tenant, class, flavor };
    for (at, count) in app.store.count_creates(Window { start, end }, bin, of.clone()).await? {
        creates[(at - start).divide(bin) as usize] = count;
    }
    let CreatesOf { tenant, class, flavor } = of;
    Ok(Json(DemandSeries { start, bin, tenant, class, flavor, creates }))
}

/// Refuses a window that begins before counts are kept, which have flavors only as long as their requests.
async fn are_kept(app: &App, start: Instant, has_flavor: bool) -> Result<(), Problem> {
    let kept = app.store.summary().await?;
    let (since, what, setting) = match (kept.bins_from, kept.requests_from) {
        (_, Some(requests)) if has_flavor => (requests, "flavors", "--keep-requests"),
        (Some(bins), _) => (bins, "counts", "--keep-bins"),
        _ => return Ok(()),
    };
    if since <= start {
        return Ok(());
    }
    Err(Problem::given_up("from", format!("is {start}, and {what} are kept from {since} on ({setting})")))
}

/// Refuses a tenant that has never created anything: zeros would look like an answer.
async fn known_tenant(app: &App, name: &str) -> Result<(), Problem> {
    if app.board.snapshot().tenants.iter().any(|known| known == name) {
        return Ok(());
    }
    // It may have come within the open hour.
    let of = CreatesOf { tenant: Some(name.to_owned()), ..CreatesOf::default() };
    let counts = app.store.count_creates(Window::ALWAYS, Duration::DAY, of).await?;
    if counts.is_empty() { Err(Problem::unknown_tenant("tenant", name)) } else { Ok(()) }
}

//! `GET /v1/status`.

use std::collections::BTreeSet;

use actix_web::Either;
use actix_web::web::{Data, Json};
use shared::api::{Basis, HorizonView, Status, TenantHorizon, TenantStatus};
use shared::forecast::season_bins;
use shared::units::Duration;

use super::App;
use super::tenants::ScopedAnswer;
use crate::access::Scope;
use crate::shadowing::{NewestForecast, Snapshot};

/// The newest forecast of each horizon that the loop has.
fn horizons(app: &App, snapshot: &Snapshot) -> Vec<HorizonView> {
    let view = |&horizon: &Duration| {
        let NewestForecast { origin, not_ready } = snapshot.newest.get(&horizon).cloned().unwrap_or_default();
        HorizonView { horizon, origin, not_ready }
    };
    app.config.horizons.all().iter().map(view).collect()
}

pub(super) async fn status(app: Data<App>, scope: Scope) -> ScopedAnswer<Status, TenantStatus> {
    if let Some(tenants) = scope.tenants() {
        return Ok(Either::Right(Json(of_tenants(&app, tenants))));
    }
    let (snapshot, summary) = (app.board.snapshot(), app.store.summary().await?);
    let (config, assumed) = (&app.config, &app.config.assumed);
    let horizons = horizons(&app, &snapshot);
    Ok(Either::Left(Json(Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        now: snapshot.now,
        demo: config.is_demo(),
        speed: app.clock.speed(),
        bin: config.bin,
        cost_bin: assumed.bin,
        time_zone: assumed.time_zone.clone(),
        currency: assumed.price_book.currency.to_string(),
        tenants: snapshot.tenants,
        first_request: summary.first,
        last_request: summary.last,
        requests: summary.requests,
        observations: summary.observations,
        readings: summary.readings,
        lag_s: summary.last.map(|last| (snapshot.now - last).max(Duration::ZERO).seconds()),
        behind_s: snapshot.closes.map_or(0.0, |closes| (app.clock.now() - closes).max(Duration::ZERO).seconds()),
        clock_behind_s: snapshot.clock.and_then(|clock| clock.behind(app.clock.now())).map(Duration::seconds),
        requests_kept_from: summary.requests_from,
        bins_kept_from: summary.bins_from,
        horizons,
        skipped: snapshot.skipped,
        orphans: snapshot.orphans,
        contradictions: snapshot.contradictions,
        model: snapshot.champion.map(|champion| champion.in_use(season_bins(config.bin))),
        fallback: snapshot.fallback,
        not_ready: snapshot.not_ready,
        basis: snapshot.basis.unwrap_or(Basis::Simulated),
        observed: snapshot.observed,
        start: snapshot.start,
    })))
}

/// What of it is about no one else.
fn of_tenants(app: &App, tenants: &BTreeSet<String>) -> TenantStatus {
    let (snapshot, config) = (app.board.snapshot(), &app.config);
    let view = |&horizon: &Duration| TenantHorizon { horizon, origin: snapshot.origin_of(horizon) };
    TenantStatus {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        now: snapshot.now,
        demo: config.is_demo(),
        speed: app.clock.speed(),
        bin: config.bin,
        cost_bin: config.assumed.bin,
        time_zone: config.assumed.time_zone.clone(),
        currency: config.assumed.price_book.currency.to_string(),
        tenants: tenants.iter().cloned().collect(),
        horizons: config.horizons.all().iter().map(view).collect(),
    }
}

//! `GET /v1/status`: once, or whenever it has changed.

use std::collections::BTreeSet;
use std::time::Duration as Span;

use actix_web::web::{Bytes, Data, Json};
use actix_web::{Either, Error, HttpRequest, HttpResponse, Responder};
use futures_util::stream::{self, Stream};
use shared::api::{Basis, HorizonView, Status, TenantHorizon, TenantStatus};
use shared::forecast::season_bins;
use shared::units::Duration;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, sleep, timeout_at};

use super::event_stream::{HEARTBEAT, LISTENS_MAX, answer, comment, event, wants_events};
use super::tenants::ScopedAnswer;
use super::{App, Problem};
use crate::access::Scope;
use crate::jobs::wall_clock;
use crate::shadowing::{NewestForecast, Snapshot};

/// Whoever listens is told no more often: who asks for more with each of these would never rest.
const PAUSE: Span = Span::from_secs(2);

pub(super) async fn status(app: Data<App>, scope: Scope, request: HttpRequest) -> Result<HttpResponse, Problem> {
    if !wants_events(request.headers()) {
        return Ok(told(&app, &scope).await?.respond_to(&request).map_into_boxed_body());
    }
    let Some((noted, permit)) = app.outbox.listen() else { return Err(Problem::too_many_listeners()) };
    let changed = app.board.listen();
    let ends = Instant::now() + LISTENS_MAX;
    let listener = Listener { app, scope, changed, noted, ends, last: None, _permit: permit };
    Ok(answer(listener.events()))
}

/// Somebody who is told the status when the loop has said something, or something was noticed.
struct Listener {
    app: Data<App>,
    scope: Scope,
    changed: watch::Receiver<u64>,
    noted: watch::Receiver<u64>,
    ends: Instant,
    /// What was told last.
    last: Option<String>,
    _permit: OwnedSemaphorePermit,
}

impl Listener {
    fn events(self) -> impl Stream<Item = Result<Bytes, Error>> {
        stream::unfold(self, |mut listener| async move {
            let told = listener.next().await?;
            Some((told.map(Bytes::from).map_err(Error::from), listener))
        })
    }

    /// What is to be said next; nothing where it is over.
    async fn next(&mut self) -> Option<Result<String, Problem>> {
        if self.last.is_some() {
            sleep(PAUSE).await;
        }
        let heartbeat = Instant::now() + HEARTBEAT;
        // Whoever is limited to some tenants hears of no more than the status: something noticed may be of others.
        let hears_all = self.scope.tenants().is_none();
        let mut is_noted = false;
        loop {
            if Instant::now() >= self.ends || self.app.outbox.is_closed() {
                return None;
            }
            self.changed.mark_unchanged();
            is_noted |= hears_all && self.noted.has_changed().unwrap_or(false);
            self.noted.mark_unchanged();
            let status = match told(&self.app, &self.scope).await {
                Ok(Either::Left(Json(status))) => serde_json::to_string(&status),
                Ok(Either::Right(Json(status))) => serde_json::to_string(&status),
                Err(problem) => return Some(Err(problem)),
            };
            let status = status.unwrap_or_default();
            if is_noted || self.last.as_ref() != Some(&status) {
                self.last = Some(status.clone());
                return Some(Ok(event(None, "status", &status)));
            }
            let heard = async {
                tokio::select! {
                    _ = self.changed.changed() => false,
                    _ = self.noted.changed() => true,
                }
            };
            match timeout_at(heartbeat, heard).await {
                Ok(noted) => is_noted |= hears_all && noted,
                Err(_) => return Some(Ok(comment("nothing has changed"))),
            }
        }
    }
}

/// The newest forecast of each horizon that the loop has.
fn horizons(app: &App, snapshot: &Snapshot) -> Vec<HorizonView> {
    let view = |&horizon: &Duration| {
        let NewestForecast { origin, not_ready } = snapshot.newest.get(&horizon).cloned().unwrap_or_default();
        HorizonView { horizon, origin, not_ready }
    };
    app.config.horizons.all().iter().map(view).collect()
}

async fn told(app: &App, scope: &Scope) -> ScopedAnswer<Status, TenantStatus> {
    if let Some(tenants) = scope.tenants() {
        return Ok(Either::Right(Json(of_tenants(app, tenants))));
    }
    let (snapshot, summary) = (app.board.snapshot(), app.store.summary().await?);
    let (config, assumed) = (&app.config, &app.config.assumed);
    let horizons = horizons(app, &snapshot);
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
        flavors: snapshot.flavors,
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
        stream: app.log.as_ref().map(|log| log.folded.view(wall_clock())),
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

//! `GET /v1/forecasts`.

use std::collections::BTreeMap;

use actix_web::web::{Data, Json};
use serde::Deserialize;
use shared::api::{ForecastAnswer, ForecastBin, ForecastView, NotReady};
use shared::features::SeriesKey;
use shared::forecast::{Answer as SeriesAnswer, BinForecast, horizon_bins};
use shared::units::{Duration, Instant, TenantIndex, Window};

use super::query::Query;
use super::tenants::{asked_for, nothing_yet};
use super::{Answer, App, Problem};
use crate::access::Scope;
use crate::shadowing::{REPORTED, StoredForecast, forecast_key};
use crate::store::Collection;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    horizon: Option<Duration>,
    tenant: Option<String>,
}

pub(super) async fn forecast(app: Data<App>, scope: Scope, Query(query): Query<Ask>) -> Answer<ForecastAnswer> {
    let Ask { horizon, tenant } = query;
    let tenant = asked_for(&scope, tenant)?;
    let horizon = horizon.unwrap_or(REPORTED);
    let bins = horizon_bins(horizon, app.config.bin).map_err(|error| Problem::field("horizon", error.to_string()))?;
    let horizons = &app.config.horizons;
    if horizon > horizons.longest() {
        let detail = format!("{horizon} is further than the forecasts reach; ask for {} at most", horizons.longest());
        return Err(Problem::field("horizon", detail));
    }
    let snapshot = app.board.snapshot();
    // The newest that reaches as far; of several the shortest.
    let reaching = horizons.reaching(horizon).filter_map(|longer| Some((snapshot.origin_of(longer)?, longer)));
    let Some((origin, longer)) = reaching.max_by_key(|&(origin, longer)| (origin, core::cmp::Reverse(longer))) else {
        if scope.tenants().is_some() {
            return Ok(Json(ForecastAnswer::NotReady(nothing_yet("there is no forecast yet"))));
        }
        let waiting = || not_ready("starting", "the first hour has not closed yet");
        let of_horizon = snapshot.newest.get(&horizon).and_then(|newest| newest.not_ready.clone());
        return Ok(Json(ForecastAnswer::NotReady(of_horizon.or(snapshot.not_ready).unwrap_or_else(waiting))));
    };
    let document = app.store.get(Collection::Forecasts, forecast_key(longer, origin)).await?;
    let stored: StoredForecast = document.ok_or(crate::store::StoreError::Closed)?.read()?;
    let key = match &tenant {
        None => SeriesKey::TOTAL,
        Some(name) => {
            let index = stored.tenants.iter().position(|known| known == name);
            let index = index.ok_or_else(|| Problem::unknown_tenant("tenant", name))?;
            SeriesKey::Creates { tenant: Some(TenantIndex::from_usize(index)), class: None }
        }
    };
    let series = stored.forecast.series.iter().find(|series| series.key == key).map(|series| &series.answer);
    let quantiles = match series {
        Some(SeriesAnswer::Bins(quantiles)) => &quantiles[..bins.min(quantiles.len())],
        Some(SeriesAnswer::NotReady(reason)) => {
            return Ok(Json(ForecastAnswer::NotReady(not_ready("needs_more_history", &reason.to_string()))));
        }
        None => {
            let message = "only the tenants with the most creates have a forecast of their own";
            return Ok(Json(ForecastAnswer::NotReady(not_ready("no_series", message))));
        }
    };
    let window = Window { start: origin, end: app.config.counted_until(snapshot.now).max(origin) };
    let counts = app.store.count_creates(window, app.config.bin, tenant.clone()).await?;
    let bins = with_actual(quantiles, &window, app.config.bin, &counts.into_iter().collect());
    Ok(Json(ForecastAnswer::Ready(ForecastView {
        origin,
        horizon,
        bin: app.config.bin,
        tenant,
        model: stored.model,
        levels: stored.forecast.levels,
        bins,
    })))
}

fn with_actual(
    quantiles: &[BinForecast],
    past: &Window,
    bin: Duration,
    counts: &BTreeMap<Instant, u64>,
) -> Vec<ForecastBin> {
    let view = |(i, forecast): (usize, &BinForecast)| {
        let at = past.start + bin * i as i64;
        let actual = past.contains(at).then(|| counts.get(&at).copied().unwrap_or(0));
        ForecastBin { at, mean: forecast.mean(), quantiles: *forecast.quantiles(), actual }
    };
    quantiles.iter().enumerate().map(view).collect()
}

fn not_ready(reason: &str, message: &str) -> NotReady {
    NotReady { reason: reason.to_owned(), message: message.to_owned(), bins_missing: None }
}

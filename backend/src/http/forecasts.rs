//! `GET /v1/forecasts`: of a series of its own where there is one, and of the predicted streams where there is none.

mod streams;

use std::collections::BTreeMap;

use actix_web::web::{Data, Json};
use serde::Deserialize;
use shared::api::{ForecastAnswer, ForecastBin, ForecastView, ModelInUse, NotReady};
use shared::features::SeriesKey;
use shared::forecast::{Answer as SeriesAnswer, BinForecast, LEVELS, horizon_bins};
use shared::request::ResourceClass;
use shared::units::{Duration, Instant, TenantIndex, Window};

use self::streams::of_streams;
use super::query::Query;
use super::tenants::{asked_for, nothing_yet};
use super::{Answer, App, Problem};
use crate::access::Scope;
use crate::shadowing::{REPORTED, StoredForecast, forecast_key};
use crate::store::{Collection, CreatesOf, StoreError};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    horizon: Option<Duration>,
    tenant: Option<String>,
    class: Option<ResourceClass>,
    flavor: Option<String>,
}

/// What is forecast of what was asked for.
struct Said {
    origin: Instant,
    model: ModelInUse,
    levels: [f64; LEVELS.len()],
    bins: Vec<BinForecast>,
    /// Of how many predicted streams, where it is counted there.
    runs: Option<u32>,
}

pub(super) async fn forecast(app: Data<App>, scope: Scope, Query(query): Query<Ask>) -> Answer<ForecastAnswer> {
    let Ask { horizon, tenant, class, flavor } = query;
    let of = CreatesOf { tenant: asked_for(&scope, tenant)?, class, flavor };
    let horizon = horizon.unwrap_or(REPORTED);
    let bins = horizon_bins(horizon, app.config.bin).map_err(|error| Problem::field("horizon", error.to_string()))?;
    let longest = app.config.horizons.longest();
    if horizon > longest {
        let detail = format!("{horizon} is further than the forecasts reach; ask for {longest} at most");
        return Err(Problem::field("horizon", detail));
    }
    let said = match newest(&app, horizon).await? {
        Err(_) if scope.tenants().is_some() => Err(nothing_yet("there is no forecast yet")),
        Err(waiting) => Err(waiting),
        Ok(stored) => match of_series(&stored, &of)? {
            Some(answer) => answer.map(|bins| Said {
                origin: stored.forecast.origin,
                model: stored.model.clone(),
                levels: stored.forecast.levels,
                bins,
                runs: None,
            }),
            None => of_streams(&app, &of, bins).await?,
        },
    };
    let Said { origin, model, levels, bins: mut quantiles, runs } = match said {
        Ok(said) => said,
        Err(reason) => return Ok(Json(ForecastAnswer::NotReady(reason))),
    };
    quantiles.truncate(bins);
    let now = app.board.snapshot().now;
    let window = Window { start: origin, end: app.config.counted_until(now).max(origin) };
    let counts = app.store.count_creates(window, app.config.bin, of.clone()).await?;
    let bins = with_actual(&quantiles, &window, app.config.bin, &counts.into_iter().collect());
    let (CreatesOf { tenant, class, flavor }, bin) = (of, app.config.bin);
    Ok(Json(ForecastAnswer::Ready(ForecastView {
        origin,
        horizon,
        bin,
        tenant,
        class,
        flavor,
        model,
        runs,
        levels,
        bins,
    })))
}

/// The newest forecast that reaches as far, of several the shortest; or why there is none.
async fn newest(app: &App, horizon: Duration) -> Result<Result<StoredForecast, NotReady>, Problem> {
    let snapshot = app.board.snapshot();
    let reaching = app.config.horizons.reaching(horizon);
    let reaching = reaching.filter_map(|longer| Some((snapshot.origin_of(longer)?, longer)));
    let Some((origin, longer)) = reaching.max_by_key(|&(origin, longer)| (origin, core::cmp::Reverse(longer))) else {
        let waiting = || not_ready("starting", "the first hour has not closed yet");
        let of_horizon = snapshot.newest.get(&horizon).and_then(|newest| newest.not_ready.clone());
        return Ok(Err(of_horizon.or(snapshot.not_ready).unwrap_or_else(waiting)));
    };
    Ok(Ok(stored(app, longer, origin).await?))
}

async fn stored(app: &App, horizon: Duration, origin: Instant) -> Result<StoredForecast, Problem> {
    let document = app.store.get(Collection::Forecasts, forecast_key(horizon, origin)).await?;
    Ok(document.ok_or(StoreError::Closed)?.read()?)
}

/// What a forecast says of what has a series of its own: everything, a class, a tenant that asks for much. Nothing where it
/// has none of it.
fn of_series(stored: &StoredForecast, of: &CreatesOf) -> Result<Option<Result<Vec<BinForecast>, NotReady>>, Problem> {
    let tenant = match &of.tenant {
        None => None,
        Some(name) => {
            let index = stored.tenants.iter().position(|known| known == name);
            Some(TenantIndex::from_usize(index.ok_or_else(|| Problem::unknown_tenant("tenant", name))?))
        }
    };
    let key = SeriesKey::Creates { tenant, class: of.class };
    let series = stored.forecast.series.iter().find(|series| series.key == key && of.flavor.is_none());
    Ok(series.map(|series| match &series.answer {
        SeriesAnswer::Bins(quantiles) => Ok(quantiles.clone()),
        SeriesAnswer::NotReady(reason) => Err(not_ready("needs_more_history", &reason.to_string())),
    }))
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

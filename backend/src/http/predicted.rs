//! `GET /v1/metrics/predicted`: one number about what comes next, for what scales by it.

use actix_web::web::{Data, Json, ServiceConfig};
use serde::Deserialize;
use shared::api::{OutcomeView, PredictedMetric, PredictedValue, paths};
use shared::features::SeriesKey;
use shared::forecast::{Answer as SeriesAnswer, BinForecast};
use shared::units::{Duration, Instant, TenantIndex, Window};

use super::query::Query;
use super::{Answer, App, Problem, get, resource};
use crate::shadowing::{Snapshot, StoredForecast, forecast_key};
use crate::store::{Collection, StoreError};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    metric: PredictedMetric,
    within: Option<Duration>,
    tenant: Option<String>,
}

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(resource(paths::PREDICTED).route(get().to(predicted)));
}

async fn predicted(app: Data<App>, Query(ask): Query<Ask>) -> Answer<PredictedValue> {
    let Ask { metric, within, tenant } = ask;
    let within = within.unwrap_or(Duration::HOUR);
    if within <= Duration::ZERO {
        return Err(Problem::field("within", format!("is {within}; expected more than nothing, such as 30m")));
    }
    if tenant.is_some() && metric != PredictedMetric::Creates {
        let detail = format!("has no effect on {}: only creates are forecast by tenant", metric.as_str());
        return Err(Problem::field("tenant", detail));
    }
    let snapshot = app.board.snapshot();
    let bin = if metric == PredictedMetric::Creates { app.config.bin } else { app.config.assumed.bin };
    // The bin that is under way counts as a whole.
    let window = Window { start: snapshot.now.floor(bin), end: snapshot.now + within };
    let (origin, horizon) = reaching(&app, &snapshot, window)?;
    let key = forecast_key(horizon, origin);
    let value = match metric {
        PredictedMetric::Creates => creates(&app, key, window, tenant.as_deref()).await?,
        _ => {
            let document = app.store.get(Collection::Runs, key).await?;
            let view: OutcomeView = document.ok_or(StoreError::Closed)?.read()?;
            of_runs(&view, window, metric)
        }
    };
    Ok(Json(PredictedValue { value, metric, tenant, window, origin }))
}

/// The newest forecast that reaches to the end of a window; of several the shortest.
fn reaching(app: &App, snapshot: &Snapshot, window: Window) -> Result<(Instant, Duration), Problem> {
    let origins = snapshot.origins();
    let reaching = origins.iter().filter(|(horizon, origin)| **origin + **horizon >= window.end);
    let found = reaching.map(|(&horizon, &origin)| (origin, horizon));
    found.max_by_key(|&(origin, horizon)| (origin, core::cmp::Reverse(horizon))).ok_or_else(|| {
        let longest = app.config.horizons.longest();
        let detail = match origins.is_empty() {
            true => "there is no forecast yet".to_owned(),
            false => {
                format!("is further than the newest forecasts reach; they are of {longest} at most from their origin")
            }
        };
        Problem::field("within", detail)
    })
}

/// The mean of the creates in the bins that begin in a window, of everyone or of one tenant.
async fn creates(app: &App, key: String, window: Window, tenant: Option<&str>) -> Result<f64, Problem> {
    let document = app.store.get(Collection::Forecasts, key).await?;
    let StoredForecast { tenants, forecast, .. } = document.ok_or(StoreError::Closed)?.read()?;
    let key = match tenant {
        None => SeriesKey::TOTAL,
        Some(name) => {
            let index = tenants.iter().position(|known| known == name);
            let index = index.ok_or_else(|| Problem::unknown_tenant("tenant", name))?;
            SeriesKey::Creates { tenant: Some(TenantIndex::from_usize(index)), class: None }
        }
    };
    let series = forecast.series.iter().find(|series| series.key == key).map(|series| &series.answer);
    let Some(SeriesAnswer::Bins(bins)) = series else {
        let detail = "only the tenants with the most creates have a forecast of their own";
        return Err(Problem::field("tenant", detail));
    };
    let starts = (0..).map(|i| forecast.origin + forecast.bin * i);
    let inside = starts.zip(bins).filter(|(at, _)| window.contains(*at));
    Ok(inside.map(|(_, bin)| BinForecast::mean(bin)).sum())
}

/// A figure of the ensemble's mean timeline in the bins that begin in a window.
fn of_runs(view: &OutcomeView, window: Window, metric: PredictedMetric) -> f64 {
    let bins = view.timeline.iter().filter(|of| window.contains(of.at));
    match metric {
        PredictedMetric::Creates => bins.map(|of| of.creates).sum(),
        PredictedMetric::Cost => bins.map(|of| of.cost.mean.to_f64()).sum(),
        PredictedMetric::Live => bins.map(|of| of.live).fold(0.0, f64::max),
        PredictedMetric::Nodes => bins.map(|of| of.nodes).fold(0.0, f64::max),
    }
}

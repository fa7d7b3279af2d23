//! `GET /v1/metrics/predicted`: one number about what comes next, for what scales by it.

use std::collections::BTreeMap;

use actix_web::web::{Data, Json};
use serde::Deserialize;
use shared::api::{NotReady, OutcomeView, PredictedMetric, PredictedValue};
use shared::features::SeriesKey;
use shared::forecast::Answer as SeriesAnswer;
use shared::units::{Duration, Instant, TenantIndex, Window};

use super::query::Query;
use super::tenants::asked_for;
use super::{Answer, App, Problem};
use crate::access::Scope;
use crate::shadowing::{StoredForecast, forecast_key};
use crate::store::Collection;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    metric: PredictedMetric,
    within: Option<Duration>,
    tenant: Option<String>,
}

/// A figure by the start of its bin, the length of the bins, and the origin of the newest forecast among them.
struct Bins {
    values: BTreeMap<Instant, f64>,
    length: Duration,
    origin: Option<Instant>,
}

pub(super) async fn predicted(app: Data<App>, scope: Scope, Query(ask): Query<Ask>) -> Answer<PredictedValue> {
    let Ask { metric, within, tenant } = ask;
    if scope.tenants().is_some() && metric != PredictedMetric::Creates {
        let detail = format!("is {}, which is of all tenants together; ask for creates", metric.as_str());
        return Err(Problem::beyond_tenants("metric", detail));
    }
    let tenant = asked_for(&scope, tenant)?;
    let within = within.unwrap_or(Duration::HOUR);
    if within <= Duration::ZERO {
        return Err(Problem::field("within", format!("is {within}; expected more than nothing, such as 30m")));
    }
    if tenant.is_some() && metric != PredictedMetric::Creates {
        let detail = format!("has no effect on {}: only creates are forecast by tenant", metric.as_str());
        return Err(Problem::field("tenant", detail));
    }
    // A forecast may be told before the loop says that its step has closed.
    let newest = newest_first(&app).first().map(|(origin, _)| *origin);
    let now = newest.unwrap_or_default().max(app.board.snapshot().now);
    let window = Window { start: now, end: now + within };
    let bins = match metric {
        PredictedMetric::Creates => creates(&app, tenant.as_deref()).await?,
        _ => of_runs(&app, metric).await?,
    };
    let Some(origin) = bins.origin else {
        let message = "no forecast has been made yet".to_owned();
        return Err(Problem::not_ready(&NotReady { reason: "no_forecast".to_owned(), message, bins_missing: None }));
    };
    let value = bins.value(metric, window).ok_or_else(|| {
        let longest = app.config.horizons.longest();
        let detail = format!("is {within}, further than the newest forecasts reach, which are of {longest} at most");
        Problem::field("within", detail)
    })?;
    Ok(Json(PredictedValue { value, metric, tenant, window, origin }))
}

impl Bins {
    fn new(length: Duration) -> Self {
        Self { values: BTreeMap::new(), length, origin: None }
    }

    /// Adds the bins of a forecast that no newer one has.
    fn extend(&mut self, origin: Instant, values: impl Iterator<Item = (Instant, f64)>) {
        self.origin = self.origin.max(Some(origin));
        for (at, value) in values {
            self.values.entry(at).or_insert(value);
        }
    }

    /// The sum over a window, of the bins at its ends as much as lies in it, or the most; none where it is not covered.
    fn value(&self, metric: PredictedMetric, window: Window) -> Option<f64> {
        let starts = core::iter::successors(Some(window.start.floor(self.length)), |at| Some(*at + self.length));
        let bins = starts.take_while(|at| *at < window.end).map(|at| {
            let inside = (at + self.length).min(window.end) - at.max(window.start);
            Some((*self.values.get(&at)?, inside.seconds() / self.length.seconds()))
        });
        let bins: Vec<(f64, f64)> = bins.collect::<Option<_>>()?;
        Some(match metric {
            PredictedMetric::Creates | PredictedMetric::Cost => bins.iter().map(|(value, part)| value * part).sum(),
            PredictedMetric::Live | PredictedMetric::Nodes => bins.iter().map(|(value, _)| *value).fold(0.0, f64::max),
        })
    }
}

/// The newest origin of each horizon, the newest first, of several the shortest.
fn newest_first(app: &App) -> Vec<(Instant, Duration)> {
    let origins = app.board.snapshot().origins();
    let mut newest: Vec<(Instant, Duration)> = origins.into_iter().map(|(horizon, origin)| (origin, horizon)).collect();
    newest.sort_by_key(|&(origin, horizon)| (core::cmp::Reverse(origin), horizon));
    newest
}

/// The means of creates, of everyone or of one tenant.
async fn creates(app: &App, tenant: Option<&str>) -> Result<Bins, Problem> {
    let mut bins = Bins::new(app.config.bin);
    for (origin, horizon) in newest_first(app) {
        let document = app.store.get(Collection::Forecasts, forecast_key(horizon, origin)).await?;
        let Some(document) = document else { continue };
        let StoredForecast { tenants, forecast, .. } = document.read()?;
        let key = match tenant {
            None => SeriesKey::TOTAL,
            Some(name) => {
                let index = tenants.iter().position(|known| known == name);
                let index = index.ok_or_else(|| Problem::unknown_tenant("tenant", name))?;
                SeriesKey::Creates { tenant: Some(TenantIndex::from_usize(index)), class: None }
            }
        };
        let series = forecast.series.iter().find(|series| series.key == key).map(|series| &series.answer);
        let Some(SeriesAnswer::Bins(means)) = series else {
            let detail = "only the tenants with the most creates have a forecast of their own";
            return Err(Problem::field("tenant", detail));
        };
        let at = |i: usize| forecast.origin + forecast.bin * i as i64;
        bins.extend(origin, means.iter().enumerate().map(|(i, bin)| (at(i), bin.mean())));
    }
    Ok(bins)
}

/// A figure of the ensembles' mean timelines.
async fn of_runs(app: &App, metric: PredictedMetric) -> Result<Bins, Problem> {
    let mut bins = Bins::new(app.config.assumed.bin);
    for (origin, horizon) in newest_first(app) {
        let Some(document) = app.store.get(Collection::Runs, forecast_key(horizon, origin)).await? else { continue };
        let view: OutcomeView = document.read()?;
        let value = |of: &shared::api::RunTimelineBin| match metric {
            PredictedMetric::Creates => of.creates,
            PredictedMetric::Cost => of.cost.mean.to_f64(),
            PredictedMetric::Live => of.live,
            PredictedMetric::Nodes => of.nodes,
        };
        // Bins of a forecast that begins in one are cut: they are told by the next one.
        let whole = view.timeline.iter().filter(|of| of.at == of.at.floor(bins.length));
        let whole: Vec<(Instant, f64)> = whole.map(|of| (of.at, value(of))).collect();
        bins.extend(origin, whole.into_iter());
    }
    Ok(bins)
}

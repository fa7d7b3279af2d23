//! What the page has of the service.

use std::rc::Rc;

use shared::api::{
    AnomalyList, BudgetList, CalibrationList, CostSeries, DecisionPage, DemandSeries, ForecastAnswer, ModelList,
    RecommendationList, ReportList, Status, paths,
};
use shared::feedback::Decision;
use shared::units::Duration;
use yew::prelude::*;

use crate::api_client::{ApiError, get};
use crate::latest::{Pace, Shown, use_latest};
use crate::live::Bell;

/// What is shown of the past beside a short horizon.
const SHORTEST_PAST: Duration = Duration::from_minutes(6 * 60);
const COSTS_PAST: Duration = Duration::from_minutes(2 * 24 * 60);
/// What was out of its band longer ago is history.
const ANOMALIES_PAST: Duration = Duration::from_minutes(3 * 24 * 60);

/// What the reader chose to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct View {
    /// How far the forecast reaches.
    pub(super) horizon: Duration,
    /// Whose demand; everyone's where none.
    pub(super) tenant: Option<String>,
}

/// Everything on the page; a part that failed does not take the others with it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Snapshot {
    pub(super) status: Status,
    pub(super) demand: Result<Rc<DemandSeries>, ApiError>,
    pub(super) forecast: Result<Rc<ForecastAnswer>, ApiError>,
    pub(super) costs: Result<Rc<CostSeries>, ApiError>,
    pub(super) reports: Result<Rc<ReportList>, ApiError>,
    pub(super) decisions: Result<Rc<Vec<Decision>>, ApiError>,
    pub(super) models: Result<Rc<ModelList>, ApiError>,
    pub(super) calibrations: Result<Rc<CalibrationList>, ApiError>,
    pub(super) recommendations: Result<Rc<RecommendationList>, ApiError>,
    pub(super) budgets: Result<Rc<BudgetList>, ApiError>,
    pub(super) anomalies: Result<Rc<AnomalyList>, ApiError>,
}

/// The latest snapshot; none before the first answer.
#[hook]
pub(super) fn use_snapshot(view: &View, bell: Bell) -> UseStateHandle<Shown<Snapshot>> {
    use_latest(view.clone(), Pace::Told(bell), async |view: View| load(&view).await)
}

async fn load(view: &View) -> Result<Snapshot, ApiError> {
    let status: Status = get(paths::STATUS, &[]).await?;
    let past = view.horizon.max(SHORTEST_PAST);
    let window = |before: Duration, after: Duration| {
        [("from", (status.now - before).to_string()), ("to", (status.now + after).to_string())]
    };
    let of_tenant = view.tenant.iter().map(|tenant| ("tenant", tenant.clone()));
    let demand: Vec<_> = window(past, Duration::ZERO).into_iter().chain(of_tenant.clone()).collect();
    let forecast: Vec<_> = [("horizon", view.horizon.to_string())].into_iter().chain(of_tenant).collect();
    Ok(Snapshot {
        demand: get(paths::DEMAND, &demand).await.map(Rc::new),
        forecast: get(paths::FORECASTS, &forecast).await.map(Rc::new),
        costs: get(paths::COSTS, &window(COSTS_PAST, Duration::DAY)).await.map(Rc::new),
        reports: get(paths::ALLOCATION, &[("by", "tenant".to_owned())]).await.map(Rc::new),
        decisions: get(paths::DECISIONS, &[("limit", "4".to_owned())])
            .await
            .map(|page: DecisionPage| Rc::new(page.decisions)),
        models: get(paths::MODELS, &[]).await.map(Rc::new),
        calibrations: get(paths::CALIBRATIONS, &[]).await.map(Rc::new),
        recommendations: get(paths::RECOMMENDATIONS, &[]).await.map(Rc::new),
        budgets: get(paths::BUDGETS, &[]).await.map(Rc::new),
        anomalies: get(paths::ANOMALIES, &window(ANOMALIES_PAST, Duration::ZERO)).await.map(Rc::new),
        status,
    })
}

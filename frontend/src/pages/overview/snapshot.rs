//! What the service said last, asked for again every two seconds.

use std::cell::Cell;
use std::rc::Rc;

use gloo::utils::document;
use js_sys::Promise;
use shared::api::{
    CalibrationList, CostSeries, DemandSeries, ForecastAnswer, ModelList, RecommendationList, ReportList, Status, paths,
};
use shared::feedback::Decision;
use shared::units::Duration;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::window;
use yew::prelude::*;

use crate::api_client::{ApiError, get};

const POLL_MS: i32 = 2_000;
/// What is shown of the past beside a short horizon.
const SHORTEST_PAST: Duration = Duration::from_minutes(6 * 60);
const COSTS_PAST: Duration = Duration::from_minutes(2 * 24 * 60);

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
    /// Why this is not the latest.
    pub(super) stale: Option<ApiError>,
}

/// The latest snapshot; none before the first answer.
#[hook]
pub(super) fn use_snapshot(view: &View) -> UseStateHandle<Option<Result<Snapshot, ApiError>>> {
    let state = use_state(|| None::<Result<Snapshot, ApiError>>);
    let setter = state.setter();
    use_effect_with(view.clone(), move |view| {
        let (view, ended) = (view.clone(), Rc::new(Cell::new(false)));
        let end = Rc::clone(&ended);
        spawn_local(async move {
            let mut last: Option<Snapshot> = None;
            while !ended.get() {
                if !document().hidden() {
                    let answer = load(&view).await;
                    if ended.get() {
                        break;
                    }
                    let shown = match (answer, last.take()) {
                        (Err(error), Some(old)) => Ok(Snapshot { stale: Some(error), ..old }),
                        (answer, _) => answer,
                    };
                    last = shown.as_ref().ok().cloned();
                    setter.set(Some(shown));
                }
                pause().await;
            }
        });
        move || end.set(true)
    });
    state
}

async fn pause() {
    let promise = Promise::new(&mut |resolve, _| {
        if let Some(window) = window() {
            let _ = window.set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, POLL_MS);
        }
    });
    // The promise is never rejected.
    let _ = JsFuture::from(promise).await;
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
        decisions: get(paths::DECISIONS, &[("limit", "8".to_owned())]).await.map(Rc::new),
        models: get(paths::MODELS, &[]).await.map(Rc::new),
        calibrations: get(paths::CALIBRATIONS, &[]).await.map(Rc::new),
        recommendations: get(paths::RECOMMENDATIONS, &[]).await.map(Rc::new),
        stale: None,
        status,
    })
}

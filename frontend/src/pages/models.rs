//! What forecasts are made with, how good they have been, and what was decided about them.

mod accuracy;
mod actions;
mod calibrations;
mod candidates;
mod decisions;
mod jobs;
mod scorecard;

use shared::api::{CalibrationList, DecisionPage, Job, JobPage, ModelList, ReportList, paths};
use shared::feedback::Decision;
use shared::feedback::ledger::Scorecard;
use yew::prelude::*;

use self::accuracy::accuracy;
use self::calibrations::calibrations;
use self::candidates::candidates;
use self::decisions::decisions;
use self::jobs::jobs;
use crate::api_client::{ApiError, get};
use crate::components::page;
use crate::latest::{Pace, use_latest};
use crate::zone::Zone;

pub(super) use self::calibrations::in_use;
pub(super) use self::candidates::{backtest, backtest_note};
pub(super) use self::decisions::entry;
pub(super) use self::scorecard::scorecard;

/// Everything on the page; a part that failed does not take the others with it.
struct Answers {
    models: ModelList,
    reports: Result<ReportList, ApiError>,
    scorecard: Result<Scorecard, ApiError>,
    decisions: Result<Vec<Decision>, ApiError>,
    calibrations: Result<CalibrationList, ApiError>,
    jobs: Result<Vec<Job>, ApiError>,
}

/// The page.
#[component]
pub(crate) fn Models() -> Html {
    let zone = use_context::<Zone>().unwrap_or_default();
    let answers = use_latest((), Pace::Again, async |()| load().await);
    page("Models", Html::default(), &answers, |answers| body(answers, zone))
}

async fn load() -> Result<Answers, ApiError> {
    Ok(Answers {
        models: get(paths::MODELS, &[]).await?,
        reports: get(paths::ALLOCATION, &[("by", "tenant".to_owned())]).await,
        scorecard: get(paths::SCORECARD, &[]).await,
        decisions: get(paths::DECISIONS, &[("limit", "50".to_owned())]).await.map(|page: DecisionPage| page.decisions),
        calibrations: get(paths::CALIBRATIONS, &[]).await,
        jobs: get(paths::JOBS, &[("limit", "20".to_owned())]).await.map(|page: JobPage| page.jobs),
    })
}

fn body(answers: &Answers, zone: Zone) -> Html {
    html! {
        <div class="grid">
            { candidates(&answers.models, zone) }
            { accuracy(&answers.reports) }
            { decisions(&answers.decisions, zone) }
            { scorecard(&answers.scorecard) }
            { calibrations(&answers.calibrations, zone) }
            { jobs(&answers.jobs, zone) }
        </div>
    }
}

//! Demand: what came and what is forecast, what is known to come, and how far forecasts can be trusted; or, where there is
//! no service, models that are trained here.

mod bench;
mod chart;
mod choice;

use shared::api::{DemandSeries, EventView, ForecastAnswer, ModelList, Status, paths};
use shared::feedback::ledger::Scorecard;
use shared::units::{Duration, Instant};
use yew::prelude::*;

use self::bench::Bench;
pub(in crate::pages) use self::bench::training_words;
use self::chart::demand;
use crate::api_client::{ApiError, get};
use crate::components::{Card, KnownEvents, LiveBadge, Tidings, more, page, say};
use crate::latest::{Latest, Pace, use_latest};
use crate::live::use_live;
use crate::pages::models::{backtest, backtest_note, scorecard};
use crate::route::{DemandQuery, DemandView, ForecastSource};
use crate::zone::Zone;

/// What is shown of the past beside a short horizon.
const SHORTEST_PAST: Duration = Duration::from_minutes(6 * 60);

#[derive(Properties, PartialEq)]
pub(crate) struct DemandProps {
    /// What the address says.
    pub(crate) view: DemandView,
}

/// The page.
#[component]
pub(crate) fn Demand(props: &DemandProps) -> Html {
    match &props.view {
        DemandView::Bench(source) => html! { <Bench source={*source} /> },
        DemandView::Service(query) => html! { <OfService query={query.clone()} /> },
    }
}

/// Everything on the page; a part that failed does not take the others with it.
struct Answers {
    status: Status,
    demand: Result<DemandSeries, ApiError>,
    forecast: Result<ForecastAnswer, ApiError>,
    /// Known events that touch what is shown.
    shown_events: Result<Vec<EventView>, ApiError>,
    /// Those of the next thirty days.
    events: Result<Vec<EventView>, ApiError>,
    models: Result<ModelList, ApiError>,
    scorecard: Result<Scorecard, ApiError>,
}

#[derive(Properties, PartialEq)]
struct OfServiceProps {
    query: DemandQuery,
}

#[component]
fn OfService(props: &OfServiceProps) -> Html {
    let zone = use_context::<Zone>().unwrap_or_default();
    let live = use_live();
    let answers = use_latest(props.query.clone(), Pace::Told(live.bell()), async |query| load(&query).await);
    let edited = use_state(|| None::<EventView>);
    if let Some(Err(ApiError::NoService | ApiError::Unreachable)) = &*answers {
        // The example, then: models are trained without a service, too.
        return html! { <Bench source={ForecastSource::Current} /> };
    }
    let heard = answers.as_ref().and_then(|answers| answers.as_ref().ok()).map(|latest: &Latest<Answers>| latest.heard);
    let beside = html! {
        <div class="tools">
            <LiveBadge hearing={live.hearing()} {heard} />
            <a class="button" href="#/demand?data=service">{ "Train in this browser" }</a>
        </div>
    };
    page("Demand", beside, &answers, |answers| body(answers, &props.query, &edited, zone))
}

async fn load(query: &DemandQuery) -> Result<Answers, ApiError> {
    let status: Status = get(paths::STATUS, &[]).await?;
    let past = query.horizon.max(SHORTEST_PAST);
    let between = |from: Instant, to: Instant| [("from", from.to_string()), ("to", to.to_string())];
    let of = query.asked();
    let counted: Vec<_> = between(status.now - past, status.now).into_iter().chain(of.clone()).collect();
    let ahead: Vec<_> = [("horizon", query.horizon.to_string())].into_iter().chain(of).collect();
    Ok(Answers {
        demand: get(paths::DEMAND, &counted).await,
        forecast: get(paths::FORECASTS, &ahead).await,
        shown_events: get(paths::EVENTS, &between(status.now - past, status.now + query.horizon)).await,
        events: get(paths::EVENTS, &[]).await,
        models: get(paths::MODELS, &[]).await,
        scorecard: get(paths::SCORECARD, &[]).await,
        status,
    })
}

fn body(answers: &Answers, query: &DemandQuery, edited: &UseStateHandle<Option<EventView>>, zone: Zone) -> Html {
    let on_edit = {
        let edited = edited.setter();
        Callback::from(move |event: Option<EventView>| edited.set(event))
    };
    let (note, models) = match &answers.models {
        Ok(list) => (backtest_note(list).to_owned(), backtest(list, zone)),
        Err(error) => (String::new(), say(Tidings::Error, &error.message())),
    };
    html! {
        <div class="grid">
            { demand(answers, query, &on_edit, zone) }
            { Card { title: "Models, by backtest", note, class: "wide", tools: more("#/models", "All models") }
                .around(models) }
            <KnownEvents events={answers.events.clone()} edited={(**edited).clone()} {on_edit} />
            { scorecard(&answers.scorecard) }
        </div>
    }
}

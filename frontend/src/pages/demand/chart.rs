//! Actual and forecast creates, with what is known to move them.

use std::rc::Rc;

use shared::api::{EventView, ForecastAnswer, ForecastView};
use yew::prelude::*;

use super::Answers;
use super::choice::choices;
use crate::charts::{Mark, TimeChart, demand_chart};
use crate::components::{Card, Tidings, say};
use crate::format;
use crate::route::DemandQuery;
use crate::zone::Zone;

/// The card.
pub(super) fn demand(
    answers: &Answers,
    query: &DemandQuery,
    on_edit: &Callback<Option<EventView>>,
    zone: Zone,
) -> Html {
    let forecast = match &answers.forecast {
        Ok(ForecastAnswer::Ready(forecast)) => Ok(forecast),
        Ok(ForecastAnswer::NotReady(why)) => Err((Tidings::Info, format!("No forecast yet: {}.", why.message))),
        Err(error) => Err((Tidings::Error, error.message())),
    };
    let (marks, events) = marks(answers, query);
    let on_mark = on_edit.reform(move |place: usize| events.get(place).cloned());
    let content = html! {
        <>
            if let Err((tidings, message)) = &forecast {
                { say(*tidings, message) }
            }
            if let Err(error) = &answers.shown_events {
                { say(Tidings::Error, &error.message()) }
            }
            { match &answers.demand {
                Ok(demand) => html! {
                    <TimeChart name="Actual and forecast demand" {marks} {on_mark}
                        chart={Rc::new(demand_chart(demand, forecast.as_ref().ok().copied(), answers.status.now))} />
                },
                Err(error) => say(Tidings::Error, &error.message()),
            } }
        </>
    };
    let note = forecast.map_or_else(|_| String::new(), |forecast| note(forecast, zone));
    Card { title: "Actual and forecast", note, class: "full", tools: choices(&answers.status, query) }.around(content)
}

fn note(forecast: &ForecastView, zone: Zone) -> String {
    let (model, at) = (&forecast.model, format::instant(forecast.origin, zone));
    let made = format!("Forecast by {} v{}, made at {at}", format::words(&model.name), model.version);
    match forecast.runs {
        None => made,
        Some(runs) => format!("{made}; counted in its {}", format::counted(runs.into(), "predicted stream")),
    }
}

/// What is known of whom is shown, each time that it happens, with the event that it is.
fn marks(answers: &Answers, query: &DemandQuery) -> (Vec<Mark>, Vec<EventView>) {
    let events = answers.shown_events.as_deref().unwrap_or_default();
    let moves = |event: &&EventView| query.tenant.is_none() || event.tenant.is_none() || event.tenant == query.tenant;
    let each = events.iter().filter(moves).flat_map(|event| {
        let whose = event.tenant.as_ref().map(|tenant| format!(" of {tenant}")).unwrap_or_default();
        let name = format!("{}{whose}", event.name);
        event.occurrences.iter().map(move |&window| (Mark { name: name.clone().into(), window }, event.clone()))
    });
    each.unzip()
}

//! Known events: what the calendar says will move demand; added, changed and removed.

mod form;

use shared::api::{EventView, paths};
use yew::prelude::*;

use self::form::EventForm;
use super::{Asked, Card, Confirmed, Tidings, on_click, say};
use crate::api_client::{ApiError, delete};
use crate::format;
use crate::zone::Zone;

#[derive(Properties, PartialEq)]
pub(crate) struct KnownEventsProps {
    /// What is known, each with when it happens in the next thirty days.
    pub(crate) events: Result<Vec<EventView>, ApiError>,
    /// The one that is changed.
    pub(crate) edited: Option<EventView>,
    /// Another one shall be changed, or none.
    pub(crate) on_edit: Callback<Option<EventView>>,
}

/// The list, and a form for another one or for the one that is changed.
#[component]
pub(crate) fn KnownEvents(props: &KnownEventsProps) -> Html {
    let zone = use_context::<Zone>().unwrap_or_default();
    let asked = use_state(|| Asked::Nothing);
    let content = match &props.events {
        Err(error) => say(Tidings::Error, &error.message()),
        Ok(events) if events.is_empty() => say(
            Tidings::Info,
            "No known events: launches, holidays and batch nights that are given here help forecasts.",
        ),
        Ok(events) => {
            let items = events.iter().map(|event| one(event, zone, &asked, &props.on_edit));
            html! { <ul class="edits" data-testid="events">{ for items }</ul> }
        }
    };
    let form = match &props.edited {
        Some(event) if event.event.is_none() => {
            let sentence = format!("{} is of a calendar: change it there, and send it again.", event.name);
            say(Tidings::Info, &sentence)
        }
        edited => {
            let id = edited.as_ref().map_or_else(String::new, |event| event.id.clone());
            html! {
                <EventForm key={id} edited={edited.clone()} asked={asked.clone()} on_done={props.on_edit.reform(|()| None)} />
            }
        }
    };
    let card = html! {
        <>
            { content }
            { asked.said("events-answer") }
            { form }
        </>
    };
    let note = "When each happens in the next thirty days; a calendar file goes to `POST /v1/events`".to_owned();
    Card { title: "Known events", note, ..Card::default() }.around(card)
}

fn one(event: &EventView, zone: Zone, asked: &UseStateHandle<Asked>, on_edit: &Callback<Option<EventView>>) -> Html {
    let on_remove = {
        let (id, name) = (event.id.clone(), event.name.clone());
        on_click(asked.setter(), move || remove(id.clone(), name.clone()))
    };
    let onclick = {
        let event = event.clone();
        on_edit.reform(move |_: MouseEvent| Some(event.clone()))
    };
    let when = match event.occurrences.as_slice() {
        [] => "not in the next thirty days".to_owned(),
        [first, rest @ ..] => {
            let more = if rest.is_empty() { String::new() } else { format!(", and {} more", rest.len()) };
            format!("{} – {}{more}", format::instant(first.start, zone), format::instant(first.end, zone))
        }
    };
    let whose = event.tenant.as_ref().map(|tenant| format!(" of {tenant}")).unwrap_or_default();
    html! {
        <li key={format!("{} {} {whose}", event.id, event.name)}>
            <span><strong>{ &event.name }</strong>{ format!("{whose}: {when}") }</span>
            <span class="actions">
                if event.event.is_some() {
                    <button type="button" {onclick} aria-label={format!("Change the event {}", event.name)}
                        data-testid="change-event">{ "Change" }</button>
                }
                <Confirmed label="Remove" what={format!("Remove the event {}", event.name)}
                    question="Forecasts are made without it from then on." disabled={**asked == Asked::UnderWay}
                    on_yes={on_remove} testid="remove-event" />
            </span>
        </li>
    }
}

async fn remove(id: String, name: String) -> Result<String, ApiError> {
    let _: Vec<EventView> = delete(&paths::EVENT.replace("{id}", &id)).await?;
    Ok(format!("{name} is removed."))
}

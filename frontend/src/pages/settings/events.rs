//! Known events: what the calendar says will move demand.

use shared::api::{EventView, IngestAnswer, paths};
use shared::features::{KnownEvent, Repeat};
use shared::units::Window;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::field::{choice, chosen, said, submitting, text};
use crate::api_client::{ApiError, delete, post};
use crate::components::{Asked, Card, Confirmed, Tidings, on_click, say};
use crate::format;
use crate::zone::Zone;

#[derive(Properties, PartialEq)]
pub(super) struct EventsProps {
    pub(super) events: Result<Vec<EventView>, ApiError>,
}

/// The list, and a form for another one.
#[component]
pub(super) fn Events(props: &EventsProps) -> Html {
    let zone = use_context::<Zone>().unwrap_or_default();
    let asked = use_state(|| Asked::Nothing);
    let content = match &props.events {
        Err(error) => say(Tidings::Error, &error.message()),
        Ok(events) if events.is_empty() => say(
            Tidings::Info,
            "No known events: launches, holidays and batch nights that are given here help forecasts.",
        ),
        Ok(events) => html! {
            <ul class="edits" data-testid="events">{ for events.iter().map(|event| one(event, zone, &asked)) }</ul>
        },
    };
    let card = html! {
        <>
            { content }
            { asked.said("events-answer") }
            <AddEvent asked={asked.clone()} />
        </>
    };
    let note = "When each happens in the next thirty days; a calendar file goes to `POST /v1/events`".to_owned();
    Card { title: "Known events", note, ..Card::default() }.around(card)
}

fn one(event: &EventView, zone: Zone, asked: &UseStateHandle<Asked>) -> Html {
    let on_remove = {
        let (id, name) = (event.id.clone(), event.name.clone());
        on_click(asked.setter(), move || remove(id.clone(), name.clone()))
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
            <Confirmed label="Remove" what={format!("Remove the event {}", event.name)}
                question="Forecasts are made without it from then on." disabled={**asked == Asked::UnderWay}
                on_yes={on_remove} testid="remove-event" />
        </li>
    }
}

#[derive(Properties, PartialEq)]
struct AddEventProps {
    asked: UseStateHandle<Asked>,
}

#[component]
fn AddEvent(props: &AddEventProps) -> Html {
    let zone = use_context::<Zone>().unwrap_or_default();
    let (name, tenant, repeat) = (use_node_ref(), use_node_ref(), use_node_ref());
    let (start, end) = (use_node_ref(), use_node_ref());
    let wrong = use_state(|| None::<&'static str>);
    let onsubmit = {
        let (name, tenant, repeat, start, end) =
            (name.clone(), tenant.clone(), repeat.clone(), start.clone(), end.clone());
        let (asked, wrong) = (props.asked.setter(), wrong.setter());
        Callback::from(move |event: SubmitEvent| {
            let at = |node: &NodeRef| node.cast::<HtmlInputElement>().and_then(|input| zone.of_field(&input.value()));
            let repeat = match chosen(&repeat).as_deref() {
                Some("daily") => Some(Repeat::Daily),
                Some("weekly") => Some(Repeat::Weekly),
                _ => None,
            };
            match (said(&name), at(&start), at(&end)) {
                (Some(name), Some(start), Some(end)) => {
                    wrong.set(None);
                    let known = KnownEvent { name, window: Window { start, end }, tenant: said(&tenant), repeat };
                    submitting(on_click(asked.clone(), move || add(known.clone()))).emit(event);
                }
                _ => {
                    event.prevent_default();
                    wrong.set(Some("Give its name, and when it begins and ends."));
                }
            }
        })
    };
    let when = |label: &'static str, node: &NodeRef, testid: &'static str| {
        html! {
            <label class="field column">
                <span>{ format!("{label} ({})", zone.label()) }</span>
                <input ref={node.clone()} type="datetime-local" data-testid={testid} />
            </label>
        }
    };
    let repeats = [("once", "no"), ("daily", "daily"), ("weekly", "weekly")];
    html! {
        <details data-testid="add-event">
            <summary>{ "Add an event" }</summary>
            <form class="fields" {onsubmit} novalidate=true>
                { text("Name", &name, "launch", "event-name") }
                { text("Whose demand it moves", &tenant, "everyone's", "event-tenant") }
                { when("Begins", &start, "event-start") }
                { when("Ends", &end, "event-end") }
                { choice("Comes again", &repeat, repeats, "event-repeat") }
                if let Some(wrong) = *wrong {
                    <p class="problem" role="alert" data-testid="event-problem">{ wrong }</p>
                }
                <div class="actions">
                    <button type="submit" class="primary" disabled={*props.asked == Asked::UnderWay} data-testid="give-event">
                        { "Add it" }
                    </button>
                </div>
            </form>
        </details>
    }
}

async fn add(event: KnownEvent) -> Result<String, ApiError> {
    let name = event.name.clone();
    let answer: IngestAnswer = post(paths::EVENTS, &[event]).await?;
    let more = answer.lines.iter().find_map(|line| line.message.clone());
    let more = more.map(|message| format!(" {}", format::sentence(&message))).unwrap_or_default();
    Ok(match (answer.accepted, answer.duplicates) {
        (0, 0) => format!("{name} is not taken.{more}"),
        (0, _) => format!("{name} is known already."),
        _ => format!("{name} is known from now on.{more}"),
    })
}

async fn remove(id: String, name: String) -> Result<String, ApiError> {
    let _: Vec<EventView> = delete(&paths::EVENT.replace("{id}", &id)).await?;
    Ok(format!("{name} is removed."))
}

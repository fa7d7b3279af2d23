//! What is said of an event: a new one, or one that is changed.

use shared::api::{EventView, IngestAnswer, paths};
use shared::features::{KnownEvent, Repeat};
use shared::units::Window;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use crate::api_client::{ApiError, delete, post};
use crate::components::field::{choice, chosen, said, submitting, text};
use crate::components::{Asked, on_click};
use crate::format;
use crate::zone::Zone;

#[derive(Properties, PartialEq)]
pub(super) struct EventFormProps {
    /// The event that is changed; another one is added where there is none.
    pub(super) edited: Option<EventView>,
    pub(super) asked: UseStateHandle<Asked>,
    /// It was sent, or shall not be.
    pub(super) on_done: Callback<()>,
}

/// The fields.
#[derive(Clone, Default, PartialEq)]
struct Fields {
    name: NodeRef,
    tenant: NodeRef,
    start: NodeRef,
    end: NodeRef,
    repeat: NodeRef,
}

#[component]
pub(super) fn EventForm(props: &EventFormProps) -> Html {
    let zone = use_context::<Zone>().unwrap_or_default();
    let fields = (*use_state(Fields::default)).clone();
    let wrong = use_state(|| None::<&'static str>);
    {
        // What a reader writes is not written over when the page is drawn anew: it is filled in once.
        let (fields, event) = (fields.clone(), props.edited.as_ref().and_then(|edited| edited.event.clone()));
        use_effect_with((), move |()| event.iter().for_each(|event| fields.fill(event, zone)));
    }
    let onsubmit = {
        let (fields, edited, on_done) = (fields.clone(), props.edited.clone(), props.on_done.clone());
        let (asked, wrong) = (props.asked.setter(), wrong.setter());
        Callback::from(move |event: SubmitEvent| match fields.read(zone) {
            Some(known) => {
                wrong.set(None);
                let before = edited.clone();
                submitting(on_click(asked.clone(), move || give(known.clone(), before.clone()))).emit(event);
                if edited.is_some() {
                    on_done.emit(());
                }
            }
            None => {
                event.prevent_default();
                wrong.set(Some("Give its name, and when it begins and ends."));
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
    let on_keep = props.on_done.reform(|_: MouseEvent| ());
    let (summary, button) = match &props.edited {
        Some(edited) => (format!("Change {}", edited.name), "Change it"),
        None => ("Add an event".to_owned(), "Add it"),
    };
    html! {
        <details open={props.edited.is_some()} data-testid="add-event">
            <summary>{ summary }</summary>
            <form class="fields" {onsubmit} novalidate=true>
                { text("Name", &fields.name, "launch", "event-name") }
                { text("Whose demand it moves", &fields.tenant, "everyone's", "event-tenant") }
                { when("Begins", &fields.start, "event-start") }
                { when("Ends", &fields.end, "event-end") }
                { choice("Comes again", &fields.repeat, repeats, "event-repeat") }
                if let Some(wrong) = *wrong {
                    <p class="problem" role="alert" data-testid="event-problem">{ wrong }</p>
                }
                <div class="actions">
                    <button type="submit" class="primary" disabled={*props.asked == Asked::UnderWay} data-testid="give-event">
                        { button }
                    </button>
                    if props.edited.is_some() {
                        <button type="button" onclick={on_keep} data-testid="keep-event">{ "Keep it as it is" }</button>
                    }
                </div>
            </form>
        </details>
    }
}

impl Fields {
    fn fill(&self, event: &KnownEvent, zone: Zone) {
        let set = |node: &NodeRef, value: &str| {
            if let Some(input) = node.cast::<HtmlInputElement>() {
                input.set_value(value);
            }
        };
        set(&self.name, &event.name);
        set(&self.tenant, event.tenant.as_deref().unwrap_or_default());
        set(&self.start, &zone.field(event.window.start));
        set(&self.end, &zone.field(event.window.end));
        if let (Some(select), Some(repeat)) = (self.repeat.cast::<HtmlSelectElement>(), event.repeat) {
            select.set_value(match repeat {
                Repeat::Daily => "daily",
                Repeat::Weekly => "weekly",
            });
        }
        // It was asked for from elsewhere on the page.
        if let Some(input) = self.name.cast::<HtmlInputElement>() {
            let _ = input.focus();
        }
    }

    fn read(&self, zone: Zone) -> Option<KnownEvent> {
        let at = |node: &NodeRef| node.cast::<HtmlInputElement>().and_then(|input| zone.of_field(&input.value()));
        let repeat = match chosen(&self.repeat).as_deref() {
            Some("daily") => Some(Repeat::Daily),
            Some("weekly") => Some(Repeat::Weekly),
            _ => None,
        };
        let window = Window { start: at(&self.start)?, end: at(&self.end)? };
        Some(KnownEvent { name: said(&self.name)?, window, tenant: said(&self.tenant), repeat })
    }
}

/// Gives the event. With another name, tenant or beginning it is another event for the service: the one before goes, and
/// only once this one is there.
async fn give(event: KnownEvent, before: Option<EventView>) -> Result<String, ApiError> {
    let name = event.name.clone();
    let key = |event: &KnownEvent| (event.name.clone(), event.tenant.clone(), event.window.start);
    let replaced = before.filter(|before| before.event.as_ref().is_some_and(|known| key(known) != key(&event)));
    let answer: IngestAnswer = post(paths::EVENTS, &[event]).await?;
    let more = answer.lines.iter().find_map(|line| line.message.clone());
    let more = more.map(|message| format!(" {}", format::sentence(&message))).unwrap_or_default();
    if (answer.accepted, answer.duplicates) == (0, 0) {
        return Ok(format!("{name} is not taken.{more}"));
    }
    if let Some(before) = replaced {
        let _: Vec<EventView> = delete(&paths::EVENT.replace("{id}", &before.id)).await?;
    }
    Ok(match answer.accepted {
        0 => format!("{name} is known already."),
        _ => format!("{name} is known from now on.{more}"),
    })
}

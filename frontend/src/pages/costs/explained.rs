//! Why one request got what it got: ordered, watched, and told.

use shared::api::{ExplanationOrder, ExplanationRun, ExplanationView, paths};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::api_client::{ApiError, get, post};
use crate::components::{Asked, Card, JobProgress, Tidings, on_click, say};
use crate::format;
use crate::latest::{Pace, use_latest};
use crate::zone::Zone;

/// A field for a request's id; below it the newest explanation of this page.
#[component]
pub(super) fn ExplainRequest() -> Html {
    let field = use_node_ref();
    let asked = use_state(|| Asked::Nothing);
    let ordered = use_state(|| None::<String>);
    let onsubmit = {
        let (field, ordered) = (field.clone(), ordered.setter());
        let ask = on_click(asked.setter(), move || {
            let request = field.cast::<HtmlInputElement>().map(|input| input.value()).unwrap_or_default();
            order(request.trim().to_owned(), ordered.clone())
        });
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            if let Ok(click) = MouseEvent::new("click") {
                ask.emit(click);
            }
        })
    };
    let content = html! {
        <>
            <form class="actions" {onsubmit}>
                <label class="inline">
                    <span>{ "Request" }</span>
                    <input ref={field} type="text" required=true placeholder="r-000042" data-testid="request" />
                </label>
                <button type="submit" disabled={*asked == Asked::UnderWay} data-testid="explain">{ "Explain" }</button>
            </form>
            if matches!(*asked, Asked::Answered(Err(_))) {
                { asked.said("explain-answer") }
            }
            if let Some(id) = &*ordered {
                <Explained key={id.clone()} id={id.clone()} />
            }
        </>
    };
    let note = "By the id of a create or a resize in the log: its day is run up to now, and changes are tried that would \
                have let it in";
    Card { title: "Explain a request", note: note.to_owned(), class: "full", ..Card::default() }.around(content)
}

async fn order(request: String, ordered: UseStateSetter<Option<String>>) -> Result<String, ApiError> {
    let order = ExplanationOrder { request, scenario: None, run: 0 };
    let run: ExplanationRun = post(paths::EXPLANATIONS, &order).await?;
    let said = format!("The explanation {} is {}.", run.job.id, run.job.state.as_str());
    ordered.set(Some(run.job.id));
    Ok(said)
}

#[derive(Properties, PartialEq)]
struct ExplainedProps {
    id: String,
}

#[component]
fn Explained(props: &ExplainedProps) -> Html {
    let zone = use_context::<Zone>().unwrap_or_default();
    let run = use_latest(props.id.clone(), Pace::Again, async |id: String| {
        get::<ExplanationRun>(&paths::EXPLANATION.replace("{id}", &id), &[]).await
    });
    match &*run {
        None => Html::default(),
        Some(Err(error)) => say(Tidings::Error, &error.message()),
        Some(Ok(latest)) => html! {
            <>
                <JobProgress job={latest.value.job.clone()} />
                { for latest.value.explanation.as_ref().map(|view| told(view, zone)) }
            </>
        },
    }
}

/// What became of it, and what would have helped.
fn told(view: &ExplanationView, zone: Zone) -> Html {
    let mut lines =
        vec![format!("{} asked to {} {}.", view.tenant, view.operation.as_str(), view.flavor), outcome(view, zone)];
    for failed in &view.failed {
        let (times, module) = (u64::from(failed.attempts), failed.module.as_str());
        lines.push(format!("{module} failed with it {}.", format::counted(times, "time")));
    }
    if let Some(waits) = view.waits_for {
        let since = format::instant(waits.since, zone);
        lines.push(format!("It waits for {} since {since}, with others before it.", waits.module.as_str()));
    }
    if !view.departures.is_empty() {
        lines.push(format!("It had to leave {}.", format::counted(view.departures.len() as u64, "node")));
    }
    if !view.displaced.is_empty() {
        lines.push(format!("It took the place of {}.", format::counted(view.displaced.len() as u64, "resource")));
    }
    lines.push(match &view.fix {
        Some(fix) => {
            let cost = format::signed_money(&fix.cost_change);
            format!("What would have let it in, for {cost}: {}.", fix.changes.join("; "))
        }
        None if view.tried > 0 => format!("None of {} would have.", format::counted(view.tried.into(), "change")),
        None => "Nothing had to be changed for it.".to_owned(),
    });
    html! { <ul class="areas" data-testid="explanation">{ for lines.into_iter().map(|line| html! { <li>{ line }</li> }) }</ul> }
}

fn outcome(view: &ExplanationView, zone: Zone) -> String {
    let state = format::words(&view.state);
    let by = view.refused_by.map(|module| format!(" by {}", module.as_str())).unwrap_or_default();
    let why = view.reason.map(|reason| format!(": {}", format::words(reason.as_str()))).unwrap_or_default();
    let ready = view.plan.ready.map(|at| format!(", ready at {}", format::instant(at, zone))).unwrap_or_default();
    format!("It is {state}{by}{why}{ready}.")
}

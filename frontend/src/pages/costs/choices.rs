//! Which window is shown, and by what it is split: whatever is chosen becomes the page's address.

use core::str::FromStr;

use shared::allocation::{GroupBy, IdlePolicy, Resolution, SharedPolicy};
use shared::units::{Duration, Instant, Window};
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use super::{choose, group_name, grouping};
use crate::components::{Tidings, notice};
use crate::format;
use crate::route::CostsQuery;
use crate::zone::Zone;

/// Windows to choose from, by their length up to the end of the one that is shown.
const LENGTHS: [Duration; 4] = [
    Duration::DAY,
    Duration::from_minutes(7 * 24 * 60),
    Duration::from_minutes(30 * 24 * 60),
    Duration::from_minutes(90 * 24 * 60),
];

/// The keys of groups that need no name.
const GROUPINGS: [GroupBy; 7] = [
    GroupBy::Tenant,
    GroupBy::Flavor,
    GroupBy::Class,
    GroupBy::NodeGroup,
    GroupBy::Zone,
    GroupBy::Cluster,
    GroupBy::Module,
];

/// What the choice of a label stands as.
const LABEL: &str = "label:";

#[derive(Properties, PartialEq)]
pub(super) struct ChoicesProps {
    pub(super) query: CostsQuery,
    /// What is shown.
    pub(super) window: Option<Window>,
    /// Nothing is known before it.
    pub(super) first: Option<Instant>,
}

#[component]
pub(super) fn Choices(props: &ChoicesProps) -> Html {
    let query = &props.query;
    // A link to the page as it is has to show the same later.
    let fixed = CostsQuery { window: props.window, ..query.clone() };
    let by = {
        let fixed = fixed.clone();
        Callback::from(move |by: GroupBy| choose(&fixed.grouped(by)))
    };
    let then = {
        let fixed = fixed.clone();
        Callback::from(move |then: GroupBy| choose(&CostsQuery { then, ..fixed.clone() }))
    };
    let all = CostsQuery { of: None, ..fixed.clone() }.address();
    let others = GROUPINGS.iter().filter(|other| **other != query.by).cloned().collect::<Vec<_>>();
    html! {
        <section class="card choices" aria-label="What is shown">
            <WindowChoice query={fixed.clone()} window={props.window} first={props.first} />
            <div class="tools">
                <GroupingChoice label="By" value={query.by.clone()} options={GROUPINGS.to_vec()} on_choose={by} testid="by" />
                if let Some(of) = &query.of {
                    <span class="path">
                        <a href={all} data-testid="all-groups">{ format!("all by {}", grouping(&query.by)) }</a>
                        { " › " }
                        <strong>{ group_name(&query.by, Some(of.as_str()).filter(|of| !of.is_empty())) }</strong>
                    </span>
                    <GroupingChoice label="split by" value={query.then.clone()} options={others} on_choose={then} testid="then" />
                }
                { policy("Idle", "idle", &IdlePolicy::ALL.map(IdlePolicy::as_str), query.idle.as_str(), &fixed,
                    |query, idle| CostsQuery { idle, ..query }) }
                { policy("Modules", "shared", &SHARED.map(|policy| policy.as_str()), query.shared.as_str(), &fixed,
                    |query, shared| CostsQuery { shared, ..query }) }
                { steps(&fixed) }
            </div>
        </section>
    }
}

/// Policies that need nothing said.
const SHARED: [SharedPolicy; 3] = [SharedPolicy::Keep, SharedPolicy::Uniform, SharedPolicy::Proportional];

fn steps(query: &CostsQuery) -> Html {
    let choice = |step: Resolution| {
        let (pressed, query) = (query.step == step, CostsQuery { step, ..query.clone() });
        let onclick = Callback::from(move |_: MouseEvent| choose(&query));
        html! {
            <button type="button" aria-pressed={pressed.to_string()} {onclick} data-testid={format!("step-{}", step.as_str())}>
                { step.as_str() }
            </button>
        }
    };
    html! {
        <div class="segments" role="group" aria-label="Steps of the chart">
            { choice(Resolution::Day) }
            { choice(Resolution::Hour) }
        </div>
    }
}

/// Who pays for what nobody asked for, or what everybody uses.
fn policy<T: FromStr + 'static>(
    label: &'static str,
    testid: &'static str,
    names: &[&'static str],
    now: &str,
    query: &CostsQuery,
    with: impl Fn(CostsQuery, T) -> CostsQuery + 'static,
) -> Html {
    let query = query.clone();
    let onchange = Callback::from(move |event: Event| {
        let chosen = event.target_unchecked_into::<HtmlSelectElement>().value();
        if let Ok(policy) = chosen.parse::<T>() {
            choose(&with(query.clone(), policy));
        }
    });
    let said = |name: &str| match name {
        "keep" => "apart".to_owned(),
        "uniform" => "shared out evenly".to_owned(),
        other => format!("shared out, {other}"),
    };
    let options = names.iter().map(|name| {
        html! { <option value={*name} selected={*name == now}>{ said(name) }</option> }
    });
    html! {
        <label class="inline"><span>{ label }</span><select {onchange} data-testid={testid}>{ for options }</select></label>
    }
}

#[derive(Properties, PartialEq)]
struct WindowChoiceProps {
    query: CostsQuery,
    window: Option<Window>,
    first: Option<Instant>,
}

/// Two fields, and lengths to choose from.
#[component]
fn WindowChoice(props: &WindowChoiceProps) -> Html {
    let zone = use_context::<Zone>().unwrap_or_default();
    let (from, to) = (use_node_ref(), use_node_ref());
    let problem = use_state(|| None::<&'static str>);
    let onsubmit = {
        let (from, to, query, problem) = (from.clone(), to.clone(), props.query.clone(), problem.setter());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let of = |field: &NodeRef| field.cast::<HtmlInputElement>().and_then(|input| zone.of_field(&input.value()));
            match (of(&from), of(&to)) {
                (Some(start), Some(end)) if start < end => {
                    problem.set(None);
                    choose(&CostsQuery { window: Some(Window { start, end }), ..query.clone() });
                }
                (Some(_), Some(_)) => problem.set(Some("The window ends before it begins; give a later end.")),
                _ => problem.set(Some("Fill in both ends of the window.")),
            }
        })
    };
    let lengths = props.window.map(|Window { start, end }| {
        let known = props.first.map(|first| first.floor(Duration::HOUR));
        LENGTHS.map(|length| {
            // What is longer than the log is all of it.
            let from = known.map_or(end - length, |known| known.max(end - length));
            let pressed = start == from;
            let query = CostsQuery { window: Some(Window { start: from, end }), ..props.query.clone() };
            let onclick = Callback::from(move |_: MouseEvent| choose(&query));
            let testid = format!("last-{}", format::span(length).replace(' ', ""));
            html! {
                <button type="button" aria-pressed={pressed.to_string()} {onclick} data-testid={testid}>
                    { format::span(length) }
                </button>
            }
        })
    });
    let field = |name: &'static str, testid: &'static str, node: &NodeRef, at: Option<Instant>| {
        let value = at.map(|at| zone.field(at)).unwrap_or_default();
        html! {
            <label class="inline">
                <span>{ name }</span>
                <input ref={node.clone()} type="datetime-local" required=true {value} data-testid={testid} />
            </label>
        }
    };
    html! {
        <form class="tools" {onsubmit} novalidate=true>
            { field("From", "from", &from, props.window.map(|window| window.start)) }
            { field("to", "to", &to, props.window.map(|window| window.end)) }
            <button type="submit" data-testid="show-window">{ "Show" }</button>
            if let Some(lengths) = lengths {
                <div class="segments" role="group" aria-label="Length of the window">{ for lengths }</div>
            }
            if let Some(problem) = *problem {
                { notice(Tidings::Error, "window-problem", Html::from(problem)) }
            }
        </form>
    }
}

#[derive(Properties, PartialEq)]
struct GroupingChoiceProps {
    label: &'static str,
    value: GroupBy,
    options: Vec<GroupBy>,
    on_choose: Callback<GroupBy>,
    testid: &'static str,
}

/// One of the keys there are, or a label with its name.
#[component]
fn GroupingChoice(props: &GroupingChoiceProps) -> Html {
    let wants_label = use_state(|| false);
    {
        let wants_label = wants_label.setter();
        use_effect_with(props.value.clone(), move |_| wants_label.set(false));
    }
    let label = match &props.value {
        GroupBy::Label(label) => Some(label.clone()),
        _ => None,
    };
    let shows_label = *wants_label || label.is_some();
    let onchange = {
        let (on_choose, wants_label) = (props.on_choose.clone(), wants_label.setter());
        Callback::from(move |event: Event| match event.target_unchecked_into::<HtmlSelectElement>().value().parse() {
            Ok(by) => on_choose.emit(by),
            // A label without its name is no grouping yet.
            Err(_) => wants_label.set(true),
        })
    };
    let on_label = props.on_choose.clone();
    let on_label = Callback::from(move |event: Event| {
        let name = event.target_unchecked_into::<HtmlInputElement>().value();
        if !name.trim().is_empty() {
            on_label.emit(GroupBy::Label(name.trim().to_owned()));
        }
    });
    let options = props.options.iter().map(|by| {
        let selected = !shows_label && *by == props.value;
        html! { <option value={by.to_string()} {selected}>{ grouping(by) }</option> }
    });
    html! {
        <>
            <label class="inline">
                <span>{ props.label }</span>
                <select {onchange} data-testid={props.testid}>
                    { for options }
                    <option value={LABEL} selected={shows_label}>{ "label …" }</option>
                </select>
            </label>
            if shows_label {
                <input type="text" class="short" placeholder="team" aria-label="Name of the label" value={label.unwrap_or_default()}
                    onchange={on_label} data-testid={format!("{}-label", props.testid)} />
            }
        </>
    }
}

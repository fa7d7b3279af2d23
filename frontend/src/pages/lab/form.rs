//! The controls.

use std::rc::Rc;

use shared::request::Module;
use shared::scenario::{Edit, NodeGroup, PlacementPolicy, Scenario};
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use super::changes::AddChange;
use super::controls::Controls;
use crate::format;
use crate::zone::Zone;

const POLICIES: [(PlacementPolicy, &str, &str); 7] = [
    (PlacementPolicy::FirstFit, "first_fit", "first fit"),
    (PlacementPolicy::BestFit, "best_fit", "best fit, packs"),
    (PlacementPolicy::WorstFit, "worst_fit", "worst fit, spreads"),
    (PlacementPolicy::DotProduct, "dot_product", "dot product, balances"),
    (PlacementPolicy::LeastAllocated, "least_allocated", "least allocated, spreads (kube-scheduler)"),
    (PlacementPolicy::MostAllocated, "most_allocated", "most allocated, packs (kube-scheduler)"),
    (PlacementPolicy::FragmentationAware, "fragmentation_aware", "fragmentation-aware, for shared GPUs"),
];

#[derive(Properties, PartialEq)]
pub(super) struct FormProps {
    pub(super) scenario: Rc<Scenario>,
    pub(super) controls: Controls,
    pub(super) origin: String,
    /// The variants, of which the controls change one.
    pub(super) list: Html,
    pub(super) on_controls: Callback<Controls>,
    pub(super) on_run: Callback<()>,
    pub(super) on_cancel: Callback<()>,
    /// Runs done and in all, while there is something to cancel.
    pub(super) running: Option<(u32, u32)>,
}

#[component]
pub(super) fn Form(props: &FormProps) -> Html {
    let zone = use_context::<Zone>().unwrap_or_default();
    let scenario = &props.scenario;
    let onsubmit = props.on_run.reform(|event: SubmitEvent| event.prevent_default());
    let window = format!(
        "{} – {} {}",
        format::instant(scenario.window.start, zone),
        format::instant(scenario.window.end, zone),
        zone.label()
    );
    html! {
        <form class="card controls" {onsubmit} aria-label="Scenario">
            <header><div>
                <h2 data-testid="scenario-name">{ &scenario.name }</h2>
                <p class="note">{ window }</p>
                <p class="note" data-testid="origin">{ &props.origin }</p>
            </div></header>
            { props.list.clone() }
            { demand(props) }
            { fleet(props) }
            { modules(props) }
            { other_edits(props) }
            <fieldset>
                <legend>{ "Ensemble" }</legend>
                { number(props, "Runs", "runs", props.controls.runs.into(), 1..=500, |controls, value| controls.runs = value as u32) }
                { number(props, "Seed", "seed", props.controls.seed, 0..=u64::MAX, |controls, value| controls.seed = value) }
            </fieldset>
            { buttons(props) }
        </form>
    }
}

fn buttons(props: &FormProps) -> Html {
    let cancel = props.on_cancel.reform(|_: MouseEvent| ());
    let reset = {
        let (scenario, on_controls) = (props.scenario.clone(), props.on_controls.clone());
        Callback::from(move |_: MouseEvent| on_controls.emit(Controls::of(&scenario)))
    };
    let changed = !props.controls.edits_as(&props.scenario);
    html! {
        <div class="actions">
            if let Some((done, total)) = props.running {
                <progress max={total.to_string()} value={done.to_string()} aria-label="Runs done" data-testid="progress"></progress>
                <span class="note" role="status">{ format!("{done} of {total} runs") }</span>
                <button type="button" onclick={cancel} data-testid="cancel">{ "Cancel" }</button>
            } else {
                <button type="submit" class="primary" data-testid="run">{ "Run" }</button>
                <button type="button" onclick={reset} disabled={!changed}>{ "Reset" }</button>
            }
        </div>
    }
}

fn demand(props: &FormProps) -> Html {
    let tenants = props.scenario.tenants.iter().enumerate().map(|(i, tenant)| {
        let value = props.controls.tenant_percent[i];
        let set = move |controls: &mut Controls, value: u64| controls.tenant_percent[i] = value as u32;
        number(props, &format!("{}, %", tenant.name), &format!("tenant-{i}"), value.into(), 0..=10_000, set)
    });
    let edited = props.controls.tenant_percent.iter().any(|&percent| percent != 100);
    let set = |controls: &mut Controls, value: u64| controls.demand_percent = value as u32;
    html! {
        <fieldset>
            <legend>{ "Demand" }</legend>
            { number(props, "All tenants, %", "demand", props.controls.demand_percent.into(), 0..=10_000, set) }
            <details open={edited}>
                <summary>{ "By tenant" }</summary>
                { for tenants }
            </details>
        </fieldset>
    }
}

fn fleet(props: &FormProps) -> Html {
    let onchange = {
        let (controls, on_controls) = (props.controls.clone(), props.on_controls.clone());
        Callback::from(move |event: Event| {
            let chosen = event.target_unchecked_into::<HtmlSelectElement>().value();
            if let Some((policy, ..)) = POLICIES.iter().find(|(_, value, _)| *value == chosen) {
                on_controls.emit(Controls { placement: *policy, ..controls.clone() });
            }
        })
    };
    let options = POLICIES.map(|(policy, value, name)| {
        html! { <option {value} selected={policy == props.controls.placement}>{ name }</option> }
    });
    let groups = props.scenario.fleet.node_groups.iter().enumerate().map(|(i, group)| node_group(props, i, group));
    let consolidate = |controls: &mut Controls, value: u64| controls.consolidate_percent = value as u32;
    let below = props.controls.consolidate_percent.into();
    html! {
        <fieldset>
            <legend>{ "Fleet" }</legend>
            <label class="field">
                <span>{ "Placement" }</span>
                <select {onchange} data-testid="placement">{ for options }</select>
            </label>
            { for groups }
            { number(props, "Empty below, % (0: none)", "consolidate", below, 0..=100, consolidate) }
        </fieldset>
    }
}

fn node_group(props: &FormProps, i: usize, group: &NodeGroup) -> Html {
    let shown = props.controls.groups[i];
    let from = Controls::of(&props.scenario).groups[i];
    let most = move |controls: &mut Controls, value: u64| controls.groups[i].max = value as u32;
    let target = move |controls: &mut Controls, value: u64| controls.groups[i].target_percent = value as u32;
    let price = move |controls: &mut Controls, value: u64| controls.groups[i].price_percent = value as u32;
    let hours = move |controls: &mut Controls, value: u64| controls.groups[i].interrupted_after_h = value as u32;
    let label = format!("Most nodes, {} ({})", group.name, group.instance_type);
    let opened = (shown.target_percent, shown.price_percent, shown.interrupted_after_h)
        != (from.target_percent, from.price_percent, from.interrupted_after_h);
    html! {
        <>
            { number(props, &label, &format!("max-nodes-{i}"), shown.max.into(), 0..=1_000_000, most) }
            <details open={opened}>
                <summary>{ format!("How {} grows and is bought", group.name) }</summary>
                { number(props, "Target use, % (0: none)", &format!("target-{i}"), shown.target_percent.into(), 0..=100, target) }
                { number(props, "Price, % of on demand", &format!("price-{i}"), shown.price_percent.into(), 0..=100, price) }
                { number(props, "Lost after, h (0: never)", &format!("interrupted-{i}"), shown.interrupted_after_h.into(), 0..=876_000, hours) }
            </details>
        </>
    }
}

/// Edits that have no field of their own, each with a way to take it back, and a way to add one.
fn other_edits(props: &FormProps) -> Html {
    let kept = &props.controls.kept;
    let sound = props.scenario.check_edits(kept).is_ok();
    let words =
        if sound { props.scenario.edits_in_words(kept) } else { vec!["not possible here".to_owned(); kept.len()] };
    let edits = words.into_iter().enumerate().map(|(i, text)| {
        let without = {
            let (controls, on_controls) = (props.controls.clone(), props.on_controls.clone());
            Callback::from(move |_: MouseEvent| {
                let mut controls = controls.clone();
                controls.kept.remove(i);
                on_controls.emit(controls);
            })
        };
        html! {
            <li>
                <span>{ &text }</span>
                <button type="button" onclick={without} aria-label={format!("Take back: {text}")}>{ "Take back" }</button>
            </li>
        }
    });
    let on_add = {
        let (controls, on_controls) = (props.controls.clone(), props.on_controls.clone());
        Callback::from(move |edit: Edit| {
            let mut controls = controls.clone();
            // An edit of commitments says all that there are, so that only the last one counts.
            if matches!(edit, Edit::Commitments { .. }) {
                controls.kept.retain(|kept| !matches!(kept, Edit::Commitments { .. }));
            }
            controls.kept.push(edit);
            on_controls.emit(controls);
        })
    };
    html! {
        <fieldset data-testid="other-edits">
            <legend>{ "Other changes" }</legend>
            <ul class="edits">{ for edits }</ul>
            <AddChange scenario={props.scenario.clone()} kept={props.controls.kept.clone()} {on_add} />
        </fieldset>
    }
}

fn modules(props: &FormProps) -> Html {
    let from = Controls::of(&props.scenario).workers;
    let fields = Module::ALL.map(|module| {
        let position = module as usize;
        let set = move |controls: &mut Controls, value: u64| controls.workers[position] = value as u32;
        let id = format!("workers-{}", module.as_str());
        number(props, module.as_str(), &id, props.controls.workers[position].into(), 1..=100_000, set)
    });
    html! {
        <fieldset>
            <legend>{ "Control plane" }</legend>
            <details open={props.controls.workers != from}>
                <summary>{ "Workers by module" }</summary>
                { for fields }
            </details>
        </fieldset>
    }
}

/// A whole number within limits; what is not one leaves the value as it was.
fn number(
    props: &FormProps,
    label: &str,
    id: &str,
    value: u64,
    limits: core::ops::RangeInclusive<u64>,
    set: impl Fn(&mut Controls, u64) + 'static,
) -> Html {
    let (low, high) = (limits.start().to_string(), (*limits.end() < u64::MAX).then(|| limits.end().to_string()));
    let onchange = {
        let (controls, on_controls) = (props.controls.clone(), props.on_controls.clone());
        Callback::from(move |event: Event| {
            let input: HtmlInputElement = event.target_unchecked_into();
            match input.value().parse::<u64>().ok().filter(|value| limits.contains(value)) {
                Some(value) => {
                    let mut controls = controls.clone();
                    set(&mut controls, value);
                    on_controls.emit(controls);
                }
                None => {
                    input.report_validity();
                }
            }
        })
    };
    html! {
        <label class="field">
            <span>{ label }</span>
            <input type="number" inputmode="numeric" required=true min={low} max={high} step="1" value={value.to_string()}
                {onchange} data-testid={id.to_owned()} />
        </label>
    }
}

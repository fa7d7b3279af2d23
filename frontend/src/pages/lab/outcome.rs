//! What came of a scenario.

use std::rc::Rc;

use shared::api::{Label, ModuleView, MoneyBand, OutcomeView, PoolShare, PoolView};
use shared::scenario::Demand;
use shared::simulation::{Eviction, Refusal};
use shared::units::{Dimension, Duration};
use yew::prelude::*;

use super::runner::Finished;
use crate::charts::{Band, Chart, Line, Stroke, TimeChart, Tone, Unit};
use crate::components::{BarRow, Beside, Card, bars, figure};
use crate::format;

const OVER_RUNS: &str = "Means over the runs";

/// What all runs did on all workers, and how long it took them.
fn how(Finished { scenario, view, elapsed_ms, workers, took, .. }: &Finished) -> String {
    let requests = (view.requests * f64::from(view.runs)).round() as u64;
    let sampled = match scenario.demand {
        Demand::Forecast(_) => format!("sampled in {}, ", format::milliseconds(Some(took.sampling))),
        Demand::Requests(_) => String::new(),
    };
    format!(
        "{} on {} in {}: {} requests {sampled}simulated in {}; {} simulation events",
        format::counted(view.runs.into(), "run"),
        format::counted(*workers as u64, "worker"),
        format::milliseconds(Some(*elapsed_ms)),
        format::count(requests),
        format::milliseconds(Some(took.simulating)),
        format::count(view.events),
    )
}

#[derive(Properties, PartialEq)]
pub(super) struct OutcomeProps {
    pub(super) finished: Finished,
    /// What it is compared with, and its name.
    pub(super) beside: Option<(String, Rc<OutcomeView>)>,
    /// Whether a newer one is on its way.
    pub(super) stale: bool,
}

#[component]
pub(super) fn OutcomeCards(props: &OutcomeProps) -> Html {
    let Finished { scenario, view, .. } = &props.finished;
    let charts = use_memo((view.clone(), scenario.bin), |(view, bin)| {
        (Rc::new(fleet_chart(view, *bin)), Rc::new(cost_chart(view, *bin)))
    });
    let modules_note = &format!("Waits are simulated; service times and costs are {}", known(view.labels.modules));
    html! {
        <div class={classes!("results", props.stale.then_some("stale"))}>
            <div class="digest-line">
                <span class="label">{ "digest" }</span>
                <code class="digest" data-testid="digest">{ view.digest.to_string() }</code>
                <span class="note" data-testid="how">{ how(&props.finished) }</span>
            </div>
            { figures(view, props.beside.as_ref()) }
            <div class="grid halves">
                { card("Nodes and live resources", OVER_RUNS).around(html! {
                    <TimeChart name="Nodes and live resources" chart={charts.0.clone()} />
                }) }
                { card("Cost over time", "").around(html! {
                    <TimeChart name="Predicted cost" chart={charts.1.clone()} />
                }) }
                { card("What it is spent on", OVER_RUNS).around(bars("part", &parts(view))) }
                { card("Workload by tenant", OVER_RUNS).around(bars("tenant", &tenants(view))) }
                { Card { class: "full", ..card("Modules", modules_note) }
                    .around(modules(view)) }
                if !view.pools.is_empty() {
                    { Card { class: "full", ..card("Pools", "What was taken of what they have") }.around(pools(view)) }
                }
            </div>
        </div>
    }
}

fn card(title: &'static str, note: &str) -> Card<'static> {
    Card { title, note: note.to_owned(), ..Card::default() }
}

fn figures(view: &OutcomeView, beside: Option<&(String, Rc<OutcomeView>)>) -> Html {
    let range = format!("p10 to p90: {}", format::range(&view.cost.p10, &view.cost.p90));
    let cost_note = match beside.map(|(name, beside)| (name, beside.cost.p50.to_f64())).filter(|(_, cost)| *cost > 0.0)
    {
        Some((name, cost)) => {
            let change = view.cost.p50.to_f64() / cost - 1.0;
            format!("{}{} to “{name}”; {range}", if change > 0.0 { "+" } else { "" }, format::percent(change))
        }
        None => range,
    };
    let utilisation =
        view.utilisation.get(&Dimension::Vcpu).map_or_else(|| "–".to_owned(), |&share| format::percent(share));
    let nodes_note = format!("{utilisation} of their vCPU requested, {} live resources at most", view.peak_live);
    let latency = &view.latency_ms;
    let [within_90, within_99] = [latency.p90, latency.p99].map(format::milliseconds);
    let refused: f64 = view.refused.iter().map(|refusal| refusal.count).sum();
    let reasons =
        view.refused.iter().map(|refusal| format!("{} {}", format::number(refusal.count), reason(refusal.reason)));
    let reasons = match reasons.collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => format!("of {} requests", format::number(view.requests)),
        reasons => reasons,
    };
    let moved: Vec<String> = view
        .evicted
        .iter()
        .map(|eviction| format!("{} {}", format::number(eviction.count), left_because(eviction.reason)))
        .collect();
    let reasons =
        if moved.is_empty() { reasons } else { format!("{reasons}; had to leave their node: {}", moved.join(", ")) };
    html! {
        <div class="figures">
            { figure("Cost, median", format::money(&view.cost.p50), cost_note, "cost") }
            { figure("Most nodes at once", format::count(view.peak_nodes.into()), nodes_note, "nodes") }
            { figure("Ready after, median", format::milliseconds(latency.p50),
                format!("{}: 90 % within {within_90}, 99 % within {within_99}", known(view.labels.latency)), "latency") }
            { figure("Refused per run", format::number(refused), reasons, "refused") }
        </div>
    }
}

/// How a figure is known.
fn known(label: Label) -> &'static str {
    match label {
        Label::Simulated => "simulated",
        Label::Assumed => "assumed",
    }
}

/// What became of those that were refused, after their number.
pub(super) fn reason(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Quota => "over quota",
        Refusal::NoSuchNode => "fit no node type",
        Refusal::NoRoomToResize => "could not be resized",
        Refusal::Observed => "were refused by the primary",
        Refusal::Overloaded => "met a full queue",
        Refusal::Failed => "failed too often",
        Refusal::NoPool => "fit no pool",
        Refusal::NoStorageCapacity => "found no storage left",
        Refusal::NoIopsCapacity => "found no IOPS left",
        Refusal::NoNetworkCapacity => "found no bandwidth left",
        Refusal::NoAddressCapacity => "found no address left",
    }
}

fn left_because(eviction: Eviction) -> &'static str {
    match eviction {
        Eviction::Preempted => "for more urgent ones",
        Eviction::Interrupted => "as it was taken back",
        Eviction::NodeFailed => "as it failed",
        Eviction::Consolidated => "as it was emptied",
    }
}

fn fleet_chart(view: &OutcomeView, bin: Duration) -> Chart {
    let line = |name: &'static str, tone, of: fn(&shared::api::RunTimelineBin) -> f64| Line {
        name: name.into(),
        tone,
        stroke: Stroke::Solid,
        points: view.timeline.iter().map(|step| (step.at, of(step))).collect(),
    };
    Chart {
        bands: Vec::new(),
        lines: vec![
            line("live resources", Tone::Actual, |step| step.live),
            Line { stroke: Stroke::Steps, ..line("nodes", Tone::Second, |step| step.nodes) },
        ],
        layers: Vec::new(),
        now: None,
        bin,
        axis: "count".to_owned(),
        unit: Unit::Number,
    }
}

fn cost_chart(view: &OutcomeView, bin: Duration) -> Chart {
    let currency = view.cost.mean.currency.to_string();
    let steps = || view.timeline.iter();
    Chart {
        bands: vec![Band {
            name: "80 % band".into(),
            tone: Tone::Predicted,
            opacity: 0.26,
            points: steps().map(|step| (step.at, step.cost.p10.to_f64(), step.cost.p90.to_f64())).collect(),
        }],
        lines: vec![Line {
            name: "median".into(),
            tone: Tone::Predicted,
            stroke: Stroke::Solid,
            points: steps().map(|step| (step.at, step.cost.p50.to_f64())).collect(),
        }],
        layers: Vec::new(),
        now: None,
        bin,
        axis: format!("{currency} per {}", format::per(bin)),
        unit: Unit::Money(currency),
    }
}

fn row(name: &str, band: MoneyBand) -> BarRow {
    BarRow { name: name.to_owned(), predicted: band.mean, beside: Beside::Range(band) }
}

fn parts(view: &OutcomeView) -> Vec<BarRow> {
    let modules = view.modules.iter().map(|module| row(module.module.as_str(), module.cost));
    let commitments = view.commitments.iter().flat_map(|commitments| {
        [row("commitments save", commitments.discount), row("commitments unused", commitments.unused)]
    });
    [row("workload", view.workload), row("idle nodes", view.idle), row("boot and drain", view.overhead)]
        .into_iter()
        .chain(commitments)
        .chain(modules)
        .collect()
}

fn tenants(view: &OutcomeView) -> Vec<BarRow> {
    view.tenants.iter().map(|tenant| row(&tenant.tenant, tenant.workload)).collect()
}

fn modules(view: &OutcomeView) -> Html {
    let cell = |value: Option<f64>| html! { <td class="number">{ format::milliseconds(value) }</td> };
    let module_row = |module: &ModuleView| {
        html! {
            <tr>
                <th scope="row">{ module.module.as_str() }</th>
                { cell(module.wait_ms.p50) }
                { cell(module.wait_ms.p99) }
                { cell(module.service_ms.p50) }
                { cell(module.service_ms.p99) }
                <td class="number">{ format::number(module.throughput_per_s * 3_600.0) }</td>
                <td class="number">{ format::percent(module.utilisation) }</td>
                <td class="number">{ format::number(module.queue.mean) }</td>
                <td class="number">{ format::count(module.queue.max.into()) }</td>
                <td class="number">{ format::number(module.failed) }</td>
                <td class="number">{ format::number(module.refused) }</td>
                <td class="number">{ format::money(&module.cost.mean) }</td>
            </tr>
        }
    };
    let head = [
        "wait p50",
        "wait p99",
        "service p50",
        "service p99",
        "requests / h",
        "busy",
        "queue, mean",
        "most",
        "failed",
        "refused",
        "cost",
    ];
    html! {
        <div class="scroll" tabindex="0" role="region" aria-label="Modules, all figures">
            <table class="plain">
                <thead><tr><th scope="col">{ "module" }</th>{ for head.map(|name| html! { <th scope="col" class="number">{ name }</th> }) }</tr></thead>
                <tbody>{ for view.modules.iter().map(module_row) }</tbody>
            </table>
        </div>
    }
}

fn pools(view: &OutcomeView) -> Html {
    let share_row = |pool: &PoolView, of: &Dimension, share: &PoolShare| {
        html! {
            <tr>
                <th scope="row">{ pool.pool.clone() }</th>
                <td>{ pool.zone.clone().unwrap_or_default() }</td>
                <td>{ format::dimension(*of) }</td>
                <td class="number">{ format::percent(share.mean) }</td>
                <td class="number">{ format::percent(share.peak) }</td>
            </tr>
        }
    };
    let rows = view.pools.iter().flat_map(|pool| pool.taken.iter().map(move |(of, share)| share_row(pool, of, share)));
    html! {
        <div class="scroll" tabindex="0" role="region" aria-label="Pools, all figures">
            <table class="plain">
                <thead>
                    <tr>
                        <th scope="col">{ "pool" }</th>
                        <th scope="col">{ "zone" }</th>
                        <th scope="col">{ "of" }</th>
                        <th scope="col" class="number">{ "taken, mean" }</th>
                        <th scope="col" class="number">{ "most" }</th>
                    </tr>
                </thead>
                <tbody>{ for rows }</tbody>
            </table>
        </div>
    }
}

//! Every node of a run over time, on demand: a worker runs it again and takes note of each node.

mod picture;
mod pixels;

use std::rc::Rc;

use shared::scenario::Scenario;
use shared::simulation::{MAPPED, NodeMap, NodeRow};
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use self::picture::Picture;
use super::runner::Finished;
use crate::components::Card;
use crate::format;
use crate::worker::Inquiry;

/// The run that is mapped: every ensemble has it.
const RUN: u32 = 0;

#[derive(Properties, PartialEq)]
pub(super) struct NodeMapProps {
    pub(super) finished: Finished,
}

enum Asked {
    Not,
    /// A worker is at it, for as long as this is kept.
    Waiting {
        _inquiry: Inquiry,
    },
    Told(Result<Rc<NodeMap>, String>),
}

#[component]
pub(super) fn NodeMapCard(props: &NodeMapProps) -> Html {
    let asked = use_state(|| Asked::Not);
    let dimension = use_state(|| 0_usize);
    let scenario = &props.finished.scenario;
    let ask = {
        let (asked, scenario) = (asked.setter(), scenario.clone());
        Callback::from(move |_: MouseEvent| {
            let told = asked.clone();
            let answer = Callback::from(move |answer| told.set(Asked::Told(answer)));
            asked.set(Asked::Waiting { _inquiry: Inquiry::map(&scenario, RUN, answer) });
        })
    };
    let cancel = {
        let asked = asked.setter();
        Callback::from(move |_: MouseEvent| asked.set(Asked::Not))
    };
    let (content, tools) = match &*asked {
        Asked::Not => (
            html! { <div class="actions"><button type="button" onclick={ask} data-testid="map-nodes">{ "Map the nodes" }</button></div> },
            Html::default(),
        ),
        Asked::Waiting { .. } => (
            html! {
                <div class="actions">
                    <span class="note" role="status">{ "Running it once more …" }</span>
                    <button type="button" onclick={cancel}>{ "Cancel" }</button>
                </div>
            },
            Html::default(),
        ),
        Asked::Told(Err(message)) => (html! { <p class="problem" role="alert">{ message }</p> }, Html::default()),
        Asked::Told(Ok(map)) if map.rows.is_empty() => {
            (html! { <p class="note">{ "No node was there at the end of any bin." }</p> }, Html::default())
        }
        Asked::Told(Ok(map)) => (shown(map, scenario, *dimension), choice(map, &dimension)),
    };
    let note = format!("How much of each node is requested over time, in run {RUN}");
    Card { title: "Nodes over time", note, tools, class: "full" }.around(content)
}

/// Chooses of what: only what nodes have.
fn choice(map: &NodeMap, dimension: &UseStateHandle<usize>) -> Html {
    let onchange = {
        let dimension = dimension.setter();
        Callback::from(move |event: Event| {
            dimension.set(event.target_unchecked_into::<HtmlSelectElement>().value().parse().unwrap_or(0));
        })
    };
    let there = MAPPED.iter().enumerate().filter(|&(i, _)| map.has(i));
    let options = there.map(|(i, of)| {
        html! { <option value={i.to_string()} selected={i == **dimension}>{ format::dimension(*of) }</option> }
    });
    html! {
        <label class="inline">
            <span>{ "Requested" }</span>
            <select {onchange} data-testid="map-dimension">{ for options }</select>
        </label>
    }
}

fn shown(map: &Rc<NodeMap>, scenario: &Rc<Scenario>, dimension: usize) -> Html {
    let left_out = (map.left_out > 0).then(|| {
        let more = format::counted(map.left_out.into(), "node");
        html! { <p class="note">{ format!("{more} more began later than these and are left out.") }</p> }
    });
    html! {
        <>
            <Picture map={map.clone()} scenario={scenario.clone()} {dimension} />
            { for left_out }
            { in_words(map, scenario, dimension) }
        </>
    }
}

/// The same in words: by group, how full its nodes are, and the fullest and the emptiest of them.
fn in_words(map: &NodeMap, scenario: &Scenario, dimension: usize) -> Html {
    let groups = map.rows.chunk_by(|a, b| a.node_group == b.node_group).scan(0, |first, rows| {
        let from = *first;
        *first += rows.len();
        Some((from, rows))
    });
    let row = |(from, rows): (usize, &[NodeRow])| {
        let mut means: Vec<(usize, f64)> =
            (from..from + rows.len()).filter_map(|row| Some((row, map.mean(dimension, row)?))).collect();
        means.sort_by(|a, b| a.1.total_cmp(&b.1));
        let of = |end: Option<&(usize, f64)>| {
            end.map_or_else(
                || "–".to_owned(),
                |&(row, mean)| format!("node {}, {}", map.rows[row].node.0, format::percent(mean / 100.0)),
            )
        };
        let mean = map.mean_of_group(dimension, rows[0].node_group);
        html! {
            <tr>
                <th scope="row">{ group_name(scenario, rows[0]) }</th>
                <td class="number">{ format::count(rows.len() as u64) }</td>
                <td class="number">{ mean.map_or_else(|| "–".to_owned(), |mean| format::percent(mean / 100.0)) }</td>
                <td class="number">{ of(means.last()) }</td>
                <td class="number">{ of(means.first()) }</td>
            </tr>
        }
    };
    let heads = ["nodes", "requested, mean", "fullest", "emptiest"];
    html! {
        <div class="scroll" tabindex="0" role="region" aria-label="Nodes by group">
            <table class="plain" data-testid="map-table">
                <thead><tr><th scope="col">{ "node group" }</th>{ for heads.map(|head| html! { <th scope="col" class="number">{ head }</th> }) }</tr></thead>
                <tbody>{ for groups.map(row) }</tbody>
            </table>
        </div>
    }
}

/// The name of the group that a node is of.
fn group_name(scenario: &Scenario, row: NodeRow) -> String {
    scenario.fleet.node_groups.get(row.node_group.usize()).map_or_else(String::new, |group| group.name.clone())
}

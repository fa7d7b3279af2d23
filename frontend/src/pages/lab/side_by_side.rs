//! All columns beside each other, run with itself on the same seed: the figures, the tenants, and the day.

mod rows;
mod tenants;

use std::rc::Rc;

use shared::comparison::LoadBin;
use shared::units::Dimension;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use self::rows::{Cell, Row, rows};
use self::tenants::tenants;
use super::columns::{heading, title, tone};
use super::runner::Ran;
use crate::charts::{Chart, Line, Stroke, TimeChart, Unit};
use crate::components::Card;

#[derive(Properties, PartialEq)]
pub(super) struct SideBySideProps {
    pub(super) ran: Rc<Ran>,
    /// The column that the others are compared with.
    pub(super) reference: usize,
    /// The column that is shown in detail.
    pub(super) shown: usize,
    /// Another variant to compare with; none for the scenario as it came.
    pub(super) on_against: Callback<Option<usize>>,
}

#[component]
pub(super) fn SideBySide(props: &SideBySideProps) -> Html {
    let ran = &props.ran;
    let charts = use_memo(ran.clone(), |ran| {
        let share = |bin: &LoadBin| bin.occupancy.share(Dimension::Vcpu).map(|share| share * 100.0);
        let full = chart(ran, "% of the nodes' vCPU requested", Unit::Percent, &share);
        let waits = chart(ran, "resources without a node", Unit::Number, &|bin| Some(bin.pending));
        (Rc::new(full), Rc::new(waits))
    });
    let note = format!(
        "Every run of a variant has the draws of the same run of the others; differences are those to “{}”, run by run",
        title(&ran.variants, props.reference)
    );
    html! {
        <div class="grid halves beside" data-testid="side-by-side">
            { Card { title: "Side by side", note, tools: against(props), class: "full" }.around(table(props)) }
            { Card { title: "How full nodes are", note: "All runs together, at the end of each bin".to_owned(), ..Card::default() }
                .around(html! { <TimeChart name="How full nodes are" chart={charts.0.clone()} /> }) }
            { Card { title: "Who waits for a node", note: "Means over the runs, at the end of each bin".to_owned(), ..Card::default() }
                .around(html! { <TimeChart name="Who waits for a node" chart={charts.1.clone()} /> }) }
            { Card { title: "Workload by tenant, side by side", note: "Means over the runs".to_owned(), class: "full", ..Card::default() }
                .around(tenants(ran)) }
        </div>
    }
}

/// Chooses what the differences are to.
fn against(props: &SideBySideProps) -> Html {
    let onchange = props.on_against.reform(|event: Event| {
        let column: usize = event.target_unchecked_into::<HtmlSelectElement>().value().parse().unwrap_or(0);
        column.checked_sub(1)
    });
    let options = (0..props.ran.columns.len()).map(|column| {
        let selected = column == props.reference;
        html! { <option value={column.to_string()} {selected}>{ title(&props.ran.variants, column) }</option> }
    });
    html! {
        <label class="inline">
            <span>{ "Compared with" }</span>
            <select {onchange} data-testid="against">{ for options }</select>
        </label>
    }
}

fn table(props: &SideBySideProps) -> Html {
    let ran = &props.ran;
    let heads = (0..ran.columns.len()).map(|column| {
        let current = (column == props.shown).then_some("true");
        html! { <th scope="col" class="number" aria-current={current}>{ heading(&ran.variants, column) }</th> }
    });
    let row = |Row { name, id, cells }: Row| {
        let cell = |Cell { value, note }: Cell| {
            html! { <td class="number">{ value }if !note.is_empty() { <span class="note">{ note }</span> }</td> }
        };
        html! { <tr key={id.clone()} data-testid={id}><th scope="row">{ name }</th>{ for cells.into_iter().map(cell) }</tr> }
    };
    html! {
        <div class="scroll" tabindex="0" role="region" aria-label="Variants side by side">
            <table class="plain variants-table" data-testid="variants-table">
                <thead><tr><th scope="col"><span class="hidden">{ "figure" }</span></th>{ for heads }</tr></thead>
                <tbody>{ for rows(ran, props.reference).into_iter().map(row) }</tbody>
            </table>
        </div>
    }
}

/// A line a column; bins without a value have none.
fn chart(ran: &Ran, axis: &str, unit: Unit, of: &dyn Fn(&LoadBin) -> Option<f64>) -> Chart {
    let line = |column: usize| Line {
        name: title(&ran.variants, column).into(),
        tone: tone(column),
        stroke: Stroke::Solid,
        points: ran.columns[column].loads.iter().filter_map(|bin| Some((bin.at, of(bin)?))).collect(),
    };
    Chart {
        bands: Vec::new(),
        lines: (0..ran.columns.len()).map(line).collect(),
        layers: Vec::new(),
        now: None,
        bin: ran.columns[0].scenario.bin,
        axis: axis.to_owned(),
        unit,
    }
}

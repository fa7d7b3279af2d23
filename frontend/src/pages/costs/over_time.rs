//! The same cost step by step, the groups on top of each other.

use std::rc::Rc;

use shared::allocation::{Resolution, StatementView};
use shared::units::{Duration, Window};
use yew::prelude::*;

use super::{choose, group_name, group_of};
use crate::api_client::ApiError;
use crate::charts::{Chart, GROUPS, Layer, TimeChart, Tone, Unit};
use crate::components::{Card, Tidings, notice, say};
use crate::format;
use crate::route::CostsQuery;

/// The chart.
pub(super) fn over_time(steps: &Result<StatementView, ApiError>, query: &CostsQuery) -> Html {
    let content = match steps {
        Ok(steps) if steps.rows.is_empty() => say(Tidings::Info, "Nothing cost anything in this window."),
        Ok(steps) => html! { <TimeChart name="Cost over time" chart={Rc::new(chart(steps, query))} /> },
        Err(error) if query.step == Resolution::Hour => {
            let by_day = CostsQuery { step: Resolution::Day, ..query.clone() };
            let onclick = Callback::from(move |_: MouseEvent| choose(&by_day));
            let days = html! { <button type="button" {onclick}>{ "Show days" }</button> };
            notice(Tidings::Error, "steps-error", html! { <>{ error.message() }{ " " }{ days }</> })
        }
        Err(error) => say(Tidings::Error, &error.message()),
    };
    let note = format!("Each {} with all that it cost, whoever pays for it", query.step.as_str());
    Card { title: "Cost over time", note, class: "wide", ..Card::default() }.around(content)
}

fn chart(steps: &StatementView, query: &CostsQuery) -> Chart {
    let by = query.shown_by();
    let mut groups = largest_first(steps, query);
    let rest = groups.split_off(groups.len().min(GROUPS));
    let amount = |row: &shared::allocation::RowView| row.amounts.total.to_f64();
    let layer = |(place, group): (usize, &Option<String>)| {
        let rows = steps.rows.iter().filter(|row| group_of(row, by) == group.as_deref());
        Layer {
            name: group_name(by, group.as_deref()).into(),
            tone: Tone::Group(place),
            points: rows.map(|row| (Window { start: row.start, end: row.end }, amount(row))).collect(),
        }
    };
    let mut layers: Vec<Layer> = groups.iter().enumerate().map(layer).collect();
    if !rest.is_empty() {
        let mut points: Vec<(Window, f64)> = Vec::new();
        for row in steps.rows.iter().filter(|row| rest.iter().any(|group| group.as_deref() == group_of(row, by))) {
            let step = Window { start: row.start, end: row.end };
            match points.iter_mut().find(|point| point.0 == step) {
                Some(point) => point.1 += amount(row),
                None => points.push((step, amount(row))),
            }
        }
        let name = format!("{} others", format::count(rest.len() as u64)).into();
        layers.push(Layer { name, tone: Tone::Group(GROUPS), points });
    }
    let bin = if query.step == Resolution::Hour { Duration::HOUR } else { Duration::DAY };
    Chart {
        bands: Vec::new(),
        lines: Vec::new(),
        layers,
        now: None,
        bin,
        axis: format!("{} per {}", steps.currency, query.step.as_str()),
        unit: Unit::Money(steps.currency.to_string()),
    }
}

/// The groups of what is shown, by what they cost in all.
pub(super) fn largest_first(shown: &StatementView, query: &CostsQuery) -> Vec<Option<String>> {
    let by = query.shown_by();
    let mut sums: Vec<(Option<String>, f64)> = Vec::new();
    for row in &shown.rows {
        let (group, amount) = (group_of(row, by), row.amounts.total.to_f64());
        match sums.iter_mut().find(|sum| sum.0.as_deref() == group) {
            Some(sum) => sum.1 += amount,
            None => sums.push((group.map(str::to_owned), amount)),
        }
    }
    // What is of none is what everybody shares: it comes last, whatever it costs.
    sums.sort_by(|a, b| (a.0.is_none(), b.1).partial_cmp(&(b.0.is_none(), a.1)).unwrap_or(core::cmp::Ordering::Equal));
    sums.into_iter().map(|(group, _)| group).collect()
}

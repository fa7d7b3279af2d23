//! Cost per bin: actual, and as the shadows predicted it.

use std::rc::Rc;

use shared::api::CostSeries;
use yew::prelude::*;

use super::Snapshot;
use crate::charts::{Band, Chart, Line, Stroke, TimeChart, Tone, Unit};
use crate::components::{Card, Tidings, known_by, more, say};
use crate::format;

/// The chart.
pub(super) fn costs(snapshot: &Snapshot) -> Html {
    let costs = snapshot.costs.as_deref();
    let content = match costs {
        Ok(costs) if costs.bins.is_empty() => {
            say(Tidings::Info, "No cost yet: it appears with the first request that holds a node.")
        }
        Ok(costs) => html! {
            <TimeChart name="Actual and predicted cost" chart={Rc::new(chart(costs, snapshot))} />
        },
        Err(error) => say(Tidings::Error, &error.message()),
    };
    let note = costs.map_or_else(|_| String::new(), |costs| known_by(costs.basis).to_owned());
    Card { title: "Cost", note, class: "wide", tools: more("#/costs", "All costs") }.around(content)
}

fn chart(costs: &CostSeries, snapshot: &Snapshot) -> Chart {
    let actual = costs.bins.iter().filter_map(|bin| Some((bin.at, bin.actual.as_ref()?.to_f64())));
    let predicted = || costs.bins.iter().filter_map(|bin| Some((bin.at, bin.predicted.as_ref()?)));
    let band = predicted().map(|(at, band)| (at, band.p10.to_f64(), band.p90.to_f64()));
    let median = predicted().map(|(at, band)| (at, band.p50.to_f64()));
    Chart {
        bands: vec![Band {
            name: "predicted, 80 % band".into(),
            tone: Tone::Predicted,
            opacity: 0.26,
            points: band.collect(),
        }],
        lines: vec![
            Line { name: "actual".into(), tone: Tone::Actual, stroke: Stroke::Solid, points: actual.collect() },
            Line { name: "median".into(), tone: Tone::Predicted, stroke: Stroke::Solid, points: median.collect() },
        ],
        layers: Vec::new(),
        now: Some(snapshot.status.now),
        bin: costs.bin,
        axis: format!("{} per {}", costs.currency, format::per(costs.bin)),
        unit: Unit::Money(costs.currency.clone()),
    }
}

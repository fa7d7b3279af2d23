//! How close predicted costs came, day by day.

use std::rc::Rc;

use shared::api::{ReportList, WindowReport};
use shared::units::Duration;
use yew::prelude::*;

use crate::api_client::ApiError;
use crate::charts::{Chart, Line, Stroke, TimeChart, Tone, Unit};
use crate::components::{Card, Tidings, say};
use crate::format;

/// The chart.
pub(super) fn accuracy(reports: &Result<ReportList, ApiError>) -> Html {
    let (note, content) = match reports {
        Err(error) => (String::new(), say(Tidings::Error, &error.message())),
        Ok(list) if list.windows.is_empty() => {
            let why = list.not_ready.as_ref().map(|why| format!(" {}", format::sentence(&why.message)));
            let why = why.unwrap_or_default();
            (String::new(), say(Tidings::Info, &format!("It is known when the first day has closed.{why}")))
        }
        Ok(list) => {
            let now = list.prediction_accuracy.map_or_else(|| "–".to_owned(), format::percent);
            let note = format!("{now} after {}", format::counted(list.windows.len() as u64, "closed day"));
            (note, html! { <TimeChart name="Accuracy of predicted costs" chart={Rc::new(chart(&list.windows))} /> })
        }
    };
    Card { title: "Accuracy over time", note, class: "wide", ..Card::default() }.around(content)
}

fn chart(windows: &[WindowReport]) -> Chart {
    let points = |of: fn(&WindowReport) -> Option<f64>| {
        // What is below zero is drawn on the axis.
        windows.iter().filter_map(|window| Some((window.report.window.start, of(window)?.max(0.0) * 100.0))).collect()
    };
    Chart {
        bands: Vec::new(),
        lines: vec![
            Line {
                name: "the day alone: 1 − |variance ÷ actual|".into(),
                tone: Tone::Actual,
                stroke: Stroke::Steps,
                points: points(of_day),
            },
            Line {
                name: "all days, the newest most (α = 0.1)".into(),
                tone: Tone::Predicted,
                stroke: Stroke::Solid,
                points: points(|window| window.report.prediction_accuracy),
            },
        ],
        layers: Vec::new(),
        now: None,
        bin: Duration::DAY,
        axis: "% of a day's cost".to_owned(),
        unit: Unit::Number,
    }
}

fn of_day(window: &WindowReport) -> Option<f64> {
    let (variance, actual) = (window.report.variance?.to_f64(), window.report.total.actual?.to_f64());
    (actual != 0.0).then(|| 1.0 - (variance / actual).abs())
}

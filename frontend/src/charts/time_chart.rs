//! The component: canvas, legend, tooltip, text alternative.

use std::rc::Rc;

use web_sys::{Element, HtmlCanvasElement};
use yew::prelude::*;

use super::drawing::{LEFT, RIGHT, draw};
use super::readout::{Readout, read, summary};
use super::surroundings::{Surroundings, use_surroundings};
use super::{Chart, Stroke};
use crate::format;

#[derive(Properties, PartialEq)]
pub(crate) struct TimeChartProps {
    /// What it shows, for assistive technology.
    pub(crate) name: AttrValue,
    /// The series.
    pub(crate) chart: Rc<Chart>,
}

/// A chart over time. Point at it, or move along it with the arrow keys, to read the values of a bin.
#[component]
pub(crate) fn TimeChart(props: &TimeChartProps) -> Html {
    let (frame, canvas) = (use_node_ref(), use_node_ref());
    let around = use_surroundings(&frame);
    let pointed = use_state(|| None::<f64>);
    let failure = use_state(|| None::<String>);
    {
        let (canvas, failure) = (canvas.clone(), failure.setter());
        use_effect_with((props.chart.clone(), around), move |(chart, around)| {
            if let Some(canvas) = canvas.cast::<HtmlCanvasElement>() {
                failure.set(draw(&canvas, chart, *around, around.zone).err());
            }
        });
    }
    let onpointermove = {
        let pointed = pointed.setter();
        let frame = frame.clone();
        Callback::from(move |event: PointerEvent| {
            if let Some(frame) = frame.cast::<Element>() {
                let x = f64::from(event.client_x()) - frame.get_bounding_client_rect().left();
                pointed.set(Some(part_at(x, around)));
            }
        })
    };
    let leave = {
        let pointed = pointed.setter();
        move || pointed.set(None)
    };
    let onkeydown = {
        let (pointed, step) = (pointed.clone(), step(&props.chart));
        Callback::from(move |event: KeyboardEvent| {
            let direction = match event.key().as_str() {
                "ArrowLeft" => -step,
                "ArrowRight" => step,
                _ => return,
            };
            event.prevent_default();
            pointed.set(Some((pointed.unwrap_or(0.5) + direction).clamp(0.0, 1.0)));
        })
    };
    let onpointerleave = Callback::from({
        let leave = leave.clone();
        move |_: PointerEvent| leave()
    });
    let onblur = Callback::from(move |_: FocusEvent| leave());
    let text = summary(&props.chart, around.zone);
    html! {
        <figure class="chart">
            { legend(&props.chart) }
            <div class="plot" ref={frame} tabindex="0" role="img" aria-label={format!("{}. {text}", props.name)}
                 {onpointermove} {onpointerleave} {onkeydown} {onblur}>
                <canvas ref={canvas} aria-hidden="true"></canvas>
                { tooltip(&props.chart, *pointed, around) }
            </div>
            if let Some(failure) = &*failure {
                <p class="notice error">{ format!("The chart cannot be drawn: {failure}") }</p>
            }
        </figure>
    }
}

fn legend(chart: &Chart) -> Html {
    let lines = chart.lines.iter().filter(|line| !line.points.is_empty()).map(|line| {
        let kind = if line.stroke == Stroke::Dashed { "key dashed" } else { "key" };
        html! { <li><i class={classes!(kind, line.tone.class())}></i>{ line.name }</li> }
    });
    let bands = chart.bands.iter().filter(|band| !band.points.is_empty()).map(|band| {
        let style = format!("opacity:{}", (band.opacity * 1.6).min(1.0));
        html! { <li><i class={classes!("key", "area", band.tone.class())} {style}></i>{ band.name }</li> }
    });
    let layers = chart.layers.iter().map(|layer| {
        html! { <li><i class={classes!("key", "area", layer.tone.class())}></i>{ &layer.name }</li> }
    });
    html! {
        <figcaption class="legend">
            <span class="axis">{ &chart.axis }</span>
            <ul>{ for lines }{ for bands }{ for layers }</ul>
        </figcaption>
    }
}

fn tooltip(chart: &Chart, pointed: Option<f64>, around: Surroundings) -> Html {
    let Some((part, Readout { at, rows })) = pointed.and_then(|part| Some((part, read(chart, part)?))) else {
        return Html::default();
    };
    let x = f64::from(LEFT) + part * f64::from(around.width.saturating_sub(LEFT + RIGHT));
    let side = if part > 0.5 {
        format!("right:{}px", f64::from(around.width) - x + 10.0)
    } else {
        format!("left:{}px", x + 10.0)
    };
    let rows = rows.into_iter().map(|(name, tone, value)| {
        html! { <tr><td><i class={classes!("key", tone.class())}></i>{ name }</td><td class="number">{ value }</td></tr> }
    });
    html! {
        <>
            <div class="cursor" style={format!("left:{x}px")}></div>
            <div class="tooltip" style={side} aria-live="polite">
                <strong>{ format::instant(at, around.zone) }</strong>
                <table><tbody>{ for rows }</tbody></table>
            </div>
        </>
    }
}

fn part_at(x: f64, around: Surroundings) -> f64 {
    let width = f64::from(around.width.saturating_sub(LEFT + RIGHT).max(1));
    ((x - f64::from(LEFT)) / width).clamp(0.0, 1.0)
}

/// One bin, as part of the width.
fn step(chart: &Chart) -> f64 {
    chart.range().map_or(0.0, |(start, end)| chart.bin.micros() as f64 / (end - start).max(1) as f64)
}

//! The component: canvas, legend, tooltip, text alternative; zoom, and files of what is shown.

use std::rc::Rc;

use wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlCanvasElement};
use yew::prelude::*;

use super::Chart;
use super::drawing::{LEFT, RIGHT, draw};
use super::legend::legend;
use super::marks::{Mark, names, shades};
use super::readout::{Readout, read, summary};
use super::saving::Saving;
use super::surroundings::{Surroundings, use_surroundings};
use super::view::View;
use crate::format;

#[derive(Properties, PartialEq)]
pub(crate) struct TimeChartProps {
    /// What it shows, for assistive technology.
    pub(crate) name: AttrValue,
    /// The series.
    pub(crate) chart: Rc<Chart>,
    /// What happens at its times, above them.
    #[prop_or_default]
    pub(crate) marks: Vec<Mark>,
    /// One of them, by its place, was chosen.
    #[prop_or_default]
    pub(crate) on_mark: Callback<usize>,
}

/// A chart over time. Point at it, or move along it with the arrow keys, to read the values of a bin; drag over a part of
/// it, or press + and −, to see that alone, and double-click or press Escape to see all of it again.
#[component]
pub(crate) fn TimeChart(props: &TimeChartProps) -> Html {
    let (frame, canvas) = (use_node_ref(), use_node_ref());
    let around = use_surroundings(&frame);
    let view = use_state(View::default);
    let shown = use_memo((props.chart.clone(), (*view).clone()), |(chart, view)| view.of(chart));
    let pointer = Pointer { at: use_state(|| None), from: use_state(|| None) };
    let failure = use_state(|| None::<String>);
    {
        let (canvas, failure) = (canvas.clone(), failure.setter());
        use_effect_with((shown.clone(), around), move |(chart, around)| {
            if let Some(canvas) = canvas.cast::<HtmlCanvasElement>() {
                failure.set(draw(&canvas, chart, *around).err());
            }
        });
    }
    let part_of = {
        let frame = frame.clone();
        move |event: &PointerEvent| {
            let left = frame.cast::<Element>().map_or(0.0, |frame| frame.get_bounding_client_rect().left());
            part_at(f64::from(event.client_x()) - left, around)
        }
    };
    let (onpointermove, onpointerdown) = (pointer.moves(part_of.clone()), pointer.presses(part_of));
    let onpointerup = pointer.releases(&view, &shown);
    let onkeydown = keys(&props.chart, &shown, &view, &pointer);
    let whole = {
        let view = view.clone();
        move || view.set(view.whole())
    };
    let ondblclick = Callback::from({
        let whole = whole.clone();
        move |_: MouseEvent| whole()
    });
    let text = summary(&shown, around.zone);
    html! {
        <figure class="chart">
            { legend(&props.chart, &view) }
            { names(&props.marks, &shown, around, &props.on_mark) }
            <div class="plot" ref={frame} tabindex="0" role="img" aria-label={format!("{}. {text}", props.name)}
                 {onpointermove} {onpointerdown} {onpointerup} onpointerleave={pointer.leaves()} {ondblclick}
                 {onkeydown} onblur={pointer.blurs()}>
                <canvas ref={canvas.clone()} aria-hidden="true"></canvas>
                { shades(&props.marks, &shown, around) }
                { selection(&pointer, around) }
                { tooltip(&shown, *pointer.at, around) }
            </div>
            <div class="below-plot">
                if view.zoom.is_some() {
                    <button type="button" onclick={Callback::from(move |_: MouseEvent| whole())} data-testid="zoom-out">{ "All of it" }</button>
                }
                <Saving name={props.name.clone()} {shown} {canvas} zone={around.zone} />
            </div>
            if let Some(failure) = &*failure {
                <p class="notice error">{ format!("The chart cannot be drawn: {failure}") }</p>
            }
        </figure>
    }
}

/// Where it is pointed at, and where a drag began, as parts of the width.
struct Pointer {
    at: UseStateHandle<Option<f64>>,
    from: UseStateHandle<Option<f64>>,
}

impl Pointer {
    fn moves(&self, part_of: impl Fn(&PointerEvent) -> f64 + 'static) -> Callback<PointerEvent> {
        let at = self.at.setter();
        Callback::from(move |event: PointerEvent| at.set(Some(part_of(&event))))
    }

    fn presses(&self, part_of: impl Fn(&PointerEvent) -> f64 + 'static) -> Callback<PointerEvent> {
        let from = self.from.setter();
        Callback::from(move |event: PointerEvent| {
            if event.button() == 0 {
                // A drag that leaves the chart ends at its edge.
                let element = event.target().and_then(|target| target.dyn_into::<Element>().ok());
                if let Some(element) = element {
                    let _ = element.set_pointer_capture(event.pointer_id());
                }
                from.set(Some(part_of(&event)));
            }
        })
    }

    fn releases(&self, view: &UseStateHandle<View>, shown: &Rc<Chart>) -> Callback<PointerEvent> {
        let (at, from, view, shown) = (self.at.clone(), self.from.clone(), view.clone(), shown.clone());
        Callback::from(move |_: PointerEvent| {
            if let (Some(one), Some(other)) = (*from, *at) {
                view.set(view.zoomed(&shown, one, other));
            }
            from.set(None);
        })
    }

    fn leaves(&self) -> Callback<PointerEvent> {
        let (at, from) = (self.at.setter(), self.from.setter());
        Callback::from(move |_| {
            at.set(None);
            from.set(None);
        })
    }

    fn blurs(&self) -> Callback<FocusEvent> {
        let at = self.at.setter();
        Callback::from(move |_| at.set(None))
    }
}

/// Along the bins, closer, farther, and back to all of it.
fn keys(
    chart: &Rc<Chart>,
    shown: &Rc<Chart>,
    view: &UseStateHandle<View>,
    pointer: &Pointer,
) -> Callback<KeyboardEvent> {
    let (chart, shown, view, at) = (chart.clone(), shown.clone(), view.clone(), pointer.at.clone());
    Callback::from(move |event: KeyboardEvent| {
        let (step, part) = (step(&shown), at.unwrap_or(0.5));
        match event.key().as_str() {
            "ArrowLeft" => at.set(Some((part - step).clamp(0.0, 1.0))),
            "ArrowRight" => at.set(Some((part + step).clamp(0.0, 1.0))),
            "+" | "=" => view.set(view.closer(&shown, part)),
            "-" => view.set(view.farther(&chart)),
            "Escape" => view.set(view.whole()),
            _ => return,
        }
        event.prevent_default();
    })
}

/// What is being selected.
fn selection(pointer: &Pointer, around: Surroundings) -> Html {
    let Some((one, other)) = (*pointer.from).zip(*pointer.at) else { return Html::default() };
    let style = format!("left:{}px;width:{}px", x_of(one.min(other), around), (one - other).abs() * room(around));
    html! { <div class="selection" {style}></div> }
}

fn tooltip(chart: &Chart, pointed: Option<f64>, around: Surroundings) -> Html {
    let Some((part, Readout { at, rows })) = pointed.and_then(|part| Some((part, read(chart, part)?))) else {
        return Html::default();
    };
    let x = x_of(part, around);
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

/// Width of the chart without its labels.
pub(super) fn room(around: Surroundings) -> f64 {
    f64::from(around.width.saturating_sub(LEFT + RIGHT).max(1))
}

pub(super) fn x_of(part: f64, around: Surroundings) -> f64 {
    f64::from(LEFT) + part * room(around)
}

fn part_at(x: f64, around: Surroundings) -> f64 {
    ((x - f64::from(LEFT)) / room(around)).clamp(0.0, 1.0)
}

/// One bin, as part of the width.
fn step(chart: &Chart) -> f64 {
    chart.range().map_or(0.0, |(start, end)| chart.bin.micros() as f64 / (end - start).max(1) as f64)
}

//! The picture of a node map, with what it says where one points.

use std::rc::Rc;

use shared::scenario::Scenario;
use shared::simulation::{NodeMap, NodeRow};
use wasm_bindgen::{Clamped, JsCast as _};
use web_sys::{CanvasRenderingContext2d, Element, HtmlCanvasElement, ImageData, window};
use yew::prelude::*;

use super::group_name;
use super::pixels::{BEYOND, SCALE, pixels};
use crate::charts::{Surroundings, use_surroundings};
use crate::format;

/// Height of a node where there is room for all.
const ROW_PX: usize = 12;
/// The picture is no lower and no higher.
const HEIGHT_PX: (usize, usize) = (72, 440);

#[derive(Properties, PartialEq)]
pub(super) struct PictureProps {
    pub(super) map: Rc<NodeMap>,
    pub(super) scenario: Rc<Scenario>,
    /// Of what, as the map counts.
    pub(super) dimension: usize,
}

/// A row and a column.
type Place = (usize, usize);

/// Point at it, or move over it with the arrow keys, to read what is requested of a node.
#[component]
pub(super) fn Picture(props: &PictureProps) -> Html {
    let (frame, canvas) = (use_node_ref(), use_node_ref());
    let around = use_surroundings(&frame);
    let pointed = use_state(|| None::<Place>);
    let drawn = use_state(|| Ok::<f64, String>(0.0));
    {
        let (canvas, drawn) = (canvas.clone(), drawn.setter());
        use_effect_with((props.map.clone(), props.dimension, around), move |(map, dimension, around)| {
            if let Some(canvas) = canvas.cast::<HtmlCanvasElement>().filter(|_| around.width > 0) {
                drawn.set(draw(&canvas, map, *dimension, *around));
            }
        });
    }
    let (rows, columns) = (props.map.rows.len(), props.map.columns.len());
    let onpointermove = {
        let (pointed, frame) = (pointed.setter(), frame.clone());
        Callback::from(move |event: PointerEvent| {
            let Some(room) = frame.cast::<Element>().map(|frame| frame.get_bounding_client_rect()) else { return };
            let part = |at: i32, from: f64, length: f64| ((f64::from(at) - from) / length.max(1.0)).clamp(0.0, 1.0);
            let place = |part: f64, count: usize| ((part * count as f64) as usize).min(count - 1);
            let row = place(part(event.client_y(), room.top(), room.height()), rows);
            let column = place(part(event.client_x(), room.left(), room.width()), columns);
            pointed.set(Some((row, column)));
        })
    };
    let onkeydown = {
        let pointed = pointed.clone();
        Callback::from(move |event: KeyboardEvent| {
            let (row, column) = pointed.unwrap_or((rows / 2, columns / 2));
            let place = match event.key().as_str() {
                "ArrowLeft" => (row, column.saturating_sub(1)),
                "ArrowRight" => (row, (column + 1).min(columns - 1)),
                "ArrowUp" => (row.saturating_sub(1), column),
                "ArrowDown" => ((row + 1).min(rows - 1), column),
                _ => return,
            };
            event.prevent_default();
            pointed.set(Some(place));
        })
    };
    let leave = pointed.setter();
    let onpointerleave = {
        let leave = leave.clone();
        Callback::from(move |_: PointerEvent| leave.set(None))
    };
    let onblur = Callback::from(move |_: FocusEvent| leave.set(None));
    let size = format!("{} × {}", format::counted(rows as u64, "node"), format::counted(columns as u64, "instant"));
    let height = (rows * ROW_PX).clamp(HEIGHT_PX.0, HEIGHT_PX.1);
    let said = match &*drawn {
        Ok(ms) => {
            html! { <p class="note" data-testid="map-size">{ format!("{size}, drawn in {}", format::milliseconds(Some(*ms))) }</p> }
        }
        Err(failure) => html! { <p class="notice error">{ format!("The map cannot be drawn: {failure}") }</p> },
    };
    html! {
        <figure class="chart">
            { legend() }
            <div class="node-map" ref={frame} style={format!("height:{height}px")} tabindex="0" role="img"
                aria-label={format!("Nodes over time, {size}; the table below says the same in words")}
                {onpointermove} {onpointerleave} {onkeydown} {onblur} data-testid="node-map">
                <canvas ref={canvas} aria-hidden="true"></canvas>
                { groups(props) }
                { for pointed.map(|place| tooltip(props, place, around)) }
            </div>
            { instants(&props.map, around) }
            { said }
        </figure>
    }
}

fn legend() -> Html {
    let colour = |[red, green, blue]: [u8; 3]| format!("rgb({red} {green} {blue})");
    let stops = SCALE.map(colour).join(",");
    html! {
        <figcaption class="legend">
            <span class="axis">{ "nodes by group, over time" }</span>
            <ul>
                <li>{ "0 %" }<i class="scale" style={format!("background:linear-gradient(to right,{stops})")}></i>{ "100 %" }</li>
                <li><i class="key area" style={format!("background:{}", colour(BEYOND))}></i>{ "over-committed" }</li>
            </ul>
        </figcaption>
    }
}

/// The names of the groups, where their nodes begin.
fn groups(props: &PictureProps) -> Html {
    let rows = &props.map.rows;
    let begins = (0..rows.len()).filter(|&row| row == 0 || rows[row].node_group != rows[row - 1].node_group);
    let name = |row: usize| {
        let style = format!("top:{:.3}%", row as f64 / rows.len() as f64 * 100.0);
        html! { <span class="group-name" aria-hidden="true" {style}>{ group_name(&props.scenario, rows[row]) }</span> }
    };
    html! { <>{ for begins.map(name) }</> }
}

/// Some instants below the picture.
fn instants(map: &NodeMap, around: Surroundings) -> Html {
    let count = (around.width as usize / 150).clamp(2, 7).min(map.columns.len());
    let at = |i: usize| map.columns[i * (map.columns.len() - 1) / (count - 1).max(1)];
    let label = |i: usize| html! { <span>{ format::instant(at(i), around.zone) }</span> };
    html! { <div class="instants" aria-hidden="true">{ for (0..count).map(label) }</div> }
}

fn tooltip(props: &PictureProps, (row, column): Place, around: Surroundings) -> Html {
    let map = &props.map;
    let of: NodeRow = map.rows[row];
    let (x, y) = (column as f64 / map.columns.len() as f64, row as f64 / map.rows.len() as f64);
    let side = if x > 0.5 { format!("right:{:.2}%", (1.0 - x) * 100.0) } else { format!("left:{:.2}%", x * 100.0) };
    let end = if y > 0.5 { format!("bottom:{:.2}%", (1.0 - y) * 100.0) } else { format!("top:{:.2}%", y * 100.0) };
    let share = match map.percent(props.dimension, row, column) {
        Some(percent) => format!("{percent} % requested"),
        None => "not there".to_owned(),
    };
    html! {
        <div class="tooltip" style={format!("{side};{end}")} aria-live="polite" data-testid="map-readout">
            <strong>{ format!("{}, node {}", group_name(&props.scenario, of), of.node.0) }</strong>
            <div>{ format::instant(map.columns[column], around.zone) }</div>
            <div>{ share }</div>
        </div>
    }
}

/// Draws all of it, and says how long that took, in milliseconds.
fn draw(canvas: &HtmlCanvasElement, map: &NodeMap, dimension: usize, around: Surroundings) -> Result<f64, String> {
    let now = || window().and_then(|window| window.performance()).map_or(0.0, |performance| performance.now());
    let began = now();
    let density = f64::from(around.density_percent) / 100.0;
    let [width, height] = [around.width, around.height].map(|css| (f64::from(css) * density).round().max(1.0) as u32);
    canvas.set_width(width);
    canvas.set_height(height);
    let context = canvas.get_context("2d").ok().flatten().ok_or("this browser has no canvas")?;
    let context: CanvasRenderingContext2d = context.unchecked_into();
    let drawn = pixels(map, dimension, width as usize, height as usize);
    let failed = |_| "the browser has no room for it".to_owned();
    let image = ImageData::new_with_u8_clamped_array_and_sh(Clamped(&drawn), width, height).map_err(failed)?;
    context.put_image_data(&image, 0.0, 0.0).map_err(failed)?;
    Ok(now() - began)
}

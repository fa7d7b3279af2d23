//! What a chart shows as files: pictures of it, and its values.

use std::collections::BTreeMap;
use std::rc::Rc;

use gloo::file::ObjectUrl;
use gloo::utils::document;
use plotters::prelude::*;
use plotters_canvas::CanvasBackend;
use shared::input::write_table;
use shared::units::Instant;
use wasm_bindgen::JsCast as _;
use web_sys::HtmlCanvasElement;
use yew::prelude::*;

use super::Chart;
use super::drawing::{Sheet, draw_sheet};
use super::palette::Palette;
use crate::saved_file::{save, save_address};
use crate::zone::Zone;

/// Width and height of a picture, in CSS pixels.
const PICTURE: (u32, u32) = (960, 420);
/// Pixels of a picture per CSS pixel.
const DENSITY: u32 = 2;

#[derive(Clone, Properties, PartialEq)]
pub(super) struct SavingProps {
    /// What files are called.
    pub(super) name: AttrValue,
    /// What is shown.
    pub(super) shown: Rc<Chart>,
    /// The canvas that it is on, whose colours pictures have.
    pub(super) canvas: NodeRef,
    pub(super) zone: Zone,
}

/// A button a kind of file.
#[component]
pub(super) fn Saving(props: &SavingProps) -> Html {
    // A file can be had for as long as its address is kept.
    let file = use_mut_ref(|| None::<ObjectUrl>);
    let failure = use_state(|| None::<String>);
    let button = |kind: &'static str, write: fn(&SavingProps, &str) -> Result<Option<ObjectUrl>, String>| {
        let label = format!("Save {} as {kind}", props.name);
        let (props, file, failure) = (props.clone(), file.clone(), failure.setter());
        let name = format!("{}.{}", props.name.to_lowercase().replace([' ', ','], "-"), kind.to_lowercase());
        let onclick = Callback::from(move |_: MouseEvent| {
            let written = write(&props, &name);
            failure.set(written.as_ref().err().cloned());
            *file.borrow_mut() = written.ok().flatten();
        });
        html! { <button type="button" {onclick} aria-label={label} data-testid={format!("save-{}", kind.to_lowercase())}>{ kind }</button> }
    };
    html! {
        <div class="saving">
            { button("PNG", png) }
            { button("SVG", svg) }
            { button("CSV", |props, name| Ok(save(name, "text/csv", &csv(&props.shown)))) }
            if let Some(failure) = &*failure {
                <span role="alert">{ format!("It cannot be saved: {failure}") }</span>
            }
        </div>
    }
}

fn palette(props: &SavingProps) -> Result<Palette, String> {
    Ok(Palette::of(&props.canvas.cast::<HtmlCanvasElement>().ok_or("the chart is gone")?))
}

fn sheet(props: &SavingProps) -> Sheet {
    Sheet { width: PICTURE.0, height: PICTURE.1, scale: f64::from(DENSITY), zone: props.zone }
}

fn png(props: &SavingProps, name: &str) -> Result<Option<ObjectUrl>, String> {
    let failed = |_| "this browser has no canvas".to_owned();
    let canvas = document().create_element("canvas").map_err(failed)?.unchecked_into::<HtmlCanvasElement>();
    canvas.set_width(PICTURE.0 * DENSITY);
    canvas.set_height(PICTURE.1 * DENSITY);
    let area =
        CanvasBackend::with_canvas_object(canvas.clone()).ok_or("this browser has no canvas")?.into_drawing_area();
    let palette = palette(props)?;
    area.fill(&palette.card).map_err(|error| error.to_string())?;
    draw_sheet(&area, &props.shown, &palette, sheet(props), true)?;
    let address = canvas.to_data_url().map_err(|_| "this browser does not give the picture away".to_owned())?;
    save_address(name, &address);
    Ok(None)
}

fn svg(props: &SavingProps, name: &str) -> Result<Option<ObjectUrl>, String> {
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, (PICTURE.0 * DENSITY, PICTURE.1 * DENSITY)).into_drawing_area();
        let palette = palette(props)?;
        area.fill(&palette.card).map_err(|error| error.to_string())?;
        draw_sheet(&area, &props.shown, &palette, sheet(props), true)?;
    }
    Ok(save(name, "image/svg+xml", &text))
}

/// A row a bin: when it starts, and what each series has there; nothing where it has nothing.
fn csv(chart: &Chart) -> String {
    let mut heads = vec!["at".to_owned()];
    let mut rows: BTreeMap<Instant, BTreeMap<usize, f64>> = BTreeMap::new();
    let mut column = |name: String, points: &mut dyn Iterator<Item = (Instant, f64)>| {
        points.for_each(|(at, value)| {
            rows.entry(at).or_default().insert(heads.len(), value);
        });
        heads.push(name);
    };
    for line in &chart.lines {
        column(line.name.to_string(), &mut line.points.iter().copied());
    }
    for band in &chart.bands {
        column(format!("{}, from", band.name), &mut band.points.iter().map(|&(at, low, _)| (at, low)));
        column(format!("{}, to", band.name), &mut band.points.iter().map(|&(at, _, high)| (at, high)));
    }
    for layer in &chart.layers {
        column(layer.name.to_string(), &mut layer.points.iter().map(|&(step, amount)| (step.start, amount)));
    }
    let columns = heads.len();
    let row = |(at, values): (Instant, BTreeMap<usize, f64>)| {
        let value = |column: usize| values.get(&column).map_or_else(String::new, f64::to_string);
        [at.to_string()].into_iter().chain((1..columns).map(value)).collect::<Vec<String>>()
    };
    write_table([heads.clone()].into_iter().chain(rows.into_iter().map(row)))
}

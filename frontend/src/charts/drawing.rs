//! Draws a chart on a canvas, sharp at any pixel density.

use plotters::chart::ChartContext;
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters_canvas::CanvasBackend;
use web_sys::HtmlCanvasElement;

use super::palette::Palette;
use super::surroundings::Surroundings;
use super::time_axis::TimeAxis;
use super::{Band, Chart, Line, Stroke};
use crate::format;
use crate::zone::Zone;

/// Room for the labels of the values, in CSS pixels; the tooltip counts on it.
pub(super) const LEFT: u32 = 46;
/// Room beside the last bin.
pub(super) const RIGHT: u32 = 22;
const BOTTOM: u32 = 24;
const TOP: u32 = 8;
/// Width of a line.
const LINE: f64 = 1.6;

const FONT: &str = "system-ui, sans-serif";

type Plot<'a> = ChartContext<'a, CanvasBackend, Cartesian2d<TimeAxis, RangedCoordf64>>;

/// Draws `chart`; nothing where there is no room or nothing to show.
pub(super) fn draw(canvas: &HtmlCanvasElement, chart: &Chart, around: Surroundings, zone: Zone) -> Result<(), String> {
    let scale = f64::from(around.density_percent) / 100.0;
    let pixels = |css: f64| (css * scale).round() as u32;
    canvas.set_width(pixels(f64::from(around.width)));
    canvas.set_height(pixels(f64::from(around.height)));
    let Some((start, end)) = chart.range().filter(|_| around.width > LEFT + RIGHT && around.height > BOTTOM + TOP)
    else {
        return Ok(());
    };
    let palette = Palette::of(canvas);
    let backend = CanvasBackend::with_canvas_object(canvas.clone()).ok_or("this browser has no canvas")?;
    let area = backend.into_drawing_area();
    let size = |css: u32| pixels(f64::from(css)) as i32;
    let mut plot = ChartBuilder::on(&area)
        .margin_top(size(TOP))
        .margin_right(size(RIGHT))
        .x_label_area_size(size(BOTTOM))
        .y_label_area_size(size(LEFT))
        .build_cartesian_2d(TimeAxis { start, end, zone }, 0.0..chart.ceiling())
        .map_err(|error| error.to_string())?;
    draw_axes(&mut plot, &palette, around, scale)?;
    // A line at 0 lies on the axis, not half below it.
    let least = chart.ceiling() * LINE / 2.0 / f64::from(around.height - BOTTOM - TOP);
    for band in &chart.bands {
        draw_band(&mut plot, band, chart.bin.micros(), &palette)?;
    }
    draw_layers(&mut plot, chart, &palette)?;
    for line in &chart.lines {
        draw_line(&mut plot, line, chart.bin.micros(), &palette, scale, least)?;
    }
    if let Some(now) = chart.now.map(|now| now.micros()).filter(|now| (start..=end).contains(now)) {
        let style = palette.muted.mix(0.8).stroke_width(pixels(1.0).max(1));
        let points = [(now, 0.0), (now, chart.ceiling())];
        let marker = DashedLineSeries::new(points, size(3), size(3), style);
        plot.draw_series(marker).map_err(|error| error.to_string())?;
    }
    area.present().map_err(|error| error.to_string())
}

fn draw_axes(plot: &mut Plot<'_>, palette: &Palette, around: Surroundings, scale: f64) -> Result<(), String> {
    let labels = (FONT, 11.0 * scale).into_font().color(&palette.muted);
    plot.configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(palette.grid.stroke_width(scale.round().max(1.0) as u32))
        .axis_style(palette.grid)
        .label_style(labels)
        .x_labels((around.width / 80).max(2) as usize)
        .y_labels((around.height / 44).max(2) as usize)
        .set_all_tick_mark_size((3.0 * scale).round() as i32)
        .x_label_formatter(&|at| TimeAxis { start: 0, end: 0, zone: around.zone }.label(*at))
        .y_label_formatter(&|value| format::tick(*value))
        .draw()
        .map_err(|error| error.to_string())
}

fn draw_band(plot: &mut Plot<'_>, band: &Band, bin: i64, palette: &Palette) -> Result<(), String> {
    let style = palette.tone(band.tone).mix(band.opacity).filled();
    for part in band.points.chunk_by(|a, b| b.0.micros() - a.0.micros() <= bin) {
        let lower = part.iter().map(|&(at, low, _)| (at.micros() + bin / 2, low));
        let upper = part.iter().rev().map(|&(at, _, high)| (at.micros() + bin / 2, high));
        let outline: Vec<(i64, f64)> = lower.chain(upper).collect();
        plot.draw_series([Polygon::new(outline, style)]).map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn draw_layers(plot: &mut Plot<'_>, chart: &Chart, palette: &Palette) -> Result<(), String> {
    for (place, layer) in chart.layers.iter().enumerate() {
        let style = palette.tone(layer.tone).mix(0.85).filled();
        let columns = layer.points.iter().filter(|(_, amount)| *amount > 0.0).map(|&(step, amount)| {
            let low = chart.below(place, step);
            Rectangle::new([(step.start.micros(), low), (step.end.micros(), low + amount)], style)
        });
        plot.draw_series(columns).map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn draw_line(
    plot: &mut Plot<'_>,
    line: &Line,
    bin: i64,
    palette: &Palette,
    scale: f64,
    least: f64,
) -> Result<(), String> {
    let style = palette.tone(line.tone).stroke_width((LINE * scale).round().max(1.0) as u32);
    for part in line.points.chunk_by(|a, b| b.0.micros() - a.0.micros() <= bin) {
        let points = part.iter().map(|&(at, value)| (at.micros(), value.max(least)));
        let drawn = match line.stroke {
            Stroke::Solid => {
                plot.draw_series(LineSeries::new(points.map(|(at, value)| (at + bin / 2, value)), style)).map(drop)
            }
            Stroke::Steps => {
                let corners = points.flat_map(|(at, value)| [(at, value), (at + bin, value)]);
                plot.draw_series(LineSeries::new(corners, style)).map(drop)
            }
            Stroke::Dashed => {
                let centres: Vec<(i64, f64)> = points.map(|(at, value)| (at + bin / 2, value)).collect();
                let (dash, gap) = ((6.0 * scale) as i32, (4.0 * scale) as i32);
                plot.draw_series(DashedLineSeries::new(centres, dash, gap, style)).map(drop)
            }
        };
        drawn.map_err(|error| error.to_string())?;
    }
    Ok(())
}

//! Draws a chart on a canvas, sharp at any pixel density.

use plotters::chart::ChartContext;
use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters_canvas::CanvasBackend;
use web_sys::HtmlCanvasElement;

use super::palette::Palette;
use super::surroundings::Surroundings;
use super::time_axis::TimeAxis;
use super::{Band, Chart, Line, Stroke, Tone};
use crate::format;
use crate::zone::Zone;

/// Room for the labels of the values, in CSS pixels; the tooltip counts on it.
pub(super) const LEFT: u32 = 46;
/// Room beside the last bin.
pub(super) const RIGHT: u32 = 22;
const BOTTOM: u32 = 24;
const TOP: u32 = 8;
/// Room for a legend, where there is one.
const LEGEND: u32 = 26;
/// Width of a line.
const LINE: f64 = 1.6;

const FONT: &str = "system-ui, sans-serif";

type Plot<'a, DB> = ChartContext<'a, DB, Cartesian2d<TimeAxis, RangedCoordf64>>;
type Area<DB> = DrawingArea<DB, Shift>;

/// What is drawn on: in CSS pixels, and device pixels per CSS pixel.
#[derive(Clone, Copy)]
pub(super) struct Sheet {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) scale: f64,
    pub(super) zone: Zone,
}

impl Sheet {
    fn pixels(&self, css: f64) -> u32 {
        (css * self.scale).round() as u32
    }

    fn size(&self, css: u32) -> i32 {
        self.pixels(f64::from(css)) as i32
    }
}

/// Draws `chart` on a canvas; nothing where there is no room or nothing to show.
pub(super) fn draw(canvas: &HtmlCanvasElement, chart: &Chart, around: Surroundings) -> Result<(), String> {
    let Surroundings { width, height, density_percent, zone, .. } = around;
    let sheet = Sheet { width, height, scale: f64::from(density_percent) / 100.0, zone };
    canvas.set_width(sheet.pixels(f64::from(width)));
    canvas.set_height(sheet.pixels(f64::from(height)));
    let palette = Palette::of(canvas);
    let backend = CanvasBackend::with_canvas_object(canvas.clone()).ok_or("this browser has no canvas")?;
    draw_sheet(&backend.into_drawing_area(), chart, &palette, sheet, false)
}

/// Draws `chart` on anything, with a legend if wanted; nothing where there is no room or nothing to show.
pub(super) fn draw_sheet<DB: DrawingBackend>(
    area: &Area<DB>,
    chart: &Chart,
    palette: &Palette,
    sheet: Sheet,
    with_legend: bool,
) -> Result<(), String> {
    let top = if with_legend { TOP + LEGEND } else { TOP };
    let Some((start, end)) = chart.range().filter(|_| sheet.width > LEFT + RIGHT && sheet.height > BOTTOM + top) else {
        return Ok(());
    };
    let mut plot = ChartBuilder::on(area)
        .margin_top(sheet.size(top))
        .margin_right(sheet.size(RIGHT))
        .x_label_area_size(sheet.size(BOTTOM))
        .y_label_area_size(sheet.size(LEFT))
        .build_cartesian_2d(TimeAxis { start, end, zone: sheet.zone }, 0.0..chart.ceiling())
        .map_err(|error| error.to_string())?;
    draw_axes(&mut plot, palette, sheet)?;
    // A line at 0 lies on the axis, not half below it.
    let least = chart.ceiling() * LINE / 2.0 / f64::from(sheet.height - BOTTOM - top);
    for band in &chart.bands {
        draw_band(&mut plot, band, chart.bin.micros(), palette)?;
    }
    draw_layers(&mut plot, chart, palette)?;
    for line in &chart.lines {
        draw_line(&mut plot, line, chart.bin.micros(), palette, sheet.scale, least)?;
    }
    if let Some(now) = chart.now.map(|now| now.micros()).filter(|now| (start..=end).contains(now)) {
        let style = palette.muted.mix(0.8).stroke_width(sheet.pixels(1.0).max(1));
        let points = [(now, 0.0), (now, chart.ceiling())];
        let marker = DashedLineSeries::new(points, sheet.size(3), sheet.size(3), style);
        plot.draw_series(marker).map_err(|error| error.to_string())?;
    }
    if with_legend {
        draw_legend(area, chart, palette, sheet)?;
    }
    area.present().map_err(|error| error.to_string())
}

/// What the values are, and the names of the series beside their colours.
fn draw_legend<DB: DrawingBackend>(
    area: &Area<DB>,
    chart: &Chart,
    palette: &Palette,
    sheet: Sheet,
) -> Result<(), String> {
    let style = (FONT, 12.0 * sheet.scale).into_font().color(&palette.muted).pos(Pos::new(HPos::Left, VPos::Center));
    let middle = sheet.size(TOP + LEGEND / 2);
    let mut x = sheet.size(LEFT);
    let mut write = |key: Option<Tone>, text: &str| -> Result<(), String> {
        if let Some(tone) = key {
            let half = sheet.size(3);
            let box_of =
                Rectangle::new([(x, middle - half), (x + sheet.size(14), middle + half)], palette.tone(tone).filled());
            area.draw(&box_of).map_err(|error| error.to_string())?;
            x += sheet.size(20);
        }
        area.draw_text(text, &style, (x, middle)).map_err(|error| error.to_string())?;
        let (width, _) = area.estimate_text_size(text, &style).map_err(|error| error.to_string())?;
        x += width as i32 + sheet.size(18);
        Ok(())
    };
    write(None, &chart.axis)?;
    for line in chart.lines.iter().filter(|line| !line.points.is_empty()) {
        write(Some(line.tone), &line.name)?;
    }
    for band in chart.bands.iter().filter(|band| !band.points.is_empty()) {
        write(Some(band.tone), &band.name)?;
    }
    for layer in &chart.layers {
        write(Some(layer.tone), &layer.name)?;
    }
    Ok(())
}

fn draw_axes<DB: DrawingBackend>(plot: &mut Plot<'_, DB>, palette: &Palette, sheet: Sheet) -> Result<(), String> {
    let labels = (FONT, 11.0 * sheet.scale).into_font().color(&palette.muted);
    plot.configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(palette.grid.stroke_width(sheet.scale.round().max(1.0) as u32))
        .axis_style(palette.grid)
        .label_style(labels)
        .x_labels((sheet.width / 80).max(2) as usize)
        .y_labels((sheet.height / 44).max(2) as usize)
        .set_all_tick_mark_size((3.0 * sheet.scale).round() as i32)
        .x_label_formatter(&|at| TimeAxis { start: 0, end: 0, zone: sheet.zone }.label(*at))
        .y_label_formatter(&|value| format::tick(*value))
        .draw()
        .map_err(|error| error.to_string())
}

fn draw_band<DB: DrawingBackend>(
    plot: &mut Plot<'_, DB>,
    band: &Band,
    bin: i64,
    palette: &Palette,
) -> Result<(), String> {
    let style = palette.tone(band.tone).mix(band.opacity).filled();
    for part in band.points.chunk_by(|a, b| b.0.micros() - a.0.micros() <= bin) {
        let lower = part.iter().map(|&(at, low, _)| (at.micros() + bin / 2, low));
        let upper = part.iter().rev().map(|&(at, _, high)| (at.micros() + bin / 2, high));
        let outline: Vec<(i64, f64)> = lower.chain(upper).collect();
        plot.draw_series([Polygon::new(outline, style)]).map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn draw_layers<DB: DrawingBackend>(plot: &mut Plot<'_, DB>, chart: &Chart, palette: &Palette) -> Result<(), String> {
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

fn draw_line<DB: DrawingBackend>(
    plot: &mut Plot<'_, DB>,
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

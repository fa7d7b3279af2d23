//! A statement as one page to read and to print: no script, nothing loaded, light or dark as the reader's screen is.

use std::collections::BTreeMap;
use std::fmt::Write;

use plotters::drawing::DrawingAreaErrorKind;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use shared::allocation::{AmountsView, StatementView, VarianceStatement};
use shared::units::{Instant, Money};

use super::comparison::sentences;
use super::text::{is_cut, label, names, shown_of, summed};

/// Most groups that a chart shows; the others are one bar.
const BARS_MAX: usize = 20;

const STYLE: &str = "\
:root { color-scheme: light dark; --ink: #1d2330; --soft: #5b6474; --line: #d8dce4; --page: #fff;
  --workload: #2f6fde; --idle: #b9c0cc; --shared: #8a5cd0; --overhead: #d98324; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9f0; --soft: #9aa3b5; --line: #343b4a; --page: #151922;
  --workload: #6ea0ff; --idle: #566073; --shared: #b493ee; --overhead: #eba55a; } }
@media print { :root { color-scheme: light; --ink: #000; --soft: #444; --line: #bbb; --page: #fff; }
  tr, figure { break-inside: avoid; } thead { display: table-header-group; } }
body { font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--page); max-width: 64rem;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: 0; } p, figcaption { color: var(--soft); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .5rem; border-bottom: 1px solid var(--line); text-align: right; }
th:first-child, td:first-child { text-align: left; overflow-wrap: anywhere; min-width: 7rem; }
@media screen and (max-width: 40rem) { table { display: block; overflow-x: auto; } }
tfoot td { font-weight: 600; } figure { margin: 1.5rem 0; } svg { width: 100%; height: auto; }
svg text { fill: var(--ink); } svg [stroke=\"#D8DCE4\"] { stroke: var(--line); }
svg [fill=\"#2F6FDE\"] { fill: var(--workload); } svg [fill=\"#B9C0CC\"] { fill: var(--idle); }
svg [fill=\"#8A5CD0\"] { fill: var(--shared); } svg [fill=\"#D98324\"] { fill: var(--overhead); }
.workload { background: var(--workload); } .idle { background: var(--idle); } .shared { background: var(--shared); }
.overhead { background: var(--overhead); }
.key { display: inline-block; width: .8em; height: .8em; margin: 0 .3em 0 1em; print-color-adjust: exact; }";

/// Of a chart, in pixels of a page that is so wide: names to the left, amounts to the right, an axis below.
const WIDTH: u32 = 900;
const LEFT: u32 = 220;
const RIGHT: u32 = 80;
const AXIS: u32 = 28;
const ROW: u32 = 22;

/// Colors of a light page, in the order of [`PARTS`]; the style has others for a dark one in their place.
const COLORS: [RGBColor; 4] =
    [RGBColor(0x2f, 0x6f, 0xde), RGBColor(0xb9, 0xc0, 0xcc), RGBColor(0x8a, 0x5c, 0xd0), RGBColor(0xd9, 0x83, 0x24)];
const INK: RGBColor = RGBColor(0x1d, 0x23, 0x30);
const LINE: RGBColor = RGBColor(0xd8, 0xdc, 0xe4);

/// What bars are made of; a discount would be shorter than nothing.
const PARTS: [&str; 4] = ["workload", "idle", "shared", "overhead"];

fn parts(amounts: &AmountsView) -> [Money; 4] {
    [amounts.workload, amounts.idle, amounts.shared, amounts.overhead]
}

/// The page.
pub(super) fn page(view: &StatementView, found: Option<&VarianceStatement>, notices: &[String]) -> String {
    let mut out = String::new();
    write_page(&mut out, view, found, notices).expect("writing to a String cannot fail");
    out
}

fn write_page(
    out: &mut String,
    view: &StatementView,
    found: Option<&VarianceStatement>,
    notices: &[String],
) -> std::fmt::Result {
    let by: Vec<String> = view.by.iter().map(|by| escaped(&by.to_string())).collect();
    writeln!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width\">\n<title>Cost by {}</title>\n<style>\n{STYLE}\n</style>\n</head>\n<body>",
        by.join(" and ")
    )?;
    writeln!(out, "<h1>{} {}</h1>", amount(view.total.total), view.currency)?;
    writeln!(
        out,
        "<p>{} … {}, by {}; idle: {}, shared: {}</p>",
        view.window.start,
        view.window.end,
        by.join(" and "),
        view.idle.as_str(),
        escaped(&view.shared)
    )?;
    for notice in notices {
        writeln!(out, "<p>{}</p>", escaped(notice))?;
    }
    if let [total, areas @ ..] = &found.map(sentences).unwrap_or_default()[..] {
        writeln!(out, "<p>{}</p>", escaped(total))?;
        let areas: Vec<String> = areas.iter().map(|area| format!("<li>{}</li>", escaped(area))).collect();
        if !areas.is_empty() {
            writeln!(out, "<p>Where it differs most:</p>\n<ul>{}</ul>", areas.concat())?;
        }
    }
    let keys = PARTS.map(|part| format!("<span class=\"key {part}\"></span>{part}"));
    writeln!(out, "<p>{}</p>", keys.concat())?;
    if view.parts_shown().len() > PARTS.len() {
        writeln!(out, "<p>The bars stand at prices without commitments; what these come to is in the table.</p>")?;
    }
    write_bars(out, "by group, largest first", &largest(by_label(view)))?;
    if is_cut(view) {
        write_bars(out, "in order of time", &by_slice(view))?;
    }
    write_rows(out, view)?;
    for cost in view.unit_costs.iter().filter(|cost| cost.window == view.window) {
        let each = cost.per_unit.as_deref().unwrap_or("none");
        let (metric, currency) = (escaped(&cost.metric), view.currency);
        writeln!(out, "<p>{metric}: {each} {currency} each of {}{}</p>", escaped(&cost.value), summed(view))?;
    }
    writeln!(out, "</body>\n</html>")
}

/// What a bar is of, and how long each of its parts is.
type Bar = (String, [f64; 4]);

fn by_label(view: &StatementView) -> Vec<Bar> {
    let mut sums: BTreeMap<String, [f64; 4]> = BTreeMap::new();
    for row in &view.rows {
        let sum = sums.entry(label(view, row)).or_default();
        sum.iter_mut().zip(parts(&row.amounts)).for_each(|(sum, money)| *sum += money.to_f64());
    }
    sums.into_iter().collect()
}

fn by_slice(view: &StatementView) -> Vec<Bar> {
    let mut sums: BTreeMap<Instant, [f64; 4]> = BTreeMap::new();
    for row in &view.rows {
        let sum = sums.entry(row.start).or_default();
        sum.iter_mut().zip(parts(&row.amounts)).for_each(|(sum, money)| *sum += money.to_f64());
    }
    sums.into_iter().map(|(start, sum)| (start.to_string(), sum)).collect()
}

/// The largest bars, and one of what is left.
fn largest(mut bars: Vec<Bar>) -> Vec<Bar> {
    let length = |bar: &Bar| bar.1.iter().sum::<f64>();
    bars.sort_by(|a, b| length(b).total_cmp(&length(a)));
    if bars.len() > BARS_MAX {
        let rest = bars.split_off(BARS_MAX);
        let mut sum = [0.0; 4];
        rest.iter().for_each(|bar| sum.iter_mut().zip(bar.1).for_each(|(sum, part)| *sum += part));
        bars.push((format!("{} others", rest.len()), sum));
    }
    bars
}

/// Stacked bars, one below the other, with what they are of to the left and how much to the right.
fn write_bars(out: &mut String, caption: &str, bars: &[Bar]) -> std::fmt::Result {
    let mut svg = String::new();
    let drawn = draw_bars(SVGBackend::with_string(&mut svg, (WIDTH, AXIS + ROW * bars.len() as u32)), bars);
    drawn.map_err(|_| std::fmt::Error)?;
    writeln!(
        out,
        "<figure role=\"img\" aria-label=\"cost {caption}\"><figcaption>{caption}</figcaption>\n{svg}</figure>"
    )
}

fn draw_bars<B: DrawingBackend>(backend: B, bars: &[Bar]) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
    let area = backend.into_drawing_area();
    let most = bars.iter().map(|bar| bar.1.iter().sum::<f64>()).fold(0.0, f64::max);
    // The first bar is at the top, where the axis ends.
    let row = |position: usize| bars.len() - 1 - position;
    let mut chart = ChartBuilder::on(&area)
        .margin_right(RIGHT)
        .x_label_area_size(AXIS)
        .y_label_area_size(LEFT)
        .build_cartesian_2d(0.0..most.max(f64::MIN_POSITIVE), (0..bars.len().saturating_sub(1)).into_segmented())?;
    // Of a font, plotters makes pixels of 0.81 of its size.
    let text = ("system-ui, sans-serif", 15).into_font().color(&INK);
    chart
        .configure_mesh()
        .disable_y_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(LINE)
        .axis_style(LINE)
        .label_style(text.clone())
        .x_labels(6)
        .y_labels(bars.len())
        .y_label_formatter(&|segment| match segment {
            SegmentValue::CenterOf(position) if *position < bars.len() => shown(&bars[row(*position)].0),
            _ => String::new(),
        })
        .draw()?;
    let beside = text.pos(Pos::new(HPos::Left, VPos::Center));
    for (position, (_, amounts)) in bars.iter().enumerate() {
        let bottom = SegmentValue::Exact(row(position));
        let top = if position == 0 { SegmentValue::Last } else { SegmentValue::Exact(row(position) + 1) };
        let mut x = 0.0;
        for (color, amount) in COLORS.iter().zip(amounts).filter(|(_, amount)| **amount > 0.0) {
            let mut part = Rectangle::new([(x, bottom.clone()), (x + amount, top.clone())], color.filled());
            part.set_margin(3, 3, 0, 0);
            chart.draw_series([part])?;
            x += amount;
        }
        let total = EmptyElement::at((x, SegmentValue::CenterOf(row(position))))
            + Text::new(format!("{x:.2}"), (6, 0), beside.clone());
        chart.draw_series([total])?;
    }
    area.present()
}

/// As much of a name as there is room for.
fn shown(name: &str) -> String {
    if name.chars().count() > 30 { name.chars().take(29).chain(['…']).collect() } else { name.to_owned() }
}

fn write_rows(out: &mut String, view: &StatementView) -> std::fmt::Result {
    let cut = is_cut(view);
    let from = if cut { "<th>from</th>" } else { "" };
    let shown = view.parts_shown();
    let heads: String = names(&shown).iter().map(|part| format!("<th>{part}</th>")).collect();
    writeln!(out, "<table>\n<thead><tr><th>of</th>{from}{heads}<th>resource hours</th></tr></thead>\n<tbody>")?;
    let cells = |amounts: &AmountsView| {
        let money = shown_of(amounts, &shown).into_iter().map(|amount| format!("<td>{amount}</td>"));
        money.collect::<String>() + &format!("<td>{:.1}</td>", amounts.resource_hours)
    };
    for row in &view.rows {
        let from = if cut { format!("<td>{}</td>", row.start) } else { String::new() };
        writeln!(out, "<tr><td>{}</td>{from}{}</tr>", escaped(&label(view, row)), cells(&row.amounts))?;
    }
    let from = if cut { "<td></td>" } else { "" };
    writeln!(out, "</tbody>\n<tfoot><tr><td>total</td>{from}{}</tr></tfoot>\n</table>", cells(&view.total))
}

fn amount(money: Money) -> String {
    format!("{:.2}", money.rounded())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_bars_become_one() {
        let bars = (0..25).map(|i| (format!("t{i}"), [f64::from(i), 0.0, 0.0, 1.0])).collect();
        let shown = largest(bars);
        assert_eq!((shown.len(), shown[0].0.as_str(), shown[20].0.as_str()), (21, "t24", "5 others"));
        // 0 + 1 + 2 + 3 + 4 of workload, and 1 of overhead each.
        assert_eq!(shown[20].1, [10.0, 0.0, 0.0, 5.0]);
    }

    #[test]
    fn names_are_no_markup() {
        assert_eq!(escaped("<a href=\"x\">&"), "&lt;a href=&quot;x&quot;&gt;&amp;");
    }
}

//! A statement as one page to read and to print: no script, nothing loaded, light or dark as the reader's screen is.

use std::collections::BTreeMap;
use std::fmt::Write;

use shared::allocation::{AmountsView, StatementView};
use shared::units::{Instant, Money};

use super::text::{is_cut, label, summed};

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
th:first-child, td:first-child { text-align: left; overflow-wrap: anywhere; }
tfoot td { font-weight: 600; } figure { margin: 1.5rem 0; } svg { width: 100%; height: auto; }
svg text { fill: var(--ink); font: 12px system-ui, sans-serif; } svg .axis { stroke: var(--line); }
.workload { fill: var(--workload); background: var(--workload); } .idle { fill: var(--idle); background: var(--idle); }
.shared { fill: var(--shared); background: var(--shared); }
.overhead { fill: var(--overhead); background: var(--overhead); }
.key { display: inline-block; width: .8em; height: .8em; margin: 0 .3em 0 1em; print-color-adjust: exact; }";

const PARTS: [&str; 4] = ["workload", "idle", "shared", "overhead"];

fn parts(amounts: &AmountsView) -> [Money; 4] {
    [amounts.workload, amounts.idle, amounts.shared, amounts.overhead]
}

/// The page.
pub(super) fn page(view: &StatementView, notices: &[String]) -> String {
    let mut out = String::new();
    write_page(&mut out, view, notices).expect("writing to a String cannot fail");
    out
}

fn write_page(out: &mut String, view: &StatementView, notices: &[String]) -> std::fmt::Result {
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
    let keys = PARTS.map(|part| format!("<span class=\"key {part}\"></span>{part}"));
    writeln!(out, "<p>{}</p>", keys.concat())?;
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

/// Stacked bars with what they are of to the left and how much to the right.
fn write_bars(out: &mut String, caption: &str, bars: &[Bar]) -> std::fmt::Result {
    const ROW: f64 = 22.0;
    const LEFT: f64 = 220.0;
    const WIDTH: f64 = 900.0;
    const BAR: f64 = 580.0;
    let most = bars.iter().map(|bar| bar.1.iter().sum::<f64>()).fold(0.0, f64::max);
    let scale = if most > 0.0 { BAR / most } else { 0.0 };
    let height = bars.len() as f64 * ROW + 4.0;
    writeln!(
        out,
        "<figure><figcaption>{caption}</figcaption>\n<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         aria-label=\"cost {caption}\">"
    )?;
    writeln!(out, "<line class=\"axis\" x1=\"{LEFT}\" y1=\"0\" x2=\"{LEFT}\" y2=\"{height}\"/>")?;
    for (position, (label, amounts)) in bars.iter().enumerate() {
        let y = position as f64 * ROW + 4.0;
        let mut x = LEFT;
        let shown: String =
            if label.chars().count() > 30 { label.chars().take(29).chain(['…']).collect() } else { label.clone() };
        let baseline = y + 12.0;
        writeln!(out, "<text x=\"{}\" y=\"{baseline}\" text-anchor=\"end\">{}</text>", LEFT - 8.0, escaped(&shown))?;
        for (part, amount) in PARTS.iter().zip(amounts).filter(|(_, amount)| **amount > 0.0) {
            let length = amount * scale;
            let title = format!("<title>{part}: {amount:.2}</title>");
            writeln!(
                out,
                "<rect class=\"{part}\" x=\"{x:.1}\" y=\"{y}\" width=\"{length:.1}\" height=\"{}\">{title}</rect>",
                ROW - 6.0
            )?;
            x += length;
        }
        writeln!(out, "<text x=\"{:.1}\" y=\"{baseline}\">{:.2}</text>", x + 6.0, amounts.iter().sum::<f64>())?;
    }
    writeln!(out, "</svg></figure>")
}

fn write_rows(out: &mut String, view: &StatementView) -> std::fmt::Result {
    let cut = is_cut(view);
    let from = if cut { "<th>from</th>" } else { "" };
    let heads = PARTS.map(|part| format!("<th>{part}</th>")).concat();
    writeln!(
        out,
        "<table>\n<thead><tr><th>of</th>{from}{heads}<th>total</th><th>resource hours</th></tr></thead>\n<tbody>"
    )?;
    let cells = |amounts: &AmountsView| {
        let money =
            parts(amounts).into_iter().chain([amounts.total]).map(|money| format!("<td>{}</td>", amount(money)));
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
    format!("{:.2}", money.amount)
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

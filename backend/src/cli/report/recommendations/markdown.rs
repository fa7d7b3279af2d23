//! Recommendations for a pull request.

use std::fmt::Write;

use shared::units::Money;

use super::Report;
use crate::output::in_line;

/// A table, the risks of each below it.
pub(super) fn text(report: &Report<'_>) -> String {
    let mut out = String::new();
    write_all(&mut out, report).expect("writing to a String cannot fail");
    out
}

fn write_all(out: &mut String, report: &Report<'_>) -> std::fmt::Result {
    let all = &report.advice.recommendations;
    writeln!(
        out,
        "Recommendations for {} … {}, each replayed on the same streams\n",
        report.window.start, report.window.end
    )?;
    for notice in report.notices {
        writeln!(out, "- {}", plain(notice))?;
    }
    if all.is_empty() {
        return writeln!(out, "None of the {} changes that were tried is worth it.", report.advice.changes_tried);
    }
    writeln!(out, "| # | change | saving | middle 80 % | p99 ready | refused | evicted | takes | in conflict with |")?;
    writeln!(out, "| --: | --- | --: | --: | --: | --: | --: | --- | --- |")?;
    for each in all {
        let difference = &each.difference;
        let latency = difference.latency_p99_ms.map_or("-".to_owned(), |ms| format!("{ms:+.0} ms"));
        let conflicts: Vec<String> = each.conflicts.iter().map(u32::to_string).collect();
        writeln!(
            out,
            "| {} | {} | {} | {} to {} | {latency} | {:+} | {:+} | {} | {} |",
            each.rank,
            plain(&each.change),
            short(difference.saving),
            short(difference.saving_p10),
            short(difference.saving_p90),
            difference.refused,
            difference.evicted,
            each.effort.describe(),
            conflicts.join(", "),
        )?;
    }
    writeln!(out)?;
    for each in all {
        for risk in &each.risks {
            writeln!(out, "- {}: risk: {}: {}", each.rank, risk.kind.as_str(), plain(&risk.reason))?;
        }
    }
    if let Some(together) = &report.advice.recommended_together {
        writeln!(out, "- {}", plain(&together.text))?;
    }
    let Some(exported) = report.export else { return Ok(()) };
    for file in &exported.files {
        writeln!(out, "- {}: written, and not applied: {}", file.rank, file.name)?;
    }
    for left_out in &exported.left_out {
        writeln!(out, "- {}: left out: {}", left_out.rank, plain(&left_out.reason))?;
    }
    Ok(())
}

fn short(money: Money) -> String {
    format!("{:.2} {}", money.rounded(), money.currency.as_str())
}

/// One cell: nothing in it ends the cell, begins a tag or names somebody.
fn plain(text: &str) -> String {
    in_line(text).replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;").replace('@', "&#64;")
}

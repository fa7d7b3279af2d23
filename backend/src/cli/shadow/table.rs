//! What `shadow` prints for people.

use std::fmt::Write;

use shared::allocation::{AllocationReport, AllocationRow, Basis, Cause, CauseAmount, MoneyBand, RowKind};
use shared::api::{CommitmentView, CommitmentsView, OutcomeView, PoolShare, PoolView};
use shared::request::Module;
use shared::units::{Dimension, Money, rounded_parts};

use super::advice::write_advice;
use super::answer::{Answer, EditView, WithOrigin};
use super::billed::BillView;
use super::{anomalous, bisected};
use crate::cli::selection_table;
use crate::output;

/// The whole answer as text.
pub(super) fn text(answer: &Answer) -> String {
    let mut out = String::new();
    write_all(&mut out, answer).expect("writing to a String cannot fail");
    out
}

fn write_all(out: &mut String, answer: &Answer) -> std::fmt::Result {
    let outcome = &answer.outcome;
    writeln!(
        out,
        "{} … {}   {}",
        outcome.window.start,
        outcome.window.end,
        output::counted(u64::from(outcome.runs), "run")
    )?;
    for EditView { change, .. } in &answer.edits {
        writeln!(out, "with: {change}")?;
    }
    for notice in &answer.notices {
        writeln!(out, "note: {notice}")?;
    }
    if let Some(prediction) = &answer.prediction {
        writeln!(out)?;
        out.push_str(&selection_table::text(&prediction.selection));
    }
    match answer.prediction.as_ref().and_then(|prediction| prediction.report.as_ref()) {
        Some(report) => write_report(out, report, answer.prediction.as_ref().and_then(|of| of.bill.as_ref()))?,
        None => write_costs(out, outcome)?,
    }
    if let Some(commitments) = &outcome.commitments {
        write_commitments(out, commitments)?;
    }
    if let Some(prediction) = &answer.prediction {
        write_variance(out, prediction)?;
    }
    write_control_plane(out, answer)?;
    if let Some(advice) = &answer.advice {
        write_advice(out, advice)?;
    }
    if let Some(checked) = &answer.checked {
        let (runs, plans) = (output::counted(u64::from(checked.runs), "run"), output::counted(checked.plans, "plan"));
        writeln!(out, "\nchecked: {plans} of {runs} break no rule")?;
    }
    writeln!(out, "\ndigest {}", outcome.digest)?;
    writeln!(
        out,
        "{} simulation events, {:.0} requests a run, {:.1} s",
        outcome.events, outcome.requests, answer.wall_s
    )
}

fn write_costs(out: &mut String, outcome: &OutcomeView) -> std::fmt::Result {
    let head = format!("cost in {}", outcome.cost.mean.currency);
    writeln!(out, "\n{head:<38}{:>14}{:>14}{:>14}{:>14}", "mean", "p10", "p50", "p90")?;
    for tenant in &outcome.tenants {
        write_band(out, &output::in_line(&tenant.tenant), &tenant.workload)?;
    }
    write_band(out, "idle", &outcome.idle)?;
    write_band(out, "overhead (boot, drain)", &outcome.overhead)?;
    if let Some(commitments) = &outcome.commitments {
        write_band(out, "commitment discounts", &commitments.discount)?;
        write_band(out, "unused commitments", &commitments.unused)?;
    }
    for module in &outcome.modules {
        write_band(out, &module_row(module.module.as_str()), &module.cost)?;
    }
    write_band(out, "total", &outcome.cost)
}

fn write_commitments(out: &mut String, commitments: &CommitmentsView) -> std::fmt::Result {
    writeln!(out, "\n{:<38}{:>14}{:>14}{:>14}", "commitment", "cost", "net saving", "used")?;
    for CommitmentView { name, cost, net_saving, utilisation } in &commitments.each {
        let name = output::in_line(name);
        let used = utilisation.map_or("-".to_owned(), |used| format!("{:.1} %", used * 100.0));
        writeln!(out, "{name:<38}{:>14}{:>14}{used:>14}", short(cost.mean), short(net_saving.mean))?;
    }
    Ok(())
}

fn write_band(out: &mut String, name: &str, band: &MoneyBand) -> std::fmt::Result {
    let [mean, p10, p50, p90] = [band.mean, band.p10, band.p50, band.p90].map(short);
    writeln!(out, "{name:<38}{mean:>14}{p10:>14}{p50:>14}{p90:>14}")
}

fn write_report(out: &mut String, report: &AllocationReport, bill: Option<&BillView>) -> std::fmt::Result {
    let heads = ["mean", "p10", "p50", "p90", "actual", "variance"];
    write!(out, "\n{:<38}", format!("predicted cost in {}", report.currency))?;
    heads.iter().try_for_each(|head| write!(out, "{head:>13}"))?;
    writeln!(out)?;
    for row in report.rows.iter().chain([&report.total]) {
        let (name, band) = (row_name(row, bill), row.predicted);
        write!(out, "{name:<38}")?;
        let (mean, actual, variance) = match shown(row) {
            Some([mean, actual, variance]) => (mean, Some(actual), Some(variance)),
            None => (band.mean, None, None),
        };
        let amounts = [Some(mean), Some(band.p10), Some(band.p50), Some(band.p90), actual, variance];
        amounts.iter().try_for_each(|amount| write!(out, "{:>13}", amount.map_or("-".to_owned(), short)))?;
        writeln!(out)?;
    }
    Ok(())
}

/// Mean, actual and variance as they are shown, where something came.
fn shown(row: &AllocationRow) -> Option<[Money; 3]> {
    let (actual, variance) = row.actual.zip(row.variance)?;
    Some(output::compared(row.predicted.mean, actual, variance))
}

/// The causes that are known as they are shown: they add up to the variance of their row.
fn shown_causes(causes: &[CauseAmount], of: &AllocationRow) -> Vec<Money> {
    let known: Vec<Money> = causes.iter().filter_map(|line| line.amount).collect();
    shown(of).map_or_else(Vec::new, |[_, _, variance]| rounded_parts(variance, &known))
}

fn row_name(row: &AllocationRow, bill: Option<&BillView>) -> String {
    match row.kind {
        RowKind::Idle => "idle".to_owned(),
        RowKind::Overhead => "overhead (boot, drain)".to_owned(),
        RowKind::CommitmentDiscount => "commitment discounts".to_owned(),
        RowKind::UnusedCommitment => "unused commitments".to_owned(),
        RowKind::Total => bill.map_or_else(|| "total".to_owned(), BillView::total),
        RowKind::Module => module_row(&row.name),
        _ => output::in_line(&row.name).into_owned(),
    }
}

/// How many rows of the variance have their causes shown; the JSON has all of them.
const ROWS_EXPLAINED: usize = 5;

/// The rows that differ most from their prediction, by cause.
fn write_rows_by_cause(out: &mut String, report: &AllocationReport) -> std::fmt::Result {
    let size = |row: &&AllocationRow| row.variance.map(|variance| variance.amount.abs());
    let explained = report.rows.iter().filter(|row| !row.causes.is_empty() && short_is_something(row));
    let mut rows: Vec<&AllocationRow> = explained.collect();
    rows.sort_by_key(|row| core::cmp::Reverse(size(row)));
    rows.truncate(ROWS_EXPLAINED);
    let Some(first) = rows.first() else { return Ok(()) };
    let known: Vec<Cause> = first.causes.iter().filter(|line| line.amount.is_some()).map(|line| line.cause).collect();
    write!(out, "\n  {:<36}", "where it differs most")?;
    known.iter().try_for_each(|cause| write!(out, "{:>13}", cause.as_str()))?;
    writeln!(out, "{:>13}", "variance")?;
    for row in rows {
        write!(out, "  {:<36}", row_name(row, None))?;
        let variance = shown(row).map(|[_, _, variance]| variance);
        let amounts = shown_causes(&row.causes, row).into_iter().chain(variance);
        amounts.map(short).try_for_each(|amount| write!(out, "{amount:>13}"))?;
        writeln!(out)?;
    }
    Ok(())
}

/// Whether two decimals show a variance.
fn short_is_something(row: &AllocationRow) -> bool {
    row.variance.is_some_and(|variance| !variance.amount.round_dp(2).is_zero())
}

fn write_variance(out: &mut String, prediction: &WithOrigin) -> std::fmt::Result {
    let Some(report) = &prediction.report else { return Ok(()) };
    writeln!(out, "\nvariance by cause (actual − predicted mean)")?;
    let mut known = shown_causes(&report.causes, &report.total).into_iter();
    for CauseAmount { cause, amount, not_observed } in &report.causes {
        let name = cause.as_str();
        match amount.and_then(|_| known.next()) {
            Some(amount) => writeln!(out, "  {name:<12}{:>14}", short(amount))?,
            None => {
                writeln!(out, "  {name:<12}{:>14}  {}", "not observed", not_observed.as_deref().unwrap_or_default())?;
            }
        }
    }
    if let Some((bill, [_, _, variance])) = prediction.bill.as_ref().zip(shown(&report.total)) {
        bill.write_credits(out, variance)?;
    }
    write_rows_by_cause(out, report)?;
    let basis = report.basis.map_or("none", Basis::as_str);
    match prediction.prediction_accuracy {
        Some(accuracy) => writeln!(out, "prediction accuracy {accuracy:.4} (basis: {basis})")?,
        None if report.basis.is_some() => {
            writeln!(
                out,
                "prediction accuracy: none, as nothing was paid that errors could be a share of (basis: {basis})"
            )?;
        }
        None => {}
    }
    if let Some(anomalies) = &prediction.anomalies {
        anomalous::write(out, anomalies)?;
    }
    bisected::write(out, &prediction.bisect)
}

/// Which modules held requests up, failed, or turned requests away.
fn write_troubles(out: &mut String, outcome: &OutcomeView) -> std::fmt::Result {
    let module = |of: Module| outcome.modules.iter().find(|module| module.module == of);
    if let Some(first) = outcome.bottlenecks.first().and_then(|&first| module(first)) {
        let (name, mean) = (first.module.as_str(), first.queue.mean);
        writeln!(out, "\nlongest queue: {name}, where {mean:.3} wait on average (simulated)")?;
    }
    for module in &outcome.modules {
        let name = module.module.as_str();
        if module.failed > 0.0 {
            let cost =
                module.cost_of_failures.map_or_else(String::new, |cost| format!(", which costs {}", short(cost)));
            writeln!(out, "failed attempts: {name}, {:.1} a run{cost}", module.failed)?;
        }
        if module.queue.at_end > 0.0 {
            writeln!(out, "waiting when the window ends: {name}, {:.1} a run", module.queue.at_end)?;
        }
        if module.refused > 0.0 {
            writeln!(out, "turned away: {name}, {:.1} a run", module.refused)?;
        }
    }
    Ok(())
}

fn write_control_plane(out: &mut String, answer: &Answer) -> std::fmt::Result {
    let heads = [
        "wait p50 ms",
        "p90 ms",
        "p99 ms",
        "service p50",
        "p90 ms",
        "p99 ms",
        "per s",
        "busy",
        "queue",
        "most",
        "a request",
    ];
    write!(out, "\n{:<26}", "module (times assumed)")?;
    heads.iter().try_for_each(|head| write!(out, "{head:>12}"))?;
    writeln!(out)?;
    for module in &answer.outcome.modules {
        let (wait, service) = (&module.wait_ms, &module.service_ms);
        write!(out, "{:<26}", module.module.as_str())?;
        for value in [wait.p50, wait.p90, wait.p99, service.p50, service.p90, service.p99] {
            write!(out, "{:>12}", value.map_or("-".to_owned(), milliseconds))?;
        }
        let busy = format!("{:.1} %", 100.0 * module.utilisation);
        let queue = module.queue;
        let each = module.cost_per_request.map_or_else(|| "-".to_owned(), |cost| format!("{:.4}", cost.amount));
        write!(out, "{:>12.3}{busy:>12}{:>12.3}{:>12}", module.throughput_per_s, queue.mean, queue.max)?;
        writeln!(out, "{each:>12}")?;
    }
    write_troubles(out, &answer.outcome)?;
    let ready = &answer.outcome.latency_ms;
    if let (Some(p50), Some(p99)) = (ready.p50, ready.p99) {
        writeln!(out, "\nready after {p50:.0} ms (p50), {p99:.0} ms (p99): simulated, as placements are")?;
    }
    if answer.outcome.pending > 0.0 {
        writeln!(out, "waiting for a node at the end of the window: {:.1} a run", answer.outcome.pending)?;
    }
    for refusal in &answer.outcome.refused {
        writeln!(out, "refused: {} ({:.1} a run)", refusal.reason.as_str(), refusal.count)?;
    }
    for eviction in &answer.outcome.evicted {
        writeln!(out, "had to leave its node: {} ({:.1} a run)", eviction.reason.as_str(), eviction.count)?;
    }
    let outcome = &answer.outcome;
    let shares = outcome.utilisation.iter();
    let shares: Vec<String> = shares.map(|(of, share)| format!("{} {:.1} %", of.field(), 100.0 * share)).collect();
    let shares = if shares.is_empty() { "no nodes".to_owned() } else { format!("utilisation: {}", shares.join(", ")) };
    writeln!(out, "\n{shares}; at most {} live resources on {} nodes", outcome.peak_live, outcome.peak_nodes)?;
    outcome.pools.iter().try_for_each(|pool| writeln!(out, "{}", pool_line(pool)))
}

/// To the microsecond, where that leaves a gap before the next column.
fn milliseconds(value: f64) -> String {
    if value < 1e5 { format!("{value:.3}") } else { format!("{value:.0}") }
}

/// How much of a pool was taken.
fn pool_line(PoolView { pool, zone, taken, cut_off }: &PoolView) -> String {
    let share = |(of, PoolShare { mean, peak }): (&Dimension, &PoolShare)| {
        format!("{} {:.1} % on average and {:.1} % at most", of.field(), 100.0 * mean, 100.0 * peak)
    };
    let shares: Vec<String> = taken.iter().map(share).collect();
    let zone = zone.as_ref().map(|zone| format!(" (zone {zone})")).unwrap_or_default();
    let lost =
        if *cut_off > 0.0 { format!("; {cut_off:.1} a run cut off as the zone was lost") } else { String::new() };
    format!("pool {pool}{zone}: {}{lost}", shares.join(", "))
}

/// Workers and costs of modules were not observed.
fn module_row(module: &str) -> String {
    format!("module {module} (assumed)")
}

/// Two decimals: the JSON has all of them.
fn short(money: Money) -> String {
    format!("{:.2}", money.rounded())
}

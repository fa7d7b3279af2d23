//! Budgets for people.

use std::fmt::Write;

use shared::allocation::{BudgetOutlook, BudgetState};
use shared::api::BudgetList;
use shared::features::TimeZone;

use crate::output;

/// The budgets as a table, a line each and period, times on the clock of the zone.
pub(super) fn table(list: &BudgetList, zone: &TimeZone) -> String {
    let mut out = String::new();
    write_all(&mut out, list, zone).expect("writing to a String cannot fail");
    out
}

fn write_all(out: &mut String, list: &BudgetList, zone: &TimeZone) -> std::fmt::Result {
    for notice in &list.notices {
        writeln!(out, "note: {notice}")?;
    }
    let (Some(origin), Some(first)) = (list.origin, list.budgets.first()) else { return Ok(()) };
    let currency = first.amount.currency;
    let heads = ["amount", "spent", "p10", "p50", "p90"];
    write!(out, "\n{:<24}{:<18}{:<18}", format!("budget in {currency}"), "of", "period from")?;
    heads.iter().try_for_each(|head| write!(out, "{head:>12}"))?;
    writeln!(out, "   breach")?;
    for of in &list.budgets {
        let name = output::cut(&output::in_line(&of.budget), 23);
        let whose = output::cut(&output::in_line(&whose(of)), 17);
        write!(out, "{name:<24}{whose:<18}{:<18}", &zone.clock(of.window.start)[4..])?;
        let band = of.spending;
        for amount in [of.amount, of.spent, band.p10, band.p50, band.p90] {
            write!(out, "{:>12.2}", amount.rounded())?;
        }
        writeln!(out, "   {}", breach(of, zone))?;
    }
    let name: String = zone.clone().into();
    writeln!(
        out,
        "\nspent by {} ({name}); quantiles over {} are of what will have been spent when the period ends, or the horizon",
        zone.clock(origin),
        output::counted(u64::from(first.runs), "run")
    )
}

/// Whose costs count.
fn whose(of: &BudgetOutlook) -> String {
    match (&of.tenant, &of.label) {
        (None, None) => "everything".to_owned(),
        (Some(of), None) | (None, Some(of)) => of.clone(),
        (Some(tenant), Some(label)) => format!("{tenant}, {label}"),
    }
}

/// What to expect, in words.
fn breach(of: &BudgetOutlook, zone: &TimeZone) -> String {
    let at = |instant: Option<_>| instant.map_or("-".to_owned(), |at| zone.clock(at));
    let (runs, all, percent) = (of.breaching_runs, of.runs, of.probability * 100.0);
    let within = if of.seen_until < of.window.end { "within the horizon" } else { "in the period" };
    match of.state {
        BudgetState::Breached => format!("breached {}", at(of.sure_by)),
        BudgetState::WillBreach => {
            format!("{}, {} % sure; half of the runs by {}", at(of.sure_by), of.sure_percent, at(of.median))
        }
        BudgetState::MayBreach => {
            let median = of.median.map_or(String::new(), |median| format!(", half of them by {}", zone.clock(median)));
            format!("not {} % sure {within}: {runs} of {all} runs ({percent:.0} %){median}", of.sure_percent)
        }
        BudgetState::Kept => "none: no run spends more in the period".to_owned(),
        BudgetState::KeptWithinHorizon => {
            format!("none within the horizon, which ends {}", zone.clock(of.seen_until))
        }
    }
}

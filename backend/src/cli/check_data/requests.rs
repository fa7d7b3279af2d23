//! Checks of the request log, alone and against fleet and prices.

use std::collections::BTreeSet;

use shared::control_plane::Fleet;
use shared::pricing::PriceBook;
use shared::request::{Operation, RequestLog, ResourceClass};
use shared::trace::inventory::InventoryNode;
use shared::units::{Duration, Instant};

use super::report::{Input, Report, counts};
use crate::output::{counted, some};

const BIN: Duration = Duration::from_minutes(5);
const BINS_A_DAY: usize = 288;
/// At the usual rate of that time of day, as many creates are missed by chance once in e^14 ≈ 1.2 million times.
const MISSED: f64 = 14.0;

/// The log by itself.
pub(super) fn check(report: &mut Report, file: &str, log: &RequestLog) {
    let of = |operation| log.requests.iter().filter(|request| request.operation == operation).count() as u64;
    let (creates, deletes) = (of(Operation::Create), of(Operation::Delete));
    report.inputs.push(Input {
        kind: "requests",
        file: file.to_owned(),
        rows: log.requests.len() as u64 + log.orphans + log.duplicates,
        from: log.first(),
        to: log.last(),
        counts: counts([
            ("creates", creates),
            ("resizes", of(Operation::Resize)),
            ("deletes", deletes),
            ("tenants", log.tenants.len() as u64),
            ("flavors", log.flavors.len() as u64),
        ]),
    });
    check_ends(report, log, creates, deletes);
    if let (Some(first), Some(last)) = (log.first(), log.last()) {
        check_span(report, first, last);
        check_strays(report, log);
        check_gaps(report, log, first, last);
    }
}

fn check_ends(report: &mut Report, log: &RequestLog, creates: u64, deletes: u64) {
    if log.orphans > 0 {
        report.find(
            "mid-life start",
            format!("{} to delete or resize what the log never created", counted(log.orphans, "request")),
            "stock and cost at the beginning of the log, which starts without them",
        );
    }
    if log.orphans == 0 {
        report.assume("nothing lived when the log began: no delete or resize is of an older resource".to_owned());
    }
    if log.duplicates > 0 {
        report.find(
            "duplicates",
            format!("{} given again", counted(log.duplicates, "request")),
            "nothing: each counts once",
        );
    }
    if creates > 0 && deletes == 0 {
        report.find(
            "no deletes",
            format!("none of {creates} resources ends"),
            "everything but --history and --start: `shadow` refuses such a log, as its fleet would only grow",
        );
    } else {
        let never = log.lives.iter().filter(|life| life.deleted.is_none()).count() as u64;
        if never > 0 {
            let percent = percent(never, creates);
            report.find(
                "never deleted",
                format!("{never} of {creates} resources ({percent}) live at the end of the log"),
                "their lifetimes, which are at least as long as they were seen; many of them hint at lost deletes",
            );
        }
    }
}

/// A share of a whole: to a tenth of a percent where it is small, and never 0 % of something.
fn percent(part: u64, whole: u64) -> String {
    let share = 100.0 * part as f64 / whole as f64;
    if share < 0.05 {
        "less than 0.1 %".to_owned()
    } else if share < 10.0 {
        format!("{share:.1} %")
    } else {
        format!("{share:.0} %")
    }
}

fn check_span(report: &mut Report, first: Instant, last: Instant) {
    let span = last - first;
    if span < Duration::DAY * 2 {
        report.find(
            "short",
            format!("spans {:.1} h; expected 48 h, two of the same time of day", span.seconds() / 3_600.0),
            "forecasts: nothing is known of daily patterns",
        );
    }
}

/// A silence that is too long for a gap: what lies before it is likely to be a slip of the pen.
const SILENCE: Duration = Duration::from_seconds(28 * 86_400);

/// Requests before a silence of four weeks, which forecasts leave out.
fn check_strays(report: &mut Report, log: &RequestLog) {
    let Some(position) = log.requests.windows(2).rposition(|pair| pair[1].at - pair[0].at > SILENCE) else { return };
    let (last, next) = (log.requests[position].at, log.requests[position + 1].at);
    let found = format!(
        "{} before a silence of {:.0} days, the first `{}` at {}, the last `{}` at {last}; the log goes on at {next}",
        counted(position as u64 + 1, "request"),
        (next - last).seconds() / 86_400.0,
        log.ids[0],
        log.requests[0].at,
        log.ids[position],
    );
    report.find(
        "silence",
        found,
        "nothing in forecasts, which begin after it; stock and cost, if a wrong date makes resources live all the while",
    );
}

/// Runs of empty bins that are too long to be chance.
fn check_gaps(report: &mut Report, log: &RequestLog, first: Instant, last: Instant) {
    let start = first.floor(BIN);
    let bins = (last - start).divide(BIN) as usize + 1;
    let mut counts = vec![0_u32; bins];
    for request in log.requests.iter().filter(|request| request.operation == Operation::Create) {
        counts[(request.at - start).divide(BIN) as usize] += 1;
    }
    let mut usual = vec![(0_u64, 0_u32); BINS_A_DAY];
    for (i, &count) in counts.iter().enumerate() {
        let of_day = &mut usual[i % BINS_A_DAY];
        *of_day = (of_day.0 + u64::from(count), of_day.1 + 1);
    }
    let expected = |i: usize| usual[i % BINS_A_DAY].0 as f64 / f64::from(usual[i % BINS_A_DAY].1);
    let (mut gaps, mut i) = (Vec::new(), 0);
    while i < bins {
        let length = counts[i..].iter().take_while(|&&count| count == 0).count();
        let missed: f64 = (i..i + length).map(expected).sum();
        if missed > MISSED {
            gaps.push(format!("{} for {}", start + BIN * i as i64, BIN * length as i64));
        }
        i += length.max(1);
    }
    if !gaps.is_empty() {
        report.find(
            "gaps",
            format!("no creates from {}", some(gaps.iter().map(String::as_str))),
            "forecasts and backtests over these hours, if requests were lost there",
        );
    }
}

/// Flavors that no node could ever hold.
pub(super) fn check_fit(report: &mut Report, log: &RequestLog, inventory: Option<&[InventoryNode]>) {
    let fleet = inventory.map_or_else(Fleet::default, Fleet::from_inventory);
    if inventory.is_none() {
        report.assume("no inventory: nodes of m5.16xlarge (64 vCPU, 256 GiB), as many as are needed".to_owned());
    }
    let misfits: BTreeSet<&str> = log
        .flavors
        .iter()
        .filter(|flavor| flavor.class == ResourceClass::Compute)
        .filter(|flavor| !fleet.node_groups.iter().any(|group| flavor.requested.fits(group.capacity)))
        .map(|flavor| flavor.name.as_str())
        .collect();
    if !misfits.is_empty() {
        let requests = log
            .requests
            .iter()
            .filter(|request| request.operation == Operation::Create)
            .filter(|request| misfits.contains(log.flavors[request.flavor.usize()].name.as_str()))
            .count();
        report.find(
            "no such node",
            format!("{} of {}: no node ever holds them", counted(requests as u64, "create"), some(misfits)),
            "every run: `shadow` refuses the log; bring an --inventory with larger nodes, or leave these creates out",
        );
    }
}

/// Flavors without a price of their own.
pub(super) fn check_prices(report: &mut Report, log: &RequestLog, book: &PriceBook, given: bool) {
    let unpriced: BTreeSet<&str> =
        log.flavors.iter().map(|flavor| flavor.name.as_str()).filter(|name| book.get(name).is_none()).collect();
    if given && !unpriced.is_empty() {
        report.find(
            "unpriced",
            format!("{} of {} flavors have no price: {}", unpriced.len(), log.flavors.len(), some(unpriced)),
            "cost with `billing: per_resource`, where prices per vCPU and GiB stand in; none with `billing: fleet`",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_share_is_not_nothing() {
        // 4 ÷ 445 = 0.00899.
        assert_eq!(percent(4, 445), "0.9 %");
        assert_eq!(percent(1, 10_000), "less than 0.1 %");
        assert_eq!((percent(1, 8).as_str(), percent(3, 3).as_str()), ("12 %", "100 %"));
    }
}

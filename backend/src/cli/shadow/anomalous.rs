//! Anomalies for people.

use std::fmt::Write;

use shared::allocation::RowKind;
use shared::feedback::{AnomalyReport, BandSource, CostAnomaly, FirstInvolved};
use shared::variance::Unexpected;

use crate::output;

/// How many anomalies are shown; the JSON has all of them.
const SHOWN: usize = 10;

/// Writes which series are outside of their bands.
pub(super) fn write(out: &mut String, report: &AnomalyReport) -> std::fmt::Result {
    let (all, level, chance) = (report.anomalies.len(), report.level_percent, report.expected_by_chance);
    let judged = report.judged;
    writeln!(
        out,
        "\nanomalies, outside of the band that holds {level} %: {all} of {judged} series, {chance:.2} by chance"
    )?;
    for anomaly in report.anomalies.iter().take(SHOWN) {
        write_one(out, anomaly)?;
    }
    if all > SHOWN {
        writeln!(out, "  and {} more", all - SHOWN)?;
    }
    if let Some(first) = report.not_judged.first() {
        writeln!(out, "  not judged yet: {} series: {}", report.not_judged.len(), first.reason)?;
    }
    Ok(())
}

fn write_one(out: &mut String, anomaly: &CostAnomaly) -> std::fmt::Result {
    let CostAnomaly { actual, low, high, cause, amount, .. } = anomaly;
    let from = match anomaly.band {
        BandSource::PastErrors { windows } => format!("errors of {windows} windows"),
        BandSource::RunsSpread { runs } => format!("spread of {runs} runs"),
    };
    let of = match (anomaly.kind, &anomaly.tenant) {
        (RowKind::Tenant, _) | (_, None) => String::new(),
        (_, Some(tenant)) => format!(", of {}", output::in_line(tenant)),
    };
    writeln!(
        out,
        "  {:<36}{:>13.2}, {:.2} … {:.2} expected ({from}); {} makes {:.2}{of}",
        name(anomaly),
        actual.rounded(),
        low.rounded(),
        high.rounded(),
        cause.as_str(),
        amount.rounded()
    )?;
    writeln!(out, "    {}", first(&anomaly.first))
}

fn name(anomaly: &CostAnomaly) -> String {
    let name = output::in_line(&anomaly.name);
    match anomaly.kind {
        RowKind::Total => "total".to_owned(),
        RowKind::Tenant => name.into_owned(),
        kind => format!("{} {name}", kind.as_str()),
    }
}

/// What is the first to be involved, in words.
fn first(first: &FirstInvolved) -> String {
    match first {
        FirstInvolved::Request { id, tenant, flavor, how, at } => {
            let id = id.as_deref().map_or("a request without an id".into(), output::in_line);
            let how = match how {
                Unexpected::Came => "came beyond what was predicted",
                Unexpected::DidNotCome => "did not come",
                Unexpected::LivedLonger => "lives on for longer than predicted",
                Unexpected::EndedSooner => "ended sooner than predicted",
            };
            format!("first: {id} of {}, {}, {at}: {how}", output::in_line(tenant), output::in_line(flavor))
        }
        FirstInvolved::Price { name, at } => {
            let name = name.as_deref().map_or("single resources".into(), output::in_line);
            format!("from {at} on: the price of {name}")
        }
        FirstInvolved::Nothing { reason } => format!("no first request: {reason}"),
    }
}

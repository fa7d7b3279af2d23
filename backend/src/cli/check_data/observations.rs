//! Checks of observations, against the requests that they are about.

use std::collections::{BTreeMap, BTreeSet};

use shared::control_plane::{Anomaly, AnomalyKind, Autoscaling, Fleet, fold};
use shared::request::{Observation, Received, RequestLog};
use shared::shadow::Known;
use shared::trace::inventory::InventoryNode;
use shared::units::Duration;

use super::report::{Input, Report, counts};
use crate::output::{counted, in_line};

/// Facts, against the requests that they are about, on the machines of an inventory where there is one.
pub(super) fn check(
    report: &mut Report,
    file: &str,
    observations: &[(u64, Observation)],
    log: Option<&RequestLog>,
    inventory: &[InventoryNode],
) {
    let all = || observations.iter().map(|(_, observation)| observation);
    let placed = all().filter(|observation| observation.node.is_some()).count() as u64;
    let timed = all().filter(|observation| !observation.module_ms.is_empty()).count() as u64;
    let instants = || all().flat_map(|observation| [observation.ready_at, observation.released_at]);
    report.inputs.push(Input {
        kind: "observations",
        file: file.to_owned(),
        rows: observations.len() as u64,
        from: instants().flatten().min(),
        to: instants().flatten().max(),
        counts: counts([("with a node", placed), ("with module times", timed)]),
    });
    let Some(log) = log else { return };
    check_facts(report, file, observations, log, inventory);
    let ids: BTreeSet<&str> = log.ids.iter().map(AsRef::as_ref).collect();
    let observed: BTreeSet<&str> = all().map(|observation| observation.request.as_str()).collect();
    let unobserved = ids.difference(&observed).count();
    if unobserved > 0 {
        report.find(
            "unobserved",
            format!("{unobserved} of {} have no observation", counted(ids.len() as u64, "request")),
            "their placement and latency, which are labelled `simulated`, and module times, labelled `assumed`",
        );
    }
}

/// One finding a kind of impossible fact, with the line of the first.
fn check_facts(
    report: &mut Report,
    file: &str,
    observations: &[(u64, Observation)],
    log: &RequestLog,
    inventory: &[InventoryNode],
) {
    let Some(last) = log.last() else { return };
    let end = last + Duration::from_micros(1);
    let known = Known::new(log, None, end);
    let received: Vec<Received> =
        observations.iter().map(|(_, observation)| Received { at: end, observation: observation.clone() }).collect();
    let fleet = if inventory.is_empty() { Fleet::default() } else { Fleet::from_inventory(inventory) };
    let folded = fold(&received, &known.asked(end), &fleet, Autoscaling::default(), inventory);
    let mut by_kind: BTreeMap<AnomalyKind, Vec<&Anomaly>> = BTreeMap::new();
    for anomaly in &folded.anomalies {
        by_kind.entry(anomaly.kind).or_default().push(anomaly);
    }
    for (kind, anomalies) in by_kind {
        let Some(first) = anomalies.iter().min_by_key(|anomaly| anomaly.position) else { continue };
        let found = format!(
            "{}: {}; the first is on line {} of {file}, of request `{}`",
            counted(anomalies.len() as u64, "observation"),
            kind.sentence(),
            observations[first.position].0,
            in_line(&first.request),
        );
        report.find(
            if kind == AnomalyKind::UnknownRequest { "unknown requests" } else { "impossible" },
            found,
            "what these facts would say, which is left out: placements, latency and the bill of the primary",
        );
    }
}

//! Checks of known events, against the requests whose demand they move.

use std::collections::BTreeSet;

use shared::features::KnownEvent;
use shared::request::RequestLog;
use shared::units::{Duration, Window};

use super::report::{Input, Report, counts};
use crate::cli::demand::{nobodys, unknown_tenant};
use crate::output::{counted, some};

/// The events, whether they have tenants that there are, and whether the log has seen them.
pub(super) fn check(report: &mut Report, file: &str, events: &[(u64, KnownEvent)], log: Option<&RequestLog>) {
    let all = || events.iter().map(|(_, event)| event);
    let names: BTreeSet<&str> = all().map(|event| event.name.as_str()).collect();
    report.inputs.push(Input {
        kind: "events",
        file: file.to_owned(),
        rows: events.len() as u64,
        from: all().map(|event| event.window.start).min(),
        to: all().map(|event| event.window.end).max(),
        counts: counts([
            ("names", names.len() as u64),
            ("repeating", all().filter(|event| event.repeat.is_some()).count() as u64),
        ]),
    });
    let Some(log) = log else { return };
    let tenants: BTreeSet<&str> = log.tenants.iter().collect();
    let strangers: Vec<(u64, &str)> = nobodys(events, &tenants).collect();
    if let Some((line, name)) = strangers.first() {
        let found = format!(
            "{} of nobody, the first on line {line} of {file}, field `tenant`: {}",
            counted(strangers.len() as u64, "event"),
            unknown_tenant(name, &tenants),
        );
        report.find(
            "unknown tenants",
            found,
            "nothing: they move nobody's demand, and may have been meant for somebody",
        );
    }
    let (Some(first), Some(last)) = (log.first(), log.last()) else { return };
    let span = Window { start: first, end: last + Duration::from_micros(1) };
    let seen: BTreeSet<&str> = all().filter(|event| event.touches(span)).map(|event| event.name.as_str()).collect();
    let unseen: Vec<&str> = names.difference(&seen).copied().collect();
    if !unseen.is_empty() {
        report.find(
            "never seen",
            format!("none of {} lies between {first} and {last}", some(unseen)),
            "forecasts of the time when they happen: what they do to demand was never seen",
        );
    }
}

//! What a reader of the answer should know of the log.

use shared::request::RequestLog;
use shared::scenario::{self, Scenario};
use shared::stream::Newcomers;
use shared::units::{Currency, Duration, Instant};

use crate::cli::demand::Demand;
use crate::output;

/// Whether a log goes on until `end`: the silence before it is no longer than a bin, or than one that the log had before.
pub(in crate::cli) fn reaches(log: &RequestLog, end: Instant, bin: Duration) -> bool {
    let silences = log.requests.windows(2).map(|pair| pair[1].at - pair[0].at);
    let longest = silences.max().unwrap_or(Duration::ZERO).max(bin);
    log.last().is_some_and(|last| end - last <= longest)
}

/// What a reader of the answer should know about its log.
pub(in crate::cli) fn notices(demand: &Demand, base: &Scenario) -> Vec<String> {
    let log = &demand.log;
    let mut notices = demand.warnings.clone();
    if let Some(first) = log.first() {
        notices.push(match base.price_book.currency {
            Currency::USD => "service times, workers and costs of the modules are assumed".to_owned(),
            other => format!(
                "service times and workers of the modules are assumed; what they cost is left out, as it is assumed in \
                 USD and prices are in {other}"
            ),
        });
        if log.standing.is_none() {
            notices.push(format!(
                "the stock starts empty at {first}: what was created before the log begins is not in it; name it with --start"
            ));
        }
    }
    if log.orphans > 0 {
        let left_out = output::counted(log.orphans, "request");
        notices.push(format!("left out: {left_out} to delete or resize what the log never created"));
    }
    if log.duplicates > 0 {
        let duplicates = output::counted(log.duplicates, "request");
        notices.push(format!("{duplicates} in the input twice: each counts once"));
    }
    notices
}

/// How many tenants are predicted to appear, and what they are called; nothing where nobody is.
pub(super) fn newcomers(predicted: &Scenario) -> Option<String> {
    let scenario::Demand::Forecast(model) = &predicted.demand else { return None };
    let Newcomers { seen, over, slots, .. } = model.newcomers;
    let names = &predicted.tenants[predicted.tenants.len().checked_sub(slots as usize)?..];
    let (first, last) = (&names.first()?.name, &names.last()?.name);
    let days = over.seconds() / Duration::DAY.seconds();
    let appeared = output::counted(u64::from(seen), "tenant");
    let called = if slots == 1 { format!("as `{first}`") } else { format!("as `{first}` to `{last}`") };
    Some(format!("{appeared} appeared in the last {days:.1} days: others are predicted to as often, {called}"))
}

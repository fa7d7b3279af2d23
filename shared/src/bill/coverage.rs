//! What a bill does not cover, and what it covers beyond the requests.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::trace::charge::{Charge, ChargeCategory};
use crate::units::{Currency, Duration, Instant, LedgerUnits, Money, Window};

/// Time in which nothing was charged for use, within the whole of the bill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gaps {
    /// Days without any.
    pub days: Vec<Window>,
    /// How many days the bill spans.
    pub of_days: u64,
    /// Hours without any, days without any left out.
    pub hours: u64,
    /// How many hours the bill spans.
    pub of_hours: u64,
    /// The longest run of such hours.
    pub longest: Option<Window>,
}

/// Money of charges that lie outside of the requests, in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outside {
    /// Charges that ended before the first request.
    pub before: Money,
    /// How many there are.
    pub charges_before: u64,
    /// Charges that began after the last request.
    pub after: Money,
    /// How many there are.
    pub charges_after: u64,
}

/// The hours of a window, and those of them that a bill covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CoveredHours {
    /// Those that it covers, in order; those that follow each other are one.
    pub windows: Vec<Window>,
    /// How many these are.
    pub hours: u64,
    /// How many hours the window has, those that it cuts with them.
    pub of_hours: u64,
}

impl CoveredHours {
    /// Whether the bill covers the whole window.
    pub fn is_whole(&self) -> bool {
        self.hours == self.of_hours
    }
}

/// The hours of a window in which one of the `charged` periods lies at least in part, or in which there was nothing to
/// charge for: something was in `used`, the whole window where that is not known.
pub(super) fn covered(charged: &[Window], used: Option<&[Window]>, window: Window) -> CoveredHours {
    let within = |of: &[Window]| -> Vec<Window> {
        let cut = |of: &Window| Window { start: of.start.max(window.start), end: of.end.min(window.end) };
        of.iter().map(cut).filter(|of| of.start < of.end).collect()
    };
    let (not_charged, of_hours) = missing(&within(charged), window, Duration::HOUR);
    let not_used = used.map(|used| missing(&within(used), window, Duration::HOUR).0).unwrap_or_default();
    let first = window.start.floor(Duration::HOUR);
    let hours = (0..of_hours as i64).map(|at| first + Duration::HOUR * at);
    let covered: BTreeSet<Instant> =
        hours.filter(|hour| !not_charged.contains(hour) || not_used.contains(hour)).collect();
    let windows = runs(&covered, Duration::HOUR);
    CoveredHours { windows: within(&windows), hours: covered.len() as u64, of_hours }
}

/// Where use was not charged, by UTC day and hour; none where nothing at all was charged for use.
pub fn gaps(charges: &[Charge]) -> Option<Gaps> {
    let used: Vec<Window> =
        charges.iter().filter(|charge| charge.category == ChargeCategory::Usage).map(|charge| charge.period).collect();
    let first = used.iter().map(|period| period.start).min()?;
    let last = used.iter().map(|period| period.end).max()?;
    let missing = |bin: Duration| missing(&used, Window { start: first, end: last }, bin);
    let (days, of_days) = missing(Duration::DAY);
    let (hours, of_hours) = missing(Duration::HOUR);
    let on_days = |hour: &Instant| days.contains(&hour.floor(Duration::DAY));
    let longest =
        runs(&hours, Duration::HOUR).into_iter().max_by_key(|run| (run.length(), core::cmp::Reverse(run.start)));
    Some(Gaps {
        hours: hours.iter().filter(|hour| !on_days(hour)).count() as u64,
        of_hours,
        longest,
        days: runs(&days, Duration::DAY),
        of_days,
    })
}

/// The bins of a window that no period touches, and how many bins there are.
fn missing(used: &[Window], within: Window, bin: Duration) -> (BTreeSet<Instant>, u64) {
    let start = within.start.floor(bin);
    let bins = Window { start, end: within.end }.bins(bin).max(1);
    // How many periods begin and end in each bin: long periods cost no more than short ones.
    let mut change = vec![0_i64; bins + 1];
    for period in used {
        let first = (period.start - start).divide(bin) as usize;
        let last = (period.end - start + Duration::from_micros(-1)).divide(bin).max(first as i64) as usize;
        change[first.min(bins - 1)] += 1;
        change[(last + 1).min(bins)] -= 1;
    }
    let covered = change.iter().scan(0, |now, change| {
        *now += change;
        Some(*now)
    });
    let empty = covered.take(bins).enumerate().filter(|(_, count)| *count == 0);
    (empty.map(|(at, _)| start + bin * at as i64).collect(), bins as u64)
}

/// Bins that follow each other, as one window each.
fn runs(bins: &BTreeSet<Instant>, bin: Duration) -> Vec<Window> {
    let mut runs: Vec<Window> = Vec::new();
    for &start in bins {
        match runs.last_mut().filter(|run| run.end == start) {
            Some(run) => run.end = start + bin,
            None => runs.push(Window { start, end: start + bin }),
        }
    }
    runs
}

/// What is billed for times before the first and after the last of the requests, by currency.
pub fn outside(charges: &[Charge], requests: Window) -> BTreeMap<Currency, Outside> {
    type Side = (LedgerUnits, u64);
    let mut sides: BTreeMap<Currency, (Side, Side)> = BTreeMap::new();
    for charge in charges {
        let (before, after) = sides.entry(charge.currency).or_default();
        let side = if charge.period.end <= requests.start {
            before
        } else if charge.period.start >= requests.end {
            after
        } else {
            continue;
        };
        *side = (side.0 + charge.billed.0, side.1 + 1);
    }
    let outside = |(currency, (before, after)): (Currency, (Side, Side))| {
        let (of_before, of_after) = (before.0.to_money(currency), after.0.to_money(currency));
        (currency, Outside { before: of_before, charges_before: before.1, after: of_after, charges_after: after.1 })
    };
    sides.into_iter().map(outside).collect()
}

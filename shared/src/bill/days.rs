//! Charges over the days that they are for.

use crate::trace::charge::{Charge, ChargeFrequency};
use crate::units::{Duration, Instant, LedgerUnits, Window};

/// Splits the billed and the effective cost of a charge over the UTC days of its period, in proportion to time; the parts
/// add up exactly.
///
/// What is charged once, or for an instant, belongs to the day that it begins on.
pub fn spread(
    charge: &Charge,
    billed: LedgerUnits,
    effective: LedgerUnits,
) -> Vec<(Instant, LedgerUnits, LedgerUnits)> {
    let period = charge.period;
    let first = period.start.floor(Duration::DAY);
    let once = charge.frequency == Some(ChargeFrequency::OneTime);
    if once || period.end <= first + Duration::DAY {
        return Vec::from([(first, billed, effective)]);
    }
    let days = (0..).map(|day| first + Duration::DAY * day).take_while(|&day| day < period.end);
    let length = i128::from(period.length().micros());
    let elapsed = |at: Instant| i128::from((at.clamp(period.start, period.end) - period.start).micros());
    let part = |of: LedgerUnits, day: Instant| {
        let until = |at: Instant| share(of.0, elapsed(at), length);
        LedgerUnits(until(day + Duration::DAY) - until(day))
    };
    days.map(|day| (day, part(billed, day), part(effective, day))).collect()
}

/// The part of an amount of a charge that falls into a window, in proportion to time; windows that tile time have parts
/// that add up exactly.
pub(super) fn within(charge: &Charge, of: LedgerUnits, window: Window) -> LedgerUnits {
    let period = charge.period;
    let length = i128::from(period.length().micros());
    if charge.frequency == Some(ChargeFrequency::OneTime) || length == 0 {
        return if window.contains(period.start) { of } else { LedgerUnits::ZERO };
    }
    let elapsed = |at: Instant| i128::from((at.clamp(period.start, period.end) - period.start).micros());
    LedgerUnits(share(of.0, elapsed(window.end), length) - share(of.0, elapsed(window.start), length))
}

/// `whole × elapsed ÷ length`, rounded down, without leaving 128 bits.
fn share(whole: i128, elapsed: i128, length: i128) -> i128 {
    whole.div_euclid(length) * elapsed + whole.rem_euclid(length) * elapsed / length
}

//! Figures as people read them.

use shared::units::{Dimension, Duration, Instant, Money};

use crate::zone::Zone;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A whole number in groups of three.
pub(crate) fn count(value: u64) -> String {
    grouped(&value.to_string())
}

/// So many of something: `1 run`, `20 runs`.
pub(crate) fn counted(value: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(value), if value == 1 { "" } else { "s" })
}

/// A whole number that has a sign, whichever way it goes.
pub(crate) fn signed_count(value: i64) -> String {
    let sign = match value {
        0 => "",
        ..0 => "−",
        _ => "+",
    };
    format!("{sign}{}", count(value.unsigned_abs()))
}

/// A number with as many decimals as it deserves.
pub(crate) fn number(value: f64) -> String {
    let decimals = match value.abs() {
        v if v == 0.0 || v >= 100.0 => 0,
        v if v >= 10.0 => 1,
        v if v >= 1.0 => 2,
        _ => 3,
    };
    fixed(value, decimals)
}

/// An amount with its currency.
pub(crate) fn money(money: &Money) -> String {
    amount(money.to_f64(), money.currency.as_str())
}

/// An amount that has a sign, whichever way it goes.
pub(crate) fn signed_money(money: &Money) -> String {
    let amount = self::money(money);
    let is_nothing = !amount.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    if money.to_f64() > 0.0 && !is_nothing { format!("+{amount}") } else { amount }
}

/// An amount of a currency, to the cent or, below one unit, finer.
pub(crate) fn amount(value: f64, currency: &str) -> String {
    let decimals = match value.abs() {
        v if v >= 100_000.0 => 0,
        v if v >= 1.0 || v == 0.0 => 2,
        v if v >= 0.01 => 3,
        _ => 4,
    };
    let number = fixed(value.abs(), decimals);
    // What is rounded to nothing has no sign.
    let is_nothing = number.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    let sign = if value < 0.0 && !is_nothing { "−" } else { "" };
    match symbol(currency) {
        Some(symbol) => format!("{sign}{symbol}{number}"),
        None => format!("{sign}{number} {currency}"),
    }
}

/// From one amount to another, or the one where they are the same.
pub(crate) fn range(low: &Money, high: &Money) -> String {
    if low == high { money(low) } else { format!("{} – {}", money(low), money(high)) }
}

/// A number for an axis: no more digits than tell its labels apart.
pub(crate) fn tick(value: f64) -> String {
    let text = fixed(value, 3);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A ratio in percent.
pub(crate) fn percent(ratio: f64) -> String {
    format!("{} %", fixed(ratio * 100.0, 1))
}

/// Milliseconds, in the unit that fits; a dash where there is none.
pub(crate) fn milliseconds(value: Option<f64>) -> String {
    match value {
        None => "–".to_owned(),
        Some(ms) if ms >= 60_000.0 => format!("{} min", number(ms / 60_000.0)),
        Some(ms) if ms >= 1_000.0 => format!("{} s", number(ms / 1_000.0)),
        Some(ms) if ms >= 1.0 || ms == 0.0 => format!("{} ms", number(ms)),
        Some(ms) => format!("{} µs", number(ms * 1_000.0)),
    }
}

/// A span of time in its largest whole unit.
pub(crate) fn span(span: Duration) -> String {
    let seconds = span.micros() / 1_000_000;
    let units = [(86_400, "d"), (3_600, "h"), (60, "min")];
    let whole = units.into_iter().find(|(unit, _)| seconds >= *unit && seconds % unit == 0);
    whole.map_or_else(|| format!("{seconds} s"), |(unit, name)| format!("{} {name}", seconds / unit))
}

/// The step that something is counted by: `5 min`, or `h` for one hour.
pub(crate) fn per(bin: Duration) -> String {
    let text = span(bin);
    text.strip_prefix("1 ").map(str::to_owned).unwrap_or(text)
}

/// Day and time of day.
pub(crate) fn instant(at: Instant, zone: Zone) -> String {
    let civil = zone.civil(at.micros());
    format!("{}, {:02}:{:02}", day(at.micros(), zone), civil.hour, civil.minute)
}

/// The day.
pub(crate) fn day(micros: i64, zone: Zone) -> String {
    let civil = zone.civil(micros);
    format!("{} {}", civil.day, MONTHS[(civil.month as usize).clamp(1, 12) - 1])
}

/// The day of the week.
pub(crate) fn weekday(micros: i64, zone: Zone) -> &'static str {
    const DAYS: [&str; 7] = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];
    // The first day of all was a Thursday.
    let days = (micros + zone.offset(micros)).div_euclid(Duration::DAY.micros());
    DAYS[days.rem_euclid(7) as usize]
}

/// The time of day.
pub(crate) fn time_of_day(micros: i64, zone: Zone) -> String {
    let civil = zone.civil(micros);
    format!("{:02}:{:02}", civil.hour, civil.minute)
}

/// A word of the wire for people: `no_such_node` → `no such node`.
pub(crate) fn words(text: &str) -> String {
    text.replace('_', " ")
}

/// A text of the service as a sentence.
pub(crate) fn sentence(text: &str) -> String {
    let (first, rest) = text.split_at(text.chars().next().map_or(0, char::len_utf8));
    format!("{}{rest}.", first.to_uppercase())
}

/// What a dimension is called.
pub(crate) fn dimension(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Vcpu => "vCPU",
        Dimension::Memory => "memory",
        Dimension::Gpu => "GPUs",
        Dimension::Storage => "storage",
        Dimension::Network => "bandwidth",
        Dimension::LocalDisk => "local disk",
        Dimension::Iops => "IOPS",
        Dimension::Addresses => "addresses",
    }
}

fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    // What is rounded to nothing has no sign.
    let nothing = text.bytes().all(|byte| matches!(byte, b'-' | b'0' | b'.'));
    let text = if nothing { text.trim_start_matches('-').to_owned() } else { text };
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), None), |(w, f)| (w, Some(f)));
    match fraction {
        None => grouped(whole),
        Some(fraction) => format!("{}.{fraction}", grouped(whole)),
    }
}

fn grouped(digits: &str) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |rest| ("−", rest));
    let mut text = String::from(sign);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn symbol(currency: &str) -> Option<&'static str> {
    match currency {
        "USD" => Some("$"),
        "EUR" => Some("€"),
        "GBP" => Some("£"),
        "JPY" => Some("¥"),
        _ => None,
    }
}

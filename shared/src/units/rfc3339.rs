//! Instants as RFC 3339 text, without a calendar library: the browser's files carry none then.

use core::fmt;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// From 0000-01-01 to 1970-01-01 in the proleptic Gregorian calendar.
const DAYS_BEFORE_1970: i64 = 719_528;

/// Microseconds since 1970 of `YYYY-MM-DDThh:mm:ss[.fraction](Z|±hh:mm)`; none where the text is something else.
///
/// A fraction beyond microseconds is cut off; a leap second is the last second of its minute.
pub(super) fn parse(text: &str) -> Option<i64> {
    let (date, time) = text.split_at_checked(10)?;
    let [year, month, day] = numbers(date, [4, 2, 2], b'-')?;
    let time = time.strip_prefix(['T', 't', ' '])?;
    let (clock, rest) = time.split_at_checked(8)?;
    let [hour, minute, second] = numbers(clock, [2, 2, 2], b':')?;
    let valid = (1..=12).contains(&month)
        && (1..=days_of_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    let (fraction, zone) = fraction(rest)?;
    let offset = offset(zone)?;
    let seconds = hour * 3_600 + minute * 60 + second.min(59);
    valid.then(|| days_from_civil(year, month, day) * DAY + seconds * SECOND + fraction - offset)
}

/// Writes `micros` since 1970 in UTC, with as much of a fraction as there is.
pub(super) fn write(micros: i64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (day, of_day) = (micros.div_euclid(DAY), micros.rem_euclid(DAY));
    let (year, month, date) = civil_from_days(day);
    if !(0..=9_999).contains(&year) {
        return write!(f, "{micros} µs after 1970");
    }
    let (seconds, fraction) = (of_day / SECOND, of_day % SECOND);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    write!(f, "{year:04}-{month:02}-{date:02}T{hour:02}:{minute:02}:{second:02}")?;
    if fraction > 0 {
        write!(f, ".{}", format!("{fraction:06}").trim_end_matches('0'))?;
    }
    f.write_str("Z")
}

/// Three groups of so many digits each, with `between` between them.
fn numbers(text: &str, digits: [usize; 3], between: u8) -> Option<[i64; 3]> {
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut values = [0; 3];
    for (value, digits) in values.iter_mut().zip(digits) {
        if at > 0 && bytes[at - 1] != between {
            return None;
        }
        *value = number(&bytes[at..at + digits])?;
        at += digits + 1;
    }
    Some(values)
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |value, digit| digit.is_ascii_digit().then(|| value * 10 + i64::from(digit - b'0')))
}

/// Microseconds of `.fraction`, and what follows it.
fn fraction(text: &str) -> Option<(i64, &str)> {
    let Some(text) = text.strip_prefix('.') else { return Some((0, text)) };
    let end = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let micros = (0..6).fold(0, |value, at| value * 10 + digits.as_bytes().get(at).map_or(0, |d| i64::from(d - b'0')));
    (1..=9).contains(&end).then_some((micros, rest))
}

/// Microseconds east of UTC.
fn offset(zone: &str) -> Option<i64> {
    if zone == "Z" || zone == "z" {
        return Some(0);
    }
    let (sign, clock) =
        zone.strip_prefix('+').map(|rest| (1, rest)).or(zone.strip_prefix('-').map(|rest| (-1, rest)))?;
    let [hour, minute] = match clock.as_bytes() {
        [hour @ .., b':', a, b] if hour.len() == 2 => [number(hour)?, number(&[*a, *b])?],
        [hour @ .., a, b] if hour.len() == 2 => [number(hour)?, number(&[*a, *b])?],
        hour if hour.len() == 2 => [number(hour)?, 0],
        _ => return None,
    };
    (hour < 24 && minute < 60).then_some(sign * (hour * 60 + minute) * 60 * SECOND)
}

fn days_of_month(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(leap),
        _ => 31,
    }
}

/// Days since 1970-01-01. Source: H. Hinnant, "chrono-compatible low-level date algorithms", `days_from_civil`.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - (DAYS_BEFORE_1970 - 60)
}

/// Year, month and day. Source: the same, `civil_from_days`.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + DAYS_BEFORE_1970 - 60;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, of_year - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::units::Instant;

    proptest! {
        /// jiff is the reference.
        #[test]
        fn every_instant_is_written_as_jiff_writes_it(micros in -62_000_000_000_000_000_i64..250_000_000_000_000_000) {
            let text = Instant::from_micros(micros).to_string();
            prop_assert_eq!(&text, &jiff::Timestamp::from_microsecond(micros).unwrap().to_string());
            prop_assert_eq!(parse(&text), Some(micros));
        }

        #[test]
        fn offsets_and_fractions_are_read_as_jiff_reads_them(
            day in "20[0-9]{2}-(0[1-9]|1[0-2])-([0-2][0-9]|3[01])",
            clock in "[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?",
            zone in "Z|[+-][01][0-9]:[0-5][0-9]",
        ) {
            let text = format!("{day}T{clock}{zone}");
            let expected = text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_microsecond);
            prop_assert_eq!(parse(&text), expected, "{}", text);
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}") {
            let _ = parse(&text);
        }
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        for text in [
            "",
            "2026-11-01",
            "2026-11-01T00:05:00",
            "2026-13-01T00:05:00Z",
            "2026-02-29T00:05:00Z",
            "2026-11-01T24:00:00Z",
            "2026-11-01T00:05:00.Z",
            "2026-11-01T00:05:00+1",
            "2026-11-01T00:05:00Zx",
            "２０２６-11-01T00:05:00Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse("2024-02-29T00:00:00+01:00"), parse("2024-02-28T23:00:00Z"));
    }
}

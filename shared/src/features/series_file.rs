//! A plain series: one value an instant, from a file.

use std::collections::BTreeMap;

use super::csv_fields::number;
use super::{CountSeries, SeriesKey, SeriesSet};
use crate::input::{InputError, Row, Table};
use crate::units::{Duration, Instant};

/// A series file in bins.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesFile {
    /// The series, under the key [`SeriesKey::Given`].
    pub series: SeriesSet,
    /// Bins without a value, which carry the one before.
    pub gaps: usize,
}

/// More bins than any forecast wants: a timestamp with a mistaken year would otherwise fill the memory.
const BINS_MAX: i64 = 1_000_000;

/// Reads a series from CSV with the header `timestamp,value`, in any order of time.
///
/// Without `bin` it is the most frequent distance between neighbours (ties to the shorter). Bins start at the first
/// timestamp; values in one bin are averaged. A timestamp without an offset is UTC.
///
/// # Errors
/// At the first wrong line: a timestamp that is none or was there before with another value, a value that is not
/// finite or is negative; and when there are too few lines to tell the bin, or they lie too far apart.
pub fn read_series(text: &str, bin: Option<Duration>) -> Result<SeriesFile, InputError> {
    let values = read_values(text)?;
    let bin = match bin {
        Some(bin) => bin,
        None => most_frequent_distance(&values).ok_or_else(|| {
            InputError::whole("holds fewer than two timestamps; expected days of them, at equal distances")
        })?,
    };
    let (Some((&start, _)), Some((&last, _))) = (values.first_key_value(), values.last_key_value()) else {
        return Err(InputError::whole("holds no values"));
    };
    let bins = (last - start).divide(bin) + 1;
    if bins > BINS_MAX {
        return Err(InputError::whole(format!(
            "goes from {start} to {last}, which is more than {BINS_MAX} bins of {bin}; take out what is so far from the rest"
        )));
    }
    let mut sums = vec![(0.0, 0_u32); bins as usize];
    for (&at, &value) in &values {
        let sum = &mut sums[(at - start).divide(bin) as usize];
        *sum = (sum.0 + value, sum.1 + 1);
    }
    let gaps = sums.iter().filter(|(_, values)| *values == 0).count();
    let mut last_value = 0.0;
    let counts = sums.iter().map(|&(sum, values)| {
        if values > 0 {
            last_value = sum / f64::from(values);
        }
        last_value
    });
    let series = vec![CountSeries { key: SeriesKey::Given, counts: counts.collect() }];
    Ok(SeriesFile { series: SeriesSet { start, bin, series }, gaps })
}

fn read_values(text: &str) -> Result<BTreeMap<Instant, f64>, InputError> {
    let mut table = Table::open(text, None)?;
    table.expect_only(&["timestamp", "value"])?;
    let columns = (table.column("timestamp")?, table.column("value")?);
    let (mut values, mut row) = (BTreeMap::new(), Row::default());
    while table.next(&mut row)? {
        let line = row.line;
        let at = timestamp(line, row.get(columns.0))?;
        let text = row.get(columns.1);
        let value = number(line, "value", text)?;
        if value < 0.0 {
            let message = format!("`{text}` is negative; counts and volumes are not");
            return Err(InputError::field(line, "value", message));
        }
        if values.insert(at, value).is_some_and(|earlier| earlier != value) {
            let message = format!("{at} was there before with another value; keep one of them");
            return Err(InputError::field(line, "timestamp", message));
        }
    }
    Ok(values)
}

/// RFC 3339, or the same without an offset, which is read as UTC.
fn timestamp(line: u64, text: &str) -> Result<Instant, InputError> {
    let without_offset = || {
        let civil: jiff::civil::DateTime = text.parse().ok()?;
        let timestamp = jiff::tz::TimeZone::UTC.to_timestamp(civil).ok()?;
        Some(Instant::from_micros(timestamp.as_microsecond()))
    };
    text.parse::<Instant>()
        .or_else(|error| without_offset().ok_or_else(|| InputError::field(line, "timestamp", error.to_string())))
}

fn most_frequent_distance(values: &BTreeMap<Instant, f64>) -> Option<Duration> {
    let mut frequency: BTreeMap<Duration, u32> = BTreeMap::new();
    for (&at, &next) in values.keys().zip(values.keys().skip(1)) {
        *frequency.entry(next - at).or_default() += 1;
    }
    // The first of several maxima of an ordered map is the shortest.
    frequency.into_iter().rev().max_by_key(|&(_, count)| count).map(|(distance, _)| distance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_is_binned_whatever_its_order_and_gaps_carry_the_last_value() {
        let text = "timestamp,value\n2014-04-10 00:14:00,3\n2014-04-10 00:04:00,1\n2014-04-10 00:09:00,2\n\
                    2014-04-10T00:24:00Z,5\n2014-04-10 00:09:00,2\n";
        let file = read_series(text, None).unwrap();
        assert_eq!(file.series.bin, Duration::from_minutes(5));
        assert_eq!(file.series.series[0].counts, [1.0, 2.0, 3.0, 3.0, 5.0]);
        assert_eq!(file.gaps, 1);
    }

    #[test]
    fn what_is_wrong_is_named_with_line_and_field() {
        let check = |rows: &str, line: u64, field: Option<&str>, part: &str| {
            let error = read_series(&format!("timestamp,value\n{rows}"), None).unwrap_err();
            assert_eq!((error.line, error.field.as_deref()), (line, field), "{error}");
            assert!(error.message.contains(part), "{error}");
        };
        check("2014-04-10 00:04:00,-1\n", 2, Some("value"), "negative");
        check("2014-04-10 00:04:00,1\n2014-04-10 00:04:00,2\n", 3, Some("timestamp"), "another value");
        check("2014-04-10 00:04:00,inf\n", 2, Some("value"), "finite");
        check("2014-04-10 00:04:00,1\n2014-04-10 00:09:00,NaN\n", 3, Some("value"), "finite");
        check("2014-04-10 00:04:00,\n", 2, Some("value"), "finite");
        check("noon,1\n", 2, Some("timestamp"), "`noon`");
        check("2014-04-10 00:04:00,1\n", 0, None, "two timestamps");
        check("", 0, None, "two timestamps");
        // A year that was mistaken: 112 of them are 11.8 million bins of five minutes.
        let years = "1902-04-10 00:00:00,1\n2014-04-10 00:00:00,1\n2014-04-10 00:05:00,1\n2014-04-10 00:10:00,1\n";
        check(years, 0, None, "more than 1000000 bins of 5m");
    }
}

//! Sensor readings, joined to bins.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::csv_fields::{instant, number};
use crate::input::{InputError, Numbered, Table};
use crate::trace::usage::UsageReading;
use crate::units::{Dimension, Duration, Instant};

/// One reading of a sensor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SensorReading {
    /// When it was read.
    pub at: Instant,
    /// What was read, with its unit: `cpu_load`, `network_latency_ms`, `storage_iops`, ….
    pub sensor: String,
    /// Where it was read: a node, a tenant, a zone; may be empty.
    #[serde(default)]
    pub scope: String,
    /// The value; finite.
    pub value: f64,
}

/// A sensor per bin: the mean over its readings and scopes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SensorSeries {
    /// What was read.
    pub sensor: String,
    /// One a bin.
    pub bins: Vec<SensorBin>,
}

/// What is known of a sensor at the end of a bin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SensorBin {
    /// Mean over the last bin that had readings; none before the first.
    pub value: Option<f64>,
    /// How many bins ago that was; 0 where this bin had readings.
    pub age_bins: u32,
}

impl SensorSeries {
    /// Joins readings to `bins` bins from `start`, sensors in order of name. Readings outside are left out, so that
    /// nothing after the last bin is known; in a bin without readings the last mean is carried, with its age.
    pub fn join(readings: &[SensorReading], start: Instant, bin: Duration, bins: usize) -> Vec<Self> {
        let mut sums: BTreeMap<&str, Vec<(f64, u32)>> = BTreeMap::new();
        for reading in readings {
            let position = (reading.at - start).micros().div_euclid(bin.micros());
            if let Some(position) = usize::try_from(position).ok().filter(|&position| position < bins) {
                let sum = &mut sums.entry(&reading.sensor).or_insert_with(|| vec![(0.0, 0); bins])[position];
                *sum = (sum.0 + reading.value, sum.1 + 1);
            }
        }
        sums.into_iter().map(|(sensor, sums)| Self { sensor: sensor.to_owned(), bins: carried(&sums) }).collect()
    }
}

fn carried(sums: &[(f64, u32)]) -> Vec<SensorBin> {
    let mut last = SensorBin { value: None, age_bins: 0 };
    let step = |&(sum, readings): &(f64, u32)| {
        last = match readings {
            0 => SensorBin { age_bins: last.age_bins.saturating_add(1), ..last },
            _ => SensorBin { value: Some(sum / f64::from(readings)), age_bins: 0 },
        };
        last
    };
    sums.iter().map(step).collect()
}

impl SensorReading {
    /// What resources use, as sensors `usage_vcpu` and `usage_memory_gib` whose scope is the resource.
    pub fn of_usage(usage: &[UsageReading]) -> Vec<Self> {
        let of = |UsageReading { at, resource, used }: &UsageReading| {
            let (at, scope) = (*at, resource.clone());
            let sensor = move |(dimension, amount): (Dimension, u32)| Self {
                at,
                sensor: format!("usage_{}", dimension.field()),
                scope: scope.clone(),
                value: f64::from(amount) / f64::from(dimension.per_written_unit()),
            };
            used.clone().into_iter().map(sensor)
        };
        usage.iter().flat_map(of).collect()
    }
}

/// Reads sensor readings from CSV with the header `at,sensor,scope,value`, in any order of time.
///
/// # Errors
/// At the first wrong line: an unknown column, an instant that is none, a value that is no finite number.
pub fn read_sensors(text: &str) -> Result<Vec<SensorReading>, InputError> {
    sensor_rows(text)?.into_iter().map(|(_, reading)| reading).collect()
}

/// As [`read_sensors`], but each row with its line, right or wrong.
///
/// # Errors
/// When the header is wrong.
pub fn sensor_rows(text: &str) -> Result<Vec<Numbered<SensorReading>>, InputError> {
    let table = Table::open(text, None)?;
    table.expect_only(&["at", "sensor", "scope", "value"])?;
    let (at, sensor) = (table.column("at")?, table.column("sensor")?);
    let (scope, value) = (table.column("scope")?, table.column("value")?);
    Ok(table.rows(|row| {
        let line = row.line;
        if row.get(sensor).is_empty() {
            return Err(InputError::field(line, "sensor", "is empty; name the sensor, such as cpu_load"));
        }
        Ok(SensorReading {
            at: instant(line, "at", row.get(at))?,
            sensor: row.get(sensor).to_owned(),
            scope: row.get(scope).to_owned(),
            value: number(line, "value", row.get(value))?,
        })
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::usage::read_usage;

    #[test]
    fn readings_are_joined_by_mean_and_carried_with_their_age() {
        let text = "at,sensor,scope,value\n2026-01-01T00:07:00Z,cpu_load,n-1,0.2\n\
                    2026-01-01T00:06:00Z,cpu_load,n-2,0.4\n2026-01-01T00:20:00Z,cpu_load,n-1,9\n";
        let start = "2026-01-01T00:00:00Z".parse().unwrap();
        let joined = SensorSeries::join(&read_sensors(text).unwrap(), start, Duration::from_minutes(5), 4);
        let bins: Vec<_> = joined[0].bins.iter().map(|bin| (bin.value, bin.age_bins)).collect();
        // (0.2 + 0.4) / 2 in the second bin, carried to the third and fourth; 00:20 lies after the last bin.
        let mean = Some((0.2 + 0.4) / 2.0);
        let as_read = Some((0.4 + 0.2) / 2.0);
        assert_eq!(mean, as_read);
        assert_eq!(bins, [(None, 1), (mean, 0), (mean, 1), (mean, 2)]);
    }

    #[test]
    fn usage_is_a_sensor_of_each_dimension() {
        let usage = read_usage(
            "at,resource,vcpu,memory_gib\n2026-01-01T00:01:00Z,a,1.5,2\n2026-01-01T00:02:00Z,b,0.5,4\n\
             2026-01-01T00:03:00Z,a,,6\n",
        );
        let start = "2026-01-01T00:00:00Z".parse().unwrap();
        let readings = SensorReading::of_usage(&usage.unwrap());
        let joined = SensorSeries::join(&readings, start, Duration::from_minutes(5), 1);
        let found: Vec<_> = joined.iter().map(|series| (series.sensor.as_str(), series.bins[0].value)).collect();
        // The means of 2, 4 and 6, and of 1.5 and 0.5: what was not read is not 0.
        assert_eq!(found, [("usage_memory_gib", Some(4.0)), ("usage_vcpu", Some(1.0))]);
    }

    #[test]
    fn what_is_wrong_is_named_with_line_and_field() {
        let check = |row: &str, field: &str, part: &str| {
            let error = read_sensors(&format!("at,sensor,scope,value\n{row}\n")).unwrap_err();
            assert_eq!((error.line, error.field.as_deref()), (2, Some(field)), "{error}");
            assert!(error.message.contains(part), "{error}");
        };
        check("now,cpu_load,n-1,1", "at", "`now`");
        check("2026-01-01T00:00:00Z,cpu_load,n-1,NaN", "value", "finite");
        check("2026-01-01T00:00:00Z,,n-1,1", "sensor", "empty");
        check("2026-01-01T00:00:00Z,cpu_load,n-1", "value", "3 values");
    }
}

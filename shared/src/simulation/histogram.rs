//! Integer histograms of durations: the same counts on every machine.

use serde::{Deserialize, Serialize};

use super::digest::Digester;
use crate::units::Duration;

/// Sub-buckets per doubling: a value is known to within 1/32.
const SUB_BITS: u32 = 5;

/// Counts of durations in buckets that grow by 1/32 of their lower end; below 32 µs a bucket is 1 µs.
///
/// Source of the bucketing: HdrHistogram.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histogram {
    /// Counts by bucket; empty buckets at the end are not stored.
    counts: Vec<u64>,
    /// Sum of all values in microseconds.
    sum: u64,
    /// How many values there are.
    count: u64,
}

impl Histogram {
    /// Adds one duration; a negative one counts as zero.
    #[inline]
    pub fn record(&mut self, value: Duration) {
        let micros = value.micros().max(0) as u64;
        let bucket = bucket(micros);
        if bucket >= self.counts.len() {
            self.counts.resize(bucket + 1, 0);
        }
        self.counts[bucket] += 1;
        self.sum += micros;
        self.count += 1;
    }

    /// Adds everything of `other`.
    pub fn merge(&mut self, other: &Self) {
        if other.counts.len() > self.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (to, from) in self.counts.iter_mut().zip(&other.counts) {
            *to += from;
        }
        self.sum += other.sum;
        self.count += other.count;
    }

    /// How many values were recorded.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The sum of all values in microseconds.
    pub fn sum_micros(&self) -> u64 {
        self.sum
    }

    /// The mean in milliseconds; none of nothing.
    pub fn mean_ms(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64 / 1e3)
    }

    /// The smallest bucket's upper end that `quantile` of all values do not pass, in milliseconds; none of nothing.
    pub fn quantile_ms(&self, quantile: f64) -> Option<f64> {
        let rank = (quantile * self.count as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        let bucket = self.counts.iter().position(|&count| {
            seen += count;
            seen >= rank
        })?;
        Some(upper_end(bucket) as f64 / 1e3)
    }

    pub(crate) fn feed(&self, digester: &mut Digester) {
        digester.u64(self.counts.len() as u64).u64(self.sum);
        for &count in &self.counts {
            digester.u64(count);
        }
    }
}

#[inline]
fn bucket(micros: u64) -> usize {
    let shift = (u64::BITS - micros.leading_zeros()).saturating_sub(SUB_BITS + 1);
    ((u64::from(shift) << SUB_BITS) + (micros >> shift)) as usize
}

fn upper_end(bucket: usize) -> u64 {
    let (bucket, sub) = (bucket as u64, 1_u64 << SUB_BITS);
    let shift = (bucket >> SUB_BITS).saturating_sub(1);
    ((bucket - shift * sub + 1) << shift) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_in_its_bucket_within_a_thirty_second() {
        for micros in (0..2_000).chain([31, 32, 63, 64, 65, 1_000_000, 86_400_000_000, u64::from(u32::MAX)]) {
            let end = upper_end(bucket(micros));
            assert!(end >= micros && end - micros <= micros / 32, "{micros} → {end}");
            assert!(bucket(micros) == 0 || upper_end(bucket(micros) - 1) < micros, "{micros}");
        }
    }

    #[test]
    fn quantiles_come_from_counts() {
        let mut histogram = Histogram::default();
        for micros in 1..=30 {
            histogram.record(Duration::from_micros(micros));
        }
        // The 15th of 30 values is 15 µs; below 32 µs buckets are exact.
        assert_eq!(histogram.quantile_ms(0.5), Some(0.015));
        assert_eq!(histogram.mean_ms(), Some(0.0155));
        assert_eq!(Histogram::default().quantile_ms(0.5), None);
    }
}

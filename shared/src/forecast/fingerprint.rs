//! What tells data and forecasts apart: hashes over every bit.

use super::{Answer, Forecast};
use crate::features::Past;

/// BLAKE3 of start, bin and counts, in hexadecimal.
pub(super) fn fingerprint(past: &Past) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&past.start().micros().to_le_bytes());
    hasher.update(&past.bin().micros().to_le_bytes());
    for series in 0..past.series() {
        hasher.update(&(past.bins() as u64).to_le_bytes());
        add(&mut hasher, past.counts(series));
    }
    hasher.finalize().to_hex().to_string()
}

impl Forecast {
    /// BLAKE3 over model, origin, bin, and every quantile and mean of every series in order, in hexadecimal: equal where,
    /// and only where, two forecasts are equal bit for bit. Names of series are no part of it.
    pub fn digest(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.model.name.as_str().as_bytes());
        hasher.update(&self.model.version.to_le_bytes());
        hasher.update(&self.origin.micros().to_le_bytes());
        hasher.update(&self.bin.micros().to_le_bytes());
        add(&mut hasher, &self.levels);
        for series in &self.series {
            match &series.answer {
                Answer::Bins(bins) => {
                    hasher.update(&(bins.len() as u64).to_le_bytes());
                    for bin in bins {
                        add(&mut hasher, bin.quantiles());
                        add(&mut hasher, &[bin.mean()]);
                    }
                }
                // No forecast has so many bins.
                Answer::NotReady(reason) => {
                    hasher.update(&u64::MAX.to_le_bytes());
                    hasher.update(reason.to_string().as_bytes());
                }
            }
        }
        hasher.finalize().to_hex().to_string()
    }
}

fn add(hasher: &mut blake3::Hasher, numbers: &[f64]) {
    for number in numbers {
        hasher.update(&number.to_bits().to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::SeriesKey;
    use crate::forecast::{BinForecast, LEVELS, ModelId, ModelName, NotReady, SeriesForecast};
    use crate::units::{Duration, Instant};

    #[test]
    fn one_bit_makes_another_digest() {
        let with = |mean: f64, version: u32| {
            let bins = vec![BinForecast::new([1.0; LEVELS.len()], 1.0), BinForecast::new([1.0; LEVELS.len()], mean)];
            Forecast {
                model: ModelId { name: ModelName::Lstm, version },
                origin: Instant::from_micros(0),
                bin: Duration::HOUR,
                levels: LEVELS,
                series: vec![SeriesForecast { key: SeriesKey::TOTAL, answer: Answer::Bins(bins) }],
            }
        };
        let one = with(2.0, 1);
        assert_eq!(one.digest(), with(2.0, 1).digest());
        assert_ne!(one.digest(), with(f64::from_bits(2.0_f64.to_bits() + 1), 1).digest());
        assert_ne!(one.digest(), with(2.0, 2).digest());
        let mut none = one.clone();
        none.series[0].answer = Answer::NotReady(NotReady::NoFit);
        assert_ne!(one.digest(), none.digest());
    }
}

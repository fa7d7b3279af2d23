//! The band that an actual cost is expected in, with 99 % of what comes inside of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::allocation::{Basis, RowKind, mean_column};
use crate::feedback::ledger::{Record, pairs};
use crate::random::student_t_within;
use crate::units::{LedgerUnits, Window};

/// How many percent of what comes a band claims to hold.
pub const LEVEL_PERCENT: u8 = 99;

/// What a band is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum BandSource {
    /// How wrong earlier forecasts of the series were.
    PastErrors {
        /// Of so many windows.
        windows: u32,
    },
    /// How far the runs of the forecast lie apart: their own spread, and nothing of what the model does not know.
    RunsSpread {
        /// So many.
        runs: u32,
    },
}

/// Why a series has no band.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum NoBand {
    /// A single run has no spread, and the ledger is too short.
    #[error(
        "{runs} run has no spread, and {windows} earlier forecasts of it are judged; expected 2 runs, or 99 windows"
    )]
    TooLittle {
        /// Runs of the forecast.
        runs: u32,
        /// Judged windows with the same basis.
        windows: u32,
    },
}

/// Where an actual cost is expected, from one end to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Band {
    /// The mean over the runs.
    pub mean: LedgerUnits,
    /// The lower end.
    pub low: LedgerUnits,
    /// The upper end.
    pub high: LedgerUnits,
    /// What it is made from.
    pub source: BandSource,
}

/// The relative errors of earlier forecasts, |actual − predicted| ÷ predicted, by basis and series.
#[derive(Clone, Debug, Default)]
pub struct PastErrors(BTreeMap<(Basis, RowKind, String), Vec<f64>>);

impl PastErrors {
    /// Those of the windows of a ledger that were as long as `window` and over when it began; forecasts of nothing have none.
    pub fn new(records: &[Record], window: Window) -> Self {
        let mut errors = Self::default();
        for (forecast, actual) in pairs(records).judged {
            if forecast.window.end > window.start || forecast.window.length() != window.length() {
                continue;
            }
            for series in &forecast.series {
                let came = actual.series.iter().find(|of| (of.kind, &of.name) == (series.kind, &series.name));
                let came = came.map_or(0.0, |of| of.amount.to_f64());
                let mean = series.mean.to_f64();
                if mean > 0.0 {
                    let key = (actual.basis, series.kind, series.name.clone());
                    errors.0.entry(key).or_default().push((came - mean).abs() / mean);
                }
            }
        }
        errors.0.values_mut().for_each(|errors| errors.sort_by(f64::total_cmp));
        errors
    }

    /// In ascending order.
    pub fn of(&self, basis: Basis, kind: RowKind, name: &str) -> &[f64] {
        self.0.get(&(basis, kind, name.to_owned())).map_or(&[], Vec::as_slice)
    }
}

impl Band {
    /// The band of a series whose runs cost `runs`, and whose earlier forecasts were wrong by `errors`, in ascending order.
    ///
    /// Of 99 errors and more, the half-width is the mean times the ⌈(n + 1) · 0.99⌉-th smallest: an actual cost lies inside
    /// with a chance of at least 99 % where its window is like the earlier ones (exchangeable), whatever the errors'
    /// distribution. Source: J. Lei, M. G'Sell, A. Rinaldo, R. J. Tibshirani and L. Wasserman, "Distribution-free
    /// predictive inference for regression", Journal of the American Statistical Association 113(523), 2018: split
    /// conformal prediction, with the residual relative to the mean as its score.
    ///
    /// Of fewer, it is t · s · √(1 + 1/n) for n runs with the standard deviation s and the 99.5 % quantile t of Student's
    /// distribution with n − 1 degrees of freedom: the interval for one more draw from a normal distribution (G. J. Hahn,
    /// "Factors for calculating two-sided prediction intervals for samples from a normal distribution", ibid. 64(327),
    /// 1969). Where all runs cost the same it is that cost alone.
    ///
    /// No band reaches below zero.
    ///
    /// # Errors
    /// When there are neither so many errors nor two runs.
    pub fn new(runs: &[LedgerUnits], errors: &[f64]) -> Result<Self, NoBand> {
        let mean = mean_column(&[runs.iter().copied().sum()], runs.len() as u32)[0];
        let rank = ((errors.len() + 1) * usize::from(LEVEL_PERCENT)).div_ceil(100);
        let around = |half: f64, source| {
            let half = libm::ceil(half) as i128;
            let low = LedgerUnits((mean.0 - half).max(0).min(mean.0));
            Self { mean, low, high: LedgerUnits(mean.0 + half), source }
        };
        if rank <= errors.len() && mean > LedgerUnits::ZERO {
            let source = BandSource::PastErrors { windows: errors.len() as u32 };
            return Ok(around(errors[rank - 1] * mean.0 as f64, source));
        }
        let count = runs.len() as u32;
        if count < 2 {
            return Err(NoBand::TooLittle { runs: count, windows: errors.len() as u32 });
        }
        let squares: f64 = runs.iter().map(|run| (*run - mean).0 as f64).map(|from_mean| from_mean * from_mean).sum();
        let deviation = libm::sqrt(squares / f64::from(count - 1));
        let t = student_t_within(f64::from(LEVEL_PERCENT) / 100.0, count - 1);
        let half = t * deviation * libm::sqrt(1.0 + 1.0 / f64::from(count));
        // The mean is rounded down to a ledger unit: runs that are equal lie on it, all others have a spread.
        Ok(around(half, BandSource::RunsSpread { runs: count }))
    }

    /// Whether a cost is expected.
    pub fn holds(&self, cost: LedgerUnits) -> bool {
        self.low <= cost && cost <= self.high
    }
}

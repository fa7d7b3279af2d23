//! A correction of predicted cost, learnt from how far earlier predictions of the same series were off.
//!
//! Of each series, a moving average of the logarithm of actual ÷ predicted is taken over the windows that had closed by
//! the origin, newer ones counting for more (exponential smoothing: S. W. Roberts, "Control chart tests based on geometric
//! moving averages", Technometrics 1(3), 1959). Of that average the part n ÷ (n + k) is believed after n windows
//! (H. Bühlmann, "Experience rating and credibility", ASTIN Bulletin 4(3), 1967). It is used where it would have made the
//! predictions before the origin better, and nowhere else.

mod compared;
mod consistent;
mod newest;
mod paired;
mod scores;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

pub use compared::{ComparedSeries, compare_ledgers};
pub use consistent::corrected;
pub use newest::{AmountBand, CorrectedPrediction, CorrectedSeries, newest_corrected};
pub use paired::{PairedDifference, RESAMPLES, WindowErrors, paired_difference};
pub use scores::{CorrectionScores, Figures, ScoredSeries, score_correction};

use super::ledger::{Record, SeriesKey, by_series, pairs};
use crate::allocation::{Basis, RowKind};
use crate::units::{Instant, Window};

/// How fast corrections follow, and how far.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CorrectionSettings {
    /// Weight of the newest window in the moving average: λ of Roberts, above 0 and at most 1.
    pub newest_weight: f64,
    /// After so many windows half of the average is believed: k of Bühlmann.
    pub half_believed_after: f64,
    /// The largest factor; the smallest is one over it. No window counts as further off than that.
    pub factor_max: f64,
    /// How many earlier predictions it has to have been tried on.
    pub trials_min: u32,
}

impl Default for CorrectionSettings {
    fn default() -> Self {
        Self { newest_weight: 0.3, half_believed_after: 2.0, factor_max: 2.0, trials_min: 3 }
    }
}

/// What is known about the predictions of one series, and what follows from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SeriesCorrection {
    /// The total, a part of it, or a class.
    pub kind: RowKind,
    /// Whose; empty where the kind says all.
    pub name: String,
    /// What predictions were too low by, as far as it is believed: actual is about predicted × factor. Six decimals.
    pub factor: f64,
    /// Windows that it was learnt from.
    pub windows: u32,
    /// Windows of which nothing can be learnt, as nothing was predicted or nothing came.
    pub skipped: u32,
    /// Earlier predictions that it was tried on, each with the factor that was known at its origin.
    pub trials: u32,
    /// Σ|actual − predicted| ÷ Σ|actual| of those predictions; none where all actual costs were zero.
    pub wape_without: Option<f64>,
    /// The same had they been corrected.
    pub wape_with: Option<f64>,
    /// What follows.
    pub verdict: CorrectionVerdict,
}

/// Whether a correction is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum CorrectionVerdict {
    /// It would have made earlier predictions better.
    Used,
    /// There are too few earlier predictions to try it on.
    TooFewWindows,
    /// It would have left earlier predictions as wrong as they were.
    NoBetter,
    /// It would have made earlier predictions worse.
    WouldHaveWorsened,
}

impl SeriesCorrection {
    /// What the prediction is multiplied by.
    pub fn in_use(&self) -> f64 {
        if self.verdict == CorrectionVerdict::Used { self.factor } else { 1.0 }
    }

    /// The verdict with its grounds, for people.
    pub fn sentence(&self) -> String {
        let percent = |wape: Option<f64>| wape.map_or("-".to_owned(), |wape| format!("{:.1} %", wape * 100.0));
        let (without, with) = (percent(self.wape_without), percent(self.wape_with));
        let predictions = if self.trials == 1 { "prediction" } else { "predictions" };
        let on = format!("on {} earlier {predictions}", self.trials);
        match self.verdict {
            CorrectionVerdict::Used => format!("used: WAPE {with} instead of {without} {on}"),
            CorrectionVerdict::TooFewWindows => format!("not used: tried {on}, which is too few"),
            CorrectionVerdict::NoBetter => format!("not used: WAPE {without} with and without it {on}"),
            CorrectionVerdict::WouldHaveWorsened => {
                format!("not used: would have worsened WAPE from {without} to {with} {on}")
            }
        }
    }
}

/// The corrections of all series for a prediction of `window` that is written down at `now`.
///
/// They are learnt from windows of the same length that were over when it begins, and whose cost is known as `basis`
/// says; nothing that was written down after `now` is read. Of a window with several forecasts the first counts, of
/// several words on its cost the newest; forecasts that were written down too late do not.
pub fn corrections(
    records: &[Record],
    basis: Basis,
    (window, now): (Window, Instant),
    settings: &CorrectionSettings,
) -> Vec<SeriesCorrection> {
    let known = records.iter().filter(|record| record.recorded() <= now);
    let mut past: BTreeMap<SeriesKey, Vec<Pair>> = BTreeMap::new();
    for (forecast, actual) in pairs(known).judged {
        let closed = forecast.window.end <= window.start;
        if !closed || actual.basis != basis || forecast.window.length() != window.length() {
            continue;
        }
        for (key, (predicted, came)) in by_series(&forecast.series, &actual.series) {
            let predicted = predicted.and_then(|series| series.mean.amount.to_f64()).unwrap_or(0.0);
            let pair = Pair { window: forecast.window, predicted, actual: came.to_f64().unwrap_or(0.0) };
            past.entry(key).or_default().push(pair);
        }
    }
    past.into_iter().map(|((kind, name), pairs)| learn(kind, name, &pairs, settings)).collect()
}

/// What one window was predicted to cost and cost.
#[derive(Clone, Copy, Debug)]
struct Pair {
    window: Window,
    predicted: f64,
    actual: f64,
}

/// Learns from windows of one length in order of time, and tries on each what was known when it began.
fn learn(kind: RowKind, name: String, past: &[Pair], settings: &CorrectionSettings) -> SeriesCorrection {
    let (mut average, mut closed) = (Average::default(), 0);
    let (mut trials, mut without, mut with, mut actual) = (0, 0.0, 0.0, 0.0);
    for pair in past {
        while past[closed].window.end <= pair.window.start {
            average.take(&past[closed], settings);
            closed += 1;
        }
        if average.windows > 0 {
            trials += 1;
            without += (pair.predicted - pair.actual).abs();
            with += (pair.predicted * average.factor(settings) - pair.actual).abs();
            actual += pair.actual.abs();
        }
    }
    past[closed..].iter().for_each(|pair| average.take(pair, settings));
    let verdict = match with.total_cmp(&without) {
        _ if trials < settings.trials_min => CorrectionVerdict::TooFewWindows,
        core::cmp::Ordering::Less => CorrectionVerdict::Used,
        core::cmp::Ordering::Equal => CorrectionVerdict::NoBetter,
        core::cmp::Ordering::Greater => CorrectionVerdict::WouldHaveWorsened,
    };
    let wape = |error: f64| (actual > 0.0).then(|| error / actual);
    SeriesCorrection {
        kind,
        name,
        factor: average.factor(settings),
        windows: average.windows,
        skipped: average.skipped,
        trials,
        wape_without: wape(without),
        wape_with: wape(with),
        verdict,
    }
}

/// The moving average of ln(actual ÷ predicted).
#[derive(Clone, Copy, Debug, Default)]
struct Average {
    sum: f64,
    weights: f64,
    windows: u32,
    skipped: u32,
}

impl Average {
    fn take(&mut self, pair: &Pair, settings: &CorrectionSettings) {
        let ratio = pair.actual / pair.predicted;
        // Neither of nothing, nor of credits where a charge was predicted, is there a logarithm.
        if !(ratio.is_finite() && ratio > 0.0) {
            self.skipped += 1;
            return;
        }
        let (newest, most) = (settings.newest_weight, libm::log(settings.factor_max));
        self.sum = (1.0 - newest) * self.sum + newest * libm::log(ratio).clamp(-most, most);
        self.weights = (1.0 - newest) * self.weights + newest;
        self.windows += 1;
    }

    /// To six decimals, so that what is written down is what was multiplied by.
    fn factor(&self, settings: &CorrectionSettings) -> f64 {
        if self.windows == 0 {
            return 1.0;
        }
        let windows = f64::from(self.windows);
        let believed = windows / (windows + settings.half_believed_after);
        libm::round(libm::exp(believed * self.sum / self.weights) * 1e6) / 1e6
    }
}

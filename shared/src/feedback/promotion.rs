//! Whether a challenger replaces the champion.

use serde::{Deserialize, Serialize};

use super::{Decision, Signal, Verdict};
use crate::units::Instant;

/// How much better a challenger has to be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromotionSettings {
    /// The challenger's error may be at most this part of the champion's.
    pub error_ratio_max: f64,
}

impl Default for PromotionSettings {
    /// Better by a hundredth: what is less is chance, and a change of model moves every forecast.
    fn default() -> Self {
        Self { error_ratio_max: 0.99 }
    }
}

/// By which error champion and challenger are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// The cost-weighted WAPE of costs that were predicted through the shadow.
    CostError,
    /// The MASE of creates.
    Mase,
}

impl Measure {
    /// What the signal is called.
    fn signal(self) -> &'static str {
        match self {
            Self::CostError => "challenger_cost_error",
            Self::Mase => "challenger_error",
        }
    }
}

/// Compares the errors of both in the same backtest; lower is better, and what is about the same keeps the champion.
///
/// A champion without a score (there is none yet, or it cannot answer any more) is replaced by any challenger that has
/// one.
pub fn promotion(
    at: Instant,
    measure: Measure,
    champion: Option<f64>,
    challenger: Option<f64>,
    settings: &PromotionSettings,
) -> Decision {
    let limit = champion.map_or(f64::INFINITY, |error| error * settings.error_ratio_max);
    // A champion that is never wrong cannot be beaten, only matched.
    let better = challenger.is_some_and(|error| error <= limit && champion.is_none_or(|champion| error < champion));
    let (verdict, reason) = match (better, champion, challenger) {
        (true, Some(_), _) => (Verdict::Promote, "the challenger is clearly better in the backtest"),
        (true, None, _) => (Verdict::Promote, "there is no champion with a score"),
        (false, _, Some(_)) => (Verdict::KeepChampion, "the challenger is not clearly better in the backtest"),
        (false, _, None) => (Verdict::KeepChampion, "the challenger has no score"),
    };
    let limit = champion.map_or(0.0, |_| limit);
    let signal = Signal { name: measure.signal().to_owned(), value: challenger, limit, fired: better };
    Decision { at, verdict, reason: reason.to_owned(), signals: vec![signal] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_better_one_is_promoted() {
        let check = |champion, challenger, expected| {
            let settings = PromotionSettings::default();
            let decision = promotion(Instant::from_micros(0), Measure::Mase, champion, challenger, &settings);
            assert_eq!(decision.verdict, expected, "{champion:?} against {challenger:?}");
        };
        check(Some(1.0), Some(0.9), Verdict::Promote);
        // The limit itself, 1 · 0.99, is enough.
        check(Some(1.0), Some(0.99), Verdict::Promote);
        check(Some(1.0), Some(1.0), Verdict::KeepChampion);
        check(Some(1.0), Some(0.995), Verdict::KeepChampion);
        check(Some(1.0), Some(1.1), Verdict::KeepChampion);
        check(Some(0.0), Some(0.0), Verdict::KeepChampion);
        check(Some(1.0), None, Verdict::KeepChampion);
        check(None, Some(5.0), Verdict::Promote);
        check(None, None, Verdict::KeepChampion);
    }

    #[test]
    fn the_signal_says_what_was_compared_and_with_which_limit() {
        let settings = PromotionSettings { error_ratio_max: 0.5 };
        let at = Instant::from_micros(0);
        let decision = promotion(at, Measure::CostError, Some(0.5), Some(0.25), &settings);
        // Half of 0.5 may be reached.
        let expected = Signal { name: "challenger_cost_error".to_owned(), value: Some(0.25), limit: 0.25, fired: true };
        assert_eq!((decision.verdict, decision.signals), (Verdict::Promote, vec![expected]));
        assert_eq!(promotion(at, Measure::Mase, Some(1.0), None, &settings).signals[0].name, "challenger_error");
    }
}

//! Two models over the same series.

use super::{counted, mean, mean_mase};
use crate::forecast::SeriesScores;
use crate::units::Duration;

/// The mean MASE of two models over one horizon, over the series of everyone that both have a score for (over tenants
/// where there are no others).
///
/// Both must have been scored at the same origins. Where they have no series in common, each stands for itself: one
/// that scored nothing has none.
pub fn compare_mase(horizon: Duration, first: &[SeriesScores], second: &[SeriesScores]) -> (Option<f64>, Option<f64>) {
    let mase = |scores: &SeriesScores| scores.scores().and_then(|scores| scores.mase);
    let both: (Vec<f64>, Vec<f64>) = counted(horizon, first)
        .filter_map(|one| {
            let other = counted(horizon, second).find(|other| other.key == one.key)?;
            Some((mase(one)?, mase(other)?))
        })
        .unzip();
    if both.0.is_empty() {
        return (mean_mase(horizon, first), mean_mase(horizon, second));
    }
    (mean(&both.0), mean(&both.1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::SeriesKey;
    use crate::forecast::{NotReady, Scored, Scores};
    use crate::units::TenantIndex;

    fn scored(key: SeriesKey, mase: Option<f64>) -> SeriesScores {
        let scores = |mase| Scores {
            bins: 1,
            mase: Some(mase),
            wape: None,
            bias: None,
            pinball: Vec::new(),
            coverage: Vec::new(),
        };
        let outcome = mase.map_or(Scored::NotReady(NotReady::NeedsTraining), |mase| Scored::Scores(scores(mase)));
        SeriesScores { key, horizon: Duration::HOUR, outcome }
    }

    #[test]
    fn only_series_that_both_scored_count() {
        let check = |first: [Option<f64>; 3], second: [Option<f64>; 3], expected| {
            let tenant = SeriesKey::Creates { tenant: Some(TenantIndex(0)), class: None };
            let series = |[arrivals, total, own]: [Option<f64>; 3]| {
                [scored(SeriesKey::Arrivals, arrivals), scored(SeriesKey::TOTAL, total), scored(tenant, own)]
            };
            assert_eq!(compare_mase(Duration::HOUR, &series(first), &series(second)), expected);
        };
        // The tenant's 9 never counts beside the series of everyone.
        check([Some(1.0), Some(2.0), Some(9.0)], [Some(2.0), Some(4.0), Some(0.0)], (Some(1.5), Some(3.0)));
        check([Some(1.0), Some(2.0), None], [Some(2.0), None, None], (Some(1.0), Some(2.0)));
        check([None, None, None], [Some(2.0), Some(4.0), None], (None, Some(3.0)));
        check([Some(1.0), None, None], [None, Some(4.0), None], (Some(1.0), Some(4.0)));
    }
}

//! One model alone, or all together: for each series and horizon, what had the least error in the backtest.

use std::collections::BTreeMap;

use super::{Candidate, Choice, MemberWeight, Reason, SeriesChoice, mean};
use crate::features::{Past, SeriesKey};
use crate::forecast::{Ensemble, FittedModel, ModelName};
use crate::units::Duration;

/// One model is used alone where its error is below this part of what all together had. Of twelve series of requests and of
/// machines, whichever had the least error at eight origins had 2 to 6 % more than all together had over the next days
/// at leads of an hour and a day, and 3 % less at five minutes; what was ahead by a fifth had 7 % less there, and no other
/// was used alone.
pub(super) const CLEARLY: f64 = 0.8;

/// What the backtest says of the members of an ensemble, on one series over one horizon.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Verdict {
    /// This member, by position, has clearly less error than all together.
    Alone(usize, ModelName),
    /// This one has less, but hardly.
    Nearly(ModelName),
    /// None has less.
    Together,
}

/// None where something was not scored.
fn verdict(candidates: &[Candidate], key: SeriesKey, horizon: Duration) -> Option<Verdict> {
    let ready = || candidates.iter().filter(|candidate| candidate.not_ready.is_none());
    let together = error(ready().find(|one| one.model == ModelName::Ensemble)?, key, horizon)?;
    let members = ready().filter(|one| one.model != ModelName::Ensemble).enumerate();
    let known = members.filter_map(|(i, one)| Some((i, one.model, error(one, key, horizon)?)));
    let (member, model, least) = known.min_by(|(.., one), (.., other)| one.total_cmp(other))?;
    Some(match least {
        least if least < CLEARLY * together => Verdict::Alone(member, model),
        least if least < together => Verdict::Nearly(model),
        _ => Verdict::Together,
    })
}

/// The median's error in the backtest: the MASE is a multiple of it, the same for all models of a series.
fn error(candidate: &Candidate, key: SeriesKey, horizon: Duration) -> Option<f64> {
    let score = candidate.scores.iter().find(|score| score.key == key && score.horizon == horizon)?;
    score.scores()?.pinball.iter().find(|pinball| pinball.level == 0.5).map(|pinball| pinball.loss)
}

/// By series and then by horizon, the member that is used alone.
pub(super) fn alone(
    candidates: &[Candidate],
    horizons: &[Duration],
    past: &Past,
) -> BTreeMap<SeriesKey, Vec<Option<usize>>> {
    let of = |key: SeriesKey| {
        let member = |&horizon: &Duration| match verdict(candidates, key, horizon) {
            Some(Verdict::Alone(member, _)) => Some(member),
            _ => None,
        };
        (key, horizons.iter().map(member).collect())
    };
    (0..past.series()).map(|series| of(past.key(series))).collect()
}

/// What is used for each horizon, as known at the origin of `past`.
pub(super) fn choices(
    ensemble: &Ensemble,
    past: &Past,
    horizons: &[Duration],
    candidates: &[Candidate],
) -> Vec<Choice> {
    let weights: Vec<Vec<Vec<f64>>> = (0..past.series()).map(|series| ensemble.weights_at(past, series)).collect();
    let of_everyone = |series: &usize| past.key(*series).tenant().is_none();
    let any_of_everyone = (0..past.series()).any(|series| of_everyone(&series));
    let deciding: Vec<usize> = (0..past.series()).filter(|i| !any_of_everyone || of_everyone(i)).collect();
    let one = |(range, &horizon): (usize, &Duration)| {
        let choose = |series| choose(ensemble, candidates, past.key(series), (range, horizon), &weights[series]);
        let series: Vec<SeriesChoice> = (0..past.series()).map(choose).collect();
        let first = series[deciding[0]].model;
        let alike = deciding.iter().all(|&i| series[i].model == first);
        let mases: Vec<f64> =
            deciding.iter().filter_map(|&i| mase(candidates, series[i].model, series[i].key, horizon)).collect();
        let share =
            |member: usize| deciding.iter().map(|&i| weights[i][range][member]).sum::<f64>() / deciding.len() as f64;
        let named = |(i, model): (usize, &FittedModel)| MemberWeight { model: model.name(), weight: share(i) };
        Choice {
            horizon,
            model: if alike { first } else { ModelName::Ensemble },
            mase: mean(&mases),
            members: ensemble.members().iter().enumerate().map(named).collect(),
            series,
        }
    };
    horizons.iter().enumerate().map(one).collect()
}

/// What one series uses over one horizon, with its weights by range.
fn choose(
    ensemble: &Ensemble,
    candidates: &[Candidate],
    key: SeriesKey,
    (range, horizon): (usize, Duration),
    weights: &[Vec<f64>],
) -> SeriesChoice {
    if let [only] = ensemble.members() {
        return SeriesChoice { key, model: only.name(), reason: Reason::Unscored };
    }
    let (model, reason) = match verdict(candidates, key, horizon) {
        Some(Verdict::Alone(member, model)) if weights[range][member] == 1.0 => (model, Reason::Least),
        Some(Verdict::Alone(_, model)) => (ModelName::Ensemble, Reason::WrongOfLate { model }),
        Some(Verdict::Nearly(model)) => (ModelName::Ensemble, Reason::Nearly { model }),
        Some(Verdict::Together) => (ModelName::Ensemble, Reason::Least),
        None => (ModelName::Ensemble, Reason::Unscored),
    };
    SeriesChoice { key, model, reason }
}

fn mase(candidates: &[Candidate], model: ModelName, key: SeriesKey, horizon: Duration) -> Option<f64> {
    let candidate = candidates.iter().find(|candidate| candidate.model == model)?;
    candidate.mase(key, horizon)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::{PinballAt, Scored, Scores, SeriesScores};

    /// What a model scored on the total over an hour: half of this mean absolute error at the median.
    fn scored(model: ModelName, error: Option<f64>) -> Candidate {
        let loss = |error: f64| Scores {
            bins: 1,
            mase: Some(error),
            wape: None,
            bias: None,
            pinball: vec![PinballAt { level: 0.5, loss: error / 2.0 }],
            coverage: Vec::new(),
        };
        let score = |error| SeriesScores {
            key: SeriesKey::TOTAL,
            horizon: Duration::HOUR,
            outcome: Scored::Scores(loss(error)),
        };
        Candidate { model, scores: error.map(score).into_iter().collect(), not_ready: None, training: None }
    }

    #[test]
    fn the_least_error_decides_and_what_is_chance_does_not() {
        let check = |naive, median, together, expected| {
            let [naive, median, together] =
                [(ModelName::SeasonalNaive, naive), (ModelName::OneDayMedian, median), (ModelName::Ensemble, together)]
                    .map(|(model, error)| scored(model, error));
            let found = verdict(&[naive, median, together], SeriesKey::TOTAL, Duration::HOUR);
            assert_eq!(found, expected);
        };
        let median = ModelName::OneDayMedian;
        check(Some(3.0), Some(1.0), Some(1.3), Some(Verdict::Alone(1, median)));
        // 0.8 × 1.25 = 1, which 1 is not below.
        check(Some(3.0), Some(1.0), Some(1.25), Some(Verdict::Nearly(median)));
        check(Some(3.0), Some(1.0), Some(1.0), Some(Verdict::Together));
        check(Some(3.0), Some(1.0), Some(0.5), Some(Verdict::Together));
        // Where nothing was scored nothing is known; where one was not, the others are compared.
        check(None, None, None, None);
        check(Some(3.0), None, Some(4.0), Some(Verdict::Alone(0, ModelName::SeasonalNaive)));
        // A series that repeats itself exactly leaves nothing to choose.
        check(Some(0.0), Some(0.0), Some(0.0), Some(Verdict::Together));
    }
}

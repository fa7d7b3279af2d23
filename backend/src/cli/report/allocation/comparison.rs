//! What a report says of how well it was predicted: the specification's variance, accuracy and optimization areas.

use serde::Serialize;
use shared::allocation::{Basis, PredictionAccuracy, StatementView, VarianceRow, VarianceStatement};
use shared::units::Money;

use super::super::variance::label;
use crate::output::compared;

/// A report as one document. What was not compared has neither variance nor accuracy, and no areas.
#[derive(Serialize)]
pub(super) struct Document<'a> {
    #[serde(flatten)]
    view: &'a StatementView,
    /// How the actual cost is known.
    basis: Option<Basis>,
    /// What the runs said on average.
    predicted: Option<Money>,
    /// What it cost.
    actual: Option<Money>,
    /// Actual − predicted.
    variance: Option<Money>,
    /// After the last piece of the window.
    prediction_accuracy: Option<f64>,
    /// Most money first.
    optimization_areas: &'a [VarianceRow],
}

impl<'a> Document<'a> {
    pub(super) fn new(view: &'a StatementView, found: Option<&'a VarianceStatement>) -> Self {
        let total = found.map(|found| &found.total);
        Self {
            view,
            basis: found.map(|found| found.basis),
            predicted: total.map(|total| total.predicted.mean),
            actual: total.map(|total| total.actual),
            variance: total.map(|total| total.variance),
            prediction_accuracy: found.and_then(|found| found.accuracy().value),
            optimization_areas: found.map_or(&[], |found| &found.optimization_areas),
        }
    }
}

/// The same in sentences, for a terminal and a page: one of the total, and one an area.
pub(super) fn sentences(found: &VarianceStatement) -> Vec<String> {
    let VarianceRow { predicted, actual, variance, .. } = &found.total;
    let [mean, actual, variance] = compared(predicted.mean, *actual, *variance).map(|money| money.rounded());
    let currency = found.currency;
    let runs = if found.runs == 1 { "1 run".to_owned() } else { format!("{} runs", found.runs) };
    let mut said = vec![format!(
        "predicted {mean:.2} {currency} (mean of {runs}), came to {actual:.2} ({}): variance {variance:+.2}, {}",
        found.basis.as_str(),
        accuracy(&found.accuracy()),
    )];
    said.extend(found.optimization_areas.iter().map(|row| {
        let [_, _, variance] = compared(row.predicted.mean, row.actual, row.variance);
        let is_whole = (row.start, row.end) == (found.window.start, found.window.end);
        let when = if is_whole { String::new() } else { format!(", from {}", row.start) };
        format!("{}{when}: {:+.2}", label(found, row), variance.rounded())
    }));
    said
}

fn accuracy(accuracy: &PredictionAccuracy) -> String {
    match accuracy.value {
        None => "prediction accuracy none, as nothing was paid".to_owned(),
        Some(value) if accuracy.windows > 1 => {
            format!("prediction accuracy {value:.4} after {} pieces of the window", accuracy.windows)
        }
        Some(value) => format!("prediction accuracy {value:.4}"),
    }
}

//! What `shadow --json` prints.

use std::time::Duration as Took;

use serde::Serialize;
use shared::allocation::{AllocationReport, Basis, Cause, CauseAmount, MoneyBand};
use shared::api::{AdviceView, Bisected, OutcomeView};
use shared::feedback::AnomalyReport;
use shared::forecast::{ModelId, SelectionReport};
use shared::scenario::{Edit, Scenario, ValidScenario};
use shared::simulation::{Digest, Outcome};
use shared::units::{Duration, Instant, Money};
use shared::variance::{Decomposition, Finding};

use super::billed::BillView;
use super::checked::Checked;
use crate::cli::start::StartView;

/// The outcome; with an origin it is the predicted one, and what it was made from and compared with stands beside it.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    /// How long it took, in seconds: the only figure that differs between two runs of the same command.
    pub(super) wall_s: f64,
    #[serde(flatten)]
    pub(super) outcome: OutcomeView,
    pub(super) notices: Vec<String>,
    /// What the scenario was changed by before it ran.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) edits: Vec<EditView>,
    /// Where everybody is when it begins, where a file says who lives then or on which nodes they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) start: Option<StartView>,
    /// What was checked, where that was asked for; without an answer where a rule was broken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) checked: Option<Checked>,
    /// Changes that were replayed and are worth it; only where they were asked for.
    #[serde(flatten)]
    pub(super) advice: Option<AdviceView>,
    #[serde(flatten)]
    pub(super) prediction: Option<WithOrigin>,
}

impl Answer {
    /// What a scenario yielded, which took so long.
    pub(super) fn of(valid: &ValidScenario, outcome: &Outcome, took: Took) -> Self {
        Self {
            wall_s: took.as_secs_f64(),
            outcome: OutcomeView::new(valid.scenario(), outcome),
            notices: Vec::new(),
            edits: EditView::all(valid.original()),
            start: None,
            checked: None,
            advice: None,
            prediction: None,
        }
    }
}

/// One edit of the scenario.
#[derive(Debug, Serialize)]
pub(super) struct EditView {
    /// In words.
    pub(super) change: String,
    edit: Edit,
}

impl EditView {
    /// The edits of a scenario, which stand in it as it was before them.
    pub(super) fn all(original: &Scenario) -> Vec<Self> {
        let words = original.edits_in_words(&original.edits).into_iter();
        words.zip(&original.edits).map(|(change, edit)| Self { change, edit: edit.clone() }).collect()
    }
}

/// The prediction and, where the log goes on after the origin, what really happened.
#[derive(Debug, Serialize)]
pub(super) struct WithOrigin {
    pub(super) origin: Instant,
    pub(super) horizon: Duration,
    pub(super) model: ModelId,
    pub(super) selection: SelectionReport,
    pub(super) predicted: MoneyBand,
    pub(super) actual: Option<OutcomeView>,
    pub(super) variance: Option<Variance>,
    /// The requests that the variance comes from, where that was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) bisect: Vec<Bisected>,
    pub(super) prediction_accuracy: Option<f64>,
    /// What cost more or less than expected, by the spread of the runs.
    pub(super) anomalies: Option<AnomalyReport>,
    pub(super) report: Option<AllocationReport>,
    /// What the bill says beside it, where the actual cost is that of a bill.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bill: Option<BillView>,
}

/// Actual − predicted by cause, and the ensembles that each cause is the difference of; by whom is in the report.
#[derive(Debug, Serialize)]
pub(super) struct Variance {
    /// Actual − predicted mean.
    amount: Option<Money>,
    basis: Basis,
    causes: Vec<ReplayedCause>,
}

/// One cause: its amount, or why it was not observed, and the digests of the ensembles before and after its replay.
#[derive(Debug, Serialize)]
struct ReplayedCause {
    #[serde(flatten)]
    amount: CauseAmount,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Digest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Digest>,
}

impl Variance {
    /// The variance of a report, with the digests of the replays that explained it.
    pub(super) fn new(report: &AllocationReport, decomposition: &Decomposition) -> Self {
        let digests = |cause: Cause| {
            let line = decomposition.causes.iter().find(|line| line.cause == cause);
            match line.map(|line| &line.finding) {
                Some(Finding::Observed { before, after, .. }) => (Some(*before), Some(*after)),
                _ => (None, None),
            }
        };
        let replayed = |amount: &CauseAmount| {
            let (before, after) = digests(amount.cause);
            ReplayedCause { amount: amount.clone(), before, after }
        };
        let causes = report.causes.iter().map(replayed).collect();
        Self { amount: report.variance, basis: decomposition.basis, causes }
    }
}

impl WithOrigin {
    pub(super) fn new(
        origin: Instant,
        horizon: Duration,
        model: ModelId,
        selection: SelectionReport,
        predicted: &OutcomeView,
    ) -> Self {
        Self {
            origin,
            horizon,
            model,
            selection,
            predicted: predicted.cost,
            actual: None,
            variance: None,
            bisect: Vec::new(),
            prediction_accuracy: None,
            anomalies: None,
            report: None,
            bill: None,
        }
    }
}

//! What `--recommend` and `report recommendations` say.

use std::fmt::Write;

use serde::Serialize;
use shared::pricing::{CommitmentOffer, read_offers};
use shared::recommendation::{
    Advice, Attempt, Benefit, Difference, Effort, INTERVAL_PERCENT, Recommendation, Risk, Sources, Thresholds,
    Together, recommend,
};
use shared::scenario::{Edit, Scenario, ValidScenario};
use shared::simulation::{Digest, Outcome};
use shared::units::{Currency, Money};

use super::cancelled;
use crate::cli::CliError;
use crate::{ensemble, input, output};

/// Everything that is worth changing.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct AdviceView {
    /// The largest saving first.
    pub(in crate::cli) recommendations: Vec<RecommendationView>,
    /// What the first of them that go together bring.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) recommended_together: Option<TogetherView>,
    /// How many changes were tried.
    pub(in crate::cli) changes_tried: u32,
}

/// A change that was replayed, and what it brings over the window.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct RecommendationView {
    /// Its place among all, from 1.
    pub(in crate::cli) rank: u32,
    /// All of it in a sentence.
    pub(in crate::cli) text: String,
    /// What to change, in words.
    pub(in crate::cli) change: String,
    pub(in crate::cli) edits: Vec<Edit>,
    pub(in crate::cli) benefit: Benefit,
    #[serde(flatten)]
    pub(in crate::cli) difference: DifferenceView,
    pub(in crate::cli) risks: Vec<Risk>,
    pub(in crate::cli) effort: Effort,
    /// The ranks of those that change the same thing.
    pub(in crate::cli) conflicts: Vec<u32>,
}

/// What changes bring: each run compared with itself.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct DifferenceView {
    /// Mean over the runs.
    pub(in crate::cli) saving: Money,
    pub(in crate::cli) saving_p10: Money,
    pub(in crate::cli) saving_p90: Money,
    /// How much of the runs lies between these two.
    interval_percent: u32,
    pub(in crate::cli) latency_p99_ms: Option<f64>,
    pub(in crate::cli) refused: i64,
    pub(in crate::cli) evicted: i64,
    ready: i64,
    before: Digest,
    after: Digest,
}

/// Recommendations that go together.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct TogetherView {
    /// All of it in a sentence.
    pub(in crate::cli) text: String,
    ranks: Vec<u32>,
    /// What they would save if their savings added up.
    sum: Money,
    #[serde(flatten)]
    difference: DifferenceView,
}

impl AdviceView {
    pub(in crate::cli) fn new(advice: &Advice, scenario: &Scenario) -> Self {
        let currency = scenario.price_book.currency;
        let view = |recommendation: &Recommendation| RecommendationView::new(recommendation, scenario);
        Self {
            recommendations: advice.recommendations.iter().map(view).collect(),
            recommended_together: advice.together.as_ref().map(|together| TogetherView::new(together, currency)),
            changes_tried: advice.tried,
        }
    }

    /// For a terminal.
    pub(in crate::cli) fn write(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "\nrecommendations, each replayed on the same streams ({} changes tried)", self.changes_tried)?;
        if self.recommendations.is_empty() {
            writeln!(out, "  none: no change that was tried is worth it")?;
        }
        for recommendation in &self.recommendations {
            writeln!(out, "  {:>2}  {}", recommendation.rank, output::in_line(&recommendation.text))?;
            writeln!(out, "      takes {}{}", recommendation.effort.describe(), recommendation.in_conflict())?;
            for Risk { kind, reason } in &recommendation.risks {
                writeln!(out, "      risk: {}: {}", kind.as_str(), output::in_line(reason))?;
            }
        }
        match &self.recommended_together {
            Some(together) => writeln!(out, "  {}", together.text),
            None => Ok(()),
        }
    }
}

impl RecommendationView {
    fn new(recommendation: &Recommendation, scenario: &Scenario) -> Self {
        let currency = scenario.price_book.currency;
        let Recommendation { rank, edits, benefit, difference, risks, effort, conflicts } = recommendation.clone();
        Self {
            rank,
            text: recommendation.sentence(scenario, currency),
            change: recommendation.what(scenario),
            edits,
            benefit,
            difference: DifferenceView::new(&difference, currency),
            risks,
            effort,
            conflicts,
        }
    }

    /// Which others it is in conflict with, after what it takes.
    fn in_conflict(&self) -> String {
        let ranks: Vec<String> = self.conflicts.iter().map(u32::to_string).collect();
        if ranks.is_empty() { String::new() } else { format!("; in conflict with {}", ranks.join(", ")) }
    }
}

impl DifferenceView {
    fn new(difference: &Difference, currency: Currency) -> Self {
        let &Difference { saving, saving_p10, saving_p90, latency_p99_ms, refused, evicted, ready, before, after } =
            difference;
        Self {
            saving: saving.to_money(currency),
            saving_p10: saving_p10.to_money(currency),
            saving_p90: saving_p90.to_money(currency),
            interval_percent: INTERVAL_PERCENT,
            latency_p99_ms,
            refused,
            evicted,
            ready,
            before,
            after,
        }
    }
}

impl TogetherView {
    fn new(together: &Together, currency: Currency) -> Self {
        Self {
            text: together.sentence(currency),
            ranks: together.ranks.clone(),
            sum: together.sum.to_money(currency),
            difference: DifferenceView::new(&together.difference, currency),
        }
    }
}

/// The commitments that could be bought, in the currency of the prices; none where no file is named.
///
/// # Errors
/// When the file cannot be read or is wrong.
pub(in crate::cli) fn offers(path: Option<&str>, scenario: &Scenario) -> Result<Vec<CommitmentOffer>, CliError> {
    let Some(path) = path else { return Ok(Vec::new()) };
    let read = read_offers(&input::read_text(path)?, scenario.price_book.currency);
    read.map_err(CliError::in_file(input::name(path)))
}

/// Replays every candidate on the streams of `outcome`, and keeps those that are worth it.
///
/// # Errors
/// When it is cancelled.
pub(in crate::cli) fn advise(
    valid: &ValidScenario,
    outcome: &Outcome,
    sources: &Sources<'_>,
    threads: usize,
) -> Result<Advice, CliError> {
    recommend(valid, outcome, sources, &Thresholds::default(), |Attempt { scenario, tried, of }| {
        let what = if tried < of {
            format!("trying change {} of {of}", tried + 1)
        } else {
            "trying changes together".to_owned()
        };
        let watch = |done, total| {
            output::progress(&format!("{what}: run {done} of {total}"));
            true
        };
        ensemble::run(scenario, threads, false, &watch).ok_or_else(cancelled)
    })
}

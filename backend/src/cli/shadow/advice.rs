//! What `--recommend` says.

use serde::Serialize;
use shared::pricing::CommitmentOffer;
use shared::recommendation::{Benefit, Recommendation, Thresholds, recommend};
use shared::scenario::{Edit, Scenario, ValidScenario};
use shared::simulation::{Digest, Outcome};
use shared::units::Money;

use super::cancelled;
use crate::cli::CliError;
use crate::{ensemble, output};

/// A change that was replayed, and what it brings over the window.
#[derive(Debug, Serialize)]
pub(super) struct Advice {
    /// All of it in a sentence.
    pub(super) text: String,
    edit: Edit,
    benefit: Benefit,
    /// Mean over the runs.
    saving: Money,
    saving_p10: Money,
    saving_p90: Money,
    latency_p99_ms: Option<f64>,
    refused: i64,
    ready: i64,
    before: Digest,
    after: Digest,
}

impl Advice {
    pub(super) fn new(recommendation: &Recommendation, scenario: &Scenario) -> Self {
        let currency = scenario.price_book.currency;
        let Recommendation { edit, benefit, latency_p99_ms, refused, ready, before, after, .. } =
            recommendation.clone();
        Self {
            text: recommendation.sentence(scenario, currency),
            edit,
            benefit,
            saving: recommendation.saving.to_money(currency),
            saving_p10: recommendation.saving_p10.to_money(currency),
            saving_p90: recommendation.saving_p90.to_money(currency),
            latency_p99_ms,
            refused,
            ready,
            before,
            after,
        }
    }
}

/// Replays every candidate on the streams of `outcome`, and keeps those that are worth it.
pub(super) fn advise(
    valid: &ValidScenario,
    outcome: &Outcome,
    offers: &[CommitmentOffer],
    threads: usize,
) -> Result<Vec<Recommendation>, CliError> {
    let mut tried = 0;
    recommend(valid, outcome, offers, &Thresholds::default(), |changed| {
        tried += 1;
        let watch = |done, total| {
            output::progress(&format!("trying change {tried}: run {done} of {total}"));
            true
        };
        ensemble::run(changed, threads, false, &watch).ok_or_else(cancelled)
    })
}

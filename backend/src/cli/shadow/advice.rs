//! What `--recommend` and `report recommendations` say.

use std::fmt::Write;

use shared::api::{AdviceView, RecommendationView};
use shared::pricing::{CommitmentOffer, read_offers};
use shared::recommendation::{Advice, Attempt, Risk, Sources, Thresholds, recommend};
use shared::scenario::{Edit, Scenario, ValidScenario};
use shared::simulation::Outcome;

use super::cancelled;
use super::past::Before;
use crate::cli::CliError;
use crate::ensemble::RunBy;
use crate::{input, output};

/// Recommendations for a terminal.
///
/// # Errors
/// Those of `out`.
pub(in crate::cli) fn write_advice(out: &mut String, advice: &AdviceView) -> std::fmt::Result {
    writeln!(out, "\nrecommendations, each replayed on the same streams ({} changes tried)", advice.changes_tried)?;
    if advice.recommendations.is_empty() {
        writeln!(out, "  none: no change that was tried is worth it")?;
    }
    for recommendation in &advice.recommendations {
        writeln!(out, "  {:>2}  {}", recommendation.rank, output::in_line(&recommendation.text))?;
        writeln!(out, "      takes {}{}", recommendation.effort.describe(), in_conflict(recommendation))?;
        for Risk { kind, reason } in &recommendation.risks {
            writeln!(out, "      risk: {}: {}", kind.as_str(), output::in_line(reason))?;
        }
    }
    match &advice.recommended_together {
        Some(together) => writeln!(out, "  {}", together.text),
        None => Ok(()),
    }
}

/// Which others it is in conflict with, after what it takes.
fn in_conflict(recommendation: &RecommendationView) -> String {
    let ranks: Vec<String> = recommendation.conflicts.iter().map(u32::to_string).collect();
    if ranks.is_empty() { String::new() } else { format!("; in conflict with {}", ranks.join(", ")) }
}

/// The commitments that could be bought, in the currency of the prices; none where no file is named.
///
/// # Errors
/// When the file cannot be read or is wrong.
pub(in crate::cli) fn offers(path: Option<&str>, scenario: &Scenario) -> Result<Vec<CommitmentOffer>, CliError> {
    let Some(path) = path else { return Ok(Vec::new()) };
    let read = read_offers(&input::read_text(path)?, scenario.price_book.currency);
    read.map_err(CliError::all_in_file(input::name(path)))
}

/// Replays every candidate on the streams of `outcome`, and what saves on the day before the origin where there is one; keeps
/// those that are worth it.
///
/// # Errors
/// When it is cancelled, or workers do not do it.
pub(in crate::cli) fn advise(
    valid: &ValidScenario,
    outcome: &Outcome,
    sources: &Sources<'_>,
    before: Option<&Before<'_>>,
    by: RunBy<'_>,
) -> Result<Advice, CliError> {
    let simulate = |Attempt { scenario, tried, of }: Attempt<'_>| {
        let what = if tried < of {
            format!("trying change {} of {of}", tried + 1)
        } else {
            "trying changes together".to_owned()
        };
        let watch = |done, total| {
            output::progress(&format!("{what}: run {done} of {total}"));
            true
        };
        by.run(scenario, &watch)?.ok_or_else(cancelled)
    };
    let demand = before.filter(|_| !sources.offers.is_empty()).and_then(Before::demand);
    let sources = &Sources { past: demand.as_ref(), ..*sources };
    let past = before.and_then(|before| before.day(valid.scenario()));
    let past_day = |edits: &[Edit]| Ok(past.as_ref().and_then(|past| past.with(edits)));
    recommend(valid, outcome, sources, &Thresholds::default(), simulate, past_day)
}

//! Candidates are run before they are recommended.

use super::candidates::{Sources, candidates};
use super::conflicts::conflict;
use super::past_day::{OnPastDay, PastDay, can_be_replayed};
use super::rank::{Benefit, Difference, Recommendation, Thresholds, Together};
use super::risk::{Effort, Replayed};
use crate::scenario::{Edit, ValidScenario};
use crate::simulation::Outcome;
use crate::units::LedgerUnits;

/// At most so many changes are tried together.
const TOGETHER: usize = 5;

/// How many times changes are tried together at most, after those that are tried by themselves: one fewer each time, and
/// two at the least.
pub const TRIED_TOGETHER: u32 = TOGETHER as u32 - 1;

/// What is worth changing in a scenario.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Advice {
    /// Each on its own, the largest saving first.
    pub recommendations: Vec<Recommendation>,
    /// The first of them that can be had together, where there are several.
    pub together: Option<Together>,
    /// How many changes were tried, those that are not worth it included.
    pub tried: u32,
}

/// A scenario that is to be run to see what a change brings.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// The scenario with the change.
    pub scenario: &'a ValidScenario,
    /// How many changes were tried before.
    pub tried: u32,
    /// How many there are; those that are tried together come after them.
    pub of: u32,
}

/// What to change in a scenario, the largest saving first, and what the first of these bring together.
///
/// `outcome` is what the scenario yields. `simulate` runs every run of a changed scenario, on its own demand: edits of
/// settings leave sampled streams and draws alone, so runs are compared with themselves. It is called once a candidate,
/// at most [`MOST_CANDIDATES`](super::MOST_CANDIDATES) times, and up to four times more for what goes together. A candidate
/// that makes the scenario impossible is left out, as is one that comes to what another one before it came to.
///
/// `past_day` gives a day that is over without and with edits, as if either had always been in force, where there is such a
/// day; it is asked about what saves. What would have cost more then is not recommended.
///
/// # Errors
/// Those of `simulate` and `past_day`.
pub fn recommend<E>(
    scenario: &ValidScenario,
    outcome: &Outcome,
    sources: &Sources<'_>,
    thresholds: &Thresholds,
    mut simulate: impl FnMut(Attempt<'_>) -> Result<Outcome, E>,
    mut past_day: impl FnMut(&[Edit]) -> Result<Option<PastDay>, E>,
) -> Result<Advice, E> {
    let candidates = candidates(scenario, outcome, sources);
    let (mut tried, of) = (0, candidates.len() as u32);
    let mut try_out = |edits: &[Edit]| {
        let mut changed = scenario.original().clone();
        changed.edits.extend(edits.iter().cloned());
        let attempt = ValidScenario::new(changed).ok().map(|changed| {
            let after = simulate(Attempt { scenario: &changed, tried, of })?;
            Ok((changed, after))
        });
        tried += 1;
        attempt.transpose()
    };
    let mut found: Vec<Recommendation> = Vec::new();
    for edits in candidates {
        let Some((changed, after)) = try_out(&edits)? else { continue };
        let difference = Difference::between(outcome, &after);
        let Some(benefit) = difference.benefit(&edits, outcome, thresholds) else { continue };
        let is_known = |known: &Recommendation| known.difference.after == difference.after;
        if benefit != Benefit::Bounds && found.iter().any(is_known) {
            continue;
        }
        let is_saving = benefit == Benefit::Saves && can_be_replayed(&edits);
        let past_day = if is_saving { past_day(&edits)?.map(OnPastDay::from) } else { None };
        if past_day.as_ref().is_some_and(|past| past.difference.saving < LedgerUnits::ZERO) {
            continue;
        }
        let replayed = Replayed {
            before: (scenario.scenario(), outcome),
            after: (changed.scenario(), &after),
            difference: &difference,
            owned: sources.owned,
        };
        let currency = scenario.scenario().price_book.currency;
        let fades = past_day.as_ref().and_then(|past| past.fades(difference.saving, currency));
        let risks = fades.into_iter().chain(replayed.risks(&edits)).collect();
        let (effort, conflicts) = (Effort::of(&edits), Vec::new());
        found.push(Recommendation { rank: 0, edits, benefit, difference, past_day, risks, effort, conflicts });
    }
    let recommendations = ranked(found);
    let mut members = compatible(&recommendations);
    let mut together = None;
    while together.is_none() && members.len() > 1 {
        let edits: Vec<Edit> = members.iter().flat_map(|member| &member.edits).cloned().collect();
        if let Some((_, after)) = try_out(&edits)? {
            together = worth_together(&members, Difference::between(outcome, &after), outcome, thresholds);
        }
        members.pop();
    }
    Ok(Advice { recommendations, together, tried })
}

/// In order, each with its place and those of whatever changes the same thing.
fn ranked(mut found: Vec<Recommendation>) -> Vec<Recommendation> {
    found.sort_by_key(|recommendation| core::cmp::Reverse(recommendation.lasting_saving()));
    let conflicts: Vec<Vec<u32>> = found
        .iter()
        .enumerate()
        .map(|(position, one)| {
            let others = (1..).zip(&found).enumerate().filter(|&(other, _)| other != position);
            others.filter(|(_, (_, other))| conflict(&one.edits, &other.edits)).map(|(_, (rank, _))| rank).collect()
        })
        .collect();
    for ((rank, recommendation), conflicts) in (1..).zip(&mut found).zip(conflicts) {
        (recommendation.rank, recommendation.conflicts) = (rank, conflicts);
    }
    found
}

/// What saves, the first first, without whatever is in conflict with one before it.
fn compatible(recommendations: &[Recommendation]) -> Vec<&Recommendation> {
    let mut members: Vec<&Recommendation> = Vec::new();
    for recommendation in recommendations.iter().filter(|known| known.benefit == Benefit::Saves) {
        let fits = members.iter().all(|member| !recommendation.conflicts.contains(&member.rank));
        if fits && members.len() < TOGETHER {
            members.push(recommendation);
        }
    }
    members
}

/// What changes bring together, where that is more than the first of them brings alone, and as much is served.
fn worth_together(
    members: &[&Recommendation],
    difference: Difference,
    before: &Outcome,
    thresholds: &Thresholds,
) -> Option<Together> {
    let first = members.first()?.difference.saving;
    let worth = difference.serves_as_much(before, thresholds)
        && difference.saving > first
        && difference.saving_p10 > LedgerUnits::ZERO;
    worth.then(|| Together {
        ranks: members.iter().map(|member| member.rank).collect(),
        sum: members.iter().map(|member| member.difference.saving).sum(),
        difference,
    })
}

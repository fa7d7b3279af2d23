//! The decomposition: one replay a cause, each on top of the one before.

use super::parts::{amounts, means, parts};
use super::{CauseLine, Decomposition, Finding, NotObserved, Part, PartLine, Replay, StepContext, mix, volume};
use crate::allocation::{ActualCost, Cause};
use crate::control_plane::ObservedFleet;
use crate::pricing::PriceBook;
use crate::request::IndexedRequest;
use crate::scenario::{Scenario, ValidScenario};
use crate::simulation::{Digest, Outcome, cost_digest};
use crate::units::LedgerUnits;

/// What really happened in a window, in the indices of the scenario that predicted it.
#[derive(Clone, Debug)]
pub struct Actual<'a> {
    /// The requests in order of time; resources below the number of live ones at the start are those.
    pub requests: &'a [IndexedRequest],
    /// The machines and where requests went, or why that is not known.
    pub fleet: Result<&'a ObservedFleet, NotObserved>,
    /// What was charged, where it is known.
    pub price_book: Option<&'a PriceBook>,
    /// What it cost.
    pub cost: ActualCost<'a>,
}

/// Splits actual − predicted by cause, replaying in the shadow what is known of each: volume, mix, timing, placement,
/// price; what is left is the residual.
///
/// `predicted` is the outcome of all of the scenario's runs. `simulate` runs an ensemble, every run of the replay, and
/// native callers spread them over threads. The amount of a cause is the difference
/// of two means over the runs, each rounded to whole ledger units by the same rule, so the amounts telescope: they add
/// up exactly.
///
/// # Errors
/// Those of `simulate`.
pub fn decompose<E>(
    scenario: &ValidScenario,
    predicted: &Outcome,
    actual: &Actual,
    mut simulate: impl FnMut(Replay) -> Result<Outcome, E>,
) -> Result<Decomposition, E> {
    let of = scenario.scenario();
    let context =
        |run| StepContext { flavors: &of.flavors, live: of.start.live.len(), end: of.window.end, seed: of.seed, run };
    let counted = |run| volume(context(run), &scenario.requests(run), actual.requests);
    let mixed = |run| mix(context(run), &counted(run), actual.requests);
    let timed = |_| actual.requests.to_vec();
    let mut steps = Steps::new(of, predicted, actual);
    let after_timing = Replay { cause: Cause::Timing, scenario, stream: &timed, observed: None };
    steps.observed(Cause::Volume, &simulate(Replay { cause: Cause::Volume, stream: &counted, ..after_timing })?);
    steps.observed(Cause::Mix, &simulate(Replay { cause: Cause::Mix, stream: &mixed, ..after_timing })?);
    steps.observed(Cause::Timing, &simulate(after_timing)?);
    let placed = Replay { cause: Cause::Placement, observed: actual.fleet.as_ref().ok().copied(), ..after_timing };
    match &actual.fleet {
        Ok(_) => steps.observed(Cause::Placement, &simulate(placed)?),
        Err(reason) => steps.not_observed(Cause::Placement, reason.clone()),
    }
    match priced(scenario, actual.price_book) {
        // The same prices would only repeat the replay before.
        Ok(_) if actual.price_book == Some(&of.price_book) => steps.unchanged(Cause::Price),
        Ok(scenario) => {
            let priced = Replay { cause: Cause::Price, scenario: &scenario, ..placed };
            steps.observed(Cause::Price, &simulate(priced)?);
        }
        Err(reason) => steps.not_observed(Cause::Price, reason),
    }
    Ok(steps.finish(actual))
}

fn priced(scenario: &ValidScenario, price_book: Option<&PriceBook>) -> Result<ValidScenario, NotObserved> {
    let price_book = price_book.ok_or(NotObserved::NoPrices)?.clone();
    ValidScenario::new(Scenario { price_book, ..scenario.original().clone() })
        .map_err(|problems| NotObserved::PricesDoNotFit { problem: problems.to_string() })
}

/// The means of the parts after each step, and what each step changed.
struct Steps<'a> {
    scenario: &'a Scenario,
    parts: Vec<Part>,
    actual: Vec<LedgerUnits>,
    predicted: Vec<LedgerUnits>,
    runs: u32,
    now: Vec<LedgerUnits>,
    digest: Digest,
    causes: Vec<CauseLine>,
    amounts: Vec<[Option<LedgerUnits>; Cause::ALL.len()]>,
}

impl<'a> Steps<'a> {
    fn new(scenario: &'a Scenario, predicted: &Outcome, actual: &Actual) -> Self {
        let parts = parts(scenario.tenants.len(), scenario.flavors.len());
        let now = means(predicted, &parts, &scenario.flavors);
        Self {
            scenario,
            actual: amounts(actual.cost.breakdown, &parts, &scenario.flavors),
            predicted: now.clone(),
            runs: predicted.runs.len() as u32,
            now,
            digest: predicted.digest,
            causes: Vec::new(),
            amounts: vec![[None; Cause::ALL.len()]; parts.len()],
            parts,
        }
    }

    fn observed(&mut self, cause: Cause, outcome: &Outcome) {
        self.step(cause, means(outcome, &self.parts, &self.scenario.flavors), outcome.digest);
    }

    fn step(&mut self, cause: Cause, after: Vec<LedgerUnits>, digest: Digest) {
        for (row, (&now, &after)) in self.amounts.iter_mut().zip(self.now.iter().zip(&after)) {
            row[cause as usize] = Some(after - now);
        }
        let amount = total(&self.parts, &after) - total(&self.parts, &self.now);
        self.causes
            .push(CauseLine { cause, finding: Finding::Observed { amount, before: self.digest, after: digest } });
        (self.now, self.digest) = (after, digest);
    }

    /// A step that leaves the ensemble as it is.
    fn unchanged(&mut self, cause: Cause) {
        self.step(cause, self.now.clone(), self.digest);
    }

    fn not_observed(&mut self, cause: Cause, reason: NotObserved) {
        self.causes.push(CauseLine { cause, finding: Finding::NotObserved { reason } });
    }

    fn finish(mut self, actual: &Actual) -> Decomposition {
        self.step(Cause::Residual, self.actual.clone(), cost_digest(actual.cost.breakdown));
        let lines = self.parts.iter().enumerate().map(|(i, &part)| PartLine {
            part,
            predicted: self.predicted[i],
            actual: self.actual[i],
            amounts: self.amounts[i],
        });
        Decomposition {
            predicted: total(&self.parts, &self.predicted),
            actual: total(&self.parts, &self.actual),
            basis: actual.cost.basis,
            runs: self.runs,
            parts: lines.filter(PartLine::is_something).collect(),
            causes: self.causes,
        }
    }
}

/// The whole: every part but those that are the tenants' workload once more.
fn total(parts: &[Part], amounts: &[LedgerUnits]) -> LedgerUnits {
    let kept = parts.iter().zip(amounts).filter(|(part, _)| !part.repeats_tenants());
    kept.map(|(_, &amount)| amount).sum()
}

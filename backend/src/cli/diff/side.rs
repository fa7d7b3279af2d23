//! One of the two: what was named, and what came of it.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use shared::api::{OutcomeView, SavedScenario};
use shared::comparison::{CostPart, Costs, PartCosts};
use shared::input::parse_json_object;
use shared::link::LINK_ROUTE;
use shared::scenario::{Scenario, ValidScenario};
use shared::simulation::Outcome;
use shared::units::{LedgerUnits, Money};

use super::answer::SideView;
use crate::cli::CliError;
use crate::cli::scenario_file::{Contents, contents, for_this_engine, saved};
use crate::input;

/// What was named on the command line, read.
pub(super) struct Source {
    /// `A` or `B`.
    pub(super) label: &'static str,
    /// What messages call it.
    pub(super) name: String,
    pub(super) read: Read,
}

/// What it holds.
pub(super) enum Read {
    Scenario(Box<SavedScenario>),
    Outcome(Box<OutcomeView>),
}

/// What came of one of the two.
pub(super) struct Side {
    pub(super) view: SideView,
    pub(super) costs: Costs,
    /// None of an outcome that was run elsewhere.
    pub(super) ran: Option<Ran>,
}

/// A scenario and its outcome.
pub(super) struct Ran {
    pub(super) valid: ValidScenario,
    pub(super) outcome: Outcome,
}

impl Source {
    /// Reads what `source` names.
    ///
    /// # Errors
    /// When it is neither a scenario nor an outcome: with the field.
    pub(super) fn read(label: &'static str, source: &str) -> Result<Self, CliError> {
        let name = if source.contains(LINK_ROUTE) { "a share link" } else { input::name(source) };
        let in_file = || CliError::in_file(name);
        let read = match contents(source)? {
            Contents::Shared(shared) => Read::Scenario(Box::new(for_this_engine(saved(*shared), name))),
            Contents::Json(text) if is_outcome(&text) => {
                Read::Outcome(Box::new(parse_json_object(&text).map_err(in_file())?))
            }
            Contents::Json(text) => {
                let saved = SavedScenario::from_json(&text).map_err(CliError::all_in_file(name))?;
                Read::Scenario(Box::new(for_this_engine(saved, name)))
            }
        };
        Ok(Self { label, name: name.to_owned(), read })
    }

    /// The scenario, where it is one.
    pub(super) fn scenario(&self) -> Option<&Scenario> {
        match &self.read {
            Read::Scenario(saved) => Some(&saved.scenario),
            Read::Outcome(_) => None,
        }
    }
}

/// Whether a text has what every outcome has and no scenario.
fn is_outcome(text: &str) -> bool {
    let fields: Result<BTreeMap<String, IgnoredAny>, _> = parse_json_object(text);
    fields.is_ok_and(|fields| fields.contains_key("digest") && fields.contains_key("latency_ms"))
}

impl Side {
    pub(super) fn new(view: SideView, ran: Ran) -> Self {
        let costs = Costs::new(ran.valid.scenario(), &ran.outcome);
        Self { view, costs, ran: Some(ran) }
    }
}

/// An outcome as it was printed: of its costs, only the means are known.
///
/// # Errors
/// When an amount is finer than an outcome's.
pub(super) fn of_outcome(label: &'static str, name: String, outcome: OutcomeView) -> Result<Side, CliError> {
    let mean = |money: &Money| {
        let amount = LedgerUnits::from_decimal(money.amount);
        amount.map(|amount| vec![amount]).map_err(|error| CliError::Data(format!("{name}: {error}")))
    };
    let mut parts = Vec::new();
    for tenant in &outcome.tenants {
        let part = CostPart::Tenant(tenant.tenant.clone());
        parts.push(PartCosts { part, runs: mean(&tenant.workload.mean)? });
    }
    parts.push(PartCosts { part: CostPart::Idle, runs: mean(&outcome.idle.mean)? });
    parts.push(PartCosts { part: CostPart::Overhead, runs: mean(&outcome.overhead.mean)? });
    let mut modules = LedgerUnits::ZERO;
    for module in &outcome.modules {
        modules += mean(&module.cost.mean)?[0];
    }
    parts.push(PartCosts { part: CostPart::Modules, runs: vec![modules] });
    if let Some(commitments) = &outcome.commitments {
        parts.push(PartCosts { part: CostPart::CommitmentDiscount, runs: mean(&commitments.discount.mean)? });
        parts.push(PartCosts { part: CostPart::UnusedCommitment, runs: mean(&commitments.unused.mean)? });
    }
    let costs = Costs { parts, totals: mean(&outcome.cost.mean)? };
    let currency = outcome.cost.mean.currency;
    let view = SideView::new(label, name, None, currency, outcome);
    Ok(Side { view, costs, ran: None })
}

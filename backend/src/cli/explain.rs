//! `explain`: why a request got what it got, and what would have let it in.

mod table;

use serde::Serialize;
use shared::explanation::{Decision, Explanation, Fix, explain};
use shared::request::Module;
use shared::scenario::{Edit, Scenario, ValidScenario};
use shared::simulation::{Plan, Refusal};
use shared::units::{Instant, Money, Resources};

use super::shadow::read_scenario;
use super::{CliError, Global};
use crate::{input, output};

/// Say why a request got the node that it got, or none, and what would have let it in
///
/// For the create that was asked about: what became of it, and, at the decision that mattered, what every node group had to
/// offer. Where it was refused, or never got a node, changes are tried one by one (more quota, more nodes, larger ones, more
/// workers), each by a run of its own, and the one that costs the least is given.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  shadowplane shadow --requests requests.ndjson --inventory nodes.csv --save-scenario day.json
  shadowplane explain 41 --scenario day.json
  shadowplane explain p-000041 --scenario predicted.json --run 3 --json")]
pub(super) struct Args {
    /// The request's place in the run, counted from 0, or its id in a predicted stream, such as p-000041
    request: String,
    /// The scenario, JSON, as `shadow --save-scenario` or the Lab wrote it
    #[arg(long, value_name = "FILE")]
    scenario: String,
    /// Which run of the ensemble, counted from 0
    #[arg(long, value_name = "K", default_value_t = 0)]
    run: u32,
}

/// The answer, in names.
#[derive(Serialize)]
struct Answer<'a> {
    request: usize,
    tenant: &'a str,
    flavor: &'a str,
    requested: Resources,
    /// `admitted`, `pending`, `placed`, `ready`, `released` or `refused`, at the end of the window.
    state: &'static str,
    /// Why it was refused.
    reason: Option<&'static str>,
    refused_by: Option<Module>,
    plan: &'a Plan,
    decision: Option<&'a Decision>,
    fix: Option<FixView>,
    /// How many changes were tried.
    tried: u32,
}

/// A change that lets the create in.
#[derive(Serialize)]
struct FixView {
    /// In words.
    changes: Vec<String>,
    edits: Vec<Edit>,
    ready: Option<Instant>,
    cost_change: Money,
}

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    /// When the scenario is wrong, or the request is no create of it.
    pub(super) fn run(&self, global: &Global) -> Result<(), CliError> {
        let position = self.position()?;
        let scenario = read_scenario(&self.scenario)?.scenario;
        let named = |error: &dyn std::fmt::Display| CliError::Data(format!("{}: {error}", input::name(&self.scenario)));
        let valid = ValidScenario::new(scenario).map_err(|problems| named(&problems))?;
        if self.run >= valid.scenario().runs {
            let message =
                format!("--run is {}; the scenario has {} runs, counted from 0", self.run, valid.scenario().runs);
            return Err(CliError::Usage(message));
        }
        output::progress("trying what would let it in");
        let explanation = explain(&valid, self.run, position).map_err(|error| named(&error))?;
        output::progress_done();
        let answer = answer(position, valid.scenario(), &explanation);
        if global.json { output::print_json(&answer) } else { output::print(&table::text(&answer, valid.scenario())) }
    }

    fn position(&self) -> Result<usize, CliError> {
        let number = self.request.trim_start_matches("p-");
        number.parse().map_err(|_| {
            let message = format!(
                "`{}` is no place of a request; expected a number counted from 0, or an id such as p-000041",
                self.request
            );
            CliError::Usage(message)
        })
    }
}

fn answer<'a>(request: usize, scenario: &'a Scenario, explanation: &'a Explanation) -> Answer<'a> {
    let flavor = &scenario.flavors[explanation.plan.flavor.usize()];
    let currency = scenario.price_book.currency;
    let fix = |fix: &Fix| FixView {
        edits: fix.edits.clone(),
        changes: fix.edits.iter().map(|edit| edit.describe(scenario)).collect(),
        ready: fix.ready,
        cost_change: fix.cost_change.to_money(currency),
    };
    let state = explanation.plan.state;
    Answer {
        request,
        tenant: &scenario.tenants[explanation.plan.tenant.usize()].name,
        flavor: &flavor.name,
        requested: flavor.requested,
        state: state.as_str(),
        reason: state.refusal().map(Refusal::as_str),
        refused_by: explanation.refused_by,
        plan: &explanation.plan,
        decision: explanation.decision.as_ref(),
        fix: explanation.fix.as_ref().map(fix),
        tried: explanation.tried,
    }
}

//! The requests of a log as they are: what runs without an origin, and what `explain` looks into.

use std::collections::BTreeMap;

use shared::allocation::ResourceLabels;
use shared::pricing::Owned;
use shared::request::RequestLog;
use shared::scenario::Scenario;
use shared::simulation::Fork;

use super::notices::notices;
use super::plans::Named;
use crate::cli::assumptions::{Assumed, AssumptionArgs};
use crate::cli::demand::{Demand, DemandArgs};
use crate::cli::error::{CliError, Problems};
use crate::cli::start::{Start, StartArgs, StartView};
use crate::output;

/// What a shadow of a log is made of.
pub(in crate::cli) struct Inputs {
    /// Everything but tenants, demand and window.
    pub(in crate::cli) base: Scenario,
    /// Whether its machines are listed, and there when the requests begin.
    pub(super) has_inventory: bool,
    /// The log, and what is known beside it.
    pub(in crate::cli) demand: Demand,
    /// What lives already.
    pub(in crate::cli) start: Start,
    /// Machines that were bought.
    pub(super) owned: Vec<Owned>,
    /// Names of the nodes of an inventory, by group.
    pub(in crate::cli) nodes: Vec<Vec<String>>,
    /// Numbers of priority classes, by name.
    pub(in crate::cli) priority_classes: BTreeMap<String, i32>,
}

/// A log as a scenario from its first bin to its last.
pub(in crate::cli) struct AsTheyAre {
    pub(in crate::cli) scenario: Scenario,
    pub(in crate::cli) names: Named,
    /// What a reader should know.
    pub(in crate::cli) said: Vec<String>,
    /// What became of what lives already, where anything was named.
    pub(in crate::cli) view: Option<StartView>,
    /// The id of each request of the scenario.
    pub(in crate::cli) ids: Vec<String>,
}

impl Inputs {
    /// Reads everything, with what is odd about it on stderr.
    ///
    /// # Errors
    /// When a file is wrong, does not fit another, or its log is for `--history` only.
    pub(in crate::cli) fn read(
        args: &DemandArgs,
        assumptions: &AssumptionArgs,
        start: &StartArgs,
    ) -> Result<Self, CliError> {
        let Assumed { machines, base, catalogue, owned, notices } = assumptions.read(args.bin(), args.time_zone())?;
        output::progress("reading requests");
        let mut problems = Problems::default();
        let start = problems.hear(start.read(&base, &machines, &catalogue)).unwrap_or_default();
        if let Some((name, log)) = start.log() {
            problems.hear(assumptions.check_prices(&base, name, log));
        }
        let demand = problems.hear(args.read_beside(&catalogue, &start));
        problems.none()?;
        let mut demand = demand.expect("it was read, or told of");
        if is_immortal(&demand.log) {
            if start.log().is_none() {
                let message = "no request deletes anything: without lifetimes the log serves as --history only, since its \
                               fleet would only grow; bring the deletes, or an import with `end` or `lifetime_s`";
                return Err(CliError::Data(format!("{}: {message}", args.requests_name())));
            }
            demand.warnings.push("no request deletes anything: whatever lives or comes stays to the end".to_owned());
        }
        let odd = [notices, assumptions.check(&base, &machines, &demand)?].concat();
        odd.iter().for_each(|odd| output::warn(odd));
        demand.warnings.extend(odd);
        let nodes = base.fleet.names_of_inventory(&machines);
        let has_inventory = !machines.is_empty();
        Ok(Self { base, has_inventory, owned, demand, start, nodes, priority_classes: catalogue.priority_classes })
    }

    /// The requests from the first to the last, on what lives already or on nothing.
    pub(in crate::cli) fn as_they_are(&self) -> AsTheyAre {
        let Self { base, demand, start: living, nodes, has_inventory, .. } = self;
        let start = demand.log.first().unwrap_or_default().floor(base.bin);
        let end = demand.log.last().unwrap_or_default().floor(base.bin) + base.bin;
        let known = demand.known(start);
        let begins_with_something = living.log().is_some() || *has_inventory;
        let (fork, scenario, nodes, view) = if begins_with_something {
            let (fork, mut view) = living.begin(&known, base, Fork::default(), nodes);
            let scenario = known.actual(base, &fork, end - start);
            (fork, scenario, core::mem::take(&mut view.names), living.log().map(|_| view))
        } else {
            (Fork::default(), known.from_nothing(base, end - start), nodes.clone(), None)
        };
        let resources = known.names_in(scenario.window, &fork.lives);
        let labels = ResourceLabels::of_lives(&demand.log, known.lives_in(scenario.window, &fork.lives));
        let names = Named { resources, labels, nodes, usage: demand.usage().to_vec() };
        let ids = known.ids_in(scenario.window, &fork.lives).map(str::to_owned).collect();
        let mut said = view.as_ref().map_or_else(Vec::new, |view| view.notices.clone());
        said.extend(notices(demand, &scenario));
        AsTheyAre { scenario, names, said, view, ids }
    }
}

/// Whether nothing of a log ever ends.
fn is_immortal(log: &RequestLog) -> bool {
    log.lives.iter().all(|life| life.deleted.is_none())
}

//! From files and assumptions to a scenario that can run: what `shadow` and reports take alike.

use shared::allocation::ResourceLabels;
use shared::api::SavedScenario;
use shared::forecast::{ModelId, SelectionReport};
use shared::pricing::Owned;
use shared::recommendation::Usage;
use shared::scenario::{Scenario, ValidScenario};
use shared::shadow::Known;
use shared::simulation::{Digest, Fork};
use shared::units::{Duration, Instant};

use super::as_they_are::{AsTheyAre, Inputs};
use super::data;
use super::foreseen::Foreseen;
use super::notices::{newcomers, notices};
use super::plans::Named;
use super::what_if::WhatIfArgs;
use crate::cli::CliError;
use crate::cli::assumptions::AssumptionArgs;
use crate::cli::demand::{Demand, DemandArgs};
use crate::cli::scenario_file::read_scenario;
use crate::cli::start::{Start, StartArgs, StartView};
use crate::{ensemble, input};

/// What is run.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct RunArgs {
    #[command(flatten)]
    demand: Option<DemandArgs>,
    /// A scenario, JSON or a share link, instead of requests and assumptions
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["requests", "origin", "model", "history", "sensors", "usage", "events", "bin", "time_zone", "tenants_max"]
    )]
    scenario: Option<String>,
    /// How far to predict from the origin: a multiple of the bin [default: 1d]
    #[arg(long, allow_hyphen_values = true)]
    horizon: Option<Duration>,
    #[command(flatten)]
    assumptions: AssumptionArgs,
    #[command(flatten)]
    start: StartArgs,
    #[command(flatten)]
    what_if: WhatIfArgs,
    /// How many threads to use; the outcome does not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
}

/// A scenario that can run, and what is known about it.
pub(in crate::cli) struct Prepared {
    pub(in crate::cli) valid: ValidScenario,
    /// What to know before an answer is believed.
    pub(in crate::cli) notices: Vec<String>,
    pub(in crate::cli) names: Named,
    pub(in crate::cli) start: Option<StartView>,
    pub(in crate::cli) demand: Option<Demand>,
    /// Machines that were bought, as far as the prices say so.
    pub(in crate::cli) owned: Vec<Owned>,
    /// The digest that was saved with a scenario.
    pub(super) saved: Option<Digest>,
    pub(in crate::cli) predicted: Option<Predicted>,
}

/// Where a prediction comes from.
pub(in crate::cli) struct Predicted {
    pub(in crate::cli) origin: Instant,
    pub(super) model: ModelId,
    pub(super) selection: SelectionReport,
    /// What was there at the origin.
    pub(in crate::cli) fork: Fork,
    /// What the actual requests would run on.
    pub(in crate::cli) base: Scenario,
}

impl RunArgs {
    /// Reads all that is needed, and predicts where an origin is given. `command` is who asks; `change` is what it has to
    /// change of the assumptions.
    ///
    /// # Errors
    /// When an input is wrong, or what is asked for cannot be predicted or run.
    pub(in crate::cli) fn prepare(
        &self,
        command: &str,
        change: impl FnOnce(Scenario) -> Scenario,
    ) -> Result<Prepared, CliError> {
        if let Some(option) = self.without_use() {
            return Err(CliError::Usage(option));
        }
        match (&self.scenario, &self.demand) {
            (Some(path), _) => self.prepare_scenario(path),
            (None, Some(demand)) => {
                let inputs = Inputs::read(demand, &self.assumptions, &self.start)?;
                let base = change(inputs.base);
                self.prepare_requests(demand, Inputs { base, ..inputs })
            }
            (None, None) => Err(CliError::Usage(format!("{command} needs --requests or --scenario"))),
        }
    }

    /// Whether anything says what is run.
    pub(in crate::cli) fn is_given(&self) -> bool {
        self.scenario.is_some() || self.demand.is_some()
    }

    /// Whether there are readings of what happened, and nothing that is predicted from them.
    pub(in crate::cli) fn has_usage_alone(&self) -> bool {
        self.demand.as_ref().is_some_and(|demand| demand.has_usage() && demand.origin().is_none())
    }

    /// The file of exchange rates, where there is one.
    pub(super) fn exchange_rates(&self) -> Option<&str> {
        self.assumptions.exchange_rates()
    }

    /// Whether the scenario is another than what can happen.
    pub(in crate::cli) fn edits(&self) -> bool {
        self.what_if.edits()
    }

    /// How far to predict.
    pub(in crate::cli) fn horizon(&self) -> Duration {
        self.horizon.unwrap_or(Duration::DAY)
    }

    /// How many threads to use.
    pub(in crate::cli) fn threads(&self) -> usize {
        self.threads.map_or_else(ensemble::available_threads, usize::from)
    }

    /// An option that says what is run, or how, where there is one.
    pub(in crate::cli) fn given(&self) -> Option<&'static str> {
        let scenario = self.scenario.as_ref().map(|_| "--scenario");
        let requests = self.demand.as_ref().map(|_| "--requests");
        let rest = self.horizon.map(|_| "--horizon").or(self.what_if.given()).or(self.threads.map(|_| "--threads"));
        scenario.or(requests).or(self.assumptions.given()).or(self.start.given()).or(rest)
    }

    /// What is wrong with an option that would have no effect.
    fn without_use(&self) -> Option<String> {
        let horizon = self.horizon.map(|_| "--horizon");
        if self.scenario.is_some() {
            let option = self.assumptions.given().or(self.start.given()).or(horizon)?;
            return Some(format!(
                "{option} has no effect with --scenario, which says everything itself; change it there"
            ));
        }
        let demand = self.demand.as_ref().filter(|demand| demand.origin().is_none())?;
        if let Some(option) = self.start.given().filter(|_| !self.start.says_who_lives()) {
            return Some(format!(
                "{option} has no effect without --start or --origin: nothing lives when the requests begin; name what does"
            ));
        }
        let option = demand.given_for_forecasts().or(horizon)?;
        Some(format!(
            "{option} has no effect without --origin: nothing is predicted, the requests are run as they are; name the \
             origin"
        ))
    }

    fn prepare_scenario(&self, path: &str) -> Result<Prepared, CliError> {
        let SavedScenario { scenario, digest } = read_scenario(path)?;
        let valid = ValidScenario::new(self.what_if.edit(scenario)?)
            .map_err(|problems| CliError::Data(format!("{}: {problems}", input::name(path))))?;
        Ok(Prepared { saved: digest, ..Prepared::new(valid, Vec::new(), Named::default()) })
    }

    fn prepare_requests(&self, args: &DemandArgs, inputs: Inputs) -> Result<Prepared, CliError> {
        let prepared = match args.origin() {
            Some(origin) => self.predict(args, &inputs, origin)?,
            None => {
                let AsTheyAre { scenario, names, said, view, .. } = inputs.as_they_are();
                let valid = ValidScenario::new(self.what_if.edit(scenario)?).map_err(data)?;
                Prepared { start: view, ..Prepared::new(valid, said, names) }
            }
        };
        Ok(Prepared { demand: Some(inputs.demand), owned: inputs.owned, ..prepared })
    }

    fn predict(&self, args: &DemandArgs, inputs: &Inputs, origin: Instant) -> Result<Prepared, CliError> {
        let Inputs { base, demand, start: living, nodes, .. } = inputs;
        let known = demand.known(origin);
        let Foreseen { prediction, selection, fork, warning } = Foreseen::new(args, inputs, &known, self.horizon())?;
        let (fork, nodes, view) = self.begun(living, &known, base, fork, nodes.clone());
        let model = prediction.forecast.model;
        let predicted = known.predicted(base, &fork, prediction.stream, self.horizon());
        let fleet = self.what_if.fleet(&predicted, self.threads())?;
        let predicted = Scenario { fleet: fleet.clone(), ..predicted };
        let base = Scenario { fleet, ..base.clone() };
        let valid = ValidScenario::new(self.what_if.edit(predicted)?).map_err(data)?;
        let mut said = view.as_ref().map(|view| view.notices.clone()).unwrap_or_default();
        said.extend(notices(demand, &base));
        said.extend(warning);
        said.extend(newcomers(valid.original()));
        if base.fleet.node_groups.iter().all(|group| group.min == group.max) {
            said.push(
                "the fleet is fixed: demand moves who pays for it and how much is idle, not the total".to_owned(),
            );
        }
        let names = Named {
            resources: known.names_of(&fork.lives).map(str::to_owned).collect(),
            labels: ResourceLabels::of_lives(&demand.log, fork.lives.iter().copied()),
            nodes,
            usage: Vec::new(),
        };
        let predicted = Some(Predicted { origin, model, selection, fork, base });
        Ok(Prepared { start: view, predicted, ..Prepared::new(valid, said, names) })
    }

    /// The fork of the primary with what is known to live at its instant, and the names of its nodes.
    fn begun(
        &self,
        living: &Start,
        known: &Known<'_>,
        base: &Scenario,
        fork: Fork,
        nodes: Vec<Vec<String>>,
    ) -> (Fork, Vec<Vec<String>>, Option<StartView>) {
        if self.start.given().is_none() {
            return (fork, nodes, None);
        }
        let (fork, mut view) = living.begin(known, base, fork, &nodes);
        (fork, std::mem::take(&mut view.names), Some(view))
    }
}

impl Prepared {
    /// What tenants use of what they ask for, where the window begins at an origin.
    pub(in crate::cli) fn used(&self) -> Vec<Usage> {
        let known = self.demand.as_ref().zip(self.predicted.as_ref());
        known.map(|(demand, predicted)| demand.used_before(predicted.origin)).unwrap_or_default()
    }

    fn new(valid: ValidScenario, notices: Vec<String>, names: Named) -> Self {
        Self { valid, notices, names, start: None, demand: None, owned: Vec::new(), saved: None, predicted: None }
    }
}

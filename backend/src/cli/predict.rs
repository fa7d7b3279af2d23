//! `predict`: a predicted stream, in the format of the actual one.

use shared::scenario::{Demand, Scenario, ValidScenario};
use shared::stream::{RecordNames, StreamSettings, Tags, tagged, to_records};
use shared::units::Duration;

use super::assumptions::{Assumed, AssumptionArgs};
use super::demand::{DemandArgs, selection};
use super::start::StartArgs;
use super::{CliError, Global};
use crate::output;

/// Predict the requests to come, in exactly the format of the actual ones
///
/// Creates with batches and lifetimes; resizes and deletes, of new resources and of those that live at the origin, by the
/// log or by --start.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    demand: DemandArgs,
    /// How far to predict: a multiple of the bin
    #[arg(long, allow_hyphen_values = true, default_value = "1d")]
    horizon: Duration,
    #[command(flatten)]
    assumptions: AssumptionArgs,
    #[command(flatten)]
    start: StartArgs,
    /// Which of the streams to write, from 0 to one less than --runs
    #[arg(long, default_value_t = 0, value_name = "K")]
    run: u32,
    /// Write to this file instead of stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  shadowplane predict --requests requests.ndjson --horizon 1d > predicted.ndjson
  shadowplane predict --requests requests.ndjson --run 1 --seed 7 | shadowplane shadow --requests -
  shadowplane predict --requests requests.ndjson --origin 2026-03-11T00:00:00Z --start live.ndjson";

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    /// When an input is wrong, or there is nothing to predict from.
    pub(super) fn run(&self, _: &Global) -> Result<(), CliError> {
        let data = |error: &dyn std::fmt::Display| CliError::Data(error.to_string());
        let runs = self.assumptions.runs();
        if self.run >= runs {
            let message = format!("--run is {}; with --runs {runs} the streams are 0 to {}", self.run, runs - 1);
            return Err(CliError::Usage(message));
        }
        let assumed = self.assumptions.read(self.demand.bin(), self.demand.time_zone())?;
        let Assumed { machines, base, catalogue, notices, .. } = assumed;
        notices.iter().for_each(|notice| output::warn(notice));
        let start = self.start.read(&base, &machines, &catalogue)?;
        if let Some((name, log)) = start.log() {
            self.assumptions.check_prices(&base, name, log)?;
        }
        let demand = self.demand.read_up_to(&catalogue, &start)?;
        self.assumptions.check(&base, &machines, &demand)?.iter().for_each(|odd| output::warn(odd));
        let stands = demand.log.standing.as_ref().map(|standing| standing.at);
        let origin = stands.unwrap_or_else(|| self.demand.origin_or_end(&demand));
        let warning = self.demand.check_origin(&demand, origin)?;
        warning.iter().for_each(|warning| output::warn(warning));
        let known = demand.known(origin);
        let features = self.demand.features(&demand, &known);
        let past = features.all();
        let config = selection(vec![self.horizon], self.assumptions.seed());
        let (model, _) = self.demand.fit(&past, &config)?;
        let prediction =
            known.predict(&past, &model, self.horizon, &StreamSettings::default()).map_err(|error| data(&error))?;
        let primary = known.primary(&base, None).map_err(|problems| data(&problems))?;
        let mut fork = primary.fork;
        if self.start.given().is_some() {
            let (begun, view) = start.begin(&known, &base, fork, &base.fleet.names_of_inventory(&machines));
            view.notices.iter().for_each(|notice| output::warn(notice));
            fork = begun;
        }
        let scenario = known.predicted(&base, &fork, prediction.stream, self.horizon);
        let valid = ValidScenario::new(scenario).map_err(|problems| data(&problems))?;
        let live: Vec<String> = known.names_of(&fork.lives).map(str::to_owned).collect();
        let Scenario { tenants, flavors, terms, .. } = valid.scenario();
        let stream = valid.requests(self.run);
        let none = Tags::default();
        let tags = match &valid.original().demand {
            Demand::Forecast(model) => &model.tags,
            Demand::Requests(_) => &none,
        };
        let tagged = tagged(tags, &stream, (terms, flavors), self.assumptions.seed(), self.run);
        let names = RecordNames { tenants, flavors, terms, live: &live, tags, tagged: &tagged };
        output::write_records(self.output.as_deref(), to_records(&stream, names))
    }
}

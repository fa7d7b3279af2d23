//! `explain`: why a request got what it got, and what would have let it in.

mod table;

use std::collections::BTreeMap;

use shared::api::ExplanationView;
use shared::explanation::{explain, names_of_nodes, position};
use shared::scenario::{Scenario, ValidScenario};

use super::shadow::{AsTheyAre, Inputs};
use super::source::{Source, SourceArgs};
use super::{CliError, Global};
use crate::{input, output};

/// Say why a request got the node that it got, or none, and what would have let it in
///
/// For the create or resize that was asked about: what became of it, and, at the decision that mattered, what every node
/// group and every pool had to offer, and what the node that a resize was about. Where it was refused, or never got a node,
/// changes of what stood in its way are tried one by one (more quota, more nodes, larger ones, another placement policy, more
/// of a pool, a zone that is kept, more workers, a longer queue, more retries), each by a run of its own, and the one that
/// costs the least is given; with it what mends the next obstacle, where there is one.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, override_usage = USAGE)]
pub(super) struct Args {
    /// The request's id in the log; of a scenario, its place in the run, counted from 0, or its id in a predicted stream,
    /// such as p-000041
    request: String,
    #[command(flatten)]
    source: SourceArgs,
    /// Which run of the ensemble, counted from 0: of a log, runs differ in how long the modules take
    #[arg(long, value_name = "K", default_value_t = 0)]
    run: u32,
}

const USAGE: &str = "\
shadowplane explain <REQUEST> --requests <FILE> [OPTIONS]
       shadowplane explain <REQUEST> --scenario <FILE> [OPTIONS]";

const EXAMPLES: &str = "\
Examples:
  shadowplane explain r-000042 --requests requests.ndjson --inventory nodes.csv --quotas quotas.csv
  shadowplane shadow --requests requests.ndjson --inventory nodes.csv --save-scenario day.json
  shadowplane explain 41 --scenario day.json
  shadowplane explain p-000041 --scenario predicted.json --run 3 --json";

/// A scenario, the place of the request in it, the names of an inventory's nodes, and the numbers of priority classes.
type Asked = (Scenario, usize, Vec<Vec<String>>, BTreeMap<String, i32>);

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    /// When an input is wrong, or the request is neither a create nor a resize of it.
    pub(super) fn run(&self, global: &Global) -> Result<(), CliError> {
        let (file, source) = self.source.read("explain")?;
        let (scenario, position, names, classes) = match source {
            Source::Scenario(scenario) => (*scenario, self.position()?, Vec::new(), BTreeMap::new()),
            Source::Log(inputs) => self.of_log(file, *inputs)?,
        };
        let named = |error: &dyn std::fmt::Display| CliError::Data(format!("{}: {error}", input::name(file)));
        let valid = ValidScenario::new(scenario).map_err(|problems| named(&problems))?;
        if self.run >= valid.scenario().runs {
            let message =
                format!("--run is {}; the scenario has {} runs, counted from 0", self.run, valid.scenario().runs);
            return Err(CliError::Usage(message));
        }
        output::progress("trying what would let it in");
        let explanation = explain(&valid, self.run, position).map_err(|error| named(&error))?;
        output::progress_done();
        let request = valid.requests(self.run)[position];
        let answer = ExplanationView::new(valid.scenario(), position, &request, explanation);
        let answer = answer.with_class(&classes).with_nodes(&names_of_nodes(&valid, self.run, &names));
        if global.json { output::print_json(&answer) } else { output::print(&table::text(&answer, valid.scenario())) }
    }

    /// The scenario of a log, and the place of the request with the id in it.
    fn of_log(&self, path: &str, inputs: Inputs) -> Result<Asked, CliError> {
        let AsTheyAre { scenario, names, ids, .. } = inputs.as_they_are();
        let position = ids.iter().position(|id| *id == self.request).ok_or_else(|| {
            let first = ids.first().map_or(String::new(), |id| format!("; the first is `{id}`"));
            let requests = output::counted(ids.len() as u64, "request");
            CliError::Data(format!(
                "{}: none of its {requests} has the id `{}`{first}",
                input::name(path),
                self.request
            ))
        })?;
        Ok((scenario, position, names.nodes, inputs.priority_classes))
    }

    fn position(&self) -> Result<usize, CliError> {
        position(&self.request).ok_or_else(|| {
            let message = format!(
                "`{}` is no place of a request; expected a number counted from 0, or an id such as p-000041",
                self.request
            );
            CliError::Usage(message)
        })
    }
}

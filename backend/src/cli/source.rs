//! What `explain` and `snapshot take` are about: a scenario as it was saved, or a log that is run as it is.

use shared::scenario::Scenario;

use super::CliError;
use super::assumptions::AssumptionArgs;
use super::demand::DemandArgs;
use super::scenario_file::read_scenario;
use super::shadow::Inputs;
use super::start::StartArgs;

/// Options of what is run.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct SourceArgs {
    /// The log, NDJSON: it is run as `shadow` runs it without an origin
    #[arg(long, value_name = "FILE", required_unless_present = "scenario")]
    requests: Option<String>,
    /// The scenario, JSON as `shadow --save-scenario` or the Lab wrote it, or a share link, instead of a log and
    /// assumptions
    #[arg(long, value_name = "FILE", conflicts_with = "requests")]
    scenario: Option<String>,
    #[command(flatten)]
    assumptions: AssumptionArgs,
    #[command(flatten)]
    start: StartArgs,
    /// IANA name of the zone that schedules of the fleet follow [default: UTC]
    #[arg(long)]
    time_zone: Option<String>,
}

/// What was read.
pub(super) enum Source {
    /// A scenario, of a file or a link.
    Scenario(Box<Scenario>),
    /// A log, with all that is assumed about it.
    Log(Box<Inputs>),
}

impl SourceArgs {
    /// Reads what is named, and gives the name that it has.
    ///
    /// # Errors
    /// When a file is wrong, nothing is named, or an option has no effect.
    pub(super) fn read(&self, command: &str) -> Result<(&str, Source), CliError> {
        match (&self.scenario, &self.requests) {
            (Some(path), _) => {
                let zone = self.time_zone.as_ref().map(|_| "--time-zone");
                if let Some(option) = self.assumptions.given().or(self.start.given()).or(zone) {
                    return Err(CliError::Usage(format!(
                        "{option} has no effect with --scenario, which has all that it takes"
                    )));
                }
                Ok((path, Source::Scenario(Box::new(read_scenario(path)?.scenario))))
            }
            (None, Some(path)) => {
                let zone = self.time_zone.clone().unwrap_or_else(|| "UTC".to_owned());
                let demand = DemandArgs::of_log(path.clone(), zone);
                let inputs = Inputs::read(&demand, &self.assumptions, &self.start)?;
                Ok((path, Source::Log(Box::new(inputs))))
            }
            (None, None) => Err(CliError::Usage(format!("{command} needs --requests or --scenario"))),
        }
    }
}

//! The primary that is quoted on, from a log, from what lives, or from its machines alone.

use shared::quote::QuoteBase;
use shared::request::{Catalogue, RequestLogBuilder};
use shared::shadow::Known;
use shared::simulation::Fork;
use shared::units::{Duration, Instant};

use crate::cli::CliError;
use crate::cli::assumptions::{Assumed, AssumptionArgs};
use crate::cli::demand::read_log_beside;
use crate::cli::start::StartArgs;
use crate::jobs::wall_clock;
use crate::{input, output};

/// The step of nothing that is said.
const BIN: Duration = Duration::from_minutes(5);

/// A primary that quotes can be made on.
pub(super) struct Primary {
    pub(super) base: QuoteBase,
    pub(super) catalogue: Catalogue,
    /// What to know about it.
    pub(super) notices: Vec<String>,
}

impl Primary {
    /// Reads what is known of the primary, and runs it up to `at`.
    ///
    /// # Errors
    /// When an input is wrong, or what is assumed cannot run.
    pub(super) fn read(
        requests: Option<&str>,
        start: &StartArgs,
        assumptions: &AssumptionArgs,
        at: Option<Instant>,
        time_zone: &str,
    ) -> Result<Self, CliError> {
        let Assumed { machines, base: scenario, catalogue, mut notices, .. } = assumptions.read(BIN, time_zone)?;
        let living = start.read(&scenario, &machines, &catalogue)?;
        output::progress("reading requests");
        let (log, at) = match requests {
            Some(path) => {
                let after = |_, last: Instant| at.unwrap_or(last + Duration::from_micros(1));
                let log = read_log_beside(path, &catalogue, Some(&living), after)?;
                let end = after(Instant::default(), log.last().unwrap_or_default());
                (log, end)
            }
            None => {
                let at = at.unwrap_or_else(wall_clock);
                let mut builder = RequestLogBuilder::new(catalogue.clone());
                if let Some((file, _)) = living.log() {
                    builder.stand(at, living.living(at)).map_err(CliError::in_file(file))?;
                }
                let log = builder.finish().map_err(|error| CliError::Data(error.to_string()))?;
                (log, at)
            }
        };
        if let Some((path, first)) = requests.zip(log.first()).filter(|(_, first)| at <= *first) {
            let message = format!("{}: --at is {at}, before its first request, of {first}", input::name(path));
            return Err(CliError::Data(message));
        }
        let known = Known::new(&log, None, at);
        output::progress("running the primary up to the quote");
        let fork = if log.requests.is_empty() {
            Fork::default()
        } else {
            known.primary(&scenario, None).map_err(|problems| CliError::Data(problems.to_string()))?.fork
        };
        let goes_on = requests.is_some() && start.given().is_none();
        let fork = if goes_on {
            fork
        } else {
            let names = scenario.fleet.names_of_inventory(&machines);
            let (fork, view) = living.begin(&known, &scenario, fork, &names);
            notices.extend(view.notices);
            fork
        };
        if requests.is_none() && living.log().is_none() {
            notices.push("nothing lives yet: name what does with --requests or --start".to_owned());
        }
        if machines.is_empty() && !assumptions.names_fleet() {
            notices.push("the fleet is assumed; name the machines with --inventory or --fleet".to_owned());
        }
        let resources = known.names_of(&fork.lives).map(str::to_owned).collect();
        let base = QuoteBase::new(&known.actual(&scenario, &fork, BIN), resources, &scenario.tenants);
        Ok(Self { base, catalogue, notices })
    }
}

//! What an origin knew and what came of it: one way for `shadow`, reports and backtests of cost.

use shared::forecast::SelectionReport;
use shared::request::IndexedRequest;
use shared::scenario::{Scenario, ValidScenario};
use shared::shadow::{Known, Prediction};
use shared::simulation::{Fork, RunOptions, RunOutcome, simulate};
use shared::stream::StreamSettings;
use shared::units::Duration;

use super::as_they_are::Inputs;
use super::data;
use crate::cli::CliError;
use crate::cli::demand::{DemandArgs, selection};
use crate::output;

/// What was foreseen at an origin.
pub(in crate::cli) struct Foreseen {
    /// The forecast, and what predicted streams are sampled from.
    pub(in crate::cli) prediction: Prediction,
    /// How its model was chosen.
    pub(in crate::cli) selection: SelectionReport,
    /// The primary as it was then.
    pub(in crate::cli) fork: Fork,
    /// What to know about the log's end before it is believed.
    pub(in crate::cli) warning: Option<String>,
}

impl Foreseen {
    /// Learns from what was before an origin, forecasts the horizon after it, and runs the primary up to it.
    ///
    /// # Errors
    /// When there is too little before the origin, or what is assumed cannot run.
    pub(in crate::cli) fn new(
        args: &DemandArgs,
        inputs: &Inputs,
        known: &Known<'_>,
        horizon: Duration,
    ) -> Result<Self, CliError> {
        let Inputs { base, demand, .. } = inputs;
        let warning = args.check_origin(demand, known.origin)?;
        warning.iter().for_each(|warning| output::warn(warning));
        let features = args.features(demand, known);
        let past = features.all();
        let (model, selection) = args.fit(&past, &selection(vec![horizon], base.seed))?;
        let prediction = known.predict(&past, &model, horizon, &StreamSettings::default()).map_err(data)?;
        output::progress("running the primary up to the origin");
        let fork = known.primary(base, None).map_err(data)?.fork;
        Ok(Self { prediction, selection, fork, warning })
    }
}

/// What really happened after an origin.
pub(in crate::cli) struct Happened {
    /// The requests, on the fork that the shadow begins with.
    pub(in crate::cli) requests: Vec<IndexedRequest>,
    /// What they came to.
    pub(in crate::cli) run: RunOutcome,
}

impl Happened {
    /// Runs the actual requests of the horizon.
    ///
    /// # Errors
    /// When what is assumed cannot run them.
    pub(in crate::cli) fn new(
        known: &Known<'_>,
        base: &Scenario,
        fork: &Fork,
        horizon: Duration,
    ) -> Result<Self, CliError> {
        let actual = ValidScenario::new(known.actual(base, fork, horizon)).map_err(data)?;
        let requests = actual.requests(0);
        let run = simulate(&actual, &requests, RunOptions::default());
        Ok(Self { requests, run })
    }
}

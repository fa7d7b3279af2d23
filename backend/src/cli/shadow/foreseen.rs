//! What an origin knew: one way for `shadow`, reports and backtests of cost.

use shared::forecast::SelectionReport;
use shared::shadow::{Known, Prediction};
use shared::simulation::Fork;
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

//! One forecast, and the scenario of the shadows that live through it.

use serde::{Deserialize, Serialize};
use shared::api::{ModelInUse, NotReady};
use shared::feedback::Calibrations;
use shared::forecast::{self, Forecast, horizon_bins};
use shared::request::{Received, RequestLog, Silence};
use shared::scenario::{Edit, Problems, Scenario, ValidScenario};
use shared::shadow::PredictionError;
use shared::stream::{StreamError, StreamSettings};
use shared::units::{Duration, Instant};

use super::primary::{Forked, folded, forked};
use super::{Champion, SideInputs};
use crate::config::ShadowingConfig;
use crate::ensemble;

/// At most so many tenants have a series of their own.
const TENANTS_MAX: usize = 50;

/// What to predict.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// The instant that nothing later is read than.
    pub origin: Instant,
    /// How far.
    pub horizon: Duration,
    /// How many predicted streams.
    pub runs: u32,
    /// Seeds their draws.
    pub seed: u64,
    /// What-if changes.
    pub edits: &'a [Edit],
    /// What was calibrated by the origin: the shadow's future goes by it, not the primary that it forks.
    pub calibrations: &'a Calibrations,
}

/// A forecast and its shadows' scenario.
#[derive(Clone, Debug)]
pub struct Prediction {
    /// The forecast with its names.
    pub forecast: StoredForecast,
    /// What the shadows run.
    pub scenario: ValidScenario,
    /// What made the forecast.
    pub champion: Champion,
    /// Who the live resources of the scenario's fork are: the ids of their creates.
    pub lives: Vec<String>,
    /// What they are called.
    pub resources: Vec<String>,
    /// The observed names of its nodes; empty where its placements are simulated.
    pub nodes: Vec<String>,
}

/// A forecast whose tenants have names.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoredForecast {
    /// How far it reaches.
    pub horizon: Duration,
    /// What made it.
    pub model: ModelInUse,
    /// Tenants by the index in its series.
    pub tenants: Vec<String>,
    /// The quantiles.
    pub forecast: Forecast,
}

/// Where the forecast over a horizon from an origin is stored.
pub(crate) fn forecast_key(horizon: Duration, origin: Instant) -> String {
    format!("{horizon}/{origin}")
}

/// Forecasts with the champion, or with the baseline where there is none yet, and puts the shadows' scenario together.
///
/// `received` are the observations that had come in by the origin, and `side_inputs` what is known from elsewhere.
///
/// # Errors
/// Why there is no forecast, for programs and for people.
pub fn predict(
    config: &ShadowingConfig,
    champion: Option<&Champion>,
    log: &RequestLog,
    received: &[Received],
    side_inputs: &SideInputs,
    ask: &Ask<'_>,
) -> Result<Prediction, NotReady> {
    let known = config.known(log, ask.origin);
    check_end(log, ask.origin)?;
    let features = side_inputs.features(config, &known, TENANTS_MAX);
    let past = features.all();
    let bins = horizon_bins(ask.horizon, config.bin).map_err(|error| because("wrong_horizon", error))?;
    let champion = match champion {
        Some(champion) if !champion.is_baseline(bins) => champion.clone(),
        earlier => {
            let fitted = config.horizons.reaching(ask.horizon).next().unwrap_or(config.horizons.longest());
            let fresh = Champion::baseline(&past, fitted).map_err(too_short)?;
            // Fitted anew it is still the one that challengers were compared with.
            earlier.map_or(fresh.clone(), |earlier| Champion { report: earlier.report.clone(), ..fresh })
        }
    };
    // What needs no training is fitted to this log's series; the network goes on as it was trained.
    let model = champion.selected.updated(&past).map_err(too_short)?;
    let prediction =
        known.predict(&past, &model, ask.horizon, &StreamSettings::default()).map_err(|error| match error {
            PredictionError::NotReady(reason) => too_short(reason),
            PredictionError::Forecast(error) => because("wrong_horizon", error),
            PredictionError::Stream(error @ StreamError::NoCreates { .. }) => because("no_creates", error),
            PredictionError::Stream(error @ StreamError::NoLifetimes { .. }) => because("no_lifetimes", error),
        })?;
    let fits = |problems| because("scenario_cannot_run", problems);
    let folded = folded(config, &known, received, ask.origin);
    let Forked { fork, nodes } = forked(config, &config.assumed, &known, &folded).map_err(fits)?;
    let assumed = ask.calibrations.applied_to(&config.assumed);
    let base = Scenario { runs: ask.runs, seed: ask.seed, edits: ask.edits.to_vec(), ..assumed };
    let scenario = known.predicted(&base, &fork, prediction.stream, ask.horizon);
    let scenario = scaled_ahead(config, scenario).map_err(fits)?;
    Ok(Prediction {
        forecast: StoredForecast {
            horizon: ask.horizon,
            model: champion.in_use(bins),
            tenants: known.tenant_names().iter().map(str::to_owned).collect(),
            forecast: prediction.forecast,
        },
        scenario,
        champion,
        lives: known.ids_of(&fork.lives),
        resources: known.names_of(&fork.lives).map(str::to_owned).collect(),
        nodes,
    })
}

/// A predicted scenario whose fleet is told how many nodes will be needed, where that is wanted. What is edited is no part
/// of what was forecast.
fn scaled_ahead(config: &ShadowingConfig, scenario: Scenario) -> Result<ValidScenario, Problems> {
    let Some(percent) = config.predictive_scaling else { return ValidScenario::of_accepted(scenario) };
    let unedited = ValidScenario::of_accepted(Scenario { edits: Vec::new(), ..scenario.clone() })?;
    let fleet = ensemble::scaled_ahead(&unedited, percent, ensemble::available_threads(), &|_, _| true);
    ValidScenario::of_accepted(Scenario { fleet: fleet.expect("nobody cancels it"), ..scenario })
}

/// Refuses to learn from a log that ended long before `origin`: all that could be learnt is that nothing comes.
///
/// # Errors
/// When the whole day before the origin is a silence such as the log never had.
pub(crate) fn check_end(log: &RequestLog, origin: Instant) -> Result<(), NotReady> {
    match log.before(origin).unusual_silence().filter(|silence| silence.length > Duration::DAY) {
        None => Ok(()),
        Some(Silence { since, .. }) => Err(because(
            "log_ended",
            format!(
                "the last request is of {since}, so that a forecast from {origin} would be of nothing; send the requests \
                 since then, or replay an old log with `shadowplane shadow`"
            ),
        )),
    }
}

fn because(reason: &str, message: impl ToString) -> NotReady {
    NotReady { reason: reason.to_owned(), message: message.to_string(), bins_missing: None }
}

fn too_short(reason: forecast::NotReady) -> NotReady {
    match reason {
        forecast::NotReady::NeedsBins { missing } => {
            NotReady { bins_missing: Some(missing as u64), ..because("needs_more_history", reason) }
        }
        other => because("needs_another_model", other),
    }
}

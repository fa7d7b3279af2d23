//! Models as options, and what they need.

use clap::ValueEnum;
use shared::features::Past;
use shared::forecast::lstm::LstmConfig;
use shared::forecast::{
    Continue, ModelName, NotReady, Selected, SelectionConfig, SelectionReport, TrainError, fit_best, fit_model, fit_one,
};
use shared::units::Duration;

use super::LONGEST_HORIZON;
use crate::cli::{CliError, progress_line};
use crate::output;

/// Which model to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(in crate::cli) enum Model {
    /// One of the others or all together, whichever did best in a backtest on the history
    Auto,
    /// The same local time one day ago
    SeasonalNaive,
    /// The median of the last day
    OneDayMedian,
    /// The level of late, by moving median or exponential smoothing
    RecentLevel,
    /// Level and damped trend of the last hours
    LocalTrend,
    /// The mean of the same hour over a week
    HourMean,
    /// The level by exponential smoothing, with the memory that has told the next count best
    SmoothedLevel,
    /// Level and damped trend by exponential smoothing
    DampedTrend,
    /// Trend and seasons by loess
    Mstl,
    /// Gradient-boosted trees
    BoostedTrees,
    /// The recurrent network
    Lstm,
}

impl Model {
    /// The name on the command line and in answers.
    pub(in crate::cli) fn as_str(self) -> &'static str {
        self.name().map_or("auto", ModelName::as_str)
    }

    /// The one that it names; none where it is to be chosen.
    pub(in crate::cli) fn name(self) -> Option<ModelName> {
        match self {
            Self::Auto => None,
            Self::SeasonalNaive => Some(ModelName::SeasonalNaive),
            Self::OneDayMedian => Some(ModelName::OneDayMedian),
            Self::RecentLevel => Some(ModelName::RecentLevel),
            Self::LocalTrend => Some(ModelName::LocalTrend),
            Self::HourMean => Some(ModelName::HourMean),
            Self::SmoothedLevel => Some(ModelName::SmoothedLevel),
            Self::DampedTrend => Some(ModelName::DampedTrend),
            Self::Mstl => Some(ModelName::Mstl),
            Self::BoostedTrees => Some(ModelName::BoostedTrees),
            Self::Lstm => Some(ModelName::Lstm),
        }
    }
}

/// How to choose a model for `horizons`.
pub(in crate::cli) fn selection(horizons: Vec<Duration>, seed: u64) -> SelectionConfig {
    let mut config = SelectionConfig::new(horizons);
    config.lstm.seed = seed;
    config
}

/// Chooses and fits a model, with progress on a terminal; `from` is the name of the input, and how to bring more of it.
///
/// # Errors
/// When the horizon is wrong, or there is too little for the model that was asked for.
pub(in crate::cli) fn fit(
    model: Option<Model>,
    past: &Past<'_>,
    config: &SelectionConfig,
    (from, longer): (&str, &str),
) -> Result<(Selected, SelectionReport), CliError> {
    if config.horizons.iter().any(|&horizon| horizon > LONGEST_HORIZON) {
        return Err(CliError::Usage(format!("a horizon is at most {LONGEST_HORIZON}")));
    }
    let mut watcher = |progress| {
        output::progress(&progress_line(progress));
        Continue::Yes
    };
    let fitted = match model.and_then(Model::name) {
        None => fit_best(past, config, &mut watcher).map(Ok),
        Some(model) => fit_one(model, past, config, &mut watcher),
    };
    output::progress_done();
    let (bins, bin, origin) = (past.bins(), past.bin(), past.origin());
    let fitted = fitted.map_err(|error| match error {
        TrainError::Forecast(wrong) => CliError::Usage(format!("--horizon: {wrong}")),
        TrainError::NotReady(reason) => CliError::Data(format!(
            "{from}: a forecast {reason}; it has {} of {bin} before {origin}: {longer}",
            output::counted(bins as u64, "bin"),
        )),
    })?;
    fitted.map_err(|reason| {
        let longest = config.horizons.iter().max().map_or(1, |horizon| horizon.divide(bin) as usize);
        let reasons = [(model.unwrap_or(Model::Auto), reason)];
        CliError::Data(format!("{from}: {}; {longer}", not_ready("--model", &reasons, past, longest)))
    })
}

/// Which models are not ready for a past, with what they need of it, and which would be.
pub(in crate::cli) fn not_ready(flag: &str, models: &[(Model, NotReady)], past: &Past<'_>, longest: usize) -> String {
    let (bins, bin, origin) = (past.bins(), past.bin(), past.origin());
    let needs = |&(model, reason): &(Model, NotReady)| match reason {
        NotReady::NeedsBins { missing } => {
            format!("the model {} needs {} bins of {bin} before {origin}", option_name(model), bins + missing)
        }
        reason => format!("the model {} {reason}", option_name(model)),
    };
    let needs: Vec<String> = models.iter().map(needs).collect();
    // Whether a network could be trained is known from its settings.
    let lstm = LstmConfig::default();
    let ready = |model: &Model| match model.name() {
        None => bins > 0,
        Some(ModelName::Lstm) => lstm.needs(past, longest).is_none(),
        Some(name) => fit_model(name, past, &lstm, longest, &mut |_| Continue::Yes).is_ok_and(|fitted| fitted.is_ok()),
    };
    let ready: Vec<String> = Model::value_variants().iter().copied().filter(ready).map(option_name).collect();
    let instead = if ready.is_empty() {
        "too few for any model".to_owned()
    } else {
        format!("with {flag} these would do: {}", ready.join(", "))
    };
    format!("{}, but there are {bins}: {instead}", needs.join("; "))
}

/// As it is written on the command line.
fn option_name(model: Model) -> String {
    model.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

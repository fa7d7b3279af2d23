//! A stream model from what was known before an origin.

use super::attachments::attachments;
use super::batches::{Batch, batches, spread};
use super::correlation::{Correlation, correlation};
use super::dispersion::mix_spread_milli;
use super::hazards::lifetimes;
use super::mixture::FlavorMixture;
use super::newcomers::newcomers;
use super::recency::{Recency, Weighing, likeliest};
use super::resizes::resizes;
use super::tags::tags;
use super::templates::templates;
use super::{ArrivalBins, StreamModel, arrivals};
use crate::forecast::{BinForecast, LEVELS};
use crate::request::{History, TableMap};
use crate::units::{Duration, Instant};

/// One log to learn from.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// What of it was known at the origin.
    pub history: History<'a>,
    /// Its tenants and flavors in the indices of the scenario.
    pub map: &'a TableMap,
    /// Whether it has deletes: a log of creates alone teaches what arrives, but not how long it lives.
    pub has_deletes: bool,
}

/// How many batches are forecast to arrive, and how many did.
#[derive(Clone, Copy, Debug)]
pub struct ArrivalForecast<'a> {
    /// The instant the forecast was made for.
    pub origin: Instant,
    /// Length of a bin.
    pub bin: Duration,
    /// The forecast from the origin on.
    pub bins: &'a [BinForecast],
    /// The counts of the bins before the origin, the last one ending there.
    pub past: &'a [f64],
}

/// Settings of the estimation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamSettings {
    /// How fast the past is forgotten; where nothing is said, as makes its last days the likeliest.
    pub recency: Option<Recency>,
    /// At most so many templates: the frequent ones, and a sample of the rare ones that stands for all of them.
    pub templates_max: usize,
    /// How many ends of everybody's a flavor's hazards are mixed with: few of its own say little.
    pub prior_ends: u32,
}

/// Why there is no stream model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// No create before the origin.
    #[error("no create before {origin}; bring older requests, or choose a later origin")]
    NoCreates {
        /// The origin.
        origin: Instant,
    },
    /// No log with deletes has a create before the origin.
    #[error(
        "no lifetimes before {origin}: no log with deletes has a create before it; bring one, or choose a later origin"
    )]
    NoLifetimes {
        /// The origin.
        origin: Instant,
    },
}

impl Default for StreamSettings {
    /// The likeliest recency, 4,096 templates, five ends.
    fn default() -> Self {
        Self { recency: None, templates_max: 4_096, prior_ends: 5 }
    }
}

/// Estimates a stream model; `flavors` is how many flavors the scenario has.
///
/// Nothing but the sources' histories, the forecast and the past counts enters it.
///
/// # Errors
/// When no source has a create, or none with deletes does.
pub fn estimate(
    sources: &[Source],
    forecast: &ArrivalForecast,
    flavors: usize,
    settings: &StreamSettings,
) -> Result<StreamModel, StreamError> {
    let origin = forecast.origin;
    let batches: Vec<Batch> = sources.iter().flat_map(batches).collect();
    if batches.is_empty() {
        return Err(StreamError::NoCreates { origin });
    }
    let with_ends: Vec<&Source> = sources.iter().filter(|source| source.has_deletes).collect();
    let mut lifetimes =
        lifetimes(&with_ends, flavors, settings.prior_ends).ok_or(StreamError::NoLifetimes { origin })?;
    let recency = settings.recency.unwrap_or_else(|| likeliest(&batches, origin));
    let newcomers = newcomers(&batches, origin, forecast.bin * forecast.bins.len() as i64);
    let weighing = |at| Weighing::new(recency, at, forecast.bin, forecast.bins.len());
    let attachments = attachments(sources, &weighing(origin));
    let flavors_of = |batch: &Batch| batch.creates.iter().map(|&(flavor, _)| flavor).collect::<Vec<_>>();
    attachments.complete(&mut lifetimes, &batches.iter().flat_map(flavors_of).collect());
    Ok(StreamModel {
        origin,
        bin: forecast.bin,
        arrivals: arrival_bins(forecast),
        spread: spread(&batches, forecast.bin),
        mix_spread_milli: mix_spread_milli(&batches, origin, recency),
        flavor_gates: FlavorMixture::gates(&batches, flavors, weighing, origin, settings.templates_max),
        templates: templates(batches, &weighing(origin), settings.templates_max),
        resizes: resizes(&with_ends),
        lifetimes,
        attachments,
        newcomers,
        tags: tags(sources, &weighing(origin)),
    })
}

fn arrival_bins(forecast: &ArrivalForecast) -> ArrivalBins {
    let tenths: Vec<[u32; LEVELS.len()]> =
        forecast.bins.iter().map(|bin| bin.quantiles().map(|quantile| (quantile * 10.0 + 0.5) as u32)).collect();
    let mean: f64 = forecast.bins.iter().map(BinForecast::mean).sum();
    let Correlation { level_milli, correlation_milli } = correlation(forecast.past, forecast.bin);
    ArrivalBins { tail_milli: arrivals::tail_for_mean(&tenths, mean), tenths, level_milli, correlation_milli }
}

#[cfg(test)]
mod tests;

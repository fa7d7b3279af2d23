//! A trained network as a value: what it learnt, from what, and how it went.

use serde::{Deserialize, Serialize};

use super::LstmConfig;
use super::context::Context;
use super::inputs::Layout;
use super::network::Network;
use crate::features::Past;
use crate::forecast::model::season_bins;
use crate::forecast::{BinForecast, LEVELS, ModelId, ModelName, NotReady, Predict};
use crate::units::{Duration, Window};

/// The format of [`LstmModel`]: incremented whenever the same weights would answer differently.
pub(super) const FORMAT: u32 = 2;

/// A trained network. The same value gives the same forecast everywhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct LstmModel {
    /// Version of the format.
    pub format: u32,
    /// Length of a bin.
    pub bin: Duration,
    /// How many bins ahead it was trained for.
    pub horizon_bins: usize,
    /// What it reads.
    pub layout: Layout,
    /// The weights.
    pub network: Network,
    /// How far the mean lies above the quantiles' own, in units of the distance from the median to the top level.
    pub mean_tail: f64,
    /// How it was made.
    pub config: LstmConfig,
    /// The bins it was trained on.
    pub window: Window,
    /// BLAKE3 of the counts it was trained on, in hexadecimal.
    pub fingerprint: String,
    /// How the training went.
    pub report: TrainingReport,
}

/// How a training went.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrainingReport {
    /// Steps taken.
    pub steps: u32,
    /// The step whose weights were kept: the best on the validation split.
    pub best_step: u32,
    /// The losses at each look.
    pub losses: Vec<LossAt>,
}

/// Mean pinball loss over levels, in the network's own units, at a step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LossAt {
    /// Steps taken.
    pub step: u32,
    /// Mean over the steps since the last look.
    pub training: f64,
    /// On the validation split, which is later than everything trained on.
    pub validation: f64,
}

/// The same fields before they were checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    format: u32,
    bin: Duration,
    horizon_bins: usize,
    layout: Layout,
    network: Network,
    mean_tail: f64,
    config: LstmConfig,
    window: Window,
    fingerprint: String,
    report: TrainingReport,
}

/// Why a value is no trained network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LstmModelError {
    /// Made by another version.
    #[error("the model has format {0}, this version reads {FORMAT}; train it again")]
    Format(u32),
    /// No model at all, weights that do not fit their shape, or some that are not finite.
    #[error("the file holds no sound model; it is damaged")]
    Damaged,
}

impl TryFrom<Unchecked> for LstmModel {
    type Error = LstmModelError;

    fn try_from(raw: Unchecked) -> Result<Self, LstmModelError> {
        if raw.format != FORMAT {
            return Err(LstmModelError::Format(raw.format));
        }
        let Unchecked { format, bin, horizon_bins, layout, network, mean_tail, config, window, fingerprint, report } =
            raw;
        let shape = network.shape;
        let fits = shape.step_inputs == layout.step_inputs() && shape.head_inputs == layout.head_inputs();
        if !fits || !network.is_sound() || !mean_tail.is_finite() || bin <= Duration::ZERO || config.encoder_bins == 0 {
            return Err(LstmModelError::Damaged);
        }
        Ok(Self { format, bin, horizon_bins, layout, network, mean_tail, config, window, fingerprint, report })
    }
}

impl LstmModel {
    /// The model as a file, which keeps every bit (JSON does not: readers round).
    ///
    /// # Panics
    /// Never: every field can be encoded.
    pub fn to_bytes(&self) -> Vec<u8> {
        postcard::to_allocvec(self).expect("a model is numbers and texts")
    }

    /// The model of a file.
    ///
    /// # Errors
    /// When the file was made by another version, or is damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LstmModelError> {
        let (format, _) = postcard::take_from_bytes::<u32>(bytes).map_err(|_| LstmModelError::Damaged)?;
        if format != FORMAT {
            return Err(LstmModelError::Format(format));
        }
        postcard::from_bytes(bytes).map_err(|_| LstmModelError::Damaged)
    }
}

impl Predict for LstmModel {
    fn id(&self, _bins: usize) -> ModelId {
        ModelId { name: ModelName::Lstm, version: FORMAT }
    }

    fn predict_series(&self, past: &Past, series: usize, bins: usize) -> Result<Vec<BinForecast>, NotReady> {
        self.can_answer(past.bins(), past.bin(), bins)?;
        let (from, calendar) = (past.bins() - self.config.encoder_bins, past.calendar(bins));
        let context = Context::new(past.counts(series), &calendar, season_bins(past.bin()), from);
        Ok(self.answer(past, series, &context, bins))
    }

    /// The counts are measured once for all origins: what is measured at a position is made of what came before it.
    fn predict_earlier(
        &self,
        past: &Past,
        series: usize,
        asked: &[(usize, usize)],
    ) -> Vec<Result<Vec<BinForecast>, NotReady>> {
        let longest = asked.iter().map(|&(_, bins)| bins).max().unwrap_or(0);
        let earliest = past.bins() - asked.iter().map(|&(back, _)| back).max().unwrap_or(0);
        let (from, calendar) = (earliest.saturating_sub(self.config.encoder_bins), past.calendar(longest));
        let context = Context::new(past.counts(series), &calendar, season_bins(past.bin()), from);
        let one = |&(back, bins): &(usize, usize)| {
            let earlier = past.first(past.bins() - back);
            self.can_answer(earlier.bins(), past.bin(), bins)?;
            Ok(self.answer(&earlier, series, &context, bins))
        };
        asked.iter().map(one).collect()
    }
}

impl LstmModel {
    /// What is missing before it can say something about the next `bins` bins after `known` ones.
    fn can_answer(&self, known: usize, bin: Duration, bins: usize) -> Result<(), NotReady> {
        if bins > self.horizon_bins {
            return Err(NotReady::BeyondHorizon { longest: self.bin * self.horizon_bins as i64 });
        }
        match (season_bins(bin) + self.config.encoder_bins).saturating_sub(known) {
            0 => Ok(()),
            missing => Err(NotReady::NeedsBins { missing }),
        }
    }

    /// The bins after the origin of `past`, of whose series this is the context, or one that goes on later.
    fn answer(&self, past: &Past, series: usize, context: &Context, bins: usize) -> Vec<BinForecast> {
        let origin = past.bins();
        let mut steps = Vec::with_capacity(self.config.encoder_bins * self.network.shape.step_inputs);
        for position in origin - self.config.encoder_bins..origin {
            self.layout.push_step(past, series, context, position, &mut steps);
        }
        let states = self.network.packed().read(&steps, 1);
        let head_of_state = self.network.head_of_state(states.after(self.config.encoder_bins, 0));
        let of_origin = Layout::of_origin(context, origin);
        let mut target = Vec::with_capacity(self.network.shape.head_inputs);
        let one = |lead| {
            target.clear();
            let anchor = self.layout.push_target(past, series, (context, &of_origin), (origin, lead), &mut target);
            let outputs = self.network.answer(&head_of_state, &target);
            bin_forecast(outputs, anchor, context.scale(origin), self.mean_tail)
        };
        (0..bins).map(one).collect()
    }
}

/// Shares of the distribution that each level stands for: from halfway to the level below to halfway to the one above.
const CELLS: [f64; LEVELS.len()] = [0.075, 0.1, 0.2, 0.25, 0.2, 0.1, 0.075];
/// No answer lies further from the anchor than e to this power, in units of the noise.
const OUTPUT_MAX: f64 = 15.0;

/// Quantiles in counts. Outputs that cross are put in order, which only ever improves them (Chernozhukov,
/// Fernández-Val and Galichon 2010).
pub(super) fn bin_forecast(mut outputs: [f32; LEVELS.len()], anchor: f64, scale: f64, mean_tail: f64) -> BinForecast {
    if scale == 0.0 {
        // A series without noise has nothing to be unsure about.
        return BinForecast::new([anchor; LEVELS.len()], anchor);
    }
    outputs.sort_unstable_by(f32::total_cmp);
    let unsquash = |output: f32| anchor + scale * libm::sinh(f64::from(output).clamp(-OUTPUT_MAX, OUTPUT_MAX));
    let quantiles = outputs.map(|output| unsquash(output).max(0.0));
    let inner: f64 = quantiles.iter().zip(CELLS).map(|(quantile, share)| quantile * share).sum();
    let top = quantiles[LEVELS.len() - 1] - quantiles[LEVELS.len() / 2];
    BinForecast::new(quantiles, inner + mean_tail * top)
}

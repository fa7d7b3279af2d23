//! Long work says where it is, and asks whether to go on.

use serde::{Deserialize, Serialize};

use super::{ForecastError, ModelName};

/// Where a training or a backtest is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ForecastProgress))]
pub enum Progress {
    /// A model is being trained.
    Training {
        /// Which one.
        model: ModelName,
        /// Steps taken.
        step: u32,
        /// Steps it takes at most.
        max_steps: u32,
        /// The latest validation loss.
        validation: Option<f64>,
    },
    /// A model is being scored.
    Backtest {
        /// Which one.
        model: ModelName,
        /// Origins done.
        origin: usize,
        /// Origins in all.
        origins: usize,
    },
}

/// What the watcher answers; cancelled work leaves nothing behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Continue {
    /// Go on.
    Yes,
    /// Stop as soon as possible.
    Cancel,
}

/// Hears of progress and decides whether to go on.
pub type Watcher<'a> = dyn FnMut(Progress) -> Continue + 'a;

/// Tells a watcher, and turns its refusal into an error.
pub(super) fn tell(watcher: &mut Watcher, progress: Progress) -> Result<(), ForecastError> {
    match watcher(progress) {
        Continue::Yes => Ok(()),
        Continue::Cancel => Err(ForecastError::Cancelled),
    }
}

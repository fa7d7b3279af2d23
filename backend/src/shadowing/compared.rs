//! A window held against what was predicted for it: both in the same indices.

use shared::request::{IndexedRequest, RequestLog};
use shared::scenario::{Problems, Scenario, ValidScenario};
use shared::shadow::Known;
use shared::simulation::Fork;

use super::primary::actual;
use crate::config::ShadowingConfig;

/// What was predicted for a window, and what was asked for in it.
pub(crate) struct Compared<'a> {
    /// The log, numbered as the prediction is.
    pub(crate) known: Known<'a>,
    /// What the prediction went on from.
    pub(crate) fork: Fork,
    /// What was predicted, with room for whoever appeared since.
    pub(crate) wider: ValidScenario,
    /// What was asked for. Requests that came in late are part of it: the prediction stays what it was.
    pub(crate) requests: Vec<IndexedRequest>,
}

/// Why a window cannot be held against what was predicted for it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotCompared {
    /// A create that the prediction went on from is no longer part of the log.
    #[error(
        "the prediction went on from the resource that request `{0}` created, which requests that came in late contradict"
    )]
    Contradicted(String),
    /// What happened cannot be run.
    #[error("what happened cannot be run: {0}")]
    Impossible(#[from] Problems),
}

impl<'a> Compared<'a> {
    /// Holds the log against what was `predicted` from it earlier; `lives` are the ids of the creates of the resources that
    /// the prediction went on from.
    ///
    /// # Errors
    /// When the prediction can no longer be held against the log.
    pub(crate) fn new(
        config: &ShadowingConfig,
        log: &'a RequestLog,
        predicted: &Scenario,
        lives: &[String],
    ) -> Result<Self, NotCompared> {
        let known = Known::numbered_as(predicted, log);
        let lives = known.lives_of(lives).map_err(|id| NotCompared::Contradicted(id.to_owned()))?;
        let wider = ValidScenario::of_accepted(known.with_newcomers(predicted))?;
        let used_of_tiers = predicted.price_book.used_of_tiers();
        let fork = Fork { state: predicted.start.clone(), lives, used_of_tiers };
        let (_, requests) = actual(&config.assumed, &known, &fork, predicted.window)?;
        Ok(Self { known, fork, wider, requests })
    }
}

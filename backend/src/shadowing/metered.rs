//! What a window of the past metered, use by use: what statements are made of.

use shared::allocation::{Basis, Metering};
use shared::request::{Received, RequestLog};
use shared::scenario::Problems;
use shared::shadow::Known;
use shared::units::Window;

use super::primary::Played;
use crate::config::ShadowingConfig;

/// What the requests of a window metered on the primary, and how that is known.
///
/// # Errors
/// When what is assumed cannot run.
pub(crate) fn metered(
    config: &ShadowingConfig,
    log: &RequestLog,
    received: &[Received],
    window: Window,
) -> Result<(Metering, Basis), Problems> {
    let known = Known::new(log, None, window.start);
    let played = Played::new(config, &known, received, window, None)?;
    Ok((played.metering(log, &known), played.basis()))
}

//! What of the shadow was calibrated against observations.

use serde::{Deserialize, Serialize};

use super::NotReady;
use crate::feedback::ServiceCalibration;
use crate::units::Instant;

/// The newest calibration of each item.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CalibrationList {
    /// Nothing that came later was used; predictions from then on use what was adopted.
    pub until: Option<Instant>,
    /// Service times, by module and class.
    pub service_times: Vec<ServiceCalibration>,
    /// What stays as it is assumed, as it was not observed.
    pub not_observed: Vec<NotCalibrated>,
    /// Why nothing was calibrated, where nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_ready: Option<NotReady>,
}

/// Something that stays as it is assumed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NotCalibrated {
    /// What.
    pub item: Uncalibrated,
    /// Why, in words.
    pub reason: String,
}

/// What a scenario assumes and no observation tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Uncalibrated {
    /// How long nodes take to boot.
    BootTime,
    /// How far nodes are over-committed.
    OverCommit,
}

impl NotCalibrated {
    /// Everything that observations do not tell, whatever they are.
    pub fn all() -> Vec<Self> {
        let boot = "observations do not say when a node was ordered and when it had booted";
        let over_commit = "observations do not say how much of what it requested a resource uses";
        [(Uncalibrated::BootTime, boot), (Uncalibrated::OverCommit, over_commit)]
            .map(|(item, reason)| Self { item, reason: reason.to_owned() })
            .into()
    }
}

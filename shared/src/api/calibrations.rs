//! What of the shadow was calibrated against observations.

use serde::{Deserialize, Serialize};

use super::NotReady;
use crate::feedback::Calibrations;
use crate::units::Instant;

/// The newest calibration of each item.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CalibrationList {
    /// Nothing that came later was used; predictions from then on use what was adopted.
    pub until: Option<Instant>,
    /// What was calibrated.
    #[serde(flatten)]
    pub calibrations: Calibrations,
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

/// What a scenario assumes and observations may tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Uncalibrated {
    /// How long modules work on creates.
    ServiceTime,
    /// How long nodes take to boot.
    BootTime,
    /// How far nodes are over-committed.
    OverCommit,
}

impl NotCalibrated {
    /// What stays as it is assumed beside what was calibrated, whatever it is of.
    pub fn beside(calibrations: &Calibrations) -> Vec<Self> {
        let boot = "no resource was seen to wait for a node from its order on: observations with `node`, `ready_at` and \
                    the times in the modules up to the provisioner tell, where nodes are ordered for who fits nowhere";
        let over_commit = "no resource was seen to come to a node: observations with `node` and `ready_at` tell";
        let services = "no time in a module was observed: observations with `module_ms` tell";
        let not_observed = [
            (Uncalibrated::ServiceTime, calibrations.service_times.is_empty(), services),
            (Uncalibrated::BootTime, calibrations.boot_times.is_empty(), boot),
            (Uncalibrated::OverCommit, calibrations.over_commit.is_empty(), over_commit),
        ];
        let said = not_observed.into_iter().filter(|(_, none, _)| *none);
        said.map(|(item, _, reason)| Self { item, reason: reason.to_owned() }).collect()
    }
}

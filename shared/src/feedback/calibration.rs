//! Calibration: what is assumed of the shadow, as it was observed in its place.
//!
//! Only what was observed is calibrated. Each fit is made on the earlier two thirds of what was observed and judged on the
//! last third, which it has not seen; it is used where it is less wrong there than what is assumed.

mod boot;
mod over_commit;
mod service;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use self::boot::{BOOTS_MIN, BootCalibration};
pub use self::over_commit::{OverCommitCalibration, SHARES_MIN};
pub use self::service::{SERVICE_TIMES_MIN, ServiceCalibration};

use self::boot::calibrate_boots;
use self::over_commit::{assumed_percent, calibrate_over_commit};
use self::service::{calibrate_services, calibrated_modules};
use crate::control_plane::{Folded, NodeGroup};
use crate::request::{Received, RequestLog};
use crate::scenario::Scenario;
use crate::units::{Instant, NodeGroupIndex};

/// What was calibrated of a scenario: an entry for each thing that anything was observed of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Calibrations {
    /// Service times, by module and class.
    pub service_times: Vec<ServiceCalibration>,
    /// How long nodes take to boot, by node group.
    pub boot_times: Vec<BootCalibration>,
    /// How much may be requested of a node, by node group and dimension.
    pub over_commit: Vec<OverCommitCalibration>,
}

/// Whether a fit is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum CalibrationVerdict {
    /// It is: its error is lower.
    Adopted,
    /// It is not: its error is not lower.
    NoBetter,
    /// There is none: too little was observed that tells.
    TooFew,
    /// There is none: attempts fail, and the observed times may hold some that did.
    FailuresWithin,
}

impl CalibrationVerdict {
    /// By the error of what is assumed and of the fit.
    fn of_errors(before: f64, after: f64) -> Self {
        if after < before { Self::Adopted } else { Self::NoBetter }
    }
}

impl Calibrations {
    /// Calibrates what is assumed to what had been received by `end` of the creates before it; `folded` is what that amounts
    /// to.
    pub fn new(assumed: &Scenario, log: &RequestLog, received: &[Received], folded: &Folded, end: Instant) -> Self {
        let groups = &assumed.fleet.node_groups;
        Self {
            service_times: calibrate_services(&assumed.modules, log, received, end),
            boot_times: calibrate_boots(groups, &folded.boots),
            over_commit: calibrate_over_commit(groups, &folded.shares),
        }
    }

    /// What is assumed, with the adopted fits in its place. A fit that was judged beside something else than what is assumed
    /// here is left out: it may be of another fleet.
    pub fn applied_to(&self, assumed: &Scenario) -> Scenario {
        let modules = calibrated_modules(&assumed.modules, &self.service_times);
        let mut scenario = Scenario { modules, ..assumed.clone() };
        for (position, group) in scenario.fleet.node_groups.iter_mut().enumerate() {
            self.apply_to_group(NodeGroupIndex::from_usize(position), group);
        }
        scenario
    }

    fn apply_to_group(&self, index: NodeGroupIndex, group: &mut NodeGroup) {
        let boots = self.boot_times.iter().filter(|of| of.verdict == CalibrationVerdict::Adopted);
        let of_group = boots.filter(|of| (of.node_group_index, &of.node_group) == (index, &group.name));
        if let Some(fitted) = of_group.filter(|of| of.assumed == group.boot).find_map(|of| of.fitted) {
            group.boot = fitted;
        }
        let ratios = self.over_commit.iter().filter(|of| of.verdict == CalibrationVerdict::Adopted);
        let of_group = ratios.filter(|of| (of.node_group_index, &of.node_group) == (index, &group.name));
        let as_assumed = of_group.filter(|of| of.assumed_percent == assumed_percent(group, of.dimension));
        let fitted: Vec<_> = as_assumed.filter_map(|of| Some((of.dimension, of.fitted_percent?))).collect();
        group.over_commit_percent.extend(fitted);
    }
}

/// What a fit is made on, and what it is judged by, of what was observed in order of time.
fn earlier_and_held_out<T>(observed: &[T]) -> (&[T], &[T]) {
    observed.split_at(observed.len() * 2 / 3)
}

//! How long nodes take to boot.

use serde::{Deserialize, Serialize};

use super::{CalibrationVerdict, earlier_and_held_out};
use crate::control_plane::{NodeGroup, ObservedBoot};
use crate::scenario::MAX_WAIT;
use crate::units::{Duration, NodeGroupIndex};

/// Fewer boots than this are not fitted to.
pub const BOOTS_MIN: usize = 12;

/// How the boot time of one node group was calibrated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BootCalibration {
    /// The group's name.
    pub node_group: String,
    /// Which of the fleet's groups it is.
    pub node_group_index: NodeGroupIndex,
    /// How many boots were observed: a resource waited for the node from its order on.
    pub observations: u64,
    /// On how many of these the errors are measured; the fit is made on those before them.
    pub held_out: u64,
    /// What is assumed.
    pub assumed: Duration,
    /// The median of the boots; none where there are too few, and no more than a scenario may have.
    pub fitted: Option<Duration>,
    /// How far the assumed time is from the boots that were held out: the mean absolute difference.
    pub error_before: Option<Duration>,
    /// The same of the fitted time.
    pub error_after: Option<Duration>,
    /// Whether it is used, or why not.
    pub verdict: CalibrationVerdict,
}

/// An entry for each group of which a boot was observed; `boots` are in order of time.
///
/// The median has the least mean absolute error, and a few nodes that somebody waited for longer, as the fleet could not
/// grow, do not move it.
pub(super) fn calibrate_boots(groups: &[NodeGroup], boots: &[ObservedBoot]) -> Vec<BootCalibration> {
    let of_group = |(position, group): (usize, &NodeGroup)| {
        let times = boots.iter().filter(|boot| boot.node_group.usize() == position).map(|boot| boot.took);
        let times: Vec<Duration> = times.collect();
        (!times.is_empty()).then(|| calibrate_group(NodeGroupIndex::from_usize(position), group, &times))
    };
    groups.iter().enumerate().filter_map(of_group).collect()
}

fn calibrate_group(node_group_index: NodeGroupIndex, group: &NodeGroup, times: &[Duration]) -> BootCalibration {
    let unfitted = BootCalibration {
        node_group: group.name.clone(),
        node_group_index,
        observations: times.len() as u64,
        held_out: 0,
        assumed: group.boot,
        fitted: None,
        error_before: None,
        error_after: None,
        verdict: CalibrationVerdict::TooFew,
    };
    if times.len() < BOOTS_MIN {
        return unfitted;
    }
    let (earlier, held_out) = earlier_and_held_out(times);
    let fitted = median(earlier).min(MAX_WAIT);
    let (before, after) = (mean_distance(held_out, group.boot), mean_distance(held_out, fitted));
    BootCalibration {
        held_out: held_out.len() as u64,
        fitted: Some(fitted),
        error_before: Some(before),
        error_after: Some(after),
        verdict: CalibrationVerdict::of_errors(before.seconds(), after.seconds()),
        ..unfitted
    }
}

/// The middle one, of an even number the later of the two in the middle.
fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted[sorted.len() / 2]
}

fn mean_distance(times: &[Duration], from: Duration) -> Duration {
    let sum: i64 = times.iter().map(|time| (time.micros() - from.micros()).abs()).sum();
    Duration::from_micros(sum / (times.len() as i64).max(1))
}

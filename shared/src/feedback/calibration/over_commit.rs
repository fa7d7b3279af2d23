//! How much may be requested of a node.

use serde::{Deserialize, Serialize};

use super::{CalibrationVerdict, earlier_and_held_out};
use crate::control_plane::{NodeGroup, RequestedShare};
use crate::units::Dimension;

/// Fewer resources that came to a node are not fitted to.
pub const SHARES_MIN: usize = 30;

/// How the over-commit ratio of one node group was calibrated in one dimension.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OverCommitCalibration {
    /// The group's name.
    pub node_group: String,
    /// Of what.
    pub dimension: Dimension,
    /// How many resources were seen to come to one of its nodes.
    pub observations: u64,
    /// On how many of these the errors are measured; the fit is made on those before them.
    pub held_out: u64,
    /// The most that was seen to be requested of a node at once, in percent of what it has.
    pub peak_percent: u32,
    /// What is assumed that may be requested, in percent of what a node has.
    pub assumed_percent: u32,
    /// The most that was requested of a node at once, of those that are not held out; none where that is no more than what
    /// is assumed, since nothing tells then that less would have been refused.
    pub fitted_percent: Option<u32>,
    /// The share of the held-out resources that the assumed ratio would not have let onto their node, 0 to 1.
    pub error_before: Option<f64>,
    /// The same of the fitted ratio.
    pub error_after: Option<f64>,
    /// Whether it is used, or why not.
    pub verdict: CalibrationVerdict,
}

/// An entry for each group and dimension of which anything was seen to be requested; `shares` are in order of time.
///
/// GPUs are left out: what may be requested of them is a matter of single devices. So is what a node has nothing of.
pub(super) fn calibrate_over_commit(groups: &[NodeGroup], shares: &[RequestedShare]) -> Vec<OverCommitCalibration> {
    let of_group = |(position, group): (usize, &NodeGroup)| {
        let shares: Vec<RequestedShare> =
            shares.iter().filter(|share| share.node_group.usize() == position).copied().collect();
        let dimensions = Dimension::ALL.into_iter().filter(|&of| of != Dimension::Gpu && group.capacity[of] > 0);
        let calibrated = dimensions.filter_map(|of| {
            let percent: Vec<u32> = shares.iter().map(|share| share.percent[of as usize]).collect();
            calibrate_dimension(group, of, &percent)
        });
        calibrated.collect::<Vec<_>>()
    };
    groups.iter().enumerate().flat_map(of_group).collect()
}

fn calibrate_dimension(group: &NodeGroup, dimension: Dimension, percent: &[u32]) -> Option<OverCommitCalibration> {
    let peak_percent = percent.iter().copied().max().filter(|&peak| peak > 0)?;
    let assumed_percent = group.over_commit_percent.get(&dimension).copied().unwrap_or(100);
    let unfitted = OverCommitCalibration {
        node_group: group.name.clone(),
        dimension,
        observations: percent.len() as u64,
        held_out: 0,
        peak_percent,
        assumed_percent,
        fitted_percent: None,
        error_before: None,
        error_after: None,
        verdict: CalibrationVerdict::TooFew,
    };
    if percent.len() < SHARES_MIN {
        return Some(unfitted);
    }
    let (earlier, held_out) = earlier_and_held_out(percent);
    let beyond = |ratio: u32| held_out.iter().filter(|&&share| share > ratio).count() as f64 / held_out.len() as f64;
    let fitted_percent = earlier.iter().copied().max().filter(|&peak| peak > assumed_percent);
    let (before, after) = (beyond(assumed_percent), fitted_percent.map(beyond));
    Some(OverCommitCalibration {
        held_out: held_out.len() as u64,
        fitted_percent,
        error_before: Some(before),
        error_after: after,
        verdict: CalibrationVerdict::of_errors(before, after.unwrap_or(before)),
        ..unfitted
    })
}

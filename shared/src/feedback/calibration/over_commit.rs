//! How much may be requested of a node.

use serde::{Deserialize, Serialize};

use super::{CalibrationVerdict, earlier_and_held_out};
use crate::control_plane::{NodeGroup, RequestedShare};
use crate::scenario::MAX_OVER_COMMIT_PERCENT;
use crate::units::{Dimension, NodeGroupIndex};

/// Fewer resources that came to a node are not fitted to.
pub const SHARES_MIN: usize = 30;

/// How the over-commit ratio of one node group was calibrated in one dimension.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OverCommitCalibration {
    /// The group's name.
    pub node_group: String,
    /// Which of the fleet's groups it is.
    pub node_group_index: NodeGroupIndex,
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
    /// How much was requested of a node when 99 of 100 resources that are not held out had come there, so that a few wrong
    /// facts raise no ratio; none where that is no more than what is assumed, since nothing tells then that less would have
    /// been refused, and beyond what a scenario may have.
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
            calibrate_dimension((NodeGroupIndex::from_usize(position), group), of, &percent)
        });
        calibrated.collect::<Vec<_>>()
    };
    groups.iter().enumerate().flat_map(of_group).collect()
}

fn calibrate_dimension(
    (node_group_index, group): (NodeGroupIndex, &NodeGroup),
    dimension: Dimension,
    percent: &[u32],
) -> Option<OverCommitCalibration> {
    let peak_percent = percent.iter().copied().max().filter(|&peak| peak > 0)?;
    let assumed_percent = assumed_percent(group, dimension);
    let unfitted = OverCommitCalibration {
        node_group: group.name.clone(),
        node_group_index,
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
    let possible = assumed_percent + 1..=MAX_OVER_COMMIT_PERCENT;
    let fitted_percent = Some(nearest_rank_99(earlier)).filter(|percent| possible.contains(percent));
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

/// How much of a group may be requested by what is assumed, in percent.
pub(super) fn assumed_percent(group: &NodeGroup, dimension: Dimension) -> u32 {
    group.over_commit_percent.get(&dimension).copied().unwrap_or(100)
}

/// The least share that 99 of 100 are not above.
fn nearest_rank_99(percent: &[u32]) -> u32 {
    let mut sorted = percent.to_vec();
    sorted.sort_unstable();
    sorted[(sorted.len() * 99).div_ceil(100) - 1]
}

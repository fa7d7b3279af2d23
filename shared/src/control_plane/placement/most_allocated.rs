//! The node that kube-scheduler packs onto: the one with the largest part taken.

use super::mean_percent;
use crate::units::Resources;

/// The mean percentage that is taken once the request is there: requested × 100 ÷ capacity per dimension, rounded down,
/// and the mean of those of vCPU and memory, rounded down; of GPUs too where they are asked for.
///
/// Kubernetes' `MostAllocated` strategy of the plugin `NodeResourcesFit` with equal weights: `mostResourceScorer` in
/// pkg/scheduler/framework/plugins/noderesources/most_allocated.go. What counts is as in
/// [`least_allocated`](super::least_allocated).
pub(super) fn score(requested: Resources, free: Resources, capacity: Resources) -> i64 {
    let left = |dimension| free[dimension].saturating_sub(requested[dimension]);
    mean_percent(requested, capacity, |dimension| capacity[dimension].saturating_sub(left(dimension)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_percentage_and_their_mean_are_rounded_down() {
        let capacity = Resources::compute(3_000, 16_384);
        let (free, requested) = (Resources::compute(2_000, 8_192), Resources::compute(1_000, 4_096));
        // 2 of 3 vCPU are 66 %, 12 of 16 GiB 75 %; half of 141 is 70.
        assert_eq!(score(requested, free, capacity), 70);
    }
}

//! The node that kube-scheduler spreads to: the one with the largest part free.

use super::mean_percent;
use crate::units::Resources;

/// The mean percentage that is free once the request is there: (capacity − requested) × 100 ÷ capacity per dimension,
/// rounded down, and the mean of those of vCPU and memory, rounded down; of GPUs too where they are asked for.
///
/// Kubernetes' `LeastAllocated` strategy of the plugin `NodeResourcesFit` with equal weights: `leastResourceScorer` in
/// pkg/scheduler/framework/plugins/noderesources/least_allocated.go. As there, a resource of which the node has nothing
/// does not count, nor does an extended one that is not asked for (resource_allocation.go). What pods without requests
/// are taken to ask for there (0.1 vCPU, 200 MB) is not taken over.
pub(super) fn score(requested: Resources, free: Resources, capacity: Resources) -> i64 {
    mean_percent(requested, capacity, |dimension| free[dimension].saturating_sub(requested[dimension]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Dimension;

    #[test]
    fn each_percentage_and_their_mean_are_rounded_down() {
        let capacity = Resources::compute(3_000, 16_384);
        let (free, requested) = (Resources::compute(3_000, 16_384), Resources::compute(1_000, 12_288));
        // 2 of 3 vCPU are 66 %, 4 of 16 GiB 25 %; half of 91 is 45.
        assert_eq!(score(requested, free, capacity), 45);
        let gpu = |amounts: Resources, milli| amounts.with(Dimension::Gpu, milli);
        // GPUs that are not asked for do not count: 45 again; where half of one of two is, (66 + 25 + 75) / 3 = 55.
        assert_eq!(score(requested, gpu(free, 2_000), gpu(capacity, 2_000)), 45);
        assert_eq!(score(gpu(requested, 500), gpu(free, 2_000), gpu(capacity, 2_000)), 55);
    }
}

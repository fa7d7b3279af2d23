//! The node whose free amounts point in the direction of the request.

use super::{of_capacity, on_nodes};
use crate::units::Resources;

/// The dot product of what is free and what is asked for, both as shares of the node's capacity: Σ (free ÷ capacity) ×
/// (requested ÷ capacity) over the dimensions that nodes have.
///
/// From Panigrahy, Talwar, Uyeda and Wieder, "Heuristics for vector bin packing" (2011), with equal weights, and what was
/// free before the placement. Shares are rounded down to 2^-28, so that the sum, in 2^-56, is exact.
pub(super) fn score(requested: Resources, free: Resources, capacity: Resources) -> i64 {
    let part = |dimension| {
        let share = |amounts: Resources| of_capacity(amounts[dimension], SHARE, capacity[dimension]);
        // Nothing is asked for in most dimensions.
        if requested[dimension] == 0 { 0 } else { share(free) * share(requested) }
    };
    on_nodes().map(part).sum::<u64>() as i64
}

const SHARE: u64 = 1 << 28;

/// A score as people read it.
pub(super) fn shown(score: i64) -> f64 {
    score as f64 / (SHARE * SHARE) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_sum_of_products_of_shares() {
        let capacity = Resources::compute(8_000, 16_384);
        let (free, requested) = (Resources::compute(4_000, 12_288), Resources::compute(2_000, 2_048));
        // 4/8 × 2/8 + 12/16 × 2/16 = 0.125 + 0.09375.
        assert_eq!(shown(score(requested, free, capacity)), 0.218_75);
    }
}

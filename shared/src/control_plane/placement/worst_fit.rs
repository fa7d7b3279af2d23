//! The node that is left with the most.

use super::share;
use crate::units::Resources;

/// Spreads: the largest sum of free shares afterwards.
pub(super) fn rank(amounts: Resources, capacity: Resources) -> i64 {
    -share(amounts, capacity)
}

//! The node that is left with the least.

use super::share;
use crate::units::Resources;

/// Packs tightly: the smallest sum of free shares afterwards.
pub(super) fn rank(amounts: Resources, capacity: Resources) -> i64 {
    share(amounts, capacity)
}

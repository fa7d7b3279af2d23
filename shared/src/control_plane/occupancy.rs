//! How much of the nodes is requested, all together.

use core::ops::AddAssign;

use serde::{Deserialize, Serialize};

use crate::units::{DIMENSIONS, Dimension, Resources};

/// What the paid nodes have, and what of it is requested, at one instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occupancy {
    /// By dimension, what is requested.
    pub requested: [u64; DIMENSIONS],
    /// By dimension, what may be.
    pub capacity: [u64; DIMENSIONS],
}

impl Occupancy {
    /// Requested ÷ capacity; none where no node has any.
    pub fn share(&self, of: Dimension) -> Option<f64> {
        let (requested, capacity) = (self.requested[of as usize], self.capacity[of as usize]);
        (capacity > 0).then(|| requested as f64 / capacity as f64)
    }

    /// Counts what is requested of a node.
    pub(super) fn request(&mut self, amounts: Resources) {
        each(&mut self.requested, amounts, |sum, amount| sum + amount);
    }

    /// Counts what is requested no more.
    pub(super) fn release(&mut self, amounts: Resources) {
        each(&mut self.requested, amounts, |sum, amount| sum - amount);
    }

    /// Counts a node on which so much is requested.
    pub(super) fn join(&mut self, capacity: Resources, requested: Resources) {
        each(&mut self.capacity, capacity, |sum, amount| sum + amount);
        self.request(requested);
    }

    /// Counts it no more.
    pub(super) fn leave(&mut self, capacity: Resources, requested: Resources) {
        each(&mut self.capacity, capacity, |sum, amount| sum - amount);
        self.release(requested);
    }
}

impl AddAssign for Occupancy {
    fn add_assign(&mut self, other: Self) {
        let add = |sums: &mut [u64], amounts: [u64; DIMENSIONS]| {
            sums.iter_mut().zip(amounts).for_each(|(sum, amount)| *sum += amount);
        };
        add(&mut self.requested, other.requested);
        add(&mut self.capacity, other.capacity);
    }
}

#[inline]
fn each(sums: &mut [u64; DIMENSIONS], amounts: Resources, change: impl Fn(u64, u64) -> u64) {
    for (sum, amount) in sums.iter_mut().zip(amounts.to_array()) {
        *sum = change(*sum, u64::from(amount));
    }
}

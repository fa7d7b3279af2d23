//! Volumes and addresses that come with a machine: which, how long after it, and whether they go with it.
//!
//! ```text
//! lives ─► pairing ─┬─► batches and hazards (of machines, and of what came on its own)
//!                   └─► learnt ─► Attachments ─► attaching (sampling)
//! ```

mod attaching;
mod learnt;
mod pairing;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub(super) use attaching::{AttachedDraws, Attaching};
pub(super) use learnt::attachments;
pub(super) use pairing::Pairing;

use super::Lifetimes;
use super::hazards::in_steps;
use crate::units::{Duration, FlavorIndex, TenantIndex};

/// What is created, or deleted, further apart than ten minutes has nothing to do with one another.
pub(crate) const NEAR_MICROS: i32 = 600_000_000;

/// What comes with machines; empty where no volume or address ever came in a batch with one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attachments {
    /// By whose machine of which flavor, in that order. Of a tenant who is not here machines are as everybody's.
    pub sets: Vec<AttachedSets>,
    /// By whose, in order; as everybody's where a tenant has none.
    pub ends: Vec<AttachedEnds>,
    /// By flavor, in order: one row for each flavor of the sets.
    pub times: Vec<AttachedTimes>,
}

/// What came with the machines of one flavor of one tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttachedSets {
    /// Whose.
    pub tenant: TenantIndex,
    /// The machine's flavor.
    pub machine: FlavorIndex,
    /// Flavors that came together with one machine, in order, and how often, weighted by recency; nothing is a set too.
    pub sets: Vec<(Vec<FlavorIndex>, u32)>,
}

/// What became of a tenant's attached resources of one flavor that were there when their machine ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttachedEnds {
    /// Whose.
    pub tenant: TenantIndex,
    /// Of what flavor.
    pub flavor: FlavorIndex,
    /// How many were deleted with the machine.
    pub followed: u32,
    /// How many lived on.
    pub outlived: u32,
}

/// How long after their machine attached resources of one flavor are created and deleted, before it where negative; and
/// how often they are deleted by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttachedTimes {
    /// Of what flavor.
    pub flavor: FlavorIndex,
    /// The least, the quartiles and the largest, not decreasing; in microseconds, ten minutes at most.
    pub create_micros: [i32; 5],
    /// The same of the deletes that follow the machine's.
    pub delete_micros: [i32; 5],
    /// Deletes by themselves, while the machine lives or after it, per resource and day, in millionths.
    pub ends_per_day_millionths: u32,
}

/// Rates are in millionths of an end per resource and day.
const RATE_STEPS: f64 = 1e6;

impl AttachedTimes {
    /// Ends by themselves per microsecond.
    fn per_micro(&self) -> f64 {
        f64::from(self.ends_per_day_millionths) / RATE_STEPS / Duration::DAY.micros() as f64
    }
}

impl Attachments {
    /// Gives flavors that never came on their own the hazards of those that came with machines, so that what has lost its
    /// machine ends as such resources do.
    pub(super) fn complete(&self, lifetimes: &mut Lifetimes, on_their_own: &BTreeSet<FlavorIndex>) {
        for row in self.times.iter().filter(|row| !on_their_own.contains(&row.flavor)) {
            let Some(hazards) = lifetimes.hazards.get_mut(row.flavor.usize()) else { continue };
            let mut start = Duration::ZERO;
            for (hazard, &end) in hazards.iter_mut().zip(&lifetimes.edges) {
                let length = (end.micros() - start.micros()) as f64;
                *hazard = in_steps(-libm::expm1(-row.per_micro() * length));
                start = end;
            }
        }
    }
}

//! Zones and labels of what is predicted, in the proportions that each tenant's resources of a flavor had them.
//!
//! They decide nothing: they are drawn for a stream that has been sampled, and enter no digest.

mod drawn;
mod learnt;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use drawn::tagged;
pub(super) use learnt::tags;

use crate::units::{FlavorIndex, TenantIndex};

/// Zones and labels by who asks for what; empty where the history has neither.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tags {
    /// Zones by index.
    pub zones: Vec<String>,
    /// Sets of labels by index.
    pub label_sets: Vec<BTreeMap<String, String>>,
    /// By tenant and flavor, in that order. A tenant's flavor that is not here has the zones of everybody's, and no labels.
    pub rows: Vec<TagRow>,
}

/// How often a tenant's resources of one flavor had which zone and labels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TagRow {
    /// Whose.
    pub tenant: TenantIndex,
    /// Of what flavor.
    pub flavor: FlavorIndex,
    /// What they had together, and how often, weighted by recency.
    pub seen: Vec<(Tag, u32)>,
}

/// The zone and the labels of a resource, as indices into [`Tags`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tag {
    /// Which zone.
    pub zone: Option<u32>,
    /// Which set of labels.
    pub labels: Option<u32>,
}

impl Tags {
    /// The zone of a tag.
    pub fn zone(&self, tag: Tag) -> Option<&str> {
        self.zones.get(tag.zone? as usize).map(String::as_str)
    }

    /// The labels of a tag.
    pub fn labels(&self, tag: Tag) -> Option<&BTreeMap<String, String>> {
        self.label_sets.get(tag.labels? as usize)
    }
}

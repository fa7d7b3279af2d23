//! Terms (zone, priority, rules) and labels of what is predicted, in the proportions that each tenant's resources of a
//! flavor had them; they are drawn for a stream that has been sampled.

mod drawn;
mod learnt;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use drawn::{tagged, with_terms};
pub(super) use learnt::tags;

use crate::units::{FlavorIndex, TenantIndex, TermsIndex};

/// Terms and labels by who asks for what; empty where the history has neither.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tags {
    /// Sets of labels by index.
    pub label_sets: Vec<BTreeMap<String, String>>,
    /// By tenant and flavor, in that order. A tenant's flavor that is not here has the zones of everybody's, and neither rules
    /// nor labels.
    pub rows: Vec<TagRow>,
}

/// How often a tenant's resources of one flavor had which terms and labels.
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

/// The terms of a resource, as an index into the scenario's, and its labels, as one into [`Tags`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tag {
    /// Which terms.
    pub terms: Option<TermsIndex>,
    /// Which set of labels.
    pub labels: Option<u32>,
}

impl Tags {
    /// The labels of a tag.
    pub fn labels(&self, tag: Tag) -> Option<&BTreeMap<String, String>> {
        self.label_sets.get(tag.labels? as usize)
    }
}

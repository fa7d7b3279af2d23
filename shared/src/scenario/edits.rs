//! What-if changes, as values.

use serde::{Deserialize, Serialize};

use super::PlacementPolicy;
use crate::request::Module;
use crate::units::{NodeGroupIndex, TenantIndex};

/// One change to a scenario, applied in order before its runs.
///
/// Edits of demand act on the sampled streams, so that everything they leave alone keeps its draws.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Edit {
    /// Multiplies how often a tenant, or everyone, creates.
    ScaleDemand {
        /// Whose; everyone's where none.
        tenant: Option<TenantIndex>,
        /// In percent: 100 changes nothing, 0 removes, 200 doubles.
        percent: u32,
    },
    /// Chooses nodes in another way.
    Placement {
        /// The policy.
        policy: PlacementPolicy,
    },
    /// Gives a module another number of workers.
    Workers {
        /// Which one.
        module: Module,
        /// How many.
        workers: u32,
    },
    /// Limits a node group.
    MaxNodes {
        /// Which one.
        node_group: NodeGroupIndex,
        /// How many at most.
        max: u32,
    },
}

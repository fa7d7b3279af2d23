//! Requests with their names replaced by indices: what the control plane reads.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Operation, ResourceClass};
use crate::units::{
    BatchIndex, Dimension, Duration, FlavorIndex, Instant, ResourceIndex, Resources, TenantIndex, TermsIndex,
};

/// Who asks and who pays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Tenant {
    /// Its name.
    pub name: String,
    /// The most it may hold at once; nothing means no limit.
    #[serde(default)]
    pub quota: Option<Resources>,
    /// Free-form labels for reports.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

/// The shape a tenant asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Flavor {
    /// Its name.
    pub name: String,
    /// The class of resource that it makes.
    pub class: ResourceClass,
    /// Its amounts.
    pub requested: Resources,
}

impl Flavor {
    /// What of it comes from no node: volumes and addresses, and the bandwidth of what is on none.
    pub fn beside_nodes(&self) -> Resources {
        let of = |dimension: Dimension| Resources::ZERO.with(dimension, self.requested[dimension]);
        let bandwidth = if self.class == ResourceClass::Compute { Resources::ZERO } else { of(Dimension::Network) };
        [Dimension::Storage, Dimension::Iops, Dimension::Addresses].into_iter().map(of).fold(bandwidth, Resources::max)
    }
}

/// One request whose names are indices into the tables of its log or scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexedRequest {
    /// When it is made.
    pub at: Instant,
    /// What it does.
    pub operation: Operation,
    /// Who asks.
    pub tenant: TenantIndex,
    /// The life that it is about.
    pub resource: ResourceIndex,
    /// The shape: the new one of a create or resize, the life's own in a delete.
    pub flavor: FlavorIndex,
    /// What was asked for together with it.
    pub batch: Option<BatchIndex>,
    /// The lifetime that the tenant announced.
    pub lifetime: Option<Duration>,
    /// Where the tenant wants it, of a create.
    pub terms: Option<TermsIndex>,
    /// Keys the random draws of this request; it survives edits of the stream.
    pub draw_key: u64,
}

/// One life of a resource, from its create to its delete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    /// The resource's name.
    pub name: Box<str>,
    /// Whose it is.
    pub tenant: TenantIndex,
    /// The shape it was created with.
    pub flavor: FlavorIndex,
    /// What it was created together with.
    pub batch: Option<BatchIndex>,
    /// When it was created.
    pub created: Instant,
    /// When it was deleted, where the log says so.
    pub deleted: Option<Instant>,
    /// The lifetime that the tenant announced.
    pub announced: Option<Duration>,
    /// Where the tenant wanted it.
    pub terms: Option<TermsIndex>,
    /// Row of the log's label sets.
    pub labels: u32,
}

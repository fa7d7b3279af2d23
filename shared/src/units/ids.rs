//! Indices into the tables of a scenario or a log, one type each so that they cannot be mixed up.

use serde::{Deserialize, Serialize};

macro_rules! index {
    ($(#[$doc:meta])* $name:ident) => {
        index!($(#[$doc])* $name: u32);
    };
    ($(#[$doc:meta])* $name:ident: $width:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub struct $name(pub $width);

        impl $name {
            /// The position in the table.
            #[inline]
            pub fn usize(self) -> usize {
                self.0 as usize
            }

            /// The index of the table's row `position`.
            ///
            /// # Panics
            /// When the table has more rows than its index can count.
            pub fn from_usize(position: usize) -> Self {
                Self($width::try_from(position).expect("a table has no more rows than its index counts"))
            }
        }
    };
}

index!(
    /// A tenant of a scenario or a log.
    TenantIndex
);
index!(
    /// A flavor of a scenario or a log.
    FlavorIndex
);
index!(
    /// A node group of a scenario's fleet.
    NodeGroupIndex
);
index!(
    /// A node, in order of its start; never reused within a run.
    NodeIndex
);
index!(
    /// One life of a resource, from its create to its delete; a reused name is a new life.
    ResourceIndex
);
index!(
    /// A set of requests that one tenant made together.
    BatchIndex
);
index!(
    /// A row of a log's or scenario's terms: where a tenant wants a resource.
    TermsIndex
);
index!(
    /// A pool of a scenario's fleet; few, so that what lives can say which ones it is in.
    PoolIndex: u16
);

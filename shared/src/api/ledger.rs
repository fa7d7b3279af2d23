//! The forecast ledger, page by page.

use serde::{Deserialize, Serialize};

use crate::feedback::ledger::Entry;

/// Some links of the forecast ledger in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LedgerPage {
    /// The links.
    pub entries: Vec<Entry>,
    /// What to ask for next as `after`; none where these are the last.
    pub next: Option<u64>,
}

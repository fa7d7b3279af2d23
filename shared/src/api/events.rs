//! Known events that were given.

use serde::{Deserialize, Serialize};

use crate::features::KnownEvent;
use crate::units::Window;

/// A known event, and when it happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EventView {
    /// What it is deleted by.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Whose demand it moves; everyone's where none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Its occurrences in the window that was asked for, in order.
    pub occurrences: Vec<Window>,
    /// The event as it was given, to give it anew with changes; none of one that came with a calendar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<KnownEvent>,
}

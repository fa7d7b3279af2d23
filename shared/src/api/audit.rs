//! Who changed what.

use serde::{Deserialize, Serialize};

use crate::units::Instant;

/// A page of what was done, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditPage {
    /// The entries.
    pub entries: Vec<AuditEntry>,
    /// The number to ask for `after` next, where there are more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

/// Something that somebody did, or tried to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditEntry {
    /// Counts the entries, from 1.
    pub number: u64,
    /// When, on the clock of the machine.
    pub at: Instant,
    /// Who.
    pub actor: Actor,
    /// What: method and route, such as `POST /v1/requests`, or the command, such as `keys create`.
    pub action: String,
    /// To what: the path of what was made or changed, or the id of the key.
    pub subject: String,
    /// What became of it.
    pub outcome: AuditOutcome,
    /// The HTTP status of the answer; none on the command line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Actor {
    /// Whoever has the key of this id.
    Key(String),
    /// Anybody: the service was started without keys.
    WithoutKey,
    /// Whoever may write to the folder of the data.
    CommandLine,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum AuditOutcome {
    /// It was done.
    Done,
    /// It was refused: the key may not, or what was sent is wrong.
    Refused,
    /// The service could not.
    Failed,
}

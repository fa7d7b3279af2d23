//! Keys of the API: who may do what.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::units::{Duration, Instant};

/// What a key may do; each role may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Role {
    /// Read.
    Viewer,
    /// Send requests, observations, readings and events, order jobs, accept what is recommended.
    Operator,
    /// Make and revoke keys, and read who did what.
    Admin,
}

impl Role {
    /// Every role, from the least to the most.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Operator, Self::Admin];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|role| role.as_str() == text);
        found.ok_or_else(|| format!("`{text}` is no role; expected viewer, operator or admin"))
    }
}

/// A key that is to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KeyOrder {
    /// What it may do.
    pub role: Role,
    /// The only tenants that it sees and speaks for, one at least; all of them where nothing is said.
    #[serde(default)]
    pub tenants: Option<Vec<String>>,
    /// What people call it.
    #[serde(default)]
    pub name: Option<String>,
    /// After how long it ends; never where nothing is said.
    #[serde(default)]
    pub expires_in: Option<Duration>,
}

/// A key with a new secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KeyRotation {
    /// How long the secret before goes on beside the new one; a day unless said.
    #[serde(default)]
    pub grace: Option<Duration>,
}

/// What is known of a key: its secret is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KeyView {
    /// The part of the key that is no secret.
    pub id: String,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it may do.
    pub role: Role,
    /// The only tenants that it sees and speaks for; all of them where none are named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenants: Option<Vec<String>>,
    /// When it was made.
    pub created_at: Instant,
    /// When it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Instant>,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Instant>,
    /// Until when the secret before the present one goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former_until: Option<Instant>,
}

/// A key as it is shown once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewKey {
    /// All of it, with its secret: `Authorization: Bearer` and this.
    pub key: String,
    /// What is known of it from now on.
    #[serde(flatten)]
    pub view: KeyView,
}

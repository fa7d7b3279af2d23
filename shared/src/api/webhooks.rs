//! Webhooks: where notifications are sent to.

use serde::{Deserialize, Serialize};

use super::{Notification, NotificationType};
use crate::units::Instant;

/// A webhook that is to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WebhookOrder {
    /// Where notifications are sent: `https://…`, or `http://…` in a network that is trusted.
    pub url: String,
    /// What people call it.
    #[serde(default)]
    pub name: Option<String>,
    /// The only types of notifications that it gets; all where nothing is said.
    #[serde(default)]
    pub types: Option<Vec<NotificationType>>,
    /// The only tenants whose notifications it gets, and then none that are of all together; everything where nothing is said.
    #[serde(default)]
    pub tenants: Option<Vec<String>>,
}

/// What is known of a webhook: its secret is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WebhookView {
    /// Its id.
    pub id: String,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where notifications are sent.
    pub url: String,
    /// The only types of notifications that it gets; all where none are named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub types: Option<Vec<NotificationType>>,
    /// The only tenants whose notifications it gets; everything where none are named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenants: Option<Vec<String>>,
    /// When it was made.
    pub created_at: Instant,
    /// Whether the file of the service's settings has it, which alone can change it.
    pub from_file: bool,
    /// How many notifications wait for it, those that are tried again included.
    pub waiting: u64,
    /// How many notifications were given up.
    pub failed: u64,
}

/// A webhook as it is shown once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewWebhook {
    /// What notifications are signed with: `whsec_` and Base64.
    pub secret: String,
    /// What is known of it from now on.
    #[serde(flatten)]
    pub view: WebhookView,
}

/// A notification that a webhook did not take, and that is sent no more until somebody asks for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FailedDelivery {
    /// What was to be sent.
    pub notification: Notification,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was tried last.
    pub failed_at: Instant,
    /// Why it failed then.
    pub error: String,
}

/// A page of what was given up, the oldest notification first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FailurePage {
    /// What was given up.
    pub failures: Vec<FailedDelivery>,
    /// The id of a notification to ask for `after` next, where there are more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

//! Notifications: what the service noticed, for whoever wants to hear of it when it happens.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Job, RecommendationView};
use crate::allocation::{Basis, BudgetOutlook};
use crate::feedback::{CostAnomaly, Decision};
use crate::units::{Instant, Window};

/// Something that the service noticed. In the form of Standard Webhooks: `type`, `timestamp` and `data`, and what is common
/// to all beside them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Notification {
    /// Its id; later ones have greater ids.
    pub id: String,
    /// When it was noticed, on the clock of the machine.
    pub timestamp: Instant,
    /// What instant it is about, on the clock of the requests.
    pub at: Instant,
    /// Whose it is; of all together where none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// All of it in a sentence.
    pub message: String,
    /// The path that has the whole of it, such as `/v1/anomalies`.
    pub path: String,
    /// What was noticed.
    #[serde(flatten)]
    pub told: Told,
}

/// What was noticed, by its type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Told {
    /// A closed window cost something else than expected.
    Anomaly(Box<AnomalyTold>),
    /// A budget was passed, or enough runs to be sure pass it.
    BudgetAtRisk(Box<BudgetOutlook>),
    /// A change is worth making that was not recommended before.
    Recommendation(Box<RecommendationView>),
    /// A challenger is trained.
    Retraining(Decision),
    /// A challenger became champion.
    Promotion(Decision),
    /// The champion before became champion again.
    Rollback(Decision),
    /// A job could not be done.
    JobFailed(Box<Job>),
    /// Somebody tries whether a webhook works.
    Test {
        /// The webhook's id.
        webhook: String,
    },
}

/// One series of a closed window that cost something else than expected. Of a tenant's series it names no other tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AnomalyTold {
    /// The window.
    pub window: Window,
    /// How its cost is known.
    pub basis: Basis,
    /// How many percent of what comes the band claims to hold.
    pub level_percent: u8,
    /// The series, its cost and its band.
    pub anomaly: CostAnomaly,
}

/// The types of notifications.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum NotificationType {
    /// A closed window cost something else than expected.
    Anomaly,
    /// A budget was passed, or enough runs to be sure pass it.
    BudgetAtRisk,
    /// A change is worth making that was not recommended before.
    Recommendation,
    /// A challenger is trained.
    Retraining,
    /// A challenger became champion.
    Promotion,
    /// The champion before became champion again.
    Rollback,
    /// A job could not be done.
    JobFailed,
    /// Somebody tries whether a webhook works.
    Test,
}

impl NotificationType {
    /// Every type.
    pub const ALL: [Self; 8] = [
        Self::Anomaly,
        Self::BudgetAtRisk,
        Self::Recommendation,
        Self::Retraining,
        Self::Promotion,
        Self::Rollback,
        Self::JobFailed,
        Self::Test,
    ];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anomaly => "anomaly",
            Self::BudgetAtRisk => "budget_at_risk",
            Self::Recommendation => "recommendation",
            Self::Retraining => "retraining",
            Self::Promotion => "promotion",
            Self::Rollback => "rollback",
            Self::JobFailed => "job_failed",
            Self::Test => "test",
        }
    }
}

impl fmt::Display for NotificationType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for NotificationType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = || Self::ALL.map(Self::as_str).join(", ");
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| format!("`{text}` is no type of notification; expected one of {}", names()))
    }
}

impl Told {
    /// Its type.
    pub const fn kind(&self) -> NotificationType {
        match self {
            Self::Anomaly(_) => NotificationType::Anomaly,
            Self::BudgetAtRisk(_) => NotificationType::BudgetAtRisk,
            Self::Recommendation(_) => NotificationType::Recommendation,
            Self::Retraining(_) => NotificationType::Retraining,
            Self::Promotion(_) => NotificationType::Promotion,
            Self::Rollback(_) => NotificationType::Rollback,
            Self::JobFailed(_) => NotificationType::JobFailed,
            Self::Test { .. } => NotificationType::Test,
        }
    }
}

/// A page of notifications, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NotificationPage {
    /// The notifications.
    pub notifications: Vec<Notification>,
    /// The id to ask for `after` next, where there are more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feedback::Verdict;

    #[test]
    fn a_notification_has_the_form_of_standard_webhooks() {
        let decision = Decision {
            at: Instant::from_micros(0),
            verdict: Verdict::Promote,
            reason: "better".to_owned(),
            signals: Vec::new(),
        };
        let notification = Notification {
            id: "n1".to_owned(),
            timestamp: Instant::from_micros(1_000_000),
            at: Instant::from_micros(0),
            tenant: None,
            message: "better".to_owned(),
            path: "/v1/decisions".to_owned(),
            told: Told::Promotion(decision),
        };
        let json = serde_json::to_value(&notification).unwrap();
        assert_eq!((&json["type"], &json["timestamp"]), (&"promotion".into(), &"1970-01-01T00:00:01Z".into()));
        assert_eq!(json["data"]["verdict"], "promote");
        assert_eq!(serde_json::from_value::<Notification>(json).unwrap(), notification);
    }

    #[test]
    fn types_are_named_as_on_the_wire() {
        for kind in NotificationType::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        assert!("event".parse::<NotificationType>().unwrap_err().contains("budget_at_risk"));
    }
}

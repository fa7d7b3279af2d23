//! Work that takes longer than an answer.

use serde::{Deserialize, Serialize};

use crate::units::Instant;

/// One job; its times are of the wall clock, in the demo too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Job {
    /// Its id.
    pub id: String,
    /// What it does.
    pub kind: JobKind,
    /// How far it came.
    pub state: JobState,
    /// How far it came, in steps.
    pub progress: Progress,
    /// When it was asked for.
    pub queued_at: Instant,
    /// When it began, the last time.
    pub started_at: Option<Instant>,
    /// When it ended.
    pub finished_at: Option<Instant>,
    /// Why it failed, the last time.
    pub failure: Option<String>,
    /// How often it was begun.
    #[serde(default)]
    pub attempts: u32,
    /// When it is begun again, where it waits for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Instant>,
}

/// A page of jobs, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JobPage {
    /// The jobs.
    pub jobs: Vec<Job>,
    /// The id to ask for `after` next, where there are older ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum JobKind {
    /// Runs an ensemble of shadows that someone ordered.
    ShadowRun,
    /// Trains a challenger.
    Retraining,
    /// Explains a request.
    Explanation,
    /// Looks for the requests that a variance comes from.
    Bisection,
    /// Looks for what is worth changing.
    Recommendation,
    /// Holds a closed day against the changes that were accepted.
    SavingCheck,
    /// Gives up what is older than it is kept.
    Trimming,
}

/// The states of a job; a running one is queued again when the service restarts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum JobState {
    /// Waits for its turn.
    Queued,
    /// Is being worked on.
    Running,
    /// Is done.
    Succeeded,
    /// Could not be done.
    Failed,
    /// Was not wanted any more.
    Cancelled,
}

/// Steps done of a total; a total of 0 is not known yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Progress {
    /// Steps done.
    pub done: u64,
    /// Steps in all.
    pub total: u64,
}

impl JobKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::ShadowRun,
        Self::Retraining,
        Self::Explanation,
        Self::Bisection,
        Self::Recommendation,
        Self::SavingCheck,
        Self::Trimming,
    ];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ShadowRun => "shadow_run",
            Self::Retraining => "retraining",
            Self::Explanation => "explanation",
            Self::Bisection => "bisection",
            Self::Recommendation => "recommendation",
            Self::SavingCheck => "saving_check",
            Self::Trimming => "trimming",
        }
    }
}

impl JobState {
    /// Whether nothing will become of it any more.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

//! Answers to ingested requests and observations.

use serde::{Deserialize, Serialize};

/// What became of every line of a body. Accepted means committed: it survives a kill.
///
/// Where the log is reached through a stream, it is the stream that has committed it. What the log has already, in the same
/// words or others, is then found when it is folded: the status tells of it, and here such a line is accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IngestAnswer {
    /// Lines that are new in the log.
    pub accepted: u64,
    /// Lines that were in the log already, with the same content.
    pub duplicates: u64,
    /// Lines that are not in the log.
    pub refused: u64,
    /// One answer a line, in order.
    pub lines: Vec<LineAnswer>,
}

/// What became of one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LineAnswer {
    /// Line of the body, or position in the array, counted from 1.
    pub line: u64,
    /// What became of it.
    pub outcome: LineOutcome,
    /// The request's id, where the line could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Of a line that was refused: why, for programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<LineCode>,
    /// The field that is to blame for a refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Why it was refused and what would have been right; of a line that was taken, what to know about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Why a line is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum LineCode {
    /// It is wrong by itself: sending it again would help nobody.
    Wrong,
    /// Another one with its id, or its place, came in before, and stays.
    Conflict,
    /// It is older than what may come in, or than what is kept.
    TooLate,
    /// It is dated later than the service's clock lets it be.
    TooEarly,
}

/// The three things that can become of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum LineOutcome {
    /// New in the log.
    Accepted,
    /// In the log already, with the same content.
    Duplicate,
    /// Not in the log.
    Refused,
}

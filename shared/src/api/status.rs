//! What the service is doing.

use serde::{Deserialize, Serialize};

use super::{LineCode, ObservedView, StartView};
use crate::allocation::Basis;
use crate::units::{Duration, Instant};

/// The service at one instant of its clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Status {
    /// Version of the program.
    pub version: String,
    /// The clock; virtual in the demo.
    pub now: Instant,
    /// Whether the requests are those of the example workload.
    pub demo: bool,
    /// Seconds of the clock per second; 1 outside the demo.
    pub speed: f64,
    /// The time step of counts.
    pub bin: Duration,
    /// The time step of costs.
    pub cost_bin: Duration,
    /// IANA name of the time zone whose days are the windows of reports.
    pub time_zone: String,
    /// ISO 4217 code of every amount.
    pub currency: String,
    /// Tenants seen, in order of first appearance.
    pub tenants: Vec<String>,
    /// Flavors that requests name, in order of first appearance.
    #[serde(default)]
    pub flavors: Vec<String>,
    /// The first request of the log.
    pub first_request: Option<Instant>,
    /// The last request of the log.
    pub last_request: Option<Instant>,
    /// Requests in the log.
    pub requests: u64,
    /// Observations in the log.
    pub observations: u64,
    /// Sensor readings in the log.
    #[serde(default)]
    pub readings: u64,
    /// From the last request to the clock, in seconds; 0 where the last one belongs to an hour that is still open.
    pub lag_s: Option<f64>,
    /// How long the hour that closes next has been over and due to close, in seconds: 0 while the service keeps up.
    #[serde(default)]
    pub behind_s: f64,
    /// How far the service's clock is behind what it has shown, where it was set back, in seconds: until it is past that,
    /// nothing closes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_behind_s: Option<f64>,
    /// Since when requests are kept, where older ones were given up; what is before is counted by bin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_kept_from: Option<Instant>,
    /// Since when those bins are kept, where older ones were given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bins_kept_from: Option<Instant>,
    /// How far is forecast, the shortest first, and the newest forecast of each.
    #[serde(default)]
    pub horizons: Vec<HorizonView>,
    /// Forecasts that were passed over since the start; none while each was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<SkippedForecasts>,
    /// Deletes and resizes of resources that the log never created: it began in mid-life.
    pub orphans: u64,
    /// Requests that cannot be beside earlier ones, such as creates of what lives; they are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contradictions: Option<Contradictions>,
    /// The model that makes the forecasts.
    pub model: Option<ModelInUse>,
    /// Why it is not the champion that was promoted last, where that could not be loaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<String>,
    /// Why there is no forecast, while there is none.
    pub not_ready: Option<NotReady>,
    /// Where the facts about placements come from: metered where enough of them were observed.
    pub basis: Basis,
    /// What was observed of the day that is open, and what was impossible about it.
    #[serde(default)]
    pub observed: ObservedView,
    /// What the primary began with, where it was said to begin with anything, once that hour has closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<StartView>,
    /// The stream that requests and observations go through before they are in the log, where they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<StreamView>,
}

/// The stream between those who take requests in and the log.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StreamView {
    /// Messages that are not folded into the log yet, of many records each; none while nobody answers there.
    pub messages: Option<u64>,
    /// How long the oldest of them has waited, in seconds; none while nobody answers there.
    pub lag_s: Option<f64>,
    /// Records that were folded since the service began.
    pub folded: u64,
    /// Of these, how many were in the log already, or came twice.
    pub duplicates: u64,
    /// Of these, how many could not be added to the log, though they were acknowledged.
    pub refused: u64,
    /// The newest of those.
    #[serde(default)]
    pub refusals: Vec<RefusedRecord>,
}

/// A record that was acknowledged, and could not be added to the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RefusedRecord {
    /// The id of the request that it is, or is about.
    pub id: String,
    /// Why, for programs.
    pub code: LineCode,
    /// Why, in words.
    pub message: String,
}

/// One of the horizons that are forecast.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HorizonView {
    /// How far it reaches.
    pub horizon: Duration,
    /// The instant of its newest forecast; none before the first.
    pub origin: Option<Instant>,
    /// Why there is none since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_ready: Option<NotReady>,
}

/// Forecasts that were not made, because the next one was due before their turn came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SkippedForecasts {
    /// How many there are.
    pub count: u64,
    /// The instant of the last of them.
    pub last: Instant,
}

/// Requests that contradict earlier ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Contradictions {
    /// How many there are.
    pub count: u64,
    /// The id of the first of them.
    pub request: String,
    /// What is wrong with it.
    pub message: String,
}

/// The champion, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModelInUse {
    /// Its name, such as `lstm`.
    pub name: String,
    /// Counts its fits, from 1.
    pub version: u32,
    /// The end of the history that it was fitted on.
    pub fitted_until: Instant,
}

/// Why there is no forecast yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NotReady {
    /// A word for programs, such as `needs_more_history`.
    pub reason: String,
    /// A sentence for people, such as `needs 288 more bins`.
    pub message: String,
    /// How many bins of history are missing, where that is the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bins_missing: Option<u64>,
}

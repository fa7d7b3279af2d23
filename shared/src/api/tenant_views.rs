//! What a key that is limited to some tenants is answered where others are answered more: nothing here counts, names or
//! sums up anybody else.

use serde::{Deserialize, Serialize};

use super::NotReady;
use crate::allocation::{AllocationRow, Basis, Status as ActualStatus};
use crate::feedback::CostAnomaly;
use crate::units::{Duration, Instant, Window};

/// The service, as far as it concerns some tenants.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TenantStatus {
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
    /// The tenants of the key, whether they have been seen or not.
    pub tenants: Vec<String>,
    /// How far is forecast, the shortest first, and the newest forecast of each.
    pub horizons: Vec<TenantHorizon>,
}

/// One of the horizons that are forecast.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TenantHorizon {
    /// How far it reaches.
    pub horizon: Duration,
    /// The instant of its newest forecast; none before the first.
    pub origin: Option<Instant>,
}

/// Closed windows in order of time, as far as they concern some tenants.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TenantReportList {
    /// One report a window.
    pub windows: Vec<TenantReport>,
    /// Why there is no window, where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_ready: Option<NotReady>,
}

/// What the workload of some tenants was predicted to cost and cost in one window; idle, overhead and modules are nobody's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TenantReport {
    /// The window.
    pub window: Window,
    /// How far the forecast behind it reached.
    pub horizon: Duration,
    /// How many runs the prediction has.
    pub runs: u32,
    /// How the actual amounts are known; none while there are none.
    pub basis: Option<Basis>,
    /// Whether they may still change.
    pub status: ActualStatus,
    /// One row a tenant.
    pub rows: Vec<AllocationRow>,
}

/// Closed windows in order of time, each with which of some tenants is out of its band.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TenantAnomalyList {
    /// One report a window.
    pub windows: Vec<TenantAnomalies>,
    /// Why there is no window, where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_ready: Option<NotReady>,
}

/// The tenants whose workload cost something else than expected in one window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TenantAnomalies {
    /// The window.
    pub window: Window,
    /// How its cost is known.
    pub basis: Basis,
    /// How many percent of what comes each band claims to hold.
    pub level_percent: u8,
    /// Those that are outside, the largest first.
    pub anomalies: Vec<CostAnomaly>,
}

//! Closed windows: what was predicted, what it cost, and why the two differ.

use serde::{Deserialize, Serialize};

use super::{Basis, MoneyBand};
use crate::units::{Money, Window};

/// Reports of closed windows in order of time, and the accuracy after the last of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportList {
    /// One report a window.
    pub windows: Vec<ReportView>,
    /// The specification's accuracy after the last window; none before the first.
    pub prediction_accuracy: Option<f64>,
}

/// What one window cost, against what the forecast at its start predicted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportView {
    /// The window: a day of the time zone.
    pub window: Window,
    /// Where the actual amounts come from.
    pub basis: Basis,
    /// Whether facts may still arrive that change it.
    pub provisional: bool,
    /// What the model that made the forecast is called.
    pub model: String,
    /// Total over the runs.
    pub predicted: MoneyBand,
    /// Total.
    pub actual: Money,
    /// Actual − predicted mean.
    pub variance: Money,
    /// The variance by cause; the amounts that are known add up to it.
    pub causes: Vec<CauseView>,
    /// The specification's accuracy after this window; none while every actual was zero.
    pub prediction_accuracy: Option<f64>,
    /// Rows of the grouping that was asked for; their totals add up to predicted and actual.
    pub rows: Vec<AllocationRow>,
    /// Where it is worth looking, most money first.
    pub optimization_areas: Vec<String>,
}

/// One cause of the variance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CauseView {
    /// `volume`, `mix`, `timing`, `placement`, `price` or `residual`.
    pub cause: String,
    /// How much of the variance; none where the cause was not observed, which is not 0.
    pub amount: Option<Money>,
}

/// One row of an allocation: a tenant, a module or a flavor, or what belongs to none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AllocationRow {
    /// What the row is: `tenant`, `flavor`, `workload`, `idle`, `overhead`, `module`, `shared`.
    pub kind: String,
    /// Its name; empty where the kind says all.
    pub name: String,
    /// Mean over the runs.
    pub predicted: Money,
    /// What it cost.
    pub actual: Money,
}

//! Cost allocation: what was predicted and what came, by who caused it, and how good the prediction was.

mod accuracy;
mod band;
mod basis;
mod cause;
mod report;
mod rows;

pub use accuracy::{CostErrors, PredictionAccuracy, Update};
pub use band::{MoneyBand, mean_column, quantile};
pub use basis::{Basis, Status};
pub use cause::{Cause, CauseAmount, OptimizationArea};
pub use report::{ActualCost, AllocationReport, PredictedCost, ReportContext, allocate};
pub use rows::{AllocationRow, Grouping, RowKind};

//! Cost allocation: what was predicted and what came, by who caused it, and how good the prediction was.

mod accuracy;
mod band;
mod basis;
mod budget;
mod cause;
mod metering;
mod report;
mod rows;
mod statement;

pub use accuracy::{CostErrors, PredictionAccuracy, Update};
pub use band::{MoneyBand, mean_column, quantile};
pub use basis::{Basis, Status};
pub use budget::{
    Budget, BudgetOutlook, BudgetPeriod, BudgetRun, BudgetScope, BudgetState, BudgetWatch, read_budgets,
    unknown_beginnings,
};
pub use cause::{Cause, CauseAmount, EarlierVariance, OptimizationArea, Recurrence};
pub use metering::{
    CoveredLine, MeteredCommitment, MeteredCover, MeteredFlavor, MeteredGroup, MeteredModule, MeteredNode, MeteredUse,
    Metering, MeteringNames, ResourceLabels, UsageBeyond, read_metering, with_usage, write_metering,
};
pub use report::{ActualCost, AllocationReport, PredictedCost, ReportContext, allocate};
pub use rows::{AllocationRow, Grouping, RowKind};
pub use statement::{
    ACTIVE_TENANTS, AggregatedMetering, Amounts, AmountsView, CauseStep, FOCUS_COLUMNS, FinestCosts, FinestGroups,
    FocusError, FocusSettings, GROUPINGS_MAX, GroupBy, IdlePolicy, KeptCost, KeptStep, KeptVariance, Key,
    LabelsNotKept, Metric, NO_GROUP, Replayed, Resolution, RowView, SLICES_MAX, SharedPolicy, Statement,
    StatementError, StatementRow, StatementSettings, StatementView, UnitCost, VarianceRow, VarianceStatement,
    focus_groupings, focus_rows, read_metric, read_weights, readings_outside, suits_focus, unit_costs,
};

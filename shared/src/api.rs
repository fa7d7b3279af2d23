//! Wire types of the HTTP API: what the service answers and the dashboard reads.
//!
//! Domain types travel as they are; the types here only say which of them come together. Every path is in [`paths`].

mod anomalies;
mod audit;
mod bills;
mod bisections;
mod budgets;
mod calibrations;
mod costs;
mod decisions;
mod demand;
mod events;
mod explanations;
mod foreign_events;
mod ingest;
mod jobs;
mod keys;
mod ledger;
mod models;
mod module_views;
mod notifications;
mod observed;
pub mod paths;
mod predicted;
mod problem;
mod quotes;
mod recommendations;
mod reports;
mod scenarios;
mod shadow_runs;
mod start;
mod status;
mod summary;
mod tenant_views;
mod webhooks;

pub use crate::allocation::{Basis, MoneyBand};
pub use anomalies::AnomalyList;
pub use audit::{Actor, AuditEntry, AuditOutcome, AuditPage};
pub use bills::{BillAnswer, BilledReportList};
pub use bisections::{Bisected, BisectedCase, BisectedFinding, BisectedRequest, BisectionOrder, BisectionRun};
pub use budgets::BudgetList;
pub use calibrations::{CalibrationList, NotCalibrated, Uncalibrated};
pub use costs::{CostBin, CostSeries};
pub use decisions::DecisionPage;
pub use demand::{DemandSeries, ForecastAnswer, ForecastBin, ForecastView};
pub use events::EventView;
pub use explanations::{ExplanationOrder, ExplanationRun, ExplanationView, FixView};
pub use foreign_events::ForeignEventsAnswer;
pub use ingest::{IngestAnswer, LineAnswer, LineCode, LineOutcome};
pub use jobs::{Job, JobKind, JobPage, JobState, Progress};
pub use keys::{KeyOrder, KeyRotation, KeyView, NewKey, Role};
pub use ledger::LedgerPage;
pub use models::{ModelList, ModelRole, ModelScore, ModelView};
pub use module_views::{ModuleView, QueueView};
pub use notifications::{AnomalyTold, Notification, NotificationPage, NotificationType, Told};
pub use observed::{AnomalyCount, ObservedView};
pub use predicted::{PredictedMetric, PredictedValue};
pub use problem::{FieldProblem, ProblemDocument};
pub use quotes::{QuoteFix, QuoteOrder, QuoteView};
pub use recommendations::{
    AcceptanceState, AcceptedRecommendation, AdviceView, DifferenceView, DismissalOrder, DismissedRecommendation,
    ExportedFile, RecommendationExport, RecommendationList, RecommendationView, SavingCheck, TogetherView,
};
pub use reports::{ReportList, StatementAnswer, UnreportedWindow, VarianceList, WindowReport};
pub use scenarios::{SavedScenario, ScenarioLink};
pub use shadow_runs::{
    CommitmentView, CommitmentsView, DurationsView, EvictionView, Label, Labels, OutcomeView, PoolShare, PoolView,
    RefusalView, RunTimelineBin, ShadowRun, ShadowRunOrder, TenantBand,
};
pub use start::{LeftOut, StartAnomaly, StartView};
pub use status::{
    Contradictions, HorizonView, ModelInUse, NotReady, RefusedRecord, SkippedForecasts, Status, StreamView,
};
pub use tenant_views::{
    TenantAnomalies, TenantAnomalyList, TenantHorizon, TenantReport, TenantReportList, TenantStatus,
};
pub use webhooks::{FailedDelivery, FailurePage, NewWebhook, WebhookOrder, WebhookView};

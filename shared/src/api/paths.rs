//! The route table: every path of the API, once.

/// `GET`: the process runs.
pub const LIVE: &str = "/livez";
/// `GET`: the store answers and the loop has caught up.
pub const READY: &str = "/readyz";
/// `GET`: what a monitoring system wants to know, in OpenMetrics.
pub const METRICS: &str = "/metrics";
/// `GET`: the OpenAPI 3.1 document.
pub const OPENAPI: &str = "/openapi.json";
/// `POST`: requests as NDJSON or as a JSON array, gzip and zstd allowed → [`IngestAnswer`](super::IngestAnswer).
pub const REQUESTS: &str = "/v1/requests";
/// `POST`: observations as NDJSON or as a JSON array → [`IngestAnswer`](super::IngestAnswer).
pub const OBSERVATIONS: &str = "/v1/observations";
/// `POST`: audit events of a Kubernetes API server, an EventList as its webhook sends it, or one Event a line →
/// [`ForeignEventsAnswer`](super::ForeignEventsAnswer).
pub const KUBERNETES_AUDIT: &str = "/v1/kubernetes/audit";
/// `POST`: records of AWS CloudTrail, `{"Records": […]}`, one a line, or an event of EventBridge with one as its `detail` →
/// [`ForeignEventsAnswer`](super::ForeignEventsAnswer).
pub const CLOUDTRAIL: &str = "/v1/aws/cloudtrail";
/// `POST`: [`SensorReading`](crate::features::SensorReading)s as NDJSON, as a JSON array, or as CSV
/// `at,sensor,scope,value` → [`IngestAnswer`](super::IngestAnswer). `GET ?from&to&sensor` → their means per bin, a list of
/// [`SensorReading`](crate::features::SensorReading)s, those of the last day unless said.
pub const SENSORS: &str = "/v1/sensors";
/// `POST`: a `WriteRequest` of Prometheus' remote write 1.0, packed by snappy → 204.
pub const REMOTE_WRITE: &str = "/v1/prometheus/write";
/// `POST`: [`KnownEvent`](crate::features::KnownEvent)s as NDJSON, as a JSON array, as CSV
/// `name,start,end[,tenant][,repeat]`, or as a calendar (RFC 5545) → [`IngestAnswer`](super::IngestAnswer); one with the
/// name, tenant and start of an earlier one, or with its UID, replaces it. `GET ?from&to` → a list of
/// [`EventView`](super::EventView), the next thirty days unless said.
pub const EVENTS: &str = "/v1/events";
/// `DELETE` → what was known by that id, a list of [`EventView`](super::EventView).
pub const EVENT: &str = "/v1/events/{id}";
/// `GET` → [`Status`](super::Status), or [`TenantStatus`](super::TenantStatus) for a key that is limited to some tenants;
/// with `Accept: text/event-stream` as events of the type `status`, whenever it has changed.
pub const STATUS: &str = "/v1/status";
/// `GET ?from&to&tenant&class&flavor` → [`DemandSeries`](super::DemandSeries).
pub const DEMAND: &str = "/v1/demand";
/// `GET ?horizon=1d&tenant&class&flavor` → [`ForecastAnswer`](super::ForecastAnswer).
pub const FORECASTS: &str = "/v1/forecasts";
/// `GET ?metric=creates|cost|live|nodes&within=1h&tenant` → [`PredictedValue`](super::PredictedValue): one number, for what
/// scales by it.
pub const PREDICTED: &str = "/v1/metrics/predicted";
/// `GET ?from&to` → [`CostSeries`](super::CostSeries).
pub const COSTS: &str = "/v1/costs";
/// `GET ?horizon=1d` → [`CorrectedPrediction`](crate::feedback::CorrectedPrediction): what the newest window is predicted to
/// cost, corrected beside uncorrected.
pub const CORRECTED_COSTS: &str = "/v1/costs/corrected";
/// `POST` [`ShadowRunOrder`](super::ShadowRunOrder) → 202, `Location` and [`ShadowRun`](super::ShadowRun); `GET` →
/// the newest fifty, without outcomes.
pub const SHADOW_RUNS: &str = "/v1/shadow-runs";
/// `GET` → [`ShadowRun`](super::ShadowRun); `DELETE` cancels it.
pub const SHADOW_RUN: &str = "/v1/shadow-runs/{id}";
/// `POST` [`ExplanationOrder`](super::ExplanationOrder) → 202, `Location` and
/// [`ExplanationRun`](super::ExplanationRun); `GET` → the newest fifty, without answers.
pub const EXPLANATIONS: &str = "/v1/explanations";
/// `GET` → [`ExplanationRun`](super::ExplanationRun); `DELETE` cancels it.
pub const EXPLANATION: &str = "/v1/explanations/{id}";
/// `POST` [`BisectionOrder`](super::BisectionOrder) → 202, `Location` and [`BisectionRun`](super::BisectionRun); `GET` →
/// the newest fifty, without answers.
pub const BISECTIONS: &str = "/v1/bisections";
/// `GET` → [`BisectionRun`](super::BisectionRun); `DELETE` cancels it.
pub const BISECTION: &str = "/v1/bisections/{id}";
/// `POST` [`QuoteOrder`](super::QuoteOrder) → [`QuoteView`](super::QuoteView): what requests would cost, where they would go
/// and when they would be ready, on a fork of the primary; nothing of it is kept.
pub const QUOTES: &str = "/v1/quotes";
/// `GET ?from&to&by=tenant|module|flavor` → [`ReportList`](super::ReportList), or
/// [`TenantReportList`](super::TenantReportList) for a key that is limited to some tenants.
pub const ALLOCATION: &str = "/v1/reports/allocation";
/// `GET ?from&to&by=tenant,flavor` → [`VarianceList`](super::VarianceList): what was predicted beside what came, by any
/// two groupings.
pub const VARIANCE: &str = "/v1/reports/variance";
/// `GET ?from&to&by=tenant,flavor&resolution&idle&shared&weights` → [`StatementAnswer`](super::StatementAnswer); `POST` of
/// `at,metric,value` as CSV → the same with what units of these metrics cost.
pub const STATEMENT: &str = "/v1/reports/statement";
/// `GET ?from&to&resolution&idle&shared&weights&provider`: the same as charges of FOCUS 1.2, CSV.
pub const FOCUS: &str = "/v1/reports/focus";
/// `GET` → [`RecommendationList`](super::RecommendationList); `POST` → 202, `Location` and [`Job`](super::Job): a search of
/// what is predicted from now on.
pub const RECOMMENDATIONS: &str = "/v1/recommendations";
/// `PUT` accepts what is recommended → 201, or 200 where it was accepted before, and
/// [`AcceptedRecommendation`](super::AcceptedRecommendation); `GET` → the same with what closed days show; `DELETE`
/// withdraws it → [`RecommendationList`](super::RecommendationList).
pub const ACCEPTANCE: &str = "/v1/recommendations/{id}/acceptance";
/// `PUT` of a [`DismissalOrder`](super::DismissalOrder) dismisses what is recommended → 201, or 200 where it was dismissed
/// before, and [`DismissedRecommendation`](super::DismissedRecommendation); `DELETE` restores it →
/// [`RecommendationList`](super::RecommendationList).
pub const DISMISSAL: &str = "/v1/recommendations/{id}/dismissal";
/// `GET ?tool=karpenter|kubectl` → [`RecommendationExport`](super::RecommendationExport): files that carry it out.
pub const RECOMMENDATION_EXPORT: &str = "/v1/recommendations/{id}/export";
/// `GET ?from&to` → [`AnomalyList`](super::AnomalyList), or [`TenantAnomalyList`](super::TenantAnomalyList) for a key that
/// is limited to some tenants.
pub const ANOMALIES: &str = "/v1/anomalies";
/// `POST ?stated&currency&equal_lines`: a bill in FOCUS's form as CSV, or OpenCost's allocations as JSON →
/// [`BillAnswer`](super::BillAnswer); `GET ?by=tenant,day` → [`BillReport`](crate::bill::BillReport) of all that stand.
pub const BILLS: &str = "/v1/bills";
/// `GET ?from&to` → [`BilledReportList`](super::BilledReportList): closed days, predicted and billed.
pub const BILLED: &str = "/v1/reports/billed";
/// `GET` → [`BudgetList`](super::BudgetList), by the newest forecast.
pub const BUDGETS: &str = "/v1/budgets";
/// `GET` → [`CalibrationList`](super::CalibrationList), as the newest closed day left them.
pub const CALIBRATIONS: &str = "/v1/calibrations";
/// `GET ?after&limit` → [`LedgerPage`](super::LedgerPage).
pub const LEDGER: &str = "/v1/ledger";
/// `GET` → [`Scorecard`](crate::feedback::ledger::Scorecard).
pub const SCORECARD: &str = "/v1/scorecard";
/// `GET ?limit` → a list of [`Decision`](crate::feedback::Decision), newest first.
pub const DECISIONS: &str = "/v1/decisions";
/// `GET` → [`ModelList`](super::ModelList).
pub const MODELS: &str = "/v1/models";
/// `POST` → [`Decision`](crate::feedback::Decision).
pub const ROLLBACK: &str = "/v1/models/rollback";
/// `POST` → 202, `Location` and [`Job`](super::Job).
pub const RETRAINING: &str = "/v1/retraining";
/// `GET ?limit` → a list of [`Job`](super::Job), newest first.
pub const JOBS: &str = "/v1/jobs";
/// `GET` → [`Job`](super::Job); `DELETE` cancels it.
pub const JOB: &str = "/v1/jobs/{id}";
/// `GET` → the [`SavedScenario`](super::SavedScenario) of the latest shadow run.
pub const CURRENT_SCENARIO: &str = "/v1/scenarios/current";
/// `POST` [`SavedScenario`](super::SavedScenario) → 201, `Location` and [`ScenarioLink`](super::ScenarioLink).
pub const SCENARIOS: &str = "/v1/scenarios";
/// `GET` → [`SavedScenario`](super::SavedScenario).
pub const SCENARIO: &str = "/v1/scenarios/{hash}";
/// `GET` → a list of [`KeyView`](super::KeyView); `POST` [`KeyOrder`](super::KeyOrder) → 201, `Location` and
/// [`NewKey`](super::NewKey), whose secret is shown this once.
pub const KEYS: &str = "/v1/keys";
/// `DELETE` revokes the key → [`KeyView`](super::KeyView).
pub const KEY: &str = "/v1/keys/{id}";
/// `POST` [`KeyRotation`](super::KeyRotation) → [`NewKey`](super::NewKey): the same key with a new secret.
pub const KEY_ROTATION: &str = "/v1/keys/{id}/rotation";
/// `GET ?after&limit` → [`AuditPage`](super::AuditPage).
pub const AUDIT: &str = "/v1/audit";
/// `GET ?after&limit` → [`NotificationPage`](super::NotificationPage); with `Accept: text/event-stream` the same as they
/// happen, as Server-Sent Events after `Last-Event-ID`.
pub const NOTIFICATIONS: &str = "/v1/notifications";
/// `GET` → a list of [`WebhookView`](super::WebhookView); `POST` [`WebhookOrder`](super::WebhookOrder) → 201, `Location` and
/// [`NewWebhook`](super::NewWebhook), whose secret is shown this once.
pub const WEBHOOKS: &str = "/v1/webhooks";
/// `DELETE` forgets the webhook → [`WebhookView`](super::WebhookView).
pub const WEBHOOK: &str = "/v1/webhooks/{id}";
/// `POST` sends a test → 202 and the [`Notification`](super::Notification).
pub const WEBHOOK_TEST: &str = "/v1/webhooks/{id}/test";
/// `GET ?after&limit` → [`FailurePage`](super::FailurePage).
pub const WEBHOOK_FAILURES: &str = "/v1/webhooks/{id}/failures";
/// `POST` sends what was given up again → 202 and the [`Notification`](super::Notification).
pub const WEBHOOK_FAILURE: &str = "/v1/webhooks/{id}/failures/{notification}";

//! What lasts, and what it is called where Alertmanager routes it.

use std::collections::BTreeMap;

use shared::allocation::{BudgetOutlook, BudgetState};
use shared::api::{BudgetList, Job, JobKind, JobState, Notification, NotificationType, paths};
use shared::feedback::{AnomalyReport, Decision};
use shared::units::Duration;

use super::told::{anomaly_in_words, budget_in_words, failure_in_words, is_at_risk};
use crate::access::tenant_of;
use crate::shadowing::{REPORTED, Snapshot};

/// Something that lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Alert {
    /// One of [`NAMES`].
    pub(super) name: &'static str,
    pub(super) severity: Severity,
    /// What tells it from others of its name.
    pub(super) labels: BTreeMap<&'static str, String>,
    /// All of it in a sentence.
    pub(super) summary: String,
    /// The path that has the whole of it.
    pub(super) path: &'static str,
}

/// How urgent it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Severity {
    /// Good to know.
    Info,
    /// To be looked at in the next days.
    Warning,
    /// To be looked at now.
    Critical,
}

const COST_ANOMALY: &str = "ShadowplaneCostAnomaly";
const BUDGET_AT_RISK: &str = "ShadowplaneBudgetAtRisk";
const DEMAND_DRIFT: &str = "ShadowplaneDemandDrift";
const RETRAINING: &str = "ShadowplaneRetraining";
const MODEL_CHANGED: &str = "ShadowplaneModelChanged";
const MODEL_FAILED: &str = "ShadowplaneModelFailed";
const NO_FORECAST: &str = "ShadowplaneNoForecast";
const BEHIND: &str = "ShadowplaneBehind";

/// What alerts are called.
pub(super) const NAMES: [&str; 8] =
    [COST_ANOMALY, BUDGET_AT_RISK, DEMAND_DRIFT, RETRAINING, MODEL_CHANGED, MODEL_FAILED, NO_FORECAST, BEHIND];

/// A step that is due for so long says that the loop is behind.
const BEHIND_MAX: Duration = Duration::from_minutes(15);

/// What the signals of demand that goes wrong begin with.
const DRIFT_SIGNAL: &str = "demand_drift";

/// What was written down last, and what is true now.
#[derive(Debug, Default)]
pub(super) struct Present {
    pub(super) snapshot: Snapshot,
    /// How long what closes next has been due.
    pub(super) behind: Duration,
    /// The newest closed window of a report.
    pub(super) anomalies: Option<AnomalyReport>,
    pub(super) budgets: Option<BudgetList>,
    /// The newest decision to train or not to.
    pub(super) decision: Option<Decision>,
    /// The newest jobs, the newest first.
    pub(super) jobs: Vec<Job>,
    /// What was noticed in the last hour.
    pub(super) recent: Vec<Notification>,
}

/// Everything that lasts.
pub(super) fn alerts(present: &Present) -> Vec<Alert> {
    let mut alerts: Vec<Alert> = present.anomalies.iter().flat_map(of_anomalies).collect();
    alerts.extend(present.budgets.iter().flat_map(of_budgets));
    alerts.extend(present.decision.as_ref().and_then(of_drift));
    alerts.extend(of_trainings(&present.jobs));
    alerts.extend(of_changes(&present.recent));
    alerts.extend(of_loop(present));
    alerts
}

fn of_anomalies(report: &AnomalyReport) -> impl Iterator<Item = Alert> {
    report.anomalies.iter().map(|anomaly| {
        let alert =
            Alert::new(COST_ANOMALY, Severity::Warning, anomaly_in_words(anomaly, report.window), paths::ANOMALIES);
        let alert = alert.with("series", anomaly.kind.as_str()).with("name", &anomaly.name);
        match tenant_of(anomaly) {
            Some(tenant) => alert.with("tenant", tenant),
            None => alert,
        }
    })
}

/// Of each budget the first period that is at risk.
fn of_budgets(list: &BudgetList) -> Vec<Alert> {
    let mut first: BTreeMap<&str, &BudgetOutlook> = BTreeMap::new();
    for outlook in list.budgets.iter().filter(|outlook| is_at_risk(outlook)) {
        first.entry(outlook.budget.as_str()).or_insert(outlook);
    }
    let alert = |outlook: &BudgetOutlook| {
        let severity = if outlook.state == BudgetState::Breached { Severity::Critical } else { Severity::Warning };
        let alert = Alert::new(BUDGET_AT_RISK, severity, budget_in_words(outlook), paths::BUDGETS);
        let alert = alert.with("budget", &outlook.budget);
        match &outlook.tenant {
            Some(tenant) => alert.with("tenant", tenant),
            None => alert,
        }
    };
    first.into_values().map(alert).collect()
}

fn of_drift(decision: &Decision) -> Option<Alert> {
    let fired = decision.signals.iter().find(|signal| signal.fired && signal.name.starts_with(DRIFT_SIGNAL))?;
    let summary = format!("demand is other than predicted ({}): {}", fired.name, decision.reason);
    Some(Alert::new(DEMAND_DRIFT, Severity::Warning, summary, paths::DECISIONS))
}

fn of_trainings(jobs: &[Job]) -> Option<Alert> {
    let newest = jobs.iter().find(|job| job.kind == JobKind::Retraining)?;
    match (newest.state, &newest.failure) {
        (JobState::Queued | JobState::Running, _) => {
            let summary = format!("a challenger is trained, by the job {}", newest.id);
            Some(Alert::new(RETRAINING, Severity::Info, summary, paths::JOBS))
        }
        (JobState::Failed, Some(failure)) => {
            let summary = failure_in_words(newest, failure);
            Some(Alert::new(MODEL_FAILED, Severity::Warning, summary, paths::JOBS).with("reason", "training"))
        }
        _ => None,
    }
}

/// A change of the champion is told for an hour.
fn of_changes(recent: &[Notification]) -> Option<Alert> {
    let changes = [NotificationType::Promotion, NotificationType::Rollback];
    let newest = recent.iter().rev().find(|notification| changes.contains(&notification.told.kind()))?;
    Some(Alert::new(MODEL_CHANGED, Severity::Info, newest.message.clone(), paths::MODELS))
}

fn of_loop(present: &Present) -> Vec<Alert> {
    let mut alerts = Vec::new();
    let snapshot = &present.snapshot;
    if let Some(fallback) = &snapshot.fallback {
        alerts.push(
            Alert::new(MODEL_FAILED, Severity::Critical, fallback.clone(), paths::MODELS).with("reason", "champion"),
        );
    }
    // What has never been forecast is not missed yet.
    let newest = snapshot.newest.get(&REPORTED).filter(|newest| newest.origin.is_some());
    if let Some(why) = newest.and_then(|newest| newest.not_ready.as_ref()) {
        let summary = format!("nothing can be forecast: {}", why.message);
        alerts.push(Alert::new(NO_FORECAST, Severity::Critical, summary, paths::STATUS).with("reason", &why.reason));
    }
    if present.behind >= BEHIND_MAX {
        let minutes = present.behind.seconds() / 60.0;
        let summary = format!("the loop is behind: what closes next has been due for {minutes:.0} minutes");
        alerts.push(Alert::new(BEHIND, Severity::Warning, summary, paths::STATUS));
    }
    alerts
}

impl Alert {
    fn new(name: &'static str, severity: Severity, summary: String, path: &'static str) -> Self {
        Self { name, severity, labels: BTreeMap::new(), summary, path }
    }

    /// The same with one more label; what is empty is none, as for Alertmanager.
    fn with(mut self, label: &'static str, value: &str) -> Self {
        if !value.is_empty() {
            self.labels.insert(label, value.to_owned());
        }
        self
    }

    /// All of its labels, by which Alertmanager knows it again.
    pub(super) fn identity(&self) -> BTreeMap<&'static str, String> {
        let mut labels = self.labels.clone();
        labels.insert("alertname", self.name.to_owned());
        labels.insert("severity", self.severity.as_str().to_owned());
        labels
    }
}

impl Severity {
    /// As routes have it.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

#[cfg(test)]
mod tests {
    use shared::api::{NotReady, Progress};
    use shared::feedback::{Signal, Verdict};
    use shared::units::Instant;

    use super::*;
    use crate::shadowing::NewestForecast;

    fn names(present: &Present) -> Vec<(&'static str, Severity)> {
        alerts(present).into_iter().map(|alert| (alert.name, alert.severity)).collect()
    }

    fn training(state: JobState, failure: Option<&str>) -> Job {
        Job {
            id: "7".to_owned(),
            kind: JobKind::Retraining,
            state,
            progress: Progress::default(),
            queued_at: Instant::from_micros(0),
            started_at: None,
            finished_at: None,
            failure: failure.map(str::to_owned),
            attempts: 1,
            retry_at: None,
        }
    }

    #[test]
    fn trainings_are_told_while_they_last_and_when_the_newest_failed() {
        let of = |jobs: Vec<Job>| names(&Present { jobs, ..Present::default() });
        assert_eq!(of(vec![training(JobState::Running, None)]), [(RETRAINING, Severity::Info)]);
        let failed = training(JobState::Failed, Some("too little"));
        assert_eq!(of(vec![failed.clone()]), [(MODEL_FAILED, Severity::Warning)]);
        assert_eq!(of(vec![training(JobState::Succeeded, None), failed]), [], "a newer one has ended well");
    }

    #[test]
    fn the_loop_is_told_of_when_it_cannot_go_on() {
        let not_ready = NotReady { reason: "log_ended".to_owned(), message: "no data".to_owned(), bins_missing: None };
        let newest = |origin| NewestForecast { origin, not_ready: Some(not_ready.clone()) };
        let snapshot = |origin| Snapshot { newest: [(REPORTED, newest(origin))].into(), ..Snapshot::default() };
        let of = |snapshot, behind| names(&Present { snapshot, behind, ..Present::default() });
        assert_eq!(of(snapshot(None), Duration::ZERO), [], "there has never been a forecast");
        let lost = snapshot(Some(Instant::from_micros(0)));
        assert_eq!(of(lost, BEHIND_MAX), [(NO_FORECAST, Severity::Critical), (BEHIND, Severity::Warning)]);
        let fallback = Snapshot { fallback: Some("broken".to_owned()), ..Snapshot::default() };
        assert_eq!(of(fallback, Duration::ZERO), [(MODEL_FAILED, Severity::Critical)]);
    }

    #[test]
    fn demand_that_drifts_is_told_by_the_newest_decision() {
        let signal = |fired| Signal { name: "demand_drift of acme".to_owned(), value: None, limit: 5.5, fired };
        let decision = |fired| Decision {
            at: Instant::from_micros(0),
            verdict: Verdict::Retrain,
            reason: "demand drifted".to_owned(),
            signals: vec![signal(fired)],
        };
        let of = |fired| names(&Present { decision: Some(decision(fired)), ..Present::default() });
        assert_eq!((of(true), of(false)), (vec![(DEMAND_DRIFT, Severity::Warning)], vec![]));
    }
}

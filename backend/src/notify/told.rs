//! What the loop and the jobs have written down, as notifications.

use shared::allocation::{BudgetOutlook, BudgetState, RowKind};
use shared::api::{AnomalyTold, BudgetList, Job, JobState, Told, paths};
use shared::feedback::{AnomalyReport, CostAnomaly, Decision, Verdict};
use shared::units::{Money, Window};

use crate::access::{tenant_of, without_others};
use crate::shadowing::Found;
use crate::store::NewNotification;

/// What a decision that has this key changes; nothing where it leaves the models alone.
pub(super) fn of_decision(key: &str, decision: Decision) -> Option<NewNotification> {
    let (message, at) = (decision.reason.clone(), decision.at);
    let (what, told) = match decision.verdict {
        Verdict::Retrain => ("a challenger is trained", Told::Retraining(decision)),
        Verdict::Promote => ("a challenger became champion", Told::Promotion(decision)),
        Verdict::RollBack => ("the champion before serves again", Told::Rollback(decision)),
        Verdict::KeepModel | Verdict::KeepChampion => return None,
    };
    let message = format!("{what}: {message}");
    let path = paths::DECISIONS.to_owned();
    Some(NewNotification { key: format!("decision/{key}"), at, tenant: None, message, path, told })
}

/// Every series of a closed window that is out of its band.
pub(super) fn of_anomalies(report: AnomalyReport) -> impl Iterator<Item = NewNotification> {
    let AnomalyReport { window, basis, level_percent, anomalies, .. } = report;
    anomalies.into_iter().map(move |anomaly| {
        let tenant = tenant_of(&anomaly).map(str::to_owned);
        let anomaly = if tenant.is_some() { without_others(anomaly) } else { anomaly };
        NewNotification {
            key: format!("anomaly/{}/{}/{}/{}", window.start, window.end, anomaly.kind.as_str(), anomaly.name),
            at: window.end,
            tenant,
            message: anomaly_in_words(&anomaly, window),
            path: paths::ANOMALIES.to_owned(),
            told: Told::Anomaly(Box::new(AnomalyTold { window, basis, level_percent, anomaly })),
        }
    })
}

/// Every period of a budget that was passed, or surely will be.
pub(super) fn of_budgets(list: BudgetList) -> impl Iterator<Item = NewNotification> {
    let origin = list.origin.unwrap_or_default();
    let at_risk = list.budgets.into_iter().filter(is_at_risk);
    at_risk.map(move |outlook| {
        let passed = if outlook.state == BudgetState::Breached { "passed" } else { "at-risk" };
        NewNotification {
            key: format!("budget/{}/{}/{passed}", outlook.budget, outlook.window.start),
            at: origin,
            tenant: outlook.tenant.clone(),
            message: budget_in_words(&outlook),
            path: paths::BUDGETS.to_owned(),
            told: Told::BudgetAtRisk(Box::new(outlook)),
        }
    })
}

/// Every change that a search found: one that is found again has the same id.
pub(super) fn of_found(found: Found) -> impl Iterator<Item = NewNotification> {
    let at = found.window.start;
    found.advice.recommendations.into_iter().map(move |recommendation| NewNotification {
        key: format!("recommendation/{}", recommendation.id),
        at,
        tenant: None,
        message: recommendation.text.clone(),
        path: paths::RECOMMENDATIONS.to_owned(),
        told: Told::Recommendation(Box::new(recommendation)),
    })
}

/// A job that could not be done.
pub(super) fn of_job(job: Job) -> Option<NewNotification> {
    let failure = job.failure.as_deref().filter(|_| job.state == JobState::Failed)?;
    Some(NewNotification {
        key: format!("job/{}", job.id),
        at: job.finished_at.unwrap_or(job.queued_at),
        tenant: None,
        message: failure_in_words(&job, failure),
        path: paths::JOB.replace("{id}", &job.id),
        told: Told::JobFailed(Box::new(job)),
    })
}

pub(super) fn is_at_risk(outlook: &BudgetOutlook) -> bool {
    matches!(outlook.state, BudgetState::Breached | BudgetState::WillBreach)
}

pub(super) fn anomaly_in_words(anomaly: &CostAnomaly, window: Window) -> String {
    let CostAnomaly { kind, name, actual, low, high, cause, amount, .. } = anomaly;
    let what = match kind {
        RowKind::Total => "everything".to_owned(),
        kind => format!("the {} `{name}`", kind.as_str()),
    };
    let (than, bound) = if actual.amount > high.amount { ("at most", high) } else { ("at least", low) };
    format!(
        "{what} cost {} from {} to {}, where {than} {} was expected; {} makes {} of it",
        in_words(actual),
        window.start,
        window.end,
        in_words(bound),
        cause.as_str(),
        in_words(amount)
    )
}

pub(super) fn budget_in_words(outlook: &BudgetOutlook) -> String {
    let BudgetOutlook { budget, amount, window, spent, breaching_runs, runs, sure_by, .. } = outlook;
    let budget = format!("the budget `{budget}` of {} from {} to {}", in_words(amount), window.start, window.end);
    match (outlook.state, sure_by) {
        (BudgetState::Breached, _) => format!("{budget} is passed: {} was spent", in_words(spent)),
        (_, Some(by)) => format!("{budget} will be passed by {by}, as {breaching_runs} of {runs} runs say"),
        (_, None) => format!("{budget} will be passed, as {breaching_runs} of {runs} runs say"),
    }
}

pub(super) fn failure_in_words(job: &Job, failure: &str) -> String {
    format!("the job {} ({}) failed: {failure}", job.id, job.kind.as_str())
}

fn in_words(money: &Money) -> String {
    format!("{:.2} {}", money.rounded(), money.currency)
}

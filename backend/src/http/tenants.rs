//! What of an answer is of the tenants that a key is limited to: what is not certain to be theirs is left out.

use std::collections::BTreeSet;

use actix_web::Either;
use actix_web::web::Json;
use shared::allocation::{AmountsView, RowKind, StatementView};
use shared::api::{NotReady, TenantAnomalies, TenantReport, WindowReport};
use shared::feedback::AnomalyReport;
use shared::units::Money;

use super::Problem;
use crate::access::{Scope, tenant_of, without_others};

/// An answer about everything, or one about some tenants, or the problem document that stands in the place of either.
pub(super) type ScopedAnswer<A, T> = Result<Either<Json<A>, Json<T>>, Problem>;

/// Whose answer somebody gets who asks for one tenant's or for everyone's. Whoever is limited to one tenant need not name it.
pub(super) fn asked_for(scope: &Scope, asked: Option<String>) -> Result<Option<String>, Problem> {
    let Some(tenants) = scope.tenants() else { return Ok(asked) };
    match asked {
        Some(tenant) if tenants.contains(&tenant) => Ok(Some(tenant)),
        // What was asked for is not repeated: the answer is the same whether there is such a tenant or not.
        Some(_) => Err(Problem::beyond_tenants("tenant", format!("is none of the key's; ask for {}", scope.named()))),
        None if tenants.len() == 1 => Ok(tenants.first().cloned()),
        None => Err(Problem::beyond_tenants("tenant", format!("is missing; ask for one of {}", scope.named()))),
    }
}

/// Why there is nothing yet, without what is known of others.
pub(super) fn nothing_yet(message: &str) -> NotReady {
    NotReady { reason: "nothing_yet".to_owned(), message: message.to_owned(), bins_missing: None }
}

/// The rows of some tenants in a report that is grouped by tenant.
pub(super) fn of_report(tenants: &BTreeSet<String>, window: WindowReport) -> TenantReport {
    let report = window.report;
    let mut rows = report.rows;
    rows.retain(|row| row.kind == RowKind::Tenant && tenants.contains(&row.name));
    // Why a cause was not observed may count what others have.
    let unobserved = rows.iter_mut().flat_map(|row| &mut row.causes).filter_map(|cause| cause.not_observed.as_mut());
    unobserved.for_each(|why| "not observed".clone_into(why));
    let (window, horizon, runs) = (report.window, report.horizon, report.runs);
    TenantReport { window, horizon, runs, basis: report.basis, status: report.status, rows }
}

/// The anomalies of some tenants.
pub(super) fn of_anomalies(tenants: &BTreeSet<String>, report: AnomalyReport) -> TenantAnomalies {
    let AnomalyReport { window, basis, level_percent, mut anomalies, .. } = report;
    anomalies.retain(|anomaly| tenant_of(anomaly).is_some_and(|name| tenants.contains(name)));
    let anomalies = anomalies.into_iter().map(without_others).collect();
    TenantAnomalies { window, basis, level_percent, anomalies }
}

/// The rows of some tenants in a statement that is split by tenant, and their sum.
pub(super) fn of_statement(tenants: &BTreeSet<String>, statement: StatementView) -> StatementView {
    let is_own = |groups: &std::collections::BTreeMap<String, Option<String>>| {
        groups.get("tenant").and_then(Option::as_ref).is_some_and(|tenant| tenants.contains(tenant))
    };
    let mut rows = statement.rows;
    rows.retain(|row| is_own(&row.groups));
    let zero = Money { amount: Default::default(), currency: statement.currency };
    let none = AmountsView::of_parts([zero; AmountsView::PARTS.len()], 0.0);
    let total = rows.iter().fold(none, |sum, row| added(sum, &row.amounts));
    StatementView { total, rows, unit_costs: Vec::new(), ..statement }
}

fn added(sum: AmountsView, more: &AmountsView) -> AmountsView {
    let (sums, mores) = (sum.parts(), more.parts());
    let part = |i: usize| Money { amount: sums[i].amount + mores[i].amount, currency: sums[i].currency };
    AmountsView::of_parts(std::array::from_fn(part), sum.resource_hours + more.resource_hours)
}

//! `GET /v1/budgets`.

use actix_web::web::{Data, Json};
use shared::allocation::{Budget, BudgetOutlook};
use shared::api::{BudgetList, NotReady};
use shared::units::Currency;

use super::{Answer, App};
use crate::access::Scope;
use crate::shadowing::OUTLOOK;
use crate::store::Collection;

pub(super) async fn budgets(app: Data<App>, scope: Scope) -> Answer<BudgetList> {
    let none = |reason: &str, message: String| {
        let not_ready = Some(NotReady { reason: reason.to_owned(), message, bins_missing: None });
        Ok(Json(BudgetList { not_ready, ..BudgetList::default() }))
    };
    let currency = app.config.assumed.price_book.currency;
    let is_own = |tenant: Option<&String>| match scope.tenants() {
        None => true,
        Some(tenants) => tenant.is_some_and(|tenant| tenants.contains(tenant)),
    };
    let budgets = app.config.budgets.budgets.iter();
    let budgets: Vec<&Budget> = budgets.filter(|budget| is_own(budget.scope.tenant.as_ref())).collect();
    if budgets.is_empty() {
        if scope.tenants().is_some() {
            return none("no_budgets", format!("there are no budgets of {} alone", scope.named()));
        }
        return none("no_budgets", "there are no budgets; start the service with --budgets budgets.csv".to_owned());
    }
    let Some(document) = app.store.get(Collection::Budgets, OUTLOOK.to_owned()).await? else {
        if scope.tenants().is_some() {
            return none("no_forecast", "budgets are held against the next forecast".to_owned());
        }
        let waiting = app.board.snapshot().not_ready.map_or(String::new(), |waiting| format!(": {}", waiting.message));
        return none("no_forecast", format!("budgets are held against the next forecast{waiting}"));
    };
    let mut list: BudgetList = document.read()?;
    if scope.tenants().is_some() {
        list.notices.clear();
    }
    // What was told of a budget before it was changed says nothing about it now.
    list.budgets.retain(|of| budgets.iter().any(|budget| is_of(of, budget, currency)));
    let told = |budget: &&&Budget| !list.budgets.iter().any(|of| is_of(of, budget, currency));
    let missing: Vec<&str> = budgets.iter().filter(told).map(|budget| budget.name.as_str()).collect();
    if !missing.is_empty() {
        list.notices.push(format!("told with the next forecast: {}", missing.join(", ")));
    }
    Ok(Json(list))
}

/// Whether an outlook is on this budget as it is now.
fn is_of(outlook: &BudgetOutlook, budget: &Budget, currency: Currency) -> bool {
    let label = budget.scope.label.as_ref().map(|(key, value)| format!("{key}={value}"));
    outlook.budget == budget.name
        && outlook.amount == budget.amount.to_money(currency)
        && (outlook.period, &outlook.tenant, &outlook.label) == (budget.period, &budget.scope.tenant, &label)
}

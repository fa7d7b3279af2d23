//! Every route of the API with who may use it: what is not in this table is not answered.

use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig, to};
use actix_web::{Route, guard};
use shared::api::{Role, paths};

use super::admission::admit;
use super::etag::tagged;
use super::{
    anomalies, audit, bills, bisections, budgets, calibrations, cloudtrail, costs, decisions, demand, events,
    explanations, forecasts, health, ingest, jobs, keys, kubernetes_audit, ledger, metrics, models, notifications,
    predicted, problem, prometheus, quotes, recommendations, reports, scenarios, sensors, shadow_runs, statements,
    status, variances, webhooks,
};

/// One method of one path.
pub(crate) struct Endpoint {
    /// `GET` stands for `HEAD` too, whose answer is the same without its body.
    pub(crate) method: Method,
    /// As it stands in [`paths`].
    pub(crate) path: &'static str,
    /// Who may use it.
    pub(crate) access: Access,
    handler: fn() -> Route,
}

/// Who may use an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Anybody, without a key: the answer is about nobody.
    Open,
    /// Whoever has a key of this role, or of a higher one.
    Key(Role, Limited),
}

/// What an endpoint answers a key that is limited to some tenants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limited {
    /// What is of its tenants alone; the handler takes a [`Scope`](crate::access::Scope) and sees to it.
    Own,
    /// Nothing: the answer is about all together, or would tell of others.
    Nothing,
}

use Limited::{Nothing, Own};

const fn open(path: &'static str, handler: fn() -> Route) -> Endpoint {
    Endpoint { method: Method::GET, path, access: Access::Open, handler }
}

const fn viewer(method: Method, path: &'static str, limited: Limited, handler: fn() -> Route) -> Endpoint {
    Endpoint { method, path, access: Access::Key(Role::Viewer, limited), handler }
}

const fn operator(method: Method, path: &'static str, limited: Limited, handler: fn() -> Route) -> Endpoint {
    Endpoint { method, path, access: Access::Key(Role::Operator, limited), handler }
}

const fn admin(method: Method, path: &'static str, handler: fn() -> Route) -> Endpoint {
    Endpoint { method, path, access: Access::Key(Role::Admin, Nothing), handler }
}

const GET: Method = Method::GET;
const POST: Method = Method::POST;
const PUT: Method = Method::PUT;
const DELETE: Method = Method::DELETE;

/// Of paths that match the same address, the first holds.
pub(crate) static ENDPOINTS: [Endpoint; 76] = [
    open(paths::LIVE, || to(health::live)),
    open(paths::READY, || to(health::ready)),
    open(paths::OPENAPI, || to(health::describe)),
    viewer(GET, paths::METRICS, Nothing, || to(metrics::metrics)),
    viewer(GET, paths::PREDICTED, Own, || to(predicted::predicted)),
    viewer(GET, paths::STATUS, Own, || to(status::status)),
    operator(POST, paths::REQUESTS, Own, || to(ingest::requests)),
    operator(POST, paths::OBSERVATIONS, Own, || to(ingest::observations)),
    operator(POST, paths::KUBERNETES_AUDIT, Nothing, || to(kubernetes_audit::events)),
    operator(POST, paths::CLOUDTRAIL, Nothing, || to(cloudtrail::records)),
    viewer(GET, paths::SENSORS, Nothing, || to(sensors::means)),
    operator(POST, paths::SENSORS, Nothing, || to(sensors::readings)),
    operator(POST, paths::REMOTE_WRITE, Nothing, || to(prometheus::write)),
    viewer(GET, paths::EVENTS, Own, || to(events::list)),
    operator(POST, paths::EVENTS, Nothing, || to(events::give)),
    operator(DELETE, paths::EVENT, Nothing, || to(events::remove)),
    viewer(GET, paths::DEMAND, Own, || to(demand::demand)),
    viewer(GET, paths::FORECASTS, Own, || to(forecasts::forecast)),
    viewer(GET, paths::COSTS, Nothing, || to(costs::costs)),
    viewer(GET, paths::CORRECTED_COSTS, Nothing, || to(costs::corrected)),
    viewer(GET, paths::SHADOW_RUNS, Nothing, || to(shadow_runs::list)),
    operator(POST, paths::SHADOW_RUNS, Nothing, || to(shadow_runs::order)),
    viewer(GET, paths::SHADOW_RUN, Nothing, || to(shadow_runs::one)),
    operator(DELETE, paths::SHADOW_RUN, Nothing, || to(shadow_runs::cancel)),
    viewer(GET, paths::EXPLANATIONS, Nothing, || to(explanations::list)),
    operator(POST, paths::EXPLANATIONS, Nothing, || to(explanations::order)),
    viewer(GET, paths::EXPLANATION, Nothing, || to(explanations::one)),
    operator(DELETE, paths::EXPLANATION, Nothing, || to(explanations::cancel)),
    viewer(GET, paths::BISECTIONS, Own, || to(bisections::list)),
    operator(POST, paths::BISECTIONS, Own, || to(bisections::order)),
    viewer(GET, paths::BISECTION, Own, || to(bisections::one)),
    operator(DELETE, paths::BISECTION, Own, || to(bisections::cancel)),
    // It changes nothing; its bill says what others pay.
    viewer(POST, paths::QUOTES, Nothing, || to(quotes::quotes)),
    viewer(GET, paths::ALLOCATION, Own, || to(reports::allocation)),
    viewer(GET, paths::VARIANCE, Own, || to(variances::variance)),
    viewer(GET, paths::STATEMENT, Own, || to(statements::statement)),
    // It changes nothing, either.
    viewer(POST, paths::STATEMENT, Nothing, || to(statements::with_metrics)),
    viewer(GET, paths::FOCUS, Nothing, || to(statements::focus)),
    viewer(GET, paths::RECOMMENDATIONS, Nothing, || to(recommendations::list)),
    operator(POST, paths::RECOMMENDATIONS, Nothing, || to(recommendations::search)),
    viewer(GET, paths::ACCEPTANCE, Nothing, || to(recommendations::acceptance)),
    operator(PUT, paths::ACCEPTANCE, Nothing, || to(recommendations::accept)),
    operator(DELETE, paths::ACCEPTANCE, Nothing, || to(recommendations::withdraw)),
    operator(PUT, paths::DISMISSAL, Nothing, || to(recommendations::dismissals::dismiss)),
    operator(DELETE, paths::DISMISSAL, Nothing, || to(recommendations::dismissals::restore)),
    viewer(GET, paths::RECOMMENDATION_EXPORT, Nothing, || to(recommendations::export::export)),
    viewer(GET, paths::ANOMALIES, Own, || to(anomalies::anomalies)),
    operator(POST, paths::BILLS, Nothing, || to(bills::import)),
    viewer(GET, paths::BILLS, Nothing, || to(bills::report_of_all)),
    viewer(GET, paths::BILLED, Nothing, || to(bills::billed)),
    viewer(GET, paths::BUDGETS, Own, || to(budgets::budgets)),
    viewer(GET, paths::CALIBRATIONS, Nothing, || to(calibrations::calibrations)),
    viewer(GET, paths::DECISIONS, Nothing, || to(decisions::decisions)),
    viewer(GET, paths::LEDGER, Nothing, || to(ledger::page)),
    viewer(GET, paths::SCORECARD, Nothing, || to(ledger::scores)),
    viewer(GET, paths::MODELS, Nothing, || to(models::models)),
    operator(POST, paths::ROLLBACK, Nothing, || to(models::rollback)),
    operator(POST, paths::RETRAINING, Nothing, || to(jobs::retrain)),
    viewer(GET, paths::JOBS, Nothing, || to(jobs::list)),
    viewer(GET, paths::JOB, Nothing, || to(jobs::one)),
    operator(DELETE, paths::JOB, Nothing, || to(jobs::cancel)),
    viewer(GET, paths::CURRENT_SCENARIO, Nothing, || to(scenarios::current)),
    operator(POST, paths::SCENARIOS, Nothing, || to(scenarios::save)),
    viewer(GET, paths::SCENARIO, Nothing, || to(scenarios::one)),
    admin(GET, paths::KEYS, || to(keys::list)),
    admin(POST, paths::KEYS, || to(keys::create)),
    admin(DELETE, paths::KEY, || to(keys::revoke)),
    admin(POST, paths::KEY_ROTATION, || to(keys::rotate)),
    admin(GET, paths::AUDIT, || to(audit::page)),
    viewer(GET, paths::NOTIFICATIONS, Own, || to(notifications::list)),
    admin(GET, paths::WEBHOOKS, || to(webhooks::list)),
    admin(POST, paths::WEBHOOKS, || to(webhooks::create)),
    admin(DELETE, paths::WEBHOOK, || to(webhooks::remove)),
    admin(POST, paths::WEBHOOK_TEST, || to(webhooks::test)),
    admin(GET, paths::WEBHOOK_FAILURES, || to(webhooks::failures)),
    admin(POST, paths::WEBHOOK_FAILURE, || to(webhooks::send_again)),
];

/// Registers every route; what is not registered is answered with a problem document.
pub fn routes(config: &mut ServiceConfig) {
    config.app_data(web::PathConfig::default().error_handler(|error, _| problem::bad_path(&error).into()));
    let mut registered: Vec<&str> = Vec::new();
    for Endpoint { path, .. } in &ENDPOINTS {
        if registered.contains(path) {
            continue;
        }
        registered.push(path);
        // Other methods are answered with 405 and a problem document.
        let resource = web::resource(*path).default_service(to(problem::method_not_allowed));
        let of_path = ENDPOINTS.iter().filter(|endpoint| endpoint.path == *path);
        config.service(of_path.fold(resource, |resource, endpoint| resource.route(endpoint.route())));
    }
}

impl Endpoint {
    fn route(&'static self) -> Route {
        let route = (self.handler)();
        let route = match self.method {
            Method::GET => route.guard(guard::Any(guard::Get()).or(guard::Head())).wrap(from_fn(tagged)),
            _ => route.method(self.method.clone()),
        };
        route.wrap(from_fn(move |request, next| admit(self, request, next)))
    }

    /// Whether a process answers it that only takes requests and observations in.
    pub(crate) fn is_of_ingest(&self) -> bool {
        let path = self.path;
        let takes = [paths::REQUESTS, paths::OBSERVATIONS].contains(&path);
        takes || [paths::LIVE, paths::READY, paths::OPENAPI, paths::METRICS].contains(&path)
    }

    /// Whether it changes something, which is noted with who did it. A Prometheus sends all day, and there would soon be
    /// nothing else among the notes.
    pub(crate) fn changes(&self) -> bool {
        self.method != Method::GET
            && self.path != paths::REMOTE_WRITE
            && matches!(self.access, Access::Key(role, _) if role >= Role::Operator)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn whatever_changes_something_needs_an_operator() {
        for Endpoint { method, path, access, .. } in &ENDPOINTS {
            let may_read_only = matches!(access, Access::Open | Access::Key(Role::Viewer, _));
            let only_answers = [paths::QUOTES, paths::STATEMENT].contains(path);
            assert!(*method == Method::GET || only_answers || !may_read_only, "{method} {path}");
        }
    }

    #[test]
    fn nothing_is_there_twice_and_all_of_it_is_described() {
        let name = |method: &str, path: &str| format!("{} {path}", method.to_uppercase());
        let registered: Vec<String> =
            ENDPOINTS.iter().map(|endpoint| name(endpoint.method.as_str(), endpoint.path)).collect();
        let distinct: BTreeSet<String> = registered.iter().cloned().collect();
        assert_eq!(distinct.len(), registered.len(), "{registered:?}");
        let document = serde_json::to_value(super::super::document()).unwrap();
        let described = document["paths"].as_object().unwrap().iter();
        let described = described
            .flat_map(|(path, methods)| methods.as_object().unwrap().keys().map(move |method| name(method, path)));
        assert_eq!(described.collect::<BTreeSet<String>>(), distinct);
    }
}

//! The HTTP API and the dashboard's files: a file per resource, wire types from `shared::api`.

mod anomalies;
mod body;
mod budgets;
mod calibrations;
mod cloudtrail;
mod costs;
mod decisions;
mod demand;
mod events;
mod explanations;
mod forecasts;
mod foreign_events;
mod health;
mod ingest;
mod jobs;
mod kubernetes_audit;
mod ledger;
mod metrics;
mod models;
mod openapi;
mod origin;
mod predicted;
mod problem;
mod query;
mod quotes;
mod recommendations;
mod reports;
mod scenarios;
mod sensors;
mod shadow_runs;
mod statements;
mod static_files;
mod status;

use std::sync::Arc;

use actix_web::guard;
use actix_web::web::{self, ServiceConfig};

pub use openapi::document;
pub(crate) use origin::same_origin;
pub use problem::Problem;
pub(crate) use problem::{in_our_form, no_such_path};
pub use statements::LastMetering;
pub use static_files::{Dashboard, DashboardError};

use crate::config::{ForeignTenants, ShadowingConfig};
use crate::shadowing::{Board, Clock};
use crate::store::Store;

/// What every answer is made from.
pub struct App {
    /// What has been written down.
    pub store: Arc<dyn Store>,
    /// What is true now.
    pub board: Arc<Board>,
    /// How fast time goes.
    pub clock: Arc<dyn Clock>,
    /// What is shadowed.
    pub config: Arc<ShadowingConfig>,
    /// The most that a body may hold, after decompression.
    pub body_bytes_max: usize,
    /// Whose the resources are that events of other control planes tell of.
    pub foreign: ForeignTenants,
    /// What a statement was made of last.
    pub last_metering: LastMetering,
}

/// An answer, or the problem document that stands in its place.
type Answer<T> = Result<web::Json<T>, Problem>;

/// Registers every route; what is not registered is answered with a problem document.
pub fn routes(config: &mut ServiceConfig) {
    config
        .app_data(web::PathConfig::default().error_handler(|error, _| problem::bad_path(&error).into()))
        .configure(health::routes)
        .configure(metrics::routes)
        .configure(predicted::routes)
        .configure(status::routes)
        .configure(ingest::routes)
        .configure(kubernetes_audit::routes)
        .configure(cloudtrail::routes)
        .configure(events::routes)
        .configure(sensors::routes)
        .configure(demand::routes)
        .configure(forecasts::routes)
        .configure(costs::routes)
        .configure(shadow_runs::routes)
        .configure(explanations::routes)
        .configure(quotes::routes)
        .configure(reports::routes)
        .configure(statements::routes)
        .configure(recommendations::routes)
        .configure(anomalies::routes)
        .configure(budgets::routes)
        .configure(calibrations::routes)
        .configure(decisions::routes)
        .configure(ledger::routes)
        .configure(models::routes)
        .configure(jobs::routes)
        .configure(scenarios::routes);
}

/// One resource with its methods; other methods are answered with 405 and a problem document.
fn resource(path: &str) -> actix_web::Resource {
    web::resource(path).default_service(web::to(problem::method_not_allowed))
}

/// A route for `GET`, and for `HEAD`, whose answer is the same without its body.
fn get() -> actix_web::Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

//! The HTTP API and the dashboard's files: a file per resource, wire types from `shared::api`.

mod admission;
mod anomalies;
mod appending;
mod audit;
mod bills;
mod bisections;
mod body;
mod budgets;
mod calibrations;
mod cloudtrail;
mod costs;
mod decisions;
mod demand;
mod endpoints;
mod etag;
mod event_stream;
mod events;
mod explanations;
mod forecasts;
mod foreign_events;
mod gate;
mod health;
mod ingest;
mod jobs;
mod keys;
mod kubernetes_audit;
mod ledger;
mod metrics;
mod models;
mod notifications;
mod openapi;
mod origin;
mod plausible;
mod predicted;
mod problem;
mod prometheus;
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
mod tenants;
mod variances;
mod webhooks;

use std::sync::Arc;

use actix_web::web;
use shared::units::Duration;

pub use bills::BillDesk;
pub use endpoints::routes;
pub use gate::IngestGate;
pub use openapi::document;
pub(crate) use origin::same_origin;
pub use problem::Problem;
pub(crate) use problem::{in_our_form, no_such_path};
pub use statements::LastMetering;
pub use static_files::{Dashboard, DashboardError};

use crate::access::{Door, RateLimit};
use crate::config::{ForeignTenants, ServiceRole, ShadowingConfig};
use crate::log_stream::LogStream;
use crate::notify::Outbox;
use crate::prometheus::Receiver;
use crate::shadowing::{Board, Clock};
use crate::store::{KeyStore, Store};

/// What every answer is made from.
pub struct App {
    /// What this process does.
    pub role: ServiceRole,
    /// The stream that requests and observations go through before they are in the store, where they do.
    pub log: Option<Arc<LogStream>>,
    /// What has been written down.
    pub store: Arc<dyn Store>,
    /// Who may ask, and who did what.
    pub keys: Arc<dyn KeyStore>,
    /// Whether keys are asked for.
    pub door: Door,
    /// What was noticed, and who waits to hear of it.
    pub outbox: Arc<Outbox>,
    /// How often each key may ask.
    pub rate_limit: RateLimit,
    /// What is true now.
    pub board: Arc<Board>,
    /// How fast time goes.
    pub clock: Arc<dyn Clock>,
    /// What is shadowed.
    pub config: Arc<ShadowingConfig>,
    /// The most that a body may hold, after decompression.
    pub body_bytes_max: usize,
    /// How long ago a request may have been made that comes in.
    pub late_window: Duration,
    /// How much of what comes in is in memory at once.
    pub gate: IngestGate,
    /// Whose the resources are that events of other control planes tell of.
    pub foreign: ForeignTenants,
    /// Where bills are taken.
    pub bills: BillDesk,
    /// Takes in what a Prometheus sends, where a mapping says what becomes of it.
    pub prometheus: Option<Arc<Receiver>>,
    /// What a statement was made of last.
    pub last_metering: LastMetering,
}

/// An answer, or the problem document that stands in its place.
type Answer<T> = Result<web::Json<T>, Problem>;

//! The HTTP API from outside: the built program on a free port, with a folder of its own.

mod alerts;
mod assumptions;
mod explanations;
mod foreign_events;
mod ingest;
pub(crate) mod keys;
mod metrics;
mod monitoring;
mod notifications;
mod observations;
mod odd_history;
mod problems;
mod quotes;
mod recommendations;
mod replay;
mod restart;
pub(crate) mod server;
mod shadow;
mod shutdown;
mod side_inputs;
mod statements;
mod tenants;
mod tls;
mod webhooks;

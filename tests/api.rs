//! The HTTP API from outside: the built program on a free port, with a folder of its own.

mod alerts;
mod assumptions;
mod bills;
mod back_pressure;
mod explanations;
mod foreign_events;
mod ingest;
pub(crate) mod keys;
mod metrics;
mod notifications;
mod observations;
mod odd_disks;
mod odd_history;
mod problems;
mod quotes;
mod recommendations;
mod remote_write;
mod replay;
mod restart;
pub(crate) mod server;
mod shadow;
mod side_inputs;
mod statements;
mod tenants;
mod tls;
mod webhooks;

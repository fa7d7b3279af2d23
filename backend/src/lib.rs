//! The outermost crate: command line, files, sockets, store. What it computes, it computes in `shared`.

pub mod access;
mod background;
pub mod cli;
pub mod config;
pub mod ensemble;
mod hindsight;
pub mod http;
pub mod input;
pub mod jobs;
pub mod known_events;
pub mod log_stream;
mod manifests;
pub mod notify;
pub mod output;
pub mod prometheus;
pub mod queue;
pub mod replay;
pub mod service;
pub mod shadowing;
pub mod store;
pub mod tls;
mod traces;

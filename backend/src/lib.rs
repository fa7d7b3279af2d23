//! The outermost crate: command line, files, sockets, store. What it computes, it computes in `shared`.

pub mod cli;
pub mod ensemble;
pub mod input;
pub mod output;

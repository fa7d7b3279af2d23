//! The whole of Shadowplane from outside, in one binary: a module each for what is tested.

mod api;
mod bills;
mod browser;
mod cluster;
mod command_line;
mod foreign_events;
mod import;
mod kubernetes;
mod prices;
mod proofs;
mod receiver;
mod scenarios;
mod shadowplane;
mod structure;
mod workers;

//! The deterministic example workload of the demo and the tests: six tenants, six flavors, about 2,000 requests a day.
//!
//! Any day can be made from the seed alone, so nothing is stored and nothing runs out. [`scenario`] is what the shadow
//! assumes; [`truth`] is what the primary really does, which the shadow has to find out from observations and bills:
//! slower modules, slower nodes, a price change on [`PRICE_CHANGE_DAY`]. In the demand itself, the tenant
//! [`SHIFTED_TENANT`] doubles from [`SHIFT_DAY`] on.

mod lab;
mod primary;
mod profiles;
mod settings;
#[cfg(test)]
mod tests;
mod workload;

pub use lab::lab_scenario;
pub use primary::{Happened, Primary};
pub use settings::{scenario, truth};
pub use workload::{LONGEST_LIFE, day_of, day_window, requests, requests_between};

use crate::units::Instant;

/// Midnight before the first request: Monday, 2026-06-01, UTC.
pub const START: Instant = Instant::from_micros(1_780_272_000_000_000);

/// Seeds the example wherever nothing else is asked for.
pub const SEED: u64 = 7;

/// The day, counted from [`START`], from which nodes cost [`PRICE_CHANGE_PERCENT`] of what they did.
pub const PRICE_CHANGE_DAY: i64 = 16;

/// The new price of a node, in percent of the old one.
pub const PRICE_CHANGE_PERCENT: i64 = 115;

/// The day, counted from [`START`], from which [`SHIFTED_TENANT`] creates twice as much.
pub const SHIFT_DAY: i64 = 17;

/// The tenant whose demand doubles.
pub const SHIFTED_TENANT: &str = "ci";

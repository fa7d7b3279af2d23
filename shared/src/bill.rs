//! Actual costs from bills: which statements stand, who pays each charge, and what it all comes to.
//!
//! ```text
//! charges ─► statements (the latest of a billing period stands) ─► payers (mapping) ─► days ─► rows of a report
//!                                                                        └─► unallocated, with the reason
//! ```
//!
//! Nothing is dropped: the rows of every report add up to the charges that stand, and what a later statement replaced is
//! listed beside them.

mod actual;
mod compared;
mod coverage;
mod credits;
mod days;
mod payer;
mod report;
mod resources;
mod rows;
mod scope;
mod statements;
#[cfg(test)]
mod tests;

pub use actual::{ActualContext, BilledWindow, LeftOut};
pub use compared::{BilledReport, BilledRow, NotOnBill, UnallocatedMoney, WithoutRequests, beside};
pub use coverage::{CoveredHours, Gaps, Outside, gaps, outside};
pub use credits::{Credited, Credits, TenantCredits};
pub use days::spread;
pub use payer::{Payer, Payers, Unallocated};
pub use report::{BillConfig, BillKey, BillReport, CurrencyBill, Exchanged, ReasonRow, report};
pub use resources::BilledResources;
pub use rows::BillRow;
pub use scope::{BillScope, BillingPeriod, Restated};
pub use statements::{Bill, BillError, Statement};

pub use crate::pricing::{ExchangeError, ExchangeRates, read_exchange_rates};

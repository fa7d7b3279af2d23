//! The domain of Shadowplane: it runs a *shadow* of a control plane on the requests that are about to come, and says
//! what they will cost, where they will land and what will break, before anything is committed.
//!
//! ```text
//! request log ─► features ─► forecast ─► predicted stream ─► shadow VCP ─► plans, costs, latency
//! sensors ──────►    │                   (same format as          ▲                │
//! known events ─────►┘                    the actual one)         │ fork           ▼
//!                                  observations ─► primary VCP ───┘ ──────► actual costs ◄── bills
//!                                                                                  │
//!    retrain ◄── triggers ◄── accuracy ◄── variance ◄── cost allocation ◄──────────┘
//!                                           (recommendations are replayed in the shadow before they are shown)
//! ```
//!
//! The same control-plane code runs the primary and every shadow. Nothing in it can tell whether a request is real or
//! predicted.
//!
//! The modules stand in the order of the flow, which is also the order to read them in: a module imports only from
//! modules above it, and a test holds it to that. There is no I/O here, no clock and no entropy, and threads only work on
//! series side by side: callers bring bytes and instants, and get values back that are the same on every machine and in
//! every browser.

pub mod units;
pub mod random;
pub mod input;
pub mod request;
pub mod trace;
pub mod features;
pub mod forecast;
pub mod stream;
pub mod pricing;
pub mod control_plane;
pub mod scenario;
pub mod cost;
pub mod simulation;
pub mod shadow;
pub mod files;
pub mod allocation;
pub mod bill;
pub mod variance;
pub mod recommendation;
pub mod comparison;
pub mod explanation;
pub mod quote;
pub mod feedback;
pub mod link;
pub mod api;
pub mod example;

/// So many random cases a property, unless `PROPTEST_CASES` asks for another number.
#[cfg(test)]
fn cases(usual: u32) -> proptest::prelude::ProptestConfig {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    if asked { Default::default() } else { proptest::prelude::ProptestConfig::with_cases(usual) }
}

//! Predicted request streams: how many batches arrive, what is in them, how long it lives.
//!
//! ```text
//! History ──────► estimate ─► StreamModel ─► sample (seed, run) ─► requests ─► to_records ─► NDJSON
//! Forecast of ──►    ▲            (travels in a link)
//! arrivals           └ templates, hazards, correlation of bins, what comes with machines, newcomers, tags
//! ```

mod arrivals;
mod attachments;
mod batches;
mod correlation;
mod counts;
mod direct;
mod dispersion;
mod estimate;
mod hazards;
mod mixture;
mod model;
mod newcomers;
mod next_flavor;
mod paces;
mod recency;
mod records;
mod resizes;
mod sample;
mod scores;
mod survival;
mod table;
mod tags;
mod tenant_paces;
mod templates;
#[cfg(test)]
mod tests;
mod tokens;
mod weighted;

pub(crate) use attachments::NEAR_MICROS;
pub use attachments::{AttachedEnds, AttachedSets, AttachedTimes, Attachments};
pub use direct::DirectFlavors;
pub use estimate::{ArrivalForecast, Source, StreamError, StreamSettings, estimate};
pub use model::{
    AGE_BANDS, ArrivalBins, BatchTemplate, FlavorGates, Lifetimes, Paces, QUARTERS, Resizes, StreamModel, TenantPaces,
};
pub(crate) use newcomers::SEEN_MAX;
pub use newcomers::{Newcomer, Newcomers};
pub use recency::Recency;
pub use records::{RecordNames, newcomer_names, predicted_prefix, to_records};
pub(crate) use sample::scaling_key;
pub use sample::{LiveAtStart, sample};
pub use scores::{
    ArrivalScores, FlavorModelName, FlavorScores, LifetimeModelName, LifetimeScores, PointScores, TokenScores, poisson,
    score_arrivals, score_flavors, score_lifetimes,
};
pub use tags::{Tag, TagRow, Tags, tagged, with_terms};

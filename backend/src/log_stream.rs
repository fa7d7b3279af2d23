//! The log on its way: what was taken in goes through a stream of NATS JetStream before it is in the store.
//!
//! ```text
//!     ingest nodes ─► messages of many records ─► stream, replicated ─► projector ─► store, each record once
//!          ▲                    │                                           │
//!     acknowledged ◄── once the stream has them                    acknowledged ◄── once they are committed
//! ```
//!
//! Whoever takes records in needs the stream and nothing else: the store may be away, or busy. Who holds the store folds what is
//! in the stream into it. A message may be there twice, or be delivered again; the store takes each record once.

mod batch;
mod connection;
mod folded;
mod projector;
mod publishing;

pub use batch::Batch;
pub use folded::Folded;
pub use projector::Projector;
pub use publishing::LogStream;

//! Work that other processes take: NATS JetStream holds what is asked, and `shadowplane worker`s answer.
//!
//! ```text
//!     ensemble ─► its scenario, once ─────────────► objects, under the hash of their content ─┐
//!         │                                                                                   ▼
//!         └─► pieces, a few runs each ─► work queue ─► one worker each, redelivered when it dies
//!                                                           │
//!     outcome ◄── runs in order, each once ◄── answers, under the hash of what was asked ◄────┘
//! ```
//!
//! A worker needs nothing but the queue. What is asked has one answer, whoever finds it and how often: the same scenario has
//! the same runs everywhere. So a piece that is done twice counts once, and an answer that is there is not computed again.

mod address;
mod answer;
mod asking;
mod bytes;
mod connection;
mod error;
mod objects;
mod open_pieces;
mod task;
mod work;

pub use address::{NatsAddress, redacted};
pub use asking::Queue;
pub(crate) use bytes::{pack, unpack};
pub use connection::MAX_REPLICAS;
pub(crate) use connection::{connect, of_making};
pub use error::QueueError;
pub use work::{WorkerConfig, work};

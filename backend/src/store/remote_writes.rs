//! Bodies of Prometheus' remote write, and what they come to.

use async_trait::async_trait;
use shared::units::Instant;

use super::StoreError;

/// A body that is in no bin yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpooledWrite {
    /// Its number, in the order in which bodies came in.
    pub number: u64,
    /// When it came in.
    pub received: Instant,
    /// As it was sent.
    pub body: Vec<u8>,
}

/// The last sample of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeriesEnd {
    /// Which series.
    pub id: u128,
    /// When the sample was taken.
    pub at: Instant,
    /// Its value.
    pub value: f64,
}

/// Readings that are added to a bin.
#[derive(Clone, Debug, PartialEq)]
pub struct SensorSum {
    /// Of which series they are.
    pub series: u128,
    /// The start of the bin.
    pub at: Instant,
    /// What was read.
    pub sensor: String,
    /// Where.
    pub scope: String,
    /// The sum of the values.
    pub sum: f64,
    /// How many they are.
    pub count: u64,
}

/// What bodies come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Folded {
    /// What is added to bins.
    pub sums: Vec<SensorSum>,
    /// The last samples as of the last of these bodies.
    pub ends: Vec<SeriesEnd>,
    /// Series that have ended long ago.
    pub ended: Vec<u128>,
    /// The number of the last of these bodies.
    pub until: u64,
}

impl Folded {
    /// Whether nothing is to be written.
    pub fn is_empty(&self) -> bool {
        self.sums.is_empty() && self.ends.is_empty() && self.ended.is_empty()
    }
}

/// Storage of remote writes; what it has answered is committed.
#[async_trait]
pub trait RemoteWrites: Send + Sync {
    /// Keeps a body, and says its number.
    async fn spool(&self, body: Vec<u8>, received: Instant) -> Result<u64, StoreError>;

    /// The next bodies after a number that are in no bin yet, `limit` at most, in order.
    async fn spooled(&self, after: u64, limit: usize) -> Result<Vec<SpooledWrite>, StoreError>;

    /// Writes what bodies come to, and drops these bodies: both or neither.
    async fn fold(&self, folded: Folded) -> Result<(), StoreError>;

    /// The last sample of each series.
    async fn series_ends(&self) -> Result<Vec<SeriesEnd>, StoreError>;
}

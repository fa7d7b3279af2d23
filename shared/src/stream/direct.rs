//! The direct model of what a batch holds: every batch that was seen, by its hour of the day.

use super::batches::{Batch, batches};
use super::estimate::{Source, StreamSettings};
use super::mixture::FlavorMixture;
use super::recency::{Weighing, likeliest};
use crate::random::{Draws, Purpose};
use crate::units::{Duration, FlavorIndex, Instant};

/// What the table of a forecast is held against; it is too large to travel with one.
#[derive(Clone, Debug)]
pub struct DirectFlavors(FlavorMixture);

impl DirectFlavors {
    /// Learns from sources that end at the origin, for a forecast of so many bins of such a length.
    pub fn fit(
        sources: &[Source],
        origin: Instant,
        (bin, bins): (Duration, usize),
        flavors: usize,
        settings: &StreamSettings,
    ) -> Self {
        let known: Vec<Batch> = sources.iter().flat_map(batches).collect();
        let recency = settings.recency.unwrap_or_else(|| likeliest(&known, origin));
        Self(FlavorMixture::fit(&known, flavors, |at| Weighing::new(recency, at, bin, bins), origin))
    }

    /// Draws what the batch with this number creates, which begins at `at`; nothing where nothing was learnt.
    pub fn draw(&self, at: Instant, seed: u64, number: u64) -> Vec<FlavorIndex> {
        let mut creates = Vec::new();
        let draws = Draws::new(seed, 0, Purpose::Template, number);
        self.0.draw_batch(at, draws, 0, |flavor| creates.push(flavor));
        creates
    }
}

//! Newcomers of one run.

use super::rate::per_micro;
use super::{Newcomer, Newcomers};
use crate::random::{Draws, Purpose, key};
use crate::stream::weighted;
use crate::units::{Duration, FlavorIndex, Instant, TenantIndex, Window};

/// What holds for the whole run has this key; batches have hashed ones.
const RUN_KEY: u64 = u64::MAX;
/// Shares are in millionths.
const SHARE_STEPS: f64 = 1e6;

/// Who appears when in a run, and which of its batches are theirs.
#[derive(Clone, Debug)]
pub(in crate::stream) struct Appearing<'a> {
    /// In order of their appearance, which is that of their indices.
    newcomers: Vec<Appeared<'a>>,
    /// How many have had their first batch.
    begun: usize,
}

#[derive(Clone, Debug)]
struct Appeared<'a> {
    tenant: TenantIndex,
    at: Instant,
    like: &'a Newcomer,
}

impl<'a> Appearing<'a> {
    /// Those of run `run` over `span`.
    pub(in crate::stream) fn new(model: &'a Newcomers, span: Window, seed: u64, run: u32) -> Self {
        let draws = |parts: &[u64]| Draws::new(seed, run, Purpose::Newcomer, key(parts));
        let mut newcomers = Vec::new();
        if model.seen > 0 && !model.like.is_empty() {
            let rate = per_micro(model.seen, model.over, draws(&[RUN_KEY]));
            let mut micros = 0.0;
            for slot in 0..model.slots {
                let own = draws(&[RUN_KEY, u64::from(slot)]);
                micros += own.exponential(0) / rate;
                if micros >= span.length().micros() as f64 {
                    break;
                }
                let like = &model.like[own.below(1, model.like.len() as u64) as usize];
                let at = span.start + Duration::from_micros(micros as i64);
                newcomers.push(Appeared { tenant: TenantIndex(model.first.0 + slot), at, like });
            }
        }
        Self { newcomers, begun: 0 }
    }

    /// Whose the next batch of `bin` is, where it is a newcomer's; fills `creates` with what it brings then. Batches are
    /// asked for in order. `draws` are those of the batch.
    ///
    /// The first batch that comes after a newcomer appeared is its own. Of later ones it has its share.
    pub(in crate::stream) fn claim(
        &mut self,
        bin: Window,
        draws: impl FnOnce() -> Draws,
        creates: &mut Vec<FlavorIndex>,
    ) -> Option<TenantIndex> {
        if self.newcomers.is_empty() {
            return None;
        }
        let draws = draws();
        let waiting = self.newcomers.get(self.begun).filter(|next| next.at < bin.end);
        let whose = if waiting.is_some() {
            self.begun += 1;
            waiting
        } else {
            self.by_share(bin.start, draws.uniform(0))
        }?;
        let kinds = &whose.like.batches;
        let batch = weighted::at(kinds, draws.below(1, weighted::total(kinds)))?;
        creates.clear();
        creates.extend(batch.iter().flat_map(|&(flavor, count)| (0..count).map(move |_| flavor)));
        (!creates.is_empty()).then_some(whose.tenant)
    }

    fn by_share(&self, at: Instant, uniform: f64) -> Option<&Appeared<'a>> {
        let shares = self.newcomers[..self.begun].iter().map(|newcomer| (newcomer, newcomer.share(at)));
        let all: f64 = shares.clone().map(|(_, share)| share).sum();
        // Together they have no more than all there is.
        let mut left = uniform * all.max(1.0);
        for (newcomer, share) in shares {
            if left < share {
                return Some(newcomer);
            }
            left -= share;
        }
        None
    }
}

impl Appeared<'_> {
    fn share(&self, at: Instant) -> f64 {
        let days = &self.like.share_millionths;
        let day = (at - self.at).divide(Duration::DAY).max(0) as usize;
        days.get(day.min(days.len().saturating_sub(1))).map_or(0.0, |&share| f64::from(share) / SHARE_STEPS)
    }
}

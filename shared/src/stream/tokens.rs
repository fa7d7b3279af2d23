//! Batches as they are read one token at a time: a flavor a create, and an end of the batch.

use super::batches::Batch;
use crate::random::key;
use crate::units::FlavorIndex;

/// What can come next: a flavor by its index, or the end of the batch by the number of flavors.
pub(super) type Class = u32;

/// The tokens of a batch: its flavors in order of creation, then its end, which has the class `flavors`.
pub(super) fn tokens(creates: &[(FlavorIndex, u32)], flavors: usize) -> impl Iterator<Item = Class> + '_ {
    let each = creates.iter().flat_map(|&(flavor, count)| (0..count).map(move |_| flavor.0));
    each.chain([flavors as Class])
}

/// How many tokens batches have together.
pub(super) fn token_count<'a>(batches: impl Iterator<Item = &'a Batch>) -> u64 {
    batches.map(|batch| u64::from(batch.size()) + 1).sum()
}

/// How a batch begins: what a token may depend on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Beginning {
    /// How many creates there are so far.
    pub(super) length: u32,
    /// The flavor of the last one.
    pub(super) last: Option<Class>,
    /// How often that came in a row.
    pub(super) run: u32,
    /// A hash of all creates in their order.
    pub(super) all: u64,
    /// A hash of which flavors there are.
    pub(super) set: u64,
    seen: Vec<Class>,
}

impl Beginning {
    /// Adds a create.
    pub(super) fn push(&mut self, flavor: Class) {
        self.run = if self.last == Some(flavor) { self.run + 1 } else { 1 };
        self.last = Some(flavor);
        self.length += 1;
        self.all = key(&[self.all, u64::from(flavor)]);
        if !self.seen.contains(&flavor) {
            self.seen.push(flavor);
            // A sum does not depend on the order.
            self.set = self.set.wrapping_add(key(&[u64::from(flavor)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_its_creates_and_an_end() {
        let creates = [(FlavorIndex(2), 2), (FlavorIndex(0), 1)];
        assert_eq!(tokens(&creates, 5).collect::<Vec<_>>(), [2, 2, 0, 5]);
    }

    #[test]
    fn a_beginning_knows_order_run_and_set() {
        let of = |flavors: &[Class]| {
            let mut beginning = Beginning::default();
            flavors.iter().for_each(|&flavor| beginning.push(flavor));
            beginning
        };
        let (first, second) = (of(&[0, 1, 1]), of(&[1, 0, 1]));
        assert_eq!((first.last, first.run, first.length, second.run), (Some(1), 2, 3, 1));
        assert_eq!(first.set, second.set);
        assert_ne!(first.all, second.all);
        assert_ne!(of(&[0]).set, first.set);
    }
}

//! What is asked for how often, as far as it is known.

use serde::{Deserialize, Serialize};

use crate::units::Resources;

/// How many shapes count at most: those asked for most often.
const SHAPES: usize = 64;

/// How often each shape was asked for: by what lives at the start, and by every create since.
///
/// What counts is frozen until as much again has come, so that scores stay what they are for a while; nothing that is yet
/// to come is looked at. A fork begins with what lives in it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in crate::control_plane) struct Popularity {
    /// In order of the shape.
    counts: Vec<(Resources, u64)>,
    total: u64,
    frozen: Vec<(Resources, u64)>,
    frozen_total: u64,
}

impl Popularity {
    /// Takes note of somebody who asks for a shape, and says whether other counts are used from now on.
    pub(in crate::control_plane) fn note(&mut self, shape: Resources) -> bool {
        match self.counts.binary_search_by_key(&shape, |&(known, _)| known) {
            Ok(at) => self.counts[at].1 += 1,
            Err(at) => self.counts.insert(at, (shape, 1)),
        }
        self.total += 1;
        let thaws = self.total >= 2 * self.frozen_total;
        if thaws {
            self.frozen_total = self.total;
            self.frozen.clone_from(&self.counts);
            self.frozen.sort_by_key(|&(_, count)| core::cmp::Reverse(count));
            self.frozen.truncate(SHAPES);
        }
        thaws
    }

    /// The shapes that count, the one asked for most often first, each with how often it was.
    pub(in crate::control_plane) fn shapes(&self) -> &[(Resources, u64)] {
        &self.frozen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_frozen_until_they_have_doubled() {
        let [small, large] = [Resources::compute(1, 1), Resources::compute(2, 1)];
        let mut popularity = Popularity::default();
        // The totals 1, 2 and 4 begin an epoch each.
        assert_eq!(
            [small, large, large, large, small].map(|shape| popularity.note(shape)),
            [true, true, false, true, false]
        );
        assert_eq!(popularity.shapes(), [(large, 3), (small, 1)]);
    }
}

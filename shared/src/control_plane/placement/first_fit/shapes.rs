//! For which of a few shapes each place has room, in a tree: the first place with room for one of them takes a descent.

use core::cell::Cell;

use crate::control_plane::pages::Pages;
use crate::units::Resources;

/// Children of an entry of the tree: what lies in one cache line.
const FAN: usize = 1 << FAN_BITS;
const FAN_BITS: usize = 4;

/// How many shapes are known: as many as a set has bits.
const SHAPES: usize = Set::BITS as usize;

/// Shapes by their position among those that are known.
type Set = u32;

/// The shapes that there is room for, by place.
///
/// `levels[0]` are the sets of the places; an entry of each further level is the union of sixteen of the one before, and
/// the last level has at most sixteen. A union tells no more of one shape than that some place below has room for it,
/// which is so: whoever looks for a shape that is known never looks in vain, as it would with maxima of several
/// dimensions, which promise room that no single place has.
#[derive(Clone, Debug, Default)]
pub(super) struct Shapes {
    known: Vec<Known>,
    levels: Vec<Pages<Set>>,
    /// How often anything was asked for.
    asked: u64,
    /// Entries that were looked at for shapes that are not known, since one became known.
    in_vain: usize,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    requested: Resources,
    /// When it was asked for last, as a count of what was asked for.
    last: u64,
}

impl Shapes {
    /// Adds the next place, which offers nothing yet.
    pub(super) fn push(&mut self) {
        if self.levels.is_empty() {
            self.levels.push(Pages::default());
        }
        let mut position = self.levels[0].len();
        for level in 0.. {
            if position == self.levels[level].len() {
                self.levels[level].push(0);
            }
            if self.levels[level].len() <= FAN {
                break;
            }
            position >>= FAN_BITS;
            if level + 1 == self.levels.len() {
                let below = &self.levels[level];
                let parents = (0..below.len().div_ceil(FAN)).map(|parent| union(below, parent)).collect();
                self.levels.push(parents);
            }
        }
    }

    /// Takes note of what a place offers now.
    pub(super) fn update(&mut self, place: usize, offer: Resources) {
        let bits = self.known.iter().enumerate().map(|(i, known)| Set::from(known.requested.fits(offer)) << i);
        let (mut position, mut new) = (place, bits.fold(0, |set, bit| set | bit));
        for level in 0..self.levels.len() {
            let old = *self.levels[level].get(position);
            if old == new {
                break;
            }
            *self.levels[level].get_mut(position) = new;
            position >>= FAN_BITS;
            let Some(above) = self.levels.get(level + 1) else { break };
            // What is gone from here may be elsewhere below the same entry; what has come is in it in any case.
            let lost = old & !new != 0;
            new = if lost { union(&self.levels[level], position) } else { *above.get(position) | new };
        }
    }

    /// The first place that offers `requested` and is permitted.
    pub(super) fn first(
        &mut self,
        requested: Resources,
        offers: &Pages<Resources>,
        permitted: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let top = self.levels.len().checked_sub(1)?;
        self.asked += 1;
        let looked_at = Cell::new(0);
        if let Some(shape) = self.find(requested).or_else(|| self.learn(requested, offers)) {
            self.known[shape].last = self.asked;
            return self.search(top, 0, 1 << shape, &permitted, &looked_at);
        }
        // Where there is room for it there is for all that is smaller.
        let smaller = self.known.iter().enumerate().filter(|(_, known)| known.requested.fits(requested));
        let set = smaller.fold(0, |set, (i, _)| set | 1 << i);
        let takes = |place: usize| requested.fits(*offers.get(place)) && permitted(place);
        let first = self.search(top, 0, set, &takes, &looked_at);
        self.in_vain += looked_at.get();
        first
    }

    /// The first place below sixteen entries of a level, from `from` on, that has room for a whole set, and is taken.
    fn search(
        &self,
        level: usize,
        from: usize,
        set: Set,
        takes: &impl Fn(usize) -> bool,
        looked_at: &Cell<usize>,
    ) -> Option<usize> {
        let entries = self.levels[level].neighbours(from, FAN);
        looked_at.set(looked_at.get() + entries.len());
        let mut fitting = entries.iter().enumerate().filter(|&(_, entry)| entry & set == set).map(|(i, _)| from + i);
        if level == 0 {
            return fitting.find(|&place| takes(place));
        }
        fitting.find_map(|entry| self.search(level - 1, entry << FAN_BITS, set, takes, looked_at))
    }

    fn find(&self, requested: Resources) -> Option<usize> {
        self.known.iter().position(|known| known.requested == requested)
    }

    /// Makes a shape known. Where as many are known as can be, the one that was asked for longest ago gives way, but only
    /// once looking for others has taken as long as this does.
    fn learn(&mut self, requested: Resources, offers: &Pages<Resources>) -> Option<usize> {
        let known = Known { requested, last: self.asked };
        let shape = if self.known.len() < SHAPES {
            self.known.push(known);
            self.known.len() - 1
        } else if self.in_vain >= offers.len() {
            let oldest = (0..SHAPES).min_by_key(|&shape| self.known[shape].last)?;
            self.known[oldest] = known;
            oldest
        } else {
            return None;
        };
        self.in_vain = 0;
        for (place, offer) in offers.iter().enumerate() {
            let set = self.levels[0].get_mut(place);
            *set = *set & !(1 << shape) | Set::from(requested.fits(*offer)) << shape;
        }
        for level in 1..self.levels.len() {
            for parent in 0..self.levels[level].len() {
                *self.levels[level].get_mut(parent) = union(&self.levels[level - 1], parent);
            }
        }
        Some(shape)
    }

    pub(super) fn share(&mut self) {
        self.levels.iter_mut().for_each(Pages::share);
    }
}

/// What there is room for below an entry.
fn union(below: &Pages<Set>, parent: usize) -> Set {
    below.neighbours(parent << FAN_BITS, FAN).iter().fold(0, |set, entry| set | entry)
}

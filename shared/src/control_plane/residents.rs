//! Who is on which node, kept where somebody may have to leave one.

use std::collections::BTreeMap;

use super::pages::Pages;

/// Positions of the resources on each node; nothing is kept where nobody ever has to leave.
#[derive(Clone, Debug)]
pub(super) struct Residents(Option<Kept>);

#[derive(Clone, Debug, Default)]
struct Kept {
    by_slot: Pages<Vec<u32>>,
    /// How many there are of each priority.
    by_priority: BTreeMap<i32, u32>,
}

impl Residents {
    pub(super) fn new(kept: bool) -> Self {
        Self(kept.then(Kept::default))
    }

    #[inline]
    pub(super) fn arrive(&mut self, slot: u32, live: u32, priority: i32) {
        let Some(Kept { by_slot, by_priority }) = &mut self.0 else { return };
        while by_slot.len() <= slot as usize {
            by_slot.push(Vec::new());
        }
        by_slot.get_mut(slot as usize).push(live);
        *by_priority.entry(priority).or_default() += 1;
    }

    #[inline]
    pub(super) fn depart(&mut self, slot: u32, live: u32, priority: i32) {
        let Some(Kept { by_slot, by_priority }) = &mut self.0 else { return };
        by_slot.get_mut(slot as usize).retain(|&other| other != live);
        let count = by_priority.get_mut(&priority).expect("who leaves came");
        *count -= 1;
        if *count == 0 {
            by_priority.remove(&priority);
        }
    }

    /// Who is on a node, in order of arrival.
    pub(super) fn of(&self, slot: u32) -> &[u32] {
        let known = self.0.as_ref().map(|kept| &kept.by_slot).filter(|by_slot| by_slot.len() > slot as usize);
        known.map_or(&[], |by_slot| by_slot.get(slot as usize))
    }

    /// Whether anybody on any node is less urgent than this.
    pub(super) fn are_below(&self, priority: i32) -> bool {
        let least = self.0.as_ref().and_then(|kept| kept.by_priority.first_key_value());
        least.is_some_and(|(&least, _)| least < priority)
    }

    pub(super) fn share(&mut self) {
        if let Some(kept) = &mut self.0 {
            kept.by_slot.share();
        }
    }
}

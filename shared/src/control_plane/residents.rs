//! Who is on which node, kept where somebody may have to leave one.

use super::pages::Pages;

/// Positions of the resources on each node.
#[derive(Clone, Debug)]
pub(super) struct Residents {
    /// By slot; nothing is kept where nobody ever has to leave.
    by_slot: Option<Pages<Vec<u32>>>,
}

impl Residents {
    pub(super) fn new(kept: bool) -> Self {
        Self { by_slot: kept.then(Pages::default) }
    }

    pub(super) fn arrive(&mut self, slot: u32, live: u32) {
        let Some(by_slot) = &mut self.by_slot else { return };
        while by_slot.len() <= slot as usize {
            by_slot.push(Vec::new());
        }
        by_slot.get_mut(slot as usize).push(live);
    }

    pub(super) fn depart(&mut self, slot: u32, live: u32) {
        let Some(by_slot) = &mut self.by_slot else { return };
        by_slot.get_mut(slot as usize).retain(|&other| other != live);
    }

    /// Who is on a node, in order of arrival.
    pub(super) fn of(&self, slot: u32) -> &[u32] {
        let known = self.by_slot.as_ref().filter(|by_slot| by_slot.len() > slot as usize);
        known.map_or(&[], |by_slot| by_slot.get(slot as usize))
    }

    pub(super) fn share(&mut self) {
        self.by_slot.iter_mut().for_each(Pages::share);
    }
}

//! Nodes in classes that are alike, in order, with bounds of what any class of a block offers.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::control_plane::pages::{Page, Pages};
use crate::units::{DIMENSIONS, Resources};

/// Classes of a block; a longer one is split.
const BLOCK: usize = 32;

/// What tells nodes apart, in the order in which they are kept.
pub(super) trait Key: Copy + Ord {
    /// What a node of this class offers, and more if the order goes by more; nothing where it offers nothing.
    fn amounts(&self) -> Resources;
}

/// Under which key each slot is found, if it offers anything.
pub(super) type Keys<K> = Pages<K>;

/// The nodes of one group in classes of equal keys.
///
/// There are far fewer classes than nodes, as shapes repeat: so what has to be looked at stays small however many nodes
/// there are. Blocks hold neighbours, so that the least and the most that any class of a block offers are close.
#[derive(Clone, Debug)]
pub(super) struct Ordered<K> {
    blocks: Vec<Block<K>>,
}

/// Neighbours in the order.
#[derive(Clone, Debug)]
pub(super) struct Block<K> {
    /// The least and the most of the amounts that any of them offers, per dimension.
    pub(super) least: Resources,
    pub(super) most: Resources,
    /// The lowest slot of all.
    pub(super) lowest: u32,
    /// Nothing before it in the order belongs here.
    first: K,
    classes: Page<Class<K>>,
}

/// Nodes of one key, at least one.
#[derive(Clone, Debug)]
pub(super) struct Class<K> {
    pub(super) key: K,
    pub(super) lowest: u32,
    /// Those after the lowest; none for one alone, which is common where shapes do not repeat.
    others: Option<Arc<BTreeSet<u32>>>,
}

impl<K> Default for Ordered<K> {
    fn default() -> Self {
        Self { blocks: Vec::new() }
    }
}

impl<K: Key> Ordered<K> {
    /// All blocks in order.
    pub(super) fn blocks(&self) -> &[Block<K>] {
        &self.blocks
    }

    /// The blocks that hold every class whose key is not below `key`.
    pub(super) fn blocks_from(&self, key: &K) -> &[Block<K>] {
        &self.blocks[self.block_of(key)..]
    }

    /// Takes a slot from under one key to another; a key that offers nothing is no place.
    pub(super) fn exchange(&mut self, slot: u32, old: &K, new: &K) {
        if !old.amounts().is_zero() {
            self.remove(old, slot);
        }
        if !new.amounts().is_zero() {
            self.insert(new, slot);
        }
    }

    pub(super) fn share(&mut self) {
        self.blocks.iter_mut().for_each(|block| block.classes.share());
    }

    /// The block that a key belongs to; the first where it comes before all.
    fn block_of(&self, key: &K) -> usize {
        self.blocks.partition_point(|block| block.first <= *key).saturating_sub(1)
    }

    fn remove(&mut self, key: &K, slot: u32) {
        let position = self.block_of(key);
        let block = &mut self.blocks[position];
        let classes = block.classes.entries_mut();
        let at = classes.binary_search_by_key(key, |class| class.key).expect("what is removed is there");
        if !classes[at].remove(slot) {
            classes.remove(at);
            if classes.is_empty() {
                self.blocks.remove(position);
                return;
            }
            if at_an_end(key.amounts(), block.least, block.most) {
                (block.least, block.most) = extent(classes);
            }
        }
        if slot == block.lowest {
            block.lowest = lowest(classes);
        }
    }

    fn insert(&mut self, key: &K, slot: u32) {
        let position = self.block_of(key);
        let Some(block) = self.blocks.get_mut(position) else {
            return self.blocks.push(Block::new(vec![Class::new(*key, slot)]));
        };
        block.lowest = block.lowest.min(slot);
        let classes = block.classes.entries_mut();
        match classes.binary_search_by_key(key, |class| class.key) {
            Ok(at) => return classes[at].insert(slot),
            Err(at) => classes.insert(at, Class::new(*key, slot)),
        }
        block.first = block.first.min(*key);
        (block.least, block.most) = (block.least.min(key.amounts()), block.most.max(key.amounts()));
        if classes.len() > BLOCK {
            let second = Block::new(classes.split_off(BLOCK / 2));
            (block.least, block.most) = extent(classes);
            block.lowest = lowest(classes);
            self.blocks.insert(position + 1, second);
        }
    }
}

impl<K: Key> Block<K> {
    fn new(classes: Vec<Class<K>>) -> Self {
        let (least, most) = extent(&classes);
        Self { least, most, lowest: lowest(&classes), first: classes[0].key, classes: Page::Own(classes) }
    }

    /// Its classes that offer `requested`, in order.
    pub(super) fn fitting(&self, requested: Resources) -> impl Iterator<Item = &Class<K>> {
        self.classes.entries().iter().filter(move |class| requested.fits(class.key.amounts()))
    }
}

impl<K> Class<K> {
    fn new(key: K, slot: u32) -> Self {
        Self { key, lowest: slot, others: None }
    }

    /// Its slots in order.
    pub(super) fn slots(&self) -> impl Iterator<Item = u32> {
        core::iter::once(self.lowest).chain(self.others.iter().flat_map(|others| others.iter().copied()))
    }

    fn insert(&mut self, slot: u32) {
        let later = self.lowest.max(slot);
        self.lowest = self.lowest.min(slot);
        Arc::make_mut(self.others.get_or_insert_default()).insert(later);
    }

    /// Takes a slot out; whether any is left.
    fn remove(&mut self, slot: u32) -> bool {
        let Some(others) = &mut self.others else { return false };
        let rest = Arc::make_mut(others);
        if slot == self.lowest {
            self.lowest = rest.pop_first().expect("there is another one");
        } else {
            rest.remove(&slot);
        }
        if rest.is_empty() {
            self.others = None;
        }
        true
    }
}

/// Whether the least or the most may be what they are because of an offer.
fn at_an_end(offer: Resources, least: Resources, most: Resources) -> bool {
    let [offer, least, most] = [offer, least, most].map(Resources::to_array);
    (0..DIMENSIONS).any(|i| least[i] < most[i] && (offer[i] == least[i] || offer[i] == most[i]))
}

fn extent<K: Key>(classes: &[Class<K>]) -> (Resources, Resources) {
    let offers = || classes.iter().map(|class| class.key.amounts());
    let first = classes[0].key.amounts();
    (offers().fold(first, Resources::min), offers().fold(first, Resources::max))
}

fn lowest<K>(classes: &[Class<K>]) -> u32 {
    classes.iter().map(|class| class.lowest).min().expect("a block has classes")
}

//! Tables made of copy-on-write pages, addressed by position.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Entries of a page: few enough that the first write to a shared page is cheap, enough that copies of a table are.
const PAGE: usize = 64;

/// A table that grows at its end. Copies of a [shared](Pages::share) table have its pages in common until one of them
/// writes, and then only that page is copied.
#[derive(Clone, Debug)]
pub(super) struct Pages<T> {
    pages: Vec<Page<T>>,
    len: usize,
}

/// Entries that belong to one table, or to several.
///
/// Whether a page may be written is a tag and not a count of references, which would cost an atomic operation a write.
#[derive(Clone, Debug)]
pub(super) enum Page<T> {
    Own(Vec<T>),
    Shared(Arc<Vec<T>>),
}

impl<T> Default for Pages<T> {
    fn default() -> Self {
        Self { pages: Vec::new(), len: 0 }
    }
}

impl<T: Clone> Pages<T> {
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(super) fn get(&self, position: usize) -> &T {
        &self.pages[position / PAGE].entries()[position % PAGE]
    }

    #[inline]
    pub(super) fn get_mut(&mut self, position: usize) -> &mut T {
        &mut self.pages[position / PAGE].entries_mut()[position % PAGE]
    }

    #[inline]
    pub(super) fn push(&mut self, value: T) {
        if self.len == self.pages.len() * PAGE {
            self.pages.push(Page::Own(Vec::with_capacity(PAGE)));
        }
        self.pages[self.len / PAGE].entries_mut().push(value);
        self.len += 1;
    }

    /// The entries from `from` on that lie in its page, up to `most`.
    #[inline]
    pub(super) fn neighbours(&self, from: usize, most: usize) -> &[T] {
        let entries = &self.pages[from / PAGE].entries()[from % PAGE..];
        &entries[..most.min(entries.len())]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.pages.iter().flat_map(|page| page.entries())
    }

    /// Makes copies cheap from now on.
    pub(super) fn share(&mut self) {
        self.pages.iter_mut().for_each(Page::share);
    }
}

impl<T> FromIterator<T> for Pages<T>
where
    T: Clone,
{
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let mut pages = Self::default();
        values.into_iter().for_each(|value| pages.push(value));
        pages
    }
}

impl<T: Clone> Page<T> {
    #[inline]
    pub(super) fn entries(&self) -> &[T] {
        match self {
            Self::Own(entries) => entries,
            Self::Shared(entries) => entries,
        }
    }

    #[inline]
    pub(super) fn entries_mut(&mut self) -> &mut Vec<T> {
        if let Self::Shared(shared) = self {
            *self = Self::Own(copy(shared));
        }
        match self {
            Self::Own(entries) => entries,
            Self::Shared(_) => unreachable!("it has just been copied"),
        }
    }

    pub(super) fn share(&mut self) {
        if let Self::Own(entries) = self {
            *self = Self::Shared(Arc::new(core::mem::take(entries)));
        }
    }
}

#[cold]
fn copy<T: Clone>(shared: &[T]) -> Vec<T> {
    let mut own = Vec::with_capacity(PAGE);
    own.extend_from_slice(shared);
    own
}

impl<T: Clone + Serialize> Serialize for Pages<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().collect::<Vec<_>>())
    }
}

impl<'de, T: Clone + Deserialize<'de>> Deserialize<'de> for Pages<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<T>::deserialize(deserializer)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        /// Two copies of a shared table are two tables: each is what a plain vector with the same writes is.
        #[test]
        fn copies_do_not_see_each_others_writes(
            first in 1_usize..300,
            steps in proptest::collection::vec((0_u8..4, 0_usize..300, 0_u32..1_000), 0..100),
        ) {
            let mut plain: [Vec<u32>; 2] = core::array::from_fn(|_| (0..first as u32).collect());
            let mut whole: Pages<u32> = plain[0].iter().copied().collect();
            whole.share();
            let mut pages = [whole.clone(), whole];
            for (step, position, value) in steps {
                let side = usize::from(step % 2 == 1);
                if step < 2 {
                    plain[side].push(value);
                    pages[side].push(value);
                } else {
                    let position = position % plain[side].len();
                    plain[side][position] = value;
                    *pages[side].get_mut(position) = value;
                }
            }
            for (plain, pages) in plain.iter().zip(&pages) {
                proptest::prop_assert_eq!(pages.len(), plain.len());
                proptest::prop_assert!(pages.iter().eq(plain));
                proptest::prop_assert!((0..plain.len()).all(|i| pages.get(i) == &plain[i]));
            }
        }
    }
}

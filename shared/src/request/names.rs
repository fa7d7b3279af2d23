//! A table of distinct names, each with its index.

use foldhash::fast::FixedState;
use indexmap::IndexSet;

/// Distinct names in order of first appearance; the same input gives the same indices everywhere.
#[derive(Clone, Debug, Default)]
pub struct Names {
    set: IndexSet<Box<str>, FixedState>,
}

impl Names {
    /// The index of `name`, added when it is new.
    ///
    /// # Panics
    /// When there are more than `u32::MAX` names.
    pub fn intern(&mut self, name: &str) -> u32 {
        let position = match self.set.get_index_of(name) {
            Some(position) => position,
            None => self.set.insert_full(name.into()).0,
        };
        u32::try_from(position).expect("fewer than 2^32 names")
    }

    /// The index of `name`, if it is in the table.
    pub fn get(&self, name: &str) -> Option<u32> {
        self.set.get_index_of(name).map(|position| position as u32)
    }

    /// The name at `index`.
    ///
    /// # Panics
    /// When the table has no such row.
    pub fn name(&self, index: u32) -> &str {
        &self.set[index as usize]
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.set.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.set.is_empty()
    }

    /// The names in order of their index.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.set.iter().map(AsRef::as_ref)
    }
}

impl<'a> FromIterator<&'a str> for Names {
    fn from_iter<I: IntoIterator<Item = &'a str>>(names: I) -> Self {
        Self { set: names.into_iter().map(Box::from).collect() }
    }
}

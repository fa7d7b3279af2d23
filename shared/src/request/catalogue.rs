//! What a flavor's name stands for, where requests name one without its amounts.

use std::collections::BTreeMap;

use crate::units::Resources;

/// Flavor names and their amounts, from a flavor file or a price list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    /// Amounts by name.
    pub flavors: BTreeMap<String, Resources>,
}

impl Catalogue {
    /// The amounts of a flavor.
    pub fn get(&self, flavor: &str) -> Option<Resources> {
        self.flavors.get(flavor).copied()
    }
}

//! What names in requests stand for: flavors without their amounts, classes of priority.

use std::collections::BTreeMap;

use super::Priority;
use crate::units::Resources;

/// Flavor names and their amounts, from a flavor file or a price list, and priority classes and their numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    /// Amounts by name.
    pub flavors: BTreeMap<String, Resources>,
    /// Priorities by the name of their class.
    pub priority_classes: BTreeMap<String, i32>,
}

impl Catalogue {
    /// The amounts of a flavor.
    pub fn get(&self, flavor: &str) -> Option<Resources> {
        self.flavors.get(flavor).copied()
    }

    /// The number of a priority.
    ///
    /// # Errors
    /// With the name of a class that is not known.
    pub fn priority<'a>(&self, priority: &'a Priority) -> Result<i32, &'a str> {
        match priority {
            Priority::Number(number) => Ok(*number),
            Priority::Class(name) => self.priority_classes.get(name).copied().ok_or(name.as_str()),
        }
    }
}

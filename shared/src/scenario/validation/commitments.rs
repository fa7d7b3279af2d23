//! Problems of commitment discounts.

use std::collections::BTreeSet;

use super::Found;
use crate::pricing::{CommitmentDiscount, Coverage};
use crate::scenario::MAX_NODES;
use crate::units::Duration;

/// A hundred years.
const MAX_TERM: Duration = Duration::from_seconds(100 * 366 * 86_400);

pub(super) fn check_commitments(commitments: &[CommitmentDiscount], list: &str, found: &mut Found) {
    let mut names = BTreeSet::new();
    for (i, CommitmentDiscount { name, covers, from, until }) in commitments.iter().enumerate() {
        let path = |field: &str| format!("{list}[{i}].{field}");
        found.expect(!name.is_empty(), path("name"), || "is empty; expected a name".to_owned());
        found.expect(names.insert(name), path("name"), || format!("`{name}` is there twice; expected each once"));
        found.expect(from < until && *until - *from <= MAX_TERM, path("until"), || {
            format!("is {until}; expected an instant after {from}, and at most a hundred years later")
        });
        match covers {
            Coverage::Machines { instance_type, count, .. } => {
                found.expect(!instance_type.is_empty(), path("covers.machines.instance_type"), || {
                    "is empty; expected an instance type or a flavor".to_owned()
                });
                found.expect((1..=MAX_NODES).contains(count), path("covers.machines.count"), || {
                    format!("is {count}; expected 1 to {MAX_NODES}")
                });
            }
            Coverage::Spend { price_percent, .. } => {
                found.expect((1..=100).contains(price_percent), path("covers.spend.price_percent"), || {
                    format!("is {price_percent}; expected 1 to 100")
                });
            }
        }
    }
}

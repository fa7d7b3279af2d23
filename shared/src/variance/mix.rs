//! The mix step: the flavors that were really asked for.

use std::collections::BTreeMap;

use super::lives::{Group, creates_by_group, group_of};
use crate::request::{Flavor, IndexedRequest, Operation};
use crate::units::{FlavorIndex, ResourceIndex};

/// `stream` with the flavor of the k-th actual create for its k-th create, in order of time, per tenant and class.
///
/// A delete carries its resource's flavor; where the stream has more creates than the actual one, the rest keep theirs.
pub fn mix(flavors: &[Flavor], mut stream: Vec<IndexedRequest>, actual: &[IndexedRequest]) -> Vec<IndexedRequest> {
    let wanted = creates_by_group(actual, flavors);
    let mut seen: BTreeMap<Group, usize> = BTreeMap::new();
    let mut changed: BTreeMap<ResourceIndex, FlavorIndex> = BTreeMap::new();
    for request in &mut stream {
        match request.operation {
            Operation::Create => {
                let group = group_of(request, flavors);
                let k = seen.entry(group).or_default();
                if let Some(create) = wanted.get(&group).and_then(|creates| creates.get(*k)) {
                    request.flavor = create.flavor;
                    changed.insert(request.resource, create.flavor);
                }
                *k += 1;
            }
            Operation::Delete => request.flavor = changed.get(&request.resource).copied().unwrap_or(request.flavor),
            Operation::Resize => {}
        }
    }
    stream
}

//! The volume step: as many creates per tenant and class as there really were.

use std::collections::BTreeMap;

use super::lives::{Assembly, Group, Lives, StepContext, creates_by_group, of_class};
use crate::random::key;
use crate::request::IndexedRequest;
use crate::units::TenantIndex;

/// Number of the draw that ranks donors; edits of demand use the first ones of the same entity.
const RANK_DRAW: u64 = 1 << 32;

/// `predicted` with as many creates per tenant × class as `actual` has.
///
/// Too many: some are left out, chosen by keyed draws. Too few: creates are repeated with their times, flavors and
/// lifetimes, each once before any twice. A tenant without predicted creates of a class borrows those of others, under
/// its own name; where nobody has any, the actual requests stand in. What is asked of live resources stays as predicted.
pub fn volume(context: StepContext, predicted: &[IndexedRequest], actual: &[IndexedRequest]) -> Vec<IndexedRequest> {
    let donors = creates_by_group(predicted, context.flavors);
    let wanted = creates_by_group(actual, context.flavors);
    let lives = Lives::new(predicted);
    let mut actual_lives = None;
    let mut assembly = Assembly::new(predicted, context.live);
    for (&group, wanted) in &wanted {
        let chosen = choose(context, group, &donors, wanted.len());
        for (donor, copy) in &chosen {
            assembly.add(lives.of(donor.resource), group.0, *copy, draw_key(donor, group.0, *copy));
        }
        if chosen.is_empty() {
            let actual_lives = actual_lives.get_or_insert_with(|| Lives::new(actual));
            for create in wanted {
                assembly.add(actual_lives.of(create.resource), group.0, 0, create.draw_key);
            }
        }
    }
    assembly.finish()
}

/// `count` donors of a group with the number of the copy; nothing where nobody has donors of its class.
fn choose(
    context: StepContext,
    group: Group,
    donors: &BTreeMap<Group, Vec<IndexedRequest>>,
    count: usize,
) -> Vec<(IndexedRequest, usize)> {
    let own = donors.get(&group).cloned();
    let mut ranked = own.unwrap_or_else(|| of_class(group.1, donors));
    if ranked.is_empty() {
        return Vec::new();
    }
    ranked.sort_by_cached_key(|donor| context.rank(donor, RANK_DRAW));
    (0..count).map(|i| (ranked[i % ranked.len()], i / ranked.len())).collect()
}

/// The first copy of a tenant's own create draws what the create drew; all others draw on their own.
fn draw_key(donor: &IndexedRequest, tenant: TenantIndex, copy: usize) -> u64 {
    if copy == 0 && donor.tenant == tenant {
        return donor.draw_key;
    }
    key(&[donor.draw_key, u64::from(tenant.0), copy as u64])
}

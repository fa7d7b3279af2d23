//! The mix step: as many creates of each flavor as there really were.

use std::collections::BTreeMap;

use super::lives::{Assembly, Group, Lives, StepContext, creates_by_group, of_class};
use crate::request::{IndexedRequest, Operation};
use crate::units::FlavorIndex;

/// Number of the draw that ranks the creates of a flavor; the volume step uses the one before.
const RANK_DRAW: u64 = (1 << 32) + 1;

/// `stream` with as many creates of each flavor, per tenant and class, as `actual` has.
///
/// Creates whose flavor is wanted keep their whole life. One whose flavor is wanted no more keeps its instant and gets
/// the life (shape, lifetime, what follows) of another create of a flavor that lacks, so that lifetimes that go with a
/// flavor go with it: the tenant's own in `stream`, else anyone's, else the actual one's. Which creates are changed is
/// chosen by keyed draws. Where the stream has more creates than the actual one, the rest stay as they are.
pub fn mix(context: StepContext, stream: &[IndexedRequest], actual: &[IndexedRequest]) -> Vec<IndexedRequest> {
    let (lives, actual_lives) = (Lives::new(stream), Lives::new(actual));
    let creates = creates_by_group(stream, context.flavors);
    let actual_creates = creates_by_group(actual, context.flavors);
    let mut assembly = Assembly::new(stream, context.live);
    for (&group, own) in &creates {
        let wanted = actual_creates.get(&group).map(Vec::as_slice).unwrap_or_default();
        let Match { kept, surplus, lacking } = match_flavors(context, own, wanted);
        for create in kept {
            assembly.add(lives.of(create.resource), group.0, 0, create.draw_key);
        }
        let mut surplus = surplus.into_iter();
        for (flavor, count) in lacking {
            let donors = donors(context, flavor, group, &creates);
            let slots = surplus.by_ref().take(count).enumerate();
            if donors.is_empty() {
                let donors: Vec<&IndexedRequest> = wanted.iter().filter(|create| create.flavor == flavor).collect();
                for (i, slot) in slots {
                    let life = transplant(context, &slot, donors[i % donors.len()], &actual_lives);
                    assembly.add(life, group.0, 0, slot.draw_key);
                }
            } else {
                for (i, slot) in slots {
                    let life = transplant(context, &slot, &donors[i % donors.len()], &lives);
                    assembly.add(life, group.0, 0, slot.draw_key);
                }
            }
        }
        for create in surplus {
            assembly.add(lives.of(create.resource), group.0, 0, create.draw_key);
        }
    }
    assembly.finish()
}

/// The creates of a group against those that were really asked for.
struct Match {
    /// Whose flavor is wanted.
    kept: Vec<IndexedRequest>,
    /// Whose flavor is wanted no more, in a random order.
    surplus: Vec<IndexedRequest>,
    /// How many creates of a flavor are missing.
    lacking: BTreeMap<FlavorIndex, usize>,
}

fn match_flavors(context: StepContext, own: &[IndexedRequest], wanted: &[IndexedRequest]) -> Match {
    let mut lacking: BTreeMap<FlavorIndex, usize> = BTreeMap::new();
    for create in wanted {
        *lacking.entry(create.flavor).or_default() += 1;
    }
    let mut ranked = own.to_vec();
    ranked.sort_by_cached_key(|create| context.rank(create, RANK_DRAW));
    let (kept, surplus) = ranked.into_iter().partition(|create| match lacking.get_mut(&create.flavor) {
        Some(count) if *count > 0 => {
            *count -= 1;
            true
        }
        _ => false,
    });
    Match { kept, surplus, lacking }
}

/// Creates of a flavor that lend their lives: the group's own, else anyone's of its class.
fn donors(
    context: StepContext,
    flavor: FlavorIndex,
    group: Group,
    creates: &BTreeMap<Group, Vec<IndexedRequest>>,
) -> Vec<IndexedRequest> {
    let of_flavor = |mut donors: Vec<IndexedRequest>| {
        donors.retain(|create| create.flavor == flavor);
        donors
    };
    let own = of_flavor(creates[&group].clone());
    let mut donors = if own.is_empty() { of_flavor(of_class(group.1, creates)) } else { own };
    donors.sort_by_cached_key(|create| context.rank(create, RANK_DRAW));
    donors
}

/// The life of `donor` begun at the instant of `slot`, as far as it lies in the window.
///
/// A delete of the donor that lies past the window is known from the lifetime that its create announces.
fn transplant<'a>(
    context: StepContext<'a>,
    slot: &'a IndexedRequest,
    donor: &'a IndexedRequest,
    lives: &'a Lives<'a>,
) -> impl Iterator<Item = (usize, IndexedRequest)> + 'a {
    let deleted = lives.of(donor.resource).any(|(_, request)| request.operation == Operation::Delete);
    let announced = donor.lifetime.filter(|_| !deleted).map(|lifetime| {
        let at = donor.at + lifetime;
        (usize::MAX, IndexedRequest { at, operation: Operation::Delete, lifetime: None, ..*donor })
    });
    let life = lives.of(donor.resource).chain(announced).map(|(position, request)| {
        let at = slot.at + (request.at - donor.at);
        (position, IndexedRequest { at, batch: slot.batch, ..request })
    });
    life.filter(move |(_, request)| request.at < context.end)
}

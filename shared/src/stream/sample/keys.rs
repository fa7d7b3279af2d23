//! Numbers and draw keys of what is created.

use std::collections::BTreeMap;

use crate::random::key;
use crate::request::IndexedRequest;
use crate::units::{ResourceIndex, TenantIndex};

/// Draw keys of predicted creates have this bit, so that none is the key of a resource of the log.
const PREDICTED: u64 = 1 << 63;
/// Where a key says which of the resources that came with a machine it is of, counted from 1; otherwise it has 0 there.
const ATTACHED: u64 = 0xff << ATTACHED_SHIFT;
const ATTACHED_SHIFT: u32 = 24;

/// What stands for the key of a create until all are in order: its place among them, and which it is of a machine's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unnumbered(u64);

impl Unnumbered {
    /// Of a create on its own.
    pub(super) fn new(place: usize) -> Self {
        Self((place as u64) << 8)
    }

    /// Of the `item`-th resource, counted from 1, that comes with the machine that this is of.
    pub(super) fn attached(self, item: u64) -> Self {
        Self(self.0 | item.min(0xff))
    }

    pub(super) fn as_draw_key(self) -> u64 {
        self.0
    }
}

/// Gives creates in order of time their resources and draw keys: of the tenant and the number among its creates, or of
/// the machine that they came with.
pub(super) fn number(creates: &mut [IndexedRequest], lives: usize) {
    let item = |create: &IndexedRequest| create.draw_key & 0xff;
    let attached = creates.iter().any(|create| item(create) > 0);
    let mut created: BTreeMap<TenantIndex, u64> = BTreeMap::new();
    let mut machines: BTreeMap<u64, u64> = BTreeMap::new();
    for (i, create) in creates.iter_mut().enumerate() {
        create.resource = ResourceIndex::from_usize(lives + i);
        if item(create) > 0 {
            continue;
        }
        let ordinal = created.entry(create.tenant).or_default();
        let draw_key = PREDICTED | u64::from(create.tenant.0) << 32 | *ordinal;
        *ordinal += 1;
        if attached {
            machines.insert(create.draw_key >> 8, draw_key);
        }
        create.draw_key = draw_key;
    }
    for create in creates.iter_mut().filter(|create| create.draw_key & PREDICTED == 0) {
        let (machine, item) = (machines.get(&(create.draw_key >> 8)), item(create));
        // A machine that is not in the window has no key.
        let alone = || PREDICTED | key(&[u64::from(create.tenant.0), create.at.micros() as u64, item]);
        create.draw_key = machine.map_or_else(alone, |machine| machine | item << ATTACHED_SHIFT);
    }
}

/// What a create is left out or repeated by: what came with a machine, by the machine's key.
pub(crate) fn scaling_key(create: &IndexedRequest) -> u64 {
    let of_tenant = PREDICTED | u64::from(create.tenant.0) << 32;
    let is_numbered = create.draw_key & !u64::from(u32::MAX) == of_tenant;
    if is_numbered { create.draw_key & !ATTACHED } else { create.draw_key }
}

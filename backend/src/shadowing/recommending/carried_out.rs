//! Whether a change is among the settings.

use serde_json::Value;
use shared::api::AcceptanceState;
use shared::scenario::Scenario;
use shared::units::Instant;

/// Only what the change changes is looked at: whether it is in force as with the change, or as before it.
pub(super) fn carried_out(before: &Scenario, with_change: &Scenario, in_force: &Scenario) -> AcceptanceState {
    let [before, with_change, in_force] = [before, with_change, in_force].map(nameless);
    let mut found = Agreement { as_before: true, as_changed: true };
    compare(&before, &with_change, &in_force, &mut found);
    match found {
        Agreement { as_changed: true, .. } => AcceptanceState::CarriedOut,
        Agreement { as_before: true, .. } => AcceptanceState::NotCarriedOut,
        _ => AcceptanceState::OtherwiseChanged,
    }
}

/// Settings without what differs for whoever carries out the same change: how groups and commitments are called, and since
/// when those are held.
fn nameless(settings: &Scenario) -> Value {
    let mut settings = settings.clone();
    settings.fleet.node_groups.iter_mut().for_each(|group| group.name.clear());
    for commitment in &mut settings.price_book.commitments {
        commitment.name.clear();
        (commitment.from, commitment.until) = (Instant::default(), Instant::default());
    }
    serde_json::to_value(settings).unwrap_or_default()
}

/// Where the change changes something, what is in force there.
struct Agreement {
    as_before: bool,
    as_changed: bool,
}

/// Looks at what is in force wherever the change changes something.
fn compare(before: &Value, changed: &Value, in_force: &Value, found: &mut Agreement) {
    if before == changed {
        return;
    }
    match (before, changed) {
        (Value::Object(old), Value::Object(new)) => {
            let added = new.keys().filter(|name| !old.contains_key(*name));
            old.keys().chain(added).for_each(|name| compare(&before[name], &changed[name], &in_force[name], found));
        }
        (Value::Array(old), Value::Array(new)) => {
            let at = |array: &Value, place: usize| array.get(place).cloned().unwrap_or_default();
            let places = 0..old.len().max(new.len());
            places.for_each(|place| compare(&at(before, place), &at(changed, place), &at(in_force, place), found));
        }
        _ => {
            found.as_before &= in_force == before;
            found.as_changed &= in_force == changed;
        }
    }
}

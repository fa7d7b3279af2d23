//! Use beyond what was requested, in what a run metered: readings name resources, records number them.

use std::collections::{BTreeMap, BTreeSet};

use crate::cost::{Charges, MeteringRecords, scaled_to_usage};
use crate::request::Operation;
use crate::scenario::{Demand, Scenario, ValidScenario};
use crate::trace::usage::UsageReading;
use crate::units::{Instant, ResourceIndex, TenantIndex};

/// What readings of use came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsageBeyond {
    /// How many resources used more than they requested.
    pub resources: usize,
    /// How many readings are of no resource that runs, or of a name that several tenants have.
    pub unknown: usize,
}

/// The same records where whoever used more than they requested pays for it, by readings of the resource of a name;
/// `name` is that of a resource of the run.
///
/// A reading from before a resource was created is of an earlier one of its name. Where resources have prices of their
/// own, nothing changes.
pub fn with_usage(
    valid: &ValidScenario,
    records: MeteringRecords,
    usage: &[UsageReading],
    name: impl Fn(ResourceIndex) -> String,
) -> (MeteringRecords, UsageBeyond) {
    let mut readings: BTreeMap<&str, Vec<&UsageReading>> = BTreeMap::new();
    for reading in usage {
        readings.entry(&reading.resource).or_default().push(reading);
    }
    readings.values_mut().for_each(|readings| readings.sort_by_key(|reading| reading.at));
    // Names are unique per tenant, and readings name none.
    let mut tenants: BTreeMap<String, BTreeSet<TenantIndex>> = BTreeMap::new();
    for used in &records.uses {
        tenants.entry(name(used.resource)).or_default().insert(used.tenant);
    }
    let told = |name: &str| tenants.get(name).is_some_and(|tenants| tenants.len() == 1);
    let unknown = usage.iter().filter(|reading| !told(&reading.resource)).count();
    let created = created(valid);
    let of = |resource: ResourceIndex| {
        let name = name(resource);
        let all = readings.get(name.as_str()).filter(|_| told(&name)).map(Vec::as_slice).unwrap_or_default();
        let since = created.get(&resource).copied().unwrap_or_default();
        &all[all.partition_point(|reading| reading.at < since)..]
    };
    let Scenario { billing, fleet, flavors, price_book, .. } = valid.scenario();
    let charges = Charges { billing: *billing, fleet, flavors, book: price_book };
    let (records, beyond) = scaled_to_usage(charges, records, of);
    (records, UsageBeyond { resources: beyond.len(), unknown })
}

/// When each resource of the requests, or of what lived before them, was created.
fn created(valid: &ValidScenario) -> BTreeMap<ResourceIndex, Instant> {
    let live = valid.original().start.live.iter().map(|live| live.created);
    let live = live.enumerate().map(|(position, at)| (ResourceIndex::from_usize(position), at));
    let Demand::Requests(requests) = &valid.original().demand else { return live.collect() };
    let creates = requests.iter().filter(|request| request.operation == Operation::Create);
    live.chain(creates.map(|request| (request.resource, request.at))).collect()
}

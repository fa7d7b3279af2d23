//! The steps of the decomposition on streams small enough to count by hand.

use proptest::prelude::*;

use super::*;
use crate::request::{Flavor, IndexedRequest, Operation, ResourceClass};
use crate::units::{FlavorIndex, Instant, ResourceIndex, Resources, TenantIndex};

fn flavors() -> Vec<Flavor> {
    let flavor = |class| Flavor { name: String::new(), class, requested: Resources::compute(1, 1) };
    vec![flavor(ResourceClass::Compute), flavor(ResourceClass::Compute), flavor(ResourceClass::Storage)]
}

fn context(flavors: &[Flavor], live: usize) -> VolumeContext<'_> {
    VolumeContext { flavors, live, seed: 1, run: 0 }
}

/// Creates of (tenant, flavor) one after the other, each deleted half a second after the last create.
fn stream(creates: &[(u32, u32)]) -> Vec<IndexedRequest> {
    let request = |at, operation, i: usize| IndexedRequest {
        at: Instant::from_micros(at),
        operation,
        tenant: TenantIndex(creates[i].0),
        resource: ResourceIndex::from_usize(i),
        flavor: FlavorIndex(creates[i].1),
        batch: None,
        lifetime: None,
        draw_key: 1_000 + i as u64,
    };
    let lives = 0..creates.len();
    let first = lives.clone().map(|i| request(i as i64 * 1_000_000, Operation::Create, i));
    first.chain(lives.map(|i| request((creates.len() + i) as i64 * 1_000_000, Operation::Delete, i))).collect()
}

fn counts(stream: &[IndexedRequest]) -> std::collections::BTreeMap<(u32, ResourceClass), usize> {
    let flavors = flavors();
    let mut counts = std::collections::BTreeMap::new();
    for create in stream.iter().filter(|request| request.operation == Operation::Create) {
        *counts.entry((create.tenant.0, flavors[create.flavor.usize()].class)).or_default() += 1;
    }
    counts
}

/// In order of time, resources numbered by creation, every delete after its create.
fn check_order(stream: &[IndexedRequest], live: usize) {
    let mut created = live;
    for pair in stream.windows(2) {
        assert!(pair[0].at <= pair[1].at);
    }
    for request in stream {
        if request.operation == Operation::Create {
            assert_eq!(request.resource.usize(), created);
            created += 1;
        }
        assert!(request.resource.usize() < created);
    }
}

#[test]
fn equal_counts_change_nothing() {
    let stream = stream(&[(0, 0), (1, 2), (0, 1)]);
    assert_eq!(volume(context(&flavors(), 0), &stream, &stream), stream);
    assert_eq!(mix(&flavors(), stream.clone(), &stream), stream);
}

#[test]
fn each_donor_is_repeated_once_before_any_twice() {
    let predicted = stream(&[(0, 0), (0, 1), (0, 0)]);
    let actual = stream(&[(0, 0); 7]);
    let result = volume(context(&flavors(), 0), &predicted, &actual);
    check_order(&result, 0);
    // Seven of three donors: two of each, and one three times; each with its delete.
    let mut by_time: Vec<usize> =
        predicted[..3].iter().map(|donor| result.iter().filter(|request| request.at == donor.at).count()).collect();
    by_time.sort_unstable();
    assert_eq!((by_time, result.len()), (vec![2, 2, 3], 14));
    let mut keys: Vec<u64> =
        result.iter().filter(|r| r.operation == Operation::Create).map(|create| create.draw_key).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 7, "copies draw on their own");
}

#[test]
fn who_was_not_predicted_borrows_or_brings_its_own() {
    let predicted = stream(&[(0, 0), (0, 1)]);
    // Tenant 1 has compute donors in tenant 0; nobody has storage.
    let actual = stream(&[(1, 0), (1, 2)]);
    let result = volume(context(&flavors(), 0), &predicted, &actual);
    assert_eq!(counts(&result), counts(&actual));
    let borrowed = result.iter().find(|request| request.flavor != FlavorIndex(2)).unwrap();
    assert!(predicted[..2].iter().any(|donor| (donor.at, donor.flavor) == (borrowed.at, borrowed.flavor)));
    assert!(result.iter().any(|request| (request.at, request.flavor) == (actual[1].at, FlavorIndex(2))));
}

#[test]
fn what_is_asked_of_live_resources_stays() {
    let mut predicted = stream(&[(0, 0), (0, 0)]);
    predicted.retain(|request| request.resource.0 == 1 || request.operation == Operation::Delete);
    // Resource 0 lives at the start; resource 1 is created.
    let result = volume(context(&flavors(), 1), &predicted, &[]);
    assert_eq!(result, vec![predicted[1]]);
}

#[test]
fn the_kth_create_takes_the_kth_flavor_and_its_delete_follows() {
    let actual = stream(&[(0, 1), (1, 1), (0, 0)]);
    let result = mix(&flavors(), stream(&[(0, 0), (0, 0), (1, 0)]), &actual);
    let flavors: Vec<u32> = result.iter().map(|request| request.flavor.0).collect();
    assert_eq!(flavors, [1, 0, 1, 1, 0, 1]);
}

proptest! {
    #[test]
    fn counts_become_the_actual_ones(
        predicted in proptest::collection::vec((0_u32..3, 0_u32..3), 0..30),
        actual in proptest::collection::vec((0_u32..4, 0_u32..3), 0..30),
    ) {
        let (predicted, actual) = (stream(&predicted), stream(&actual));
        let flavors = flavors();
        let result = volume(context(&flavors, 0), &predicted, &actual);
        check_order(&result, 0);
        prop_assert_eq!(counts(&result), counts(&actual));
        prop_assert_eq!(result.len(), actual.len(), "every create has its delete");
        let mixed = mix(&flavors, result, &actual);
        let of = |stream: &[IndexedRequest], tenant| -> Vec<u32> {
            let mut flavors: Vec<u32> =
                stream.iter().filter(|r| r.tenant == TenantIndex(tenant)).map(|r| r.flavor.0).collect();
            flavors.sort_unstable();
            flavors
        };
        for tenant in 0..4 {
            prop_assert_eq!(of(&mixed, tenant), of(&actual, tenant));
        }
    }
}

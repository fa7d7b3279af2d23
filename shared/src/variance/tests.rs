//! The steps of the decomposition on streams small enough to count by hand.

use proptest::prelude::*;

use super::*;
use crate::request::{Flavor, IndexedRequest, Operation, ResourceClass};
use crate::units::{Duration, FlavorIndex, Instant, ResourceIndex, Resources, TenantIndex};

fn flavors() -> Vec<Flavor> {
    let flavor = |class| Flavor { name: String::new(), class, requested: Resources::compute(1, 1) };
    vec![flavor(ResourceClass::Compute), flavor(ResourceClass::Compute), flavor(ResourceClass::Storage)]
}

fn context(flavors: &[Flavor], live: usize) -> StepContext<'_> {
    StepContext { flavors, live, end: Instant::from_micros(1_000_000_000), seed: 1, run: 0 }
}

/// Creates of (tenant, flavor) one after the other, each deleted half a second after the last create.
fn stream(creates: &[(u32, u32)]) -> Vec<IndexedRequest> {
    let request = |at, operation, i: usize| IndexedRequest {
        terms: None,
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
    assert_eq!(mix(context(&flavors(), 0), &stream, &stream), stream);
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

/// (instant of the create, flavor, seconds to its delete) of every create.
fn lives(stream: &[IndexedRequest]) -> Vec<(i64, u32, Option<i64>)> {
    let creates = stream.iter().filter(|request| request.operation == Operation::Create);
    let life = |create: &IndexedRequest| {
        let delete = stream.iter().find(|r| r.operation == Operation::Delete && r.resource == create.resource);
        let seconds = |at: Instant| at.micros() / 1_000_000;
        (seconds(create.at), create.flavor.0, delete.map(|delete| seconds(delete.at) - seconds(create.at)))
    };
    creates.map(life).collect()
}

/// Creates of tenant 0, one a second: those of flavor 0 live 100 s, those of flavor 1 live 400 s.
fn by_flavor(creates: &[u32]) -> Vec<IndexedRequest> {
    let with_tenants: Vec<(u32, u32)> = creates.iter().map(|&flavor| (0, flavor)).collect();
    let mut stream = stream(&with_tenants);
    for i in 0..creates.len() {
        let lifetime = Duration::from_micros([100, 400][creates[i] as usize] * 1_000_000);
        stream[creates.len() + i].at = stream[i].at + lifetime;
    }
    stream.sort_by_key(|request| request.at);
    stream
}

#[test]
fn the_same_flavors_in_another_order_are_no_change_of_mix() {
    let predicted = by_flavor(&[0, 1, 0, 0, 1, 0]);
    let result = mix(context(&flavors(), 0), &predicted, &by_flavor(&[1, 1, 0, 0, 0, 0]));
    assert_eq!(result, predicted);
}

#[test]
fn a_changed_flavor_brings_its_own_lifetime() {
    let predicted = by_flavor(&[0, 1, 0, 0, 0, 0]);
    let result = mix(context(&flavors(), 0), &predicted, &by_flavor(&[1, 1, 1, 0, 0, 0]));
    check_order(&result, 0);
    let lives = lives(&result);
    assert_eq!(lives.iter().map(|life| life.0).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5], "instants stay");
    assert_eq!(lives.iter().filter(|life| life.1 == 1).count(), 3);
    for (_, flavor, lifetime) in lives {
        assert_eq!(lifetime, Some([100, 400][flavor as usize]));
    }
}

#[test]
fn a_flavor_that_nobody_was_predicted_to_ask_for_lives_as_the_actual_ones() {
    let result = mix(context(&flavors(), 0), &by_flavor(&[0, 0]), &by_flavor(&[1, 0]));
    let mut lifetimes: Vec<_> = lives(&result).into_iter().map(|(_, flavor, lifetime)| (flavor, lifetime)).collect();
    lifetimes.sort_unstable();
    assert_eq!(lifetimes, [(0, Some(100)), (1, Some(400))]);
}

#[test]
fn a_delete_past_the_window_is_known_from_the_announced_lifetime() {
    let mut predicted = by_flavor(&[0, 0, 1]);
    // The only life of flavor 1 began too late to end in the window; its create says how long it would have lived.
    predicted.retain(|request| request.at < Instant::from_micros(400_000_000));
    let late = predicted.iter_mut().find(|request| request.flavor.0 == 1).unwrap();
    late.lifetime = Some(Duration::from_micros(400_000_000));
    let result = mix(context(&flavors(), 0), &predicted, &by_flavor(&[1, 1, 1]));
    assert_eq!(lives(&result), [(0, 1, Some(400)), (1, 1, Some(400)), (2, 1, None)]);
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
        let mixed = mix(context(&flavors, 0), &result, &actual);
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

//! Resizes: what kept them from being carried out, and what would have let them.

use super::*;

/// A resize of resource `resource` to so much vCPU and 16 GiB, `minute` minutes into the window; its flavor is the last one.
fn resize(scenario: &mut Scenario, resource: u32, minute: i64, vcpu: u32) {
    let flavor = FlavorIndex::from_usize(scenario.flavors.len());
    let requested = Resources::compute(vcpu, 16_384);
    scenario.flavors.push(Flavor { name: format!("of-{vcpu}"), requested, ..scenario.flavors[0].clone() });
    let at = scenario.window.start + Duration::from_minutes(minute);
    let Demand::Requests(requests) = &mut scenario.demand else { panic!("it has requests") };
    let of = requests[resource as usize];
    let resize = IndexedRequest { at, operation: Operation::Resize, flavor, draw_key: 1_000, ..of };
    requests.push(resize);
}

/// Two of 4 vCPU fill the first of two machines of 8; the first of them wants 6. It lacks 2 in place, and there would be room
/// on the other one, which is paid anyway: whoever spreads resources over it has the room.
#[test]
fn a_resize_is_refused_in_place_though_there_is_room_elsewhere() {
    let mut full = scenario(2, 2);
    full.fleet.node_groups[0].min = 2;
    // No machine of another shape is known.
    full.price_book.types.iter_mut().for_each(|entry| entry.shape = None);
    resize(&mut full, 0, 5, 6_000);
    let explanation = explained(full.clone(), 2);
    assert_eq!((explanation.state(), explanation.refusal()), ("refused", Some(Refusal::NoRoomToResize)));
    assert_eq!(explanation.refused_by, Some(Module::Scheduler));
    assert_eq!(explanation.plan.state, PlanState::Ready, "it stays as it was");
    let survey = explanation.decision.unwrap().survey;
    let place = survey.in_place.unwrap();
    assert_eq!((place.free, place.lacking), (Resources::compute(4_000, 16_384), Resources::compute(2_000, 0)));
    assert_eq!((survey.groups[0].nodes, survey.groups[0].with_room), (1, 1));
    let fix = explanation.fix.unwrap();
    assert!(matches!(fix.edits[..], [Edit::Placement { policy }] if policy != PlacementPolicy::FirstFit), "{fix:?}");
    assert_eq!(fix.cost_change, LedgerUnits::ZERO);
    assert_eq!(fix.ready, Some(full.window.start + Duration::from_minutes(5)));
    let explanation = explained(fixed(full, &fix), 2);
    assert_eq!((explanation.state(), explanation.fix, explanation.tried), ("resized", None, 0));
}

/// One machine, of which the other resource takes half: only a larger one has room for 6 beside 4.
#[test]
fn a_resize_may_need_a_larger_machine() {
    let mut full = Scenario { price_book: example::scenario().price_book, ..scenario(2, 1) };
    resize(&mut full, 0, 5, 6_000);
    let fix = explained(full.clone(), 2).fix.unwrap();
    let [Edit::InstanceType { instance_type, .. }] = &fix.edits[..] else { panic!("{fix:?}") };
    let entry = full.price_book.get(instance_type).unwrap();
    assert!(entry.shape.unwrap()[Dimension::Vcpu] >= 10_000, "{entry:?}");
    assert_eq!(explained(fixed(full, &fix), 2).state(), "resized");
}

/// It holds both shapes while it is resized: 4 + 4 are held, and 6 in place of the first 4 make 10.
#[test]
fn a_resize_counts_against_the_quota() {
    let mut limited = scenario(2, 5);
    limited.fleet.node_groups[0].capacity = Resources::compute(32_000, 131_072);
    limited.tenants[0].quota = Some(Resources::compute(9_000, 65_536));
    resize(&mut limited, 0, 5, 6_000);
    let explanation = explained(limited.clone(), 2);
    assert_eq!((explanation.refusal(), explanation.refused_by), (Some(Refusal::Quota), Some(Module::Quota)));
    let quota = Some(Resources::compute(10_000, 65_536));
    assert_eq!(explanation.fix.unwrap().edits, [Edit::Quota { tenant: TenantIndex(0), quota }]);
    // Who is over by then is passed over.
    let Demand::Requests(requests) = &mut limited.demand else { panic!("it has requests") };
    let delete = IndexedRequest { operation: Operation::Delete, at: requests[1].at + Duration::HOUR, ..requests[0] };
    let late = IndexedRequest { at: delete.at + Duration::HOUR, ..requests[2] };
    requests.truncate(2);
    requests.extend([delete, late]);
    let explanation = explained(limited, 3);
    assert_eq!((explanation.state(), explanation.fix), ("passed_over", None));
}

/// Who waits for a node is given its new shape while it waits, and waits on: a second node is what it needs.
#[test]
fn a_resize_of_who_waits_waits_too() {
    let mut waiting = scenario(3, 1);
    resize(&mut waiting, 2, 5, 6_000);
    let explanation = explained(waiting, 3);
    assert_eq!((explanation.state(), explanation.resize.unwrap().from), ("pending", Some(FlavorIndex(0))));
    let fix = explanation.fix.unwrap();
    assert_eq!(fix.edits, [Edit::MaxNodes { node_group: NodeGroupIndex(0), max: 2 }]);
}

//! The fix is the cheapest of those that are tried, and lets the request in.

use super::*;
use crate::control_plane::{CapacityPool, NodeGroup, Purchase, Spot};

/// Two to a node: the seventh needs a fourth node, and so do five more nodes for the twelfth after two of them.
#[test]
fn the_fix_is_the_smallest_number_of_nodes() {
    let explanation = explained(scenario(7, 3), 6);
    assert_eq!(explanation.plan.state, PlanState::Pending);
    let fix = explanation.fix.unwrap();
    assert_eq!(fix.edits, [Edit::MaxNodes { node_group: NodeGroupIndex(0), max: 4 }]);
    assert_eq!(fix.ready, Some(explanation.plan.arrived));
    let explanation = explained(scenario(12, 1), 11);
    let fix = explanation.fix.unwrap();
    assert_eq!(fix.edits, [Edit::MaxNodes { node_group: NodeGroupIndex(0), max: 6 }]);
    // 1, 2, 4, 8 more, of which 8 is enough, and then 6 and 5, of which both are; then six policies.
    assert_eq!(explanation.tried, 6 + 6);
}

/// Two and four of eight vCPU on a node each, as `worst_fit` spreads them: seven need a node of their own, and in the
/// order of `first_fit` they have one, which costs nothing. A group that may have no node is not told to keep one.
#[test]
fn another_policy_is_cheaper_than_another_node() {
    let mut spread = scenario(3, 2);
    (spread.fleet.node_groups[0].min, spread.placement) = (2, PlacementPolicy::WorstFit);
    let flavor = |name: &str, vcpu: u32| Flavor {
        name: name.to_owned(),
        class: ResourceClass::Compute,
        requested: Resources::compute(vcpu * 1_000, 1_024),
    };
    spread.flavors = vec![flavor("two", 2), flavor("four", 4), flavor("seven", 7)];
    let Demand::Requests(requests) = &mut spread.demand else { panic!("it has requests") };
    requests.iter_mut().zip(0..).for_each(|(request, flavor)| request.flavor = FlavorIndex(flavor));
    let explanation = explained(spread.clone(), 2);
    assert_eq!(explanation.plan.state, PlanState::Pending);
    let fix = explanation.fix.unwrap();
    let [Edit::Placement { policy }] = fix.edits[..] else { panic!("{fix:?}") };
    assert_ne!(policy, PlacementPolicy::WorstFit);
    assert_eq!(fix.cost_change, LedgerUnits::ZERO);
    assert_eq!(explained(fixed(spread, &fix), 2).plan.state, PlanState::Ready);
    let mut closed = scenario(1, 1);
    let spare = crate::scenario::NodeGroup { name: "spare".to_owned(), ..closed.fleet.node_groups[0].clone() };
    closed.fleet.node_groups.push(spare);
    closed.fleet.node_groups[0].capacity = Resources::compute(2_000, 1_024);
    closed.fleet.node_groups[1].max = 0;
    closed.flavors[0].requested = Resources::compute(2_000, 1_024);
    let Demand::Requests(requests) = &mut closed.demand else { panic!("it has requests") };
    requests.push(IndexedRequest { resource: ResourceIndex(1), draw_key: 1, ..requests[0] });
    let fix = explained(closed, 1).fix.unwrap();
    assert!(!fix.edits.iter().any(|edit| matches!(edit, Edit::MinNodes { .. })), "{fix:?}");
}

/// Two halves a node of 8 vCPU, of which three may be there: the seventh has room where machines have 16 vCPU for less than
/// twice the price, and not where they cost more than another node.
#[test]
fn larger_machines_are_taken_where_they_are_cheaper_than_another_node() {
    let with_price = |nanos: i64| {
        let mut full = scenario(7, 3);
        let mut larger = full.price_book.types[0].clone();
        "xlarge".clone_into(&mut larger.name);
        larger.shape = Some(Resources::compute(16_000, 65_536));
        let rate = Rate::from_nanos(nanos);
        larger.prices.iter_mut().for_each(|dated| dated.rate = rate);
        full.price_book.types.push(larger);
        explained(full, 6).fix.unwrap().edits
    };
    let own = scenario(1, 1).price_book.types[0].prices[0].rate.nanos();
    let larger = Edit::InstanceType { node_group: NodeGroupIndex(0), instance_type: "xlarge".to_owned() };
    assert_eq!(with_price(own), [larger]);
    assert_eq!(with_price(own * 10), [Edit::MaxNodes { node_group: NodeGroupIndex(0), max: 4 }]);
}

#[test]
fn the_fix_of_a_quota_is_what_is_missing() {
    let mut limited = scenario(3, 5);
    limited.tenants[0].quota = Some(Resources::compute(10_000, 65_536));
    let explanation = explained(limited, 2);
    assert_eq!(explanation.plan.state, PlanState::Refused(Refusal::Quota));
    assert_eq!(explanation.refused_by, Some(Module::Quota));
    assert_eq!(explanation.decision.unwrap().survey.held, Resources::compute(8_000, 32_768));
    let quota = Some(Resources::compute(12_000, 65_536));
    assert_eq!(explanation.fix.unwrap().edits, [Edit::Quota { tenant: TenantIndex(0), quota }]);
}

/// Two fit the quota; with as much more as the fifth lacks, the third would take it. All five come to 20 vCPU and 80 GiB.
#[test]
fn the_fix_of_a_quota_has_room_for_whoever_was_refused_before() {
    let mut limited = scenario(5, 5);
    limited.tenants[0].quota = Some(Resources::compute(10_000, 65_536));
    let explanation = explained(limited, 4);
    assert_eq!(explanation.decision.unwrap().survey.held, Resources::compute(8_000, 32_768));
    let quota = Some(Resources::compute(20_000, 81_920));
    assert_eq!(explanation.fix.unwrap().edits, [Edit::Quota { tenant: TenantIndex(0), quota }]);
}

/// Of a quota of 8 vCPU, 4 are held; 5 are refused, then 8. With room for all, 4 and 5 are held when 8 more come: 17 vCPU. Twice
/// the 8 that are missing would be 20.
#[test]
fn the_fix_of_a_quota_is_no_more_than_all_hold() {
    let mut limited = scenario(3, 5);
    limited.tenants[0].quota = Some(Resources::compute(8_000, 65_536));
    let of_vcpu =
        |vcpu: u32| Flavor { requested: Resources::compute(vcpu * 1_000, 1_024), ..limited.flavors[0].clone() };
    limited.flavors = [4, 5, 8].map(of_vcpu).to_vec();
    let Demand::Requests(requests) = &mut limited.demand else { panic!("it has requests") };
    requests.iter_mut().zip(0..).for_each(|(request, flavor)| request.flavor = FlavorIndex(flavor));
    let fix = explained(limited, 2).fix.unwrap();
    let quota = Some(Resources::compute(17_000, 65_536));
    assert_eq!(fix.edits, [Edit::Quota { tenant: TenantIndex(0), quota }]);
}

/// One worker that takes 90 s, and nobody may wait: the second create, a minute later, is turned away. A second worker
/// costs nothing here, and neither does a longer queue, but with the worker nobody waits.
#[test]
fn the_fix_of_a_full_queue_is_a_worker() {
    let mut busy = scenario(2, 5);
    busy.modules[Module::Quota] = ModuleSettings {
        queue_limit: Some(0),
        ..ModuleSettings::new(1, ServiceTime::Constant(Duration::from_seconds(90)), Rate::ZERO)
    };
    let explanation = explained(busy, 1);
    assert_eq!(explanation.plan.state, PlanState::Refused(Refusal::Overloaded));
    assert_eq!(explanation.refused_by, Some(Module::Quota));
    assert_eq!(explanation.fix.unwrap().edits, [Edit::Workers { module: Module::Quota, workers: 2 }]);
}

/// The machines of an inventory, three with two creates each: one more of them, which is there and in its limits.
#[test]
fn a_fixed_fleet_gets_further_machines() {
    let mut fixed = scenario(7, 3);
    fixed.fleet.node_groups[0].min = 3;
    let group = NodeGroupIndex(0);
    let explanation = explained(fixed.clone(), 6);
    assert_eq!(explanation.plan.state, PlanState::Pending);
    let fix = explanation.fix.unwrap();
    assert_eq!(fix.edits, [Edit::MaxNodes { node_group: group, max: 4 }], "it need not be kept when nobody is on it");
    let edits = [Edit::MinNodes { node_group: group, min: 4 }, Edit::MaxNodes { node_group: group, max: 4 }];
    let problems = fixed.check_edits(&edits).unwrap_err().0;
    assert_eq!(problems[0].to_string(), "edits[0].min: is 4; expected at most max (3)", "each on those before it");
}

/// A node is kept, and none is ordered for who waits: another one that is kept is what the third half needs.
#[test]
fn a_group_that_orders_nobody_a_node_keeps_one_more() {
    let mut kept = scenario(3, 3);
    let group = &mut kept.fleet.node_groups[0];
    (group.min, group.scaling.on_pending) = (1, false);
    let fix = explained(kept.clone(), 2).fix.unwrap();
    assert_eq!(fix.edits, [Edit::MinNodes { node_group: NodeGroupIndex(0), min: 2 }]);
    assert_eq!(explained(fixed(kept, &fix), 2).plan.state, PlanState::Ready);
}

/// The module fails by an edit here, which is mended as one that fails by itself.
#[test]
fn failures_that_an_edit_brings_are_mended_by_retries_too() {
    let mut failing = scenario(8, 5);
    let back_off = Duration::from_micros(1_000);
    let failures = Some(Failures { per_million: 900_000, retries: 0, back_off });
    failing.edits = vec![Edit::Failures { module: Module::Quota, failures }];
    let first = (0..8).find(|&position| explained(failing.clone(), position).refusal() == Some(Refusal::Failed));
    let position = first.expect("hardly ever do all of eight get through");
    let fix = explained(failing.clone(), position).fix.unwrap();
    let [Setting::Retries { module: Module::Quota, .. }] = fix.settings[..] else { panic!("{fix:?}") };
    assert_eq!(explained(fixed(failing, &fix), position).plan.state, PlanState::Ready);
}

/// One half is all that the quota of 4 vCPU holds, and two all that the node does: the third needs 12 vCPU and another node.
#[test]
fn what_stands_in_the_way_behind_the_quota_is_mended_with_it() {
    let mut limited = scenario(3, 1);
    limited.tenants[0].quota = Some(Resources::compute(4_000, 65_536));
    let explanation = explained(limited.clone(), 2);
    assert_eq!(explanation.refusal(), Some(Refusal::Quota));
    let fix = explanation.fix.unwrap();
    let tenant = TenantIndex(0);
    let quota = Edit::Quota { tenant, quota: Some(Resources::compute(12_000, 65_536)) };
    assert_eq!(fix.edits, [quota, Edit::MaxNodes { node_group: NodeGroupIndex(0), max: 2 }]);
    assert_eq!(explained(fixed(limited, &fix), 2).plan.state, PlanState::Ready);
}

/// The gateway works 90 s on a create, the scheduler 100 s, and none may wait for either: the second create comes to the one a
/// minute after the first, and to the other 90 s after it.
#[test]
fn a_queue_behind_a_queue_is_found() {
    let mut busy = scenario(2, 5);
    for (module, seconds) in [(Module::Gateway, 90), (Module::Scheduler, 100)] {
        busy.modules[module].service = ServiceTime::Constant(Duration::from_seconds(seconds));
        busy.modules[module].queue_limit = Some(0);
    }
    let explanation = explained(busy.clone(), 1);
    assert_eq!(explanation.refused_by, Some(Module::Gateway));
    let fix = explanation.fix.unwrap();
    let Fix { edits, settings, .. } = &fix;
    assert_eq!(edits.len() + settings.len(), 2, "one for each module: {fix:?}");
    assert_eq!(explained(fixed(busy, &fix), 1).plan.state, PlanState::Ready);
}

/// Nine attempts of ten fail, and none is made again: the fix is the least number of retries that is enough, no less.
#[test]
fn the_fix_of_a_module_that_fails_is_to_try_again() {
    let mut failing = scenario(8, 5);
    let back_off = Duration::from_micros(1_000);
    failing.modules[Module::Quota].failures = Some(Failures { per_million: 900_000, retries: 0, back_off });
    let first = (0..8).find(|&position| explained(failing.clone(), position).refusal() == Some(Refusal::Failed));
    let position = first.expect("hardly ever do all of eight get through");
    let explanation = explained(failing.clone(), position);
    assert_eq!(explanation.refused_by, Some(Module::Quota));
    assert_eq!(explanation.failed, [FailedAttempts { module: Module::Quota, attempts: 1, retries: 0 }]);
    let fix = explanation.fix.unwrap();
    let [Setting::Retries { module: Module::Quota, retries }] = fix.settings[..] else { panic!("{fix:?}") };
    let with = |retries: u32| {
        let mut scenario = failing.clone();
        Setting::Retries { module: Module::Quota, retries }.apply(&mut scenario);
        explained(scenario, position)
    };
    assert_eq!(with(retries - 1).refusal(), Some(Refusal::Failed));
    let let_in = with(retries);
    assert_eq!((let_in.plan.state, let_in.failed[0].attempts), (PlanState::Ready, retries));
}

/// A second worker costs as much as the first, a longer queue nothing: of two that take 90 s and come a minute apart, the
/// second has to wait.
#[test]
fn a_longer_queue_is_cheaper_than_a_worker() {
    let mut busy = scenario(3, 5);
    busy.modules[Module::Quota] = ModuleSettings {
        queue_limit: Some(0),
        ..ModuleSettings::new(1, ServiceTime::Constant(Duration::from_seconds(90)), Rate::from_nanos(1_000_000_000_000))
    };
    let fix = explained(busy, 1).fix.unwrap();
    assert_eq!(fix.settings, [Setting::QueueLimit { module: Module::Quota, queue_limit: 1 }]);
}

/// The scenario of `tests/scenarios/pools`, whose requests are counted from 0 in its file.
fn pooled() -> Scenario {
    serde_json::from_str(include_str!("../../../../tests/scenarios/pools/input.json")).unwrap()
}

#[test]
fn the_fix_of_a_full_pool_is_what_is_missing_of_it() {
    let explanation = explained(pooled(), 2);
    assert_eq!(explanation.refusal(), Some(Refusal::NoStorageCapacity));
    let decision = explanation.decision.unwrap();
    let pools: Vec<_> = decision.survey.pools.iter().map(|pool| (pool.pool.0, pool.in_zone, pool.lacking)).collect();
    // 120 of 150 GiB are taken: 30 are free, and 30 missing. The other one is in another zone, and edge has no storage.
    let gib = |gib: u32| Resources::ZERO.with(Dimension::Storage, gib * 1_024);
    assert_eq!(pools, [(0, true, gib(30)), (1, false, Resources::ZERO)]);
    // 30 more may be requested where 150 % of 20 more is.
    let fix = explanation.fix.unwrap();
    assert_eq!(fix.describe(&pooled()), ["20 storage_gib more of pool `ssd-a`"]);
    assert_eq!(fix.ready, Some(explanation.plan.arrived));
}

#[test]
fn the_fix_of_a_resize_is_more_of_the_pool_that_it_is_in() {
    // The sixth request makes 60 of 80, where 10 are free: 10 more are missing, which is what 150 % of 6 ⅔ GiB is, in whole MiB.
    let explanation = explained(pooled(), 5);
    assert_eq!(explanation.refusal(), Some(Refusal::NoStorageCapacity));
    let Edit::PoolCapacity { pool, capacity } = explanation.fix.unwrap().edits.remove(0) else { panic!() };
    assert_eq!((pool.0, capacity[Dimension::Storage]), (0, 100 * 1_024 + 6_827));
}

#[test]
fn the_fix_of_a_lost_pool_is_its_zone_or_more_elsewhere() {
    let scenario = pooled();
    let Demand::Requests(requests) = &scenario.demand else { unreachable!() };
    let last = requests.len() - 1;
    let explanation = explained(scenario, last);
    assert_eq!(explanation.refusal(), Some(Refusal::NoPool));
    let fix = explanation.fix.unwrap();
    assert!(matches!(&fix.settings[..], [Setting::NoOutage(outage)] if outage.zone == "b"), "{fix:?}");
}

/// 100 GiB and 700 IOPS hold one of three volumes of 60 and two of 300: the third needs 80 GiB and 200 IOPS more, of which the
/// second shows only when the first is mended.
#[test]
fn a_pool_that_lacks_one_thing_behind_another_gets_both() {
    let mut full = scenario(3, 1);
    full.flavors[0].class = ResourceClass::Storage;
    let of_pool =
        |gib: u32, iops: u32| Resources::ZERO.with(Dimension::Storage, gib * 1_024).with(Dimension::Iops, iops);
    full.flavors[0].requested = of_pool(60, 300);
    let (name, capacity) = ("ssd".to_owned(), of_pool(100, 700));
    full.fleet.pools = vec![CapacityPool { name, zone: None, capacity, over_commit_percent: [].into() }];
    let explanation = explained(full.clone(), 2);
    assert_eq!(explanation.refusal(), Some(Refusal::NoStorageCapacity));
    let fix = explanation.fix.unwrap();
    let [Edit::PoolCapacity { capacity, .. }] = fix.edits[..] else { panic!("{fix:?}") };
    assert!(of_pool(180, 900).fits(capacity), "{capacity}");
    assert_eq!(explained(fixed(full, &fix), 2).plan.state, PlanState::Ready);
}

/// A machine of 60 GiB of disk and one address, of a storage pool with 40 left and a network pool with none: each is asked
/// for what it is for.
#[test]
fn a_pool_lacks_nothing_that_another_is_for() {
    let mut full = scenario(2, 2);
    let of_pools = |gib: u32, addresses: u32| {
        Resources::ZERO.with(Dimension::Storage, gib * 1_024).with(Dimension::Addresses, addresses)
    };
    let requested = full.flavors[0].requested;
    full.flavors[0].requested = requested.with(Dimension::Storage, 60 * 1_024).with(Dimension::Addresses, 1);
    let pool = |name: &str, capacity| CapacityPool {
        name: name.to_owned(),
        zone: None,
        capacity,
        over_commit_percent: [].into(),
    };
    full.fleet.pools = vec![pool("ssd", of_pools(100, 0)), pool("edge", of_pools(0, 1))];
    let explanation = explained(full.clone(), 1);
    let lacking: Vec<_> = explanation.decision.unwrap().survey.pools.iter().map(|pool| pool.lacking).collect();
    assert_eq!(lacking, [of_pools(20, 0), of_pools(0, 1)]);
    let mut changes = explanation.fix.unwrap().describe(&full);
    changes.sort();
    assert_eq!(changes, ["1 addresses more of pool `edge`", "20 storage_gib more of pool `ssd`"]);
}

/// A half on the only node that there may be, and one that waits for a whole node: where the node is lost once, the next one
/// goes to who has waited longer, and the half finds none. Another node is paid beside it; one that stays costs nothing more.
#[test]
fn who_lost_a_node_to_another_has_it_where_nodes_stay() {
    let group = NodeGroupIndex(0);
    let failing: fn(&mut NodeGroup) = |of| of.fails_after = Some(Duration::DAY);
    let taken_back: fn(&mut NodeGroup) = |of| of.purchase = Purchase::Spot(Spot::new(100, Some(Duration::DAY)));
    let lasting = Edit::NodeFailures { node_group: group, fails_after: None };
    let bought = Edit::Purchase { node_group: group, purchase: Purchase::OnDemand };
    for (lose, eviction, edit) in
        [(failing, Eviction::NodeFailed, lasting), (taken_back, Eviction::Interrupted, bought)]
    {
        let with_seed = |seed: u64| {
            let mut lost = scenario(2, 1);
            lose(&mut lost.fleet.node_groups[0]);
            let whole = Flavor {
                name: "whole".to_owned(),
                requested: Resources::compute(8_000, 32_768),
                ..lost.flavors[0].clone()
            };
            lost.flavors.push(whole);
            let Demand::Requests(requests) = &mut lost.demand else { panic!("it has requests") };
            requests[1].flavor = FlavorIndex(1);
            Scenario { seed, ..lost }
        };
        let once = (0..50)
            .map(|seed| (seed, explained(with_seed(seed), 0)))
            .find(|(_, explanation)| explanation.plan.state == PlanState::Pending && explanation.departures.len() == 1);
        let (seed, explanation) = once.expect("a node that lasts a day on average is often lost once within one");
        assert_eq!(explanation.departures[0].eviction, eviction);
        let fix = explanation.fix.unwrap();
        assert_eq!(fix.edits, [edit]);
        assert!(explained(fixed(with_seed(seed), &fix), 0).departures.is_empty());
    }
}

/// One worker of an hour for a day, and thirty creates in its first half hour: the turn of the thirtieth is 29 hours after
/// the first came, and two workers get to it within 15. The 24th is being served when the day ends.
#[test]
fn who_waits_for_a_module_needs_workers_there() {
    let mut slow = scenario(30, 30);
    slow.modules[Module::Quota] = ModuleSettings::new(1, ServiceTime::Constant(Duration::HOUR), Rate::ZERO);
    let explanation = explained(slow.clone(), 29);
    assert_eq!((explanation.state(), explanation.refusal()), ("admitted", None));
    let since = slow.window.start + Duration::from_minutes(29);
    let turn = slow.window.start + Duration::HOUR * 29;
    assert_eq!(explanation.waits_for, Some(WaitsFor { module: Module::Quota, since, turn }));
    let fix = explanation.fix.unwrap();
    assert_eq!(fix.edits, [Edit::Workers { module: Module::Quota, workers: 2 }]);
    assert!(explained(fixed(slow.clone(), &fix), 29).is_in());
    // Who is being served when the window ends waits for nobody.
    let served = explained(slow, 23);
    assert_eq!((served.state(), served.waits_for, served.tried), ("admitted", None, 0));
}

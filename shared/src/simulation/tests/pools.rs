//! What is on no node: taken of pools, given back, refused where there is too little.

use proptest::prelude::*;

use super::terms::zone;
use super::*;
use crate::control_plane::{CapacityPool, InPools, Outage, PoolUse, Refusal};
use crate::simulation::{Plan, Run, RunOutcome, SavedRun, check};
use crate::units::{PoolIndex, TermsIndex};

const GIB: u32 = 1_024;
/// A machine with a root volume of 20 GiB and an address, volumes of 100 GiB and of 40, a load balancer.
const MACHINE: u32 = 0;
const LARGE: u32 = 1;
const SMALL: u32 = 2;
const BALANCER: u32 = 3;
const FAR: i64 = 10 * 3_600;

fn amounts(amounts: &[(Dimension, u32)]) -> Resources {
    amounts.iter().fold(Resources::ZERO, |sum, &(of, amount)| sum.with(of, amount))
}

fn storage(gib: u32, iops: u32) -> Resources {
    amounts(&[(Dimension::Storage, gib * GIB), (Dimension::Iops, iops)])
}

fn network(mbps: u32, addresses: u32) -> Resources {
    amounts(&[(Dimension::Network, mbps), (Dimension::Addresses, addresses)])
}

fn pool(name: &str, zone: Option<&str>, capacity: Resources) -> CapacityPool {
    CapacityPool { name: name.to_owned(), zone: zone.map(str::to_owned), capacity, ..CapacityPool::default() }
}

/// Two zones, modules that take no time, and these pools.
fn world(pools: Vec<CapacityPool>) -> Scenario {
    let mut scenario = scenario((PlacementPolicy::FirstFit, 0, 9, false, false));
    scenario.modules = instant_modules();
    for (group, zone) in scenario.fleet.node_groups.iter_mut().zip(["a", "b"]) {
        group.zone = Some(zone.to_owned());
    }
    let flavor = |name: &str, class, requested| Flavor { name: name.to_owned(), class, requested };
    let machine = Resources::compute(1_000, 2_048).max(storage(20, 0)).max(network(0, 1));
    scenario.flavors = vec![
        flavor("machine", ResourceClass::Compute, machine),
        flavor("large", ResourceClass::Storage, storage(100, 100)),
        flavor("small", ResourceClass::Storage, storage(40, 500)),
        flavor("balancer", ResourceClass::Network, network(200, 1)),
    ];
    scenario.terms = vec![zone("a"), zone("b")];
    scenario.fleet.pools = pools;
    scenario
}

/// Creates at a second, until another, of a flavor, in a zone or not; resized at a second to another flavor.
type Wish = (i64, i64, u32, Option<u32>, Option<(i64, u32)>);

fn ask(wishes: &[Wish]) -> Vec<IndexedRequest> {
    let micros = |seconds: i64| seconds * 1_000_000;
    let life = |&(at, until, flavor, _, resized): &Wish| {
        (micros(at), micros(until - at), 0, flavor, resized.map(|(then, to)| (micros(then - at), to)))
    };
    let mut requests = requests(&wishes.iter().map(life).collect::<Vec<_>>());
    for request in requests.iter_mut().filter(|request| request.operation == Operation::Create) {
        request.terms = wishes[request.resource.usize()].3.map(TermsIndex);
    }
    requests
}

/// What comes of it, by the rules.
fn ran(scenario: Scenario, wishes: &[Wish]) -> RunOutcome {
    let (valid, requests) = (valid(scenario), ask(wishes));
    let end = simulate_to_fork(&valid, &requests, keep());
    assert_eq!(check(valid.scenario(), &requests, &end.outcome.plans, &end.fleet), []);
    end.outcome
}

fn refusals(outcome: &RunOutcome) -> Vec<Option<Refusal>> {
    outcome.plans.iter().map(|plan| plan.state.refusal()).collect()
}

fn storage_pools(outcome: &RunOutcome) -> Vec<Option<u16>> {
    outcome.plans.iter().map(|plan| plan.pools.storage.map(|pool| pool.0)).collect()
}

#[test]
fn a_volume_goes_where_the_most_is_free_in_its_zone_and_ties_to_the_first() {
    let pools = || {
        vec![
            pool("a-1", Some("a"), storage(250, 10_000)),
            pool("a-2", Some("a"), storage(250, 10_000)),
            pool("b", Some("b"), storage(900, 10_000)),
        ]
    };
    let of = |terms| (1, FAR, LARGE, terms, None);
    let wishes = [of(Some(0)), of(Some(0)), of(Some(0)), of(Some(0)), of(Some(0)), of(None), of(Some(1))];
    let outcome = ran(world(pools()), &wishes);
    // Free in zone a: 250 and 250, 150 and 250, 150 and 150, 50 and 150, 50 and 50.
    assert_eq!(storage_pools(&outcome), [Some(0), Some(1), Some(0), Some(1), None, Some(2), Some(2)]);
    assert_eq!(refusals(&outcome)[4], Some(Refusal::NoStorageCapacity));
    assert_eq!(outcome.refused, [(Refusal::NoStorageCapacity, 1)].into());
}

#[test]
fn what_lacks_is_named() {
    let check = |capacity: Resources, flavors: [u32; 2], refusal: Refusal| {
        let pools = vec![pool("all", None, capacity)];
        let outcome = ran(world(pools), &flavors.map(|flavor| (1, FAR, flavor, None, None)));
        assert_eq!(refusals(&outcome), [None, Some(refusal)], "{capacity}");
        assert_eq!(outcome.plans[1].pools, InPools::default());
    };
    check(storage(150, 1_000), [LARGE, LARGE], Refusal::NoStorageCapacity);
    check(storage(1_000, 900), [SMALL, SMALL], Refusal::NoIopsCapacity);
    check(network(300, 9), [BALANCER, BALANCER], Refusal::NoNetworkCapacity);
    check(network(1_000, 1), [BALANCER, BALANCER], Refusal::NoAddressCapacity);
    // Where one of the two is not there, a machine takes nothing of the other.
    check(storage(1_000, 1_000).max(network(1_000, 1)), [MACHINE, MACHINE], Refusal::NoAddressCapacity);
    check(storage(110, 0).max(network(0, 9)), [LARGE, MACHINE], Refusal::NoStorageCapacity);
}

#[test]
fn what_no_pool_has_is_not_limited() {
    let outcome = ran(world(vec![pool("edge", None, network(0, 1))]), &[(1, FAR, LARGE, None, None); 9]);
    assert_eq!(outcome.refused, [].into());
    assert_eq!(outcome.plans[0].pools, InPools::default());
}

#[test]
fn over_commitment_lets_more_be_requested_than_there_is() {
    let mut thin = pool("thin", None, storage(100, 0));
    thin.over_commit_percent = [(Dimension::Storage, 250)].into();
    let outcome = ran(world(vec![thin]), &[(1, FAR, LARGE, None, None); 3]);
    assert_eq!(refusals(&outcome), [None, None, Some(Refusal::NoStorageCapacity)]);
    assert_eq!(outcome.pools[0].peak[Dimension::Storage as usize], u64::from(200 * GIB));
}

#[test]
fn a_resize_needs_the_difference_and_a_delete_gives_back() {
    let pools = || vec![pool("one", None, storage(200, 10_000)), pool("other", Some("b"), storage(190, 100))];
    let wishes = [
        (1, FAR, SMALL, Some(0), Some((4, LARGE))),
        (2, 6, LARGE, Some(0), None),
        (3, FAR, SMALL, Some(0), Some((5, LARGE))),
        (7, FAR, SMALL, Some(0), Some((8, LARGE))),
    ];
    let outcome = ran(world(pools()), &wishes);
    // 40 + 100 + 40 = 180 of 200: 60 more for the first or the third is too much. Once the second is gone there are 40 + 40
    // + 40 = 120 of 200, and 60 more is 180. Another pool, of another zone or not, is no help.
    assert_eq!(outcome.refused, [(Refusal::NoStorageCapacity, 2)].into());
    let flavors: Vec<u32> = outcome.plans.iter().map(|plan| plan.flavor.0).collect();
    assert_eq!(flavors, [SMALL, LARGE, SMALL, LARGE]);
    assert_eq!(outcome.pools[0].peak[Dimension::Storage as usize], u64::from(180 * GIB));
}

#[test]
fn a_lost_zone_takes_its_pools_away_and_gives_them_back() {
    let mut scenario =
        world(vec![pool("a", Some("a"), storage(300, 9_000)), pool("b", Some("b"), storage(900, 9_000))]);
    let at = |seconds: i64| Instant::from_micros(seconds * 1_000_000);
    scenario.fleet.outages = vec![Outage { zone: "a".to_owned(), from: at(10), until: at(20) }];
    let wishes = [
        (1, FAR, LARGE, Some(0), None),
        (11, FAR, LARGE, Some(0), None),
        (12, FAR, LARGE, None, None),
        (21, FAR, LARGE, Some(0), None),
        (22, FAR, LARGE, Some(0), None),
        (23, FAR, LARGE, Some(0), None),
    ];
    let outcome = ran(scenario, &wishes);
    let none = Some(Refusal::NoPool);
    // The first stays where it is: with it, two more fit afterwards.
    assert_eq!(refusals(&outcome), [None, none, None, None, None, Some(Refusal::NoStorageCapacity)]);
    assert_eq!(storage_pools(&outcome), [Some(0), None, Some(1), Some(0), Some(0), None]);
    assert_eq!(outcome.pools.iter().map(|pool| pool.cut_off).collect::<Vec<_>>(), [1, 0]);
}

#[test]
fn who_lives_at_the_start_counts_where_it_is_and_is_let_in_whatever_there_is() {
    let mut scenario = world(vec![pool("a", None, storage(150, 9_000)), pool("b", None, storage(350, 9_000))]);
    let live = |pools| crate::control_plane::LiveResource {
        tenant: TenantIndex(0),
        flavor: FlavorIndex(LARGE),
        terms: None,
        node: None,
        devices: crate::control_plane::DeviceSet::default(),
        pools,
        created: Instant::from_micros(0),
        ready: Some(Instant::from_micros(0)),
        draw_key: 0,
    };
    let in_first = InPools { storage: Some(PoolIndex(0)), network: None };
    scenario.start.live = vec![live(InPools::default()), live(in_first), live(in_first)];
    scenario.window.start = Instant::from_micros(0);
    let mut requests = ask(&[(1, FAR, LARGE, None, None); 3]);
    requests.iter_mut().for_each(|request| request.resource.0 += 3);
    let valid = valid(scenario);
    let end = simulate_to_fork(&valid, &requests, keep());
    assert_eq!(check(valid.scenario(), &requests, &end.outcome.plans, &end.fleet), []);
    // 200 of 150 are in the first, where nothing fits any more; the one that says nothing is in the second, with room for two.
    assert_eq!(storage_pools(&end.outcome), [1, 0, 0, 1, 1].map(Some).into_iter().chain([None]).collect::<Vec<_>>());
    let seats: Vec<_> = end.fork.state.live.iter().map(|live| live.pools.storage.map(|pool| pool.0)).collect();
    assert_eq!(seats, [1, 0, 0, 1, 1].map(Some));
}

#[test]
fn edits_change_what_pools_have() {
    let requested = [(1, FAR, LARGE, None, None); 3];
    let refused = |edits: Vec<Edit>| {
        let scenario = Scenario { edits, ..world(vec![pool("ssd", None, storage(200, 1_000))]) };
        ran(scenario, &requested).refused.values().sum::<u64>()
    };
    let capacity = |gib| Edit::PoolCapacity { pool: PoolIndex(0), capacity: storage(gib, 1_000) };
    let thin = Edit::PoolOverCommit { pool: PoolIndex(0), percent: [(Dimension::Storage, 150)].into() };
    assert_eq!([vec![], vec![capacity(100)], vec![capacity(300)], vec![thin]].map(refused), [1, 2, 0, 0]);
    let scenario = world(vec![pool("ssd", None, storage(200, 1_000))]);
    let words = |edit: Edit| edit.describe(&scenario);
    assert_eq!(words(capacity(300)), "100 storage_gib more of pool `ssd`");
    assert_eq!(words(capacity(150)), "50 storage_gib less of pool `ssd`");
    let wrong = |edit: Edit| scenario.check_edits(&[edit]).unwrap_err().0[0].to_string();
    assert!(wrong(capacity(99)).contains("flavor `large`"), "{}", wrong(capacity(99)));
    let nothing = Edit::PoolCapacity { pool: PoolIndex(0), capacity: storage(200, 0) };
    assert_eq!(
        wrong(nothing),
        "edits[0].capacity: has no iops, of which the pool had some; expected more than nothing"
    );
    let unknown = Edit::PoolCapacity { pool: PoolIndex(7), capacity: storage(200, 1_000) };
    assert!(wrong(unknown).starts_with("edits[0].pool: is 7, which names none of the 1 pools"));
}

#[test]
fn impossible_pools_are_refused_with_every_problem() {
    let mut scenario = world(vec![
        pool("ssd", Some("c"), storage(50, 50)),
        pool("ssd", None, Resources::ZERO),
        pool("mixed", None, Resources::compute(1_000, 0).max(network(100, 0))),
    ]);
    scenario.fleet.pools[0].over_commit_percent = [(Dimension::Storage, 0), (Dimension::Addresses, 200)].into();
    let problems = ValidScenario::new(scenario).unwrap_err().0;
    let fields: Vec<&str> = problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "flavors[0] (machine)",
            "flavors[1] (large)",
            "flavors[2] (small)",
            "flavors[3] (balancer)",
            "fleet.pools[0].over_commit_percent.storage",
            "fleet.pools[0].over_commit_percent",
            "fleet.pools[0].zone",
            "fleet.pools[1].name",
            "fleet.pools[1].capacity",
            "fleet.pools[2].capacity",
        ]
    );
    assert!(problems[3].message.starts_with("asks for 200 network_mbps, which no pool can ever hold; the pools have "));
    assert!(problems[6].message.contains("they are in a, b"), "{}", problems[6].message);
}

/// Volumes, machines and load balancers of three kinds of zones; only volumes are resized.
fn wishes() -> impl Strategy<Value = Vec<Wish>> {
    let zone = proptest::option::of(0_u32..2);
    let resized = proptest::option::of((0..3_600_i64, LARGE..=SMALL));
    let wish = (0..6 * 3_600_i64, 0..4 * 3_600_i64, 0_u32..4, zone, resized).prop_map(
        |(at, lifetime, flavor, zone, resized)| {
            let volume = flavor == LARGE || flavor == SMALL;
            let resized = resized.filter(|_| volume).map(|(after, to)| (at + after, to));
            (at, at + lifetime, flavor, zone, resized)
        },
    );
    proptest::collection::vec(wish, 1..120).prop_map(|mut wishes| {
        wishes.sort_by_key(|wish| wish.0);
        wishes
    })
}

/// A pool a zone and one for both, some over-committed, and a zone that is lost for a while or not.
fn pools() -> impl Strategy<Value = (Vec<CapacityPool>, bool)> {
    let one = (100_u32..600, 500_u32..3_000, 200_u32..1_500, 1_u32..12, 100_u32..300);
    (proptest::collection::vec(one, 3), any::<bool>()).prop_map(|(rows, lost)| {
        let names = [("a", Some("a")), ("b", Some("b")), ("both", None)];
        let of = |((name, zone), (gib, iops, mbps, addresses, percent))| CapacityPool {
            over_commit_percent: [(Dimension::Storage, percent)].into(),
            ..pool(name, zone, storage(gib, iops).max(network(mbps, addresses)))
        };
        (names.into_iter().zip(rows).map(of).collect(), lost)
    })
}

fn random_world((pools, lost): (Vec<CapacityPool>, bool)) -> Scenario {
    let mut scenario = world(pools);
    if lost {
        let [from, until] = [2, 3].map(|hour| Instant::from_micros(hour * HOUR));
        scenario.fleet.outages = vec![Outage { zone: "a".to_owned(), from, until }];
    }
    scenario
}

/// The pools of a plan with what each gives it.
fn taken(scenario: &Scenario, plan: &Plan) -> Vec<(PoolIndex, Resources)> {
    let requested = scenario.flavors[plan.flavor.usize()].requested;
    let of = |dimensions: [Dimension; 2]| amounts(&dimensions.map(|of| (of, requested[of])));
    let is_machine = plan.flavor.0 == MACHINE;
    let network = [if is_machine { Dimension::Addresses } else { Dimension::Network }, Dimension::Addresses];
    let parts = [of([Dimension::Storage, Dimension::Iops]), of(network)];
    let pools = [plan.pools.storage, plan.pools.network].into_iter().zip(parts);
    pools.filter_map(|(pool, part)| Some((pool?, part))).collect()
}

proptest! {
    #![proptest_config(crate::cases(1_000))]

    /// No pool ever holds more than it may, resized or not, and no plan breaks a rule.
    #[test]
    fn no_pool_is_ever_too_full(wishes in wishes(), pools in pools()) {
        let (valid, requests) = (valid(random_world(pools)), ask(&wishes));
        let end = simulate_to_fork(&valid, &requests, keep());
        prop_assert_eq!(check(valid.scenario(), &requests, &end.outcome.plans, &end.fleet), []);
        for (pool, PoolUse { peak, .. }) in valid.scenario().fleet.pools.iter().zip(&end.outcome.pools) {
            let within = peak.iter().zip(pool.schedulable()).all(|(&held, may)| held <= may);
            prop_assert!(within, "{:?} of {:?}", peak, pool);
        }
    }

    /// What was held of each pool, over time, is what those who are in it by their plans took from when they were asked for
    /// until they were released: modules take no time here.
    #[test]
    fn what_is_taken_is_given_back(wishes in wishes(), pools in pools()) {
        let wishes: Vec<Wish> = wishes.into_iter().map(|wish| (wish.0, wish.1, wish.2, wish.3, None)).collect();
        let (valid, requests) = (valid(random_world(pools)), ask(&wishes));
        let scenario = valid.scenario();
        let outcome = simulate(&valid, &requests, keep());
        let mut held = vec![[0_u128; DIMENSIONS]; scenario.fleet.pools.len()];
        for plan in &outcome.plans {
            let until = plan.released.unwrap_or(scenario.window.end);
            let micros = (until - plan.arrived).micros() as u128;
            for (pool, part) in taken(scenario, plan) {
                for (held, amount) in held[pool.usize()].iter_mut().zip(part.to_array()) {
                    *held += u128::from(amount) * micros;
                }
            }
        }
        let counted: Vec<_> = outcome.pools.iter().map(|pool| pool.held_micros).collect();
        prop_assert_eq!(counted, held);
    }

    /// A run that is cut in two at any instant, forked and resumed, is in the same pools; one that is saved comes to the same
    /// digest.
    #[test]
    fn a_run_with_pools_goes_on_where_it_was(wishes in wishes(), pools in pools(), cut in 1_i64..8 * HOUR) {
        let (whole, requests) = (random_world(pools), ask(&wishes));
        let valid = valid(whole.clone());
        let once = simulate(&valid, &requests, keep());
        let (first, second) = in_two(&whole, &requests, wishes.len(), Instant::from_micros(cut));
        for plan in &once.plans {
            if let Ok(index) = first.fork.lives.binary_search(&plan.resource) {
                prop_assert_eq!(Plan { resource: plan.resource, ..second.outcome.plans[index] }, *plan);
            }
        }
        let both = first.outcome.pools.iter().zip(&second.outcome.pools);
        for ((first, second), once) in both.zip(&once.pools) {
            let sum: Vec<u128> = first.held_micros.iter().zip(second.held_micros).map(|(a, b)| a + b).collect();
            prop_assert_eq!(&sum[..], &once.held_micros[..]);
            let peak: Vec<u64> = first.peak.iter().zip(second.peak).map(|(&a, b)| a.max(b)).collect();
            prop_assert_eq!(&peak[..], &once.peak[..]);
        }
        let at = requests.partition_point(|request| request.at.micros() < cut);
        let mut saved = Run::new(&valid, keep());
        saved.play(&requests[..at], Instant::from_micros(cut));
        let bytes = postcard::to_allocvec(&saved.save()).unwrap();
        let mut resumed = Run::restore(&valid, postcard::from_bytes::<SavedRun>(&bytes).unwrap(), None);
        resumed.play(&requests[at..], whole.window.end);
        prop_assert_eq!(resumed.outcome(), once);
    }

    /// Pools that nobody fills change nothing but what is said of them.
    #[test]
    fn pools_that_are_large_enough_change_nothing(wishes in wishes()) {
        let requests = ask(&wishes);
        let vast = vec![pool("vast", None, storage(1_000_000, 1_000_000).max(network(1_000_000, 1_000_000)))];
        let [with, without] = [vast, Vec::new()].map(|pools| simulate(&valid(world(pools)), &requests, keep()));
        let without_pools = |plan: &Plan| Plan { pools: InPools::default(), ..*plan };
        prop_assert_eq!(with.plans.iter().map(without_pools).collect::<Vec<_>>(), without.plans);
        prop_assert_eq!(with.cost, without.cost);
        prop_assert_eq!(with.refused, without.refused);
    }
}

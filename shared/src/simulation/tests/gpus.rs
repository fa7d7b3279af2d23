//! GPUs are handed out one by one.

use super::terms::with_terms;
use super::*;
use crate::simulation::check::{Violation, check};
use crate::simulation::{Run, SavedRun};

/// The random scenario with terms, whose machines have four GPUs and two, and everybody asks for a part or for two.
fn with_gpus(settings: (PlacementPolicy, u32, u32, bool, bool), lives: &[Life]) -> (Scenario, Vec<IndexedRequest>) {
    let (mut scenario, requests) = with_terms(settings, lives);
    for (group, gpus) in scenario.fleet.node_groups.iter_mut().zip([4_000, 2_000]) {
        group.capacity[Dimension::Gpu] = gpus;
    }
    for (flavor, gpu) in scenario.flavors.iter_mut().zip([300, 2_000, 700]) {
        flavor.requested[Dimension::Gpu] = gpu;
    }
    if let Some(quota) = &mut scenario.tenants[1].quota {
        quota[Dimension::Gpu] = 5_000;
    }
    (scenario, requests)
}

/// One node with two GPUs; the first flavor asks for 0.6 of one, the second for a whole one.
fn one_node() -> Scenario {
    let mut scenario = scenario((PlacementPolicy::FirstFit, 0, 1, false, false));
    scenario.fleet.node_groups.truncate(1);
    scenario.fleet.node_groups[0].capacity[Dimension::Gpu] = 2_000;
    scenario.flavors[0].requested[Dimension::Gpu] = 600;
    scenario.flavors[1].requested[Dimension::Gpu] = 1_000;
    scenario
}

#[test]
fn what_is_free_of_two_devices_is_no_whole_one() {
    // 0.6 of each GPU is taken, 0.8 are free; whoever wants a whole one waits until the second goes after an hour.
    let second = 1_000_000;
    let lives = [
        (0, 4 * HOUR, 0, 0, None),
        (second, HOUR, 0, 0, None),
        (2 * second, 4 * HOUR, 0, 1, None),
        (3 * second, HOUR / 2, 0, 0, None),
    ];
    let (valid, requests) = (valid(one_node()), requests(&lives));
    let end = simulate_to_fork(&valid, &requests, keep());
    let ready = |resource: u32| {
        let of = |plan: &&crate::simulation::Plan| plan.resource == ResourceIndex(resource);
        end.outcome.plans.iter().find(of).and_then(|plan| plan.ready)
    };
    assert!(ready(0).is_some() && ready(1).is_some());
    let freed = Instant::from_micros(second + HOUR);
    let whole = ready(2).expect("it is ready once a device is free");
    assert!((freed..freed + Duration::from_minutes(5)).contains(&whole), "{whole}");
    assert_eq!(ready(3), None, "0.4 of each do not make 0.6");
    assert_eq!(check(valid.scenario(), &requests, &end.outcome.plans, &end.fleet), []);
}

#[test]
fn the_checker_finds_a_device_that_is_shared_beyond_what_it_has() {
    let lives = [(0, 4 * HOUR, 0, 0, None), (1, 4 * HOUR, 0, 0, None), (2, 4 * HOUR, 0, 0, None)];
    let mut three = one_node();
    three.fleet.node_groups[0].capacity[Dimension::Gpu] = 3_000;
    let (valid, requests) = (valid(three), requests(&lives));
    let end = simulate_to_fork(&valid, &requests, keep());
    let mut two = valid.scenario().clone();
    two.fleet.node_groups[0].capacity[Dimension::Gpu] = 2_000;
    // 3 × 0.6 are less than 2, but no two of them share one.
    let found = check(&two, &requests, &end.outcome.plans, &end.fleet);
    assert!(matches!(found[..], [Violation::TooFewDevices { needed: 3, devices: 2, .. }]), "{found:?}");
}

#[test]
fn amounts_that_no_devices_make_up_are_refused() {
    let problems = |change: fn(&mut Scenario)| {
        let mut scenario = one_node();
        change(&mut scenario);
        ValidScenario::new(scenario).expect_err("it is wrong").to_string()
    };
    let one_and_a_half = problems(|scenario| scenario.flavors[0].requested[Dimension::Gpu] = 1_500);
    assert!(one_and_a_half.contains("flavors[0] (small).requested.gpu: is 1.5; expected a part of one GPU"));
    let half = problems(|scenario| scenario.fleet.node_groups[0].capacity[Dimension::Gpu] = 2_500);
    assert!(half.contains("fleet.node_groups[0].capacity.gpu: is 2.5; expected a whole number of GPUs"));
    let many = problems(|scenario| scenario.fleet.node_groups[0].capacity[Dimension::Gpu] = 17_000);
    assert!(many.contains("capacity.gpu: is 17; expected a whole number of GPUs, and at most 16"));
}

proptest! {
    #![proptest_config(crate::cases(1_000))]

    /// No device is over-committed (nodes panic where one would be), and the checker agrees.
    #[test]
    fn no_device_is_over_committed(lives in lives(), settings in settings()) {
        let (scenario, requests) = with_gpus(settings, &lives);
        let valid = valid(scenario);
        let end = simulate_to_fork(&valid, &requests, keep());
        prop_assert_eq!(check(valid.scenario(), &requests, &end.outcome.plans, &end.fleet), []);
    }

    /// Who is on which device survives a fork: a run that is cut in two comes to the same cost. Fragmentation-aware
    /// placement begins anew with what lives then, and so may choose otherwise.
    #[test]
    fn a_fork_keeps_devices(lives in lives(), settings in settings(), cut in 1_i64..8 * HOUR) {
        let (whole, requests) = with_gpus(settings, &lives);
        let same = whole.placement != PlacementPolicy::FragmentationAware;
        let once = simulate_to_fork(&valid(whole.clone()), &requests, keep());
        let (first, second) = in_two(&whole, &requests, lives.len(), Instant::from_micros(cut));
        let both = first.outcome.cost.total() + second.outcome.cost.total();
        prop_assert!(!same || both == once.outcome.cost.total());
    }

    /// What is saved, as bytes, and restored goes on exactly, popularity included.
    #[test]
    fn a_saved_run_keeps_devices(lives in lives(), settings in settings(), cut in 1_i64..8 * HOUR) {
        let (scenario, requests) = with_gpus(settings, &lives);
        let valid = valid(scenario);
        let once = simulate(&valid, &requests, keep());
        let cut = Instant::from_micros(cut);
        let (before, after) = requests.split_at(requests.partition_point(|request| request.at < cut));
        let mut first = Run::new(&valid, keep());
        first.play(before, cut);
        let saved: SavedRun = postcard::from_bytes(&postcard::to_allocvec(&first.save()).unwrap()).unwrap();
        let mut second = Run::restore(&valid, saved, None);
        second.play(after, valid.scenario().window.end);
        prop_assert_eq!(second.outcome(), once);
    }
}

//! What the simulator decides breaks no rule, and each corruption of it is found.

use super::*;
use crate::control_plane::Refusal;
use crate::example;
use crate::scenario::{Demand, ValidScenario};
use crate::simulation::{RunOptions, simulate_to_fork};
use crate::units::{Duration, PoolIndex};

struct Ran {
    scenario: Scenario,
    requests: Vec<IndexedRequest>,
    plans: Vec<Plan>,
    fleet: ObservedFleet,
}

impl Ran {
    fn check(&self) -> Vec<Violation> {
        check(&self.scenario, &self.requests, &self.plans, &self.fleet)
    }
}

fn run(scenario: Scenario) -> Ran {
    let valid = ValidScenario::new(scenario).unwrap();
    let requests = valid.requests(0);
    let options = RunOptions { keep_plans: true, ..RunOptions::default() };
    let end = simulate_to_fork(&valid, &requests, options);
    Ran { scenario: valid.scenario().clone(), requests, plans: end.outcome.plans, fleet: end.fleet }
}

/// The example of the lab.
fn day() -> Ran {
    run(example::lab_scenario())
}

#[test]
fn what_the_simulator_decides_breaks_no_rule() {
    let ran = day();
    assert!(ran.plans.len() > 100, "{}", ran.plans.len());
    assert_eq!(ran.check(), []);
    let valid = ValidScenario::new(ran.scenario.clone()).unwrap();
    let options = RunOptions { keep_plans: true, ..RunOptions::default() };
    let end = simulate_to_fork(&valid, &ran.requests, options);
    let mut later = ran.scenario.clone();
    later.window.start = ran.scenario.window.end;
    later.window.end = later.window.start + Duration::HOUR * 6;
    (later.demand, later.start) = (Demand::Requests(Vec::new()), end.fork.state);
    assert_eq!(run(later).check(), [], "from a fork with live resources");
}

/// Each corruption is found, whatever else it breaks.
#[test]
fn corrupted_plans_are_found() {
    let find = |corrupt: &dyn Fn(&mut Ran), wanted: &dyn Fn(&Violation) -> bool| {
        let mut ran = day();
        corrupt(&mut ran);
        let found = ran.check();
        assert!(found.iter().any(wanted), "{found:?}");
    };
    let says = |part: &'static str| move |violation: &Violation| violation.to_string().contains(part);
    let second = Duration::from_seconds(1);
    let ready = |ran: &Ran| ran.plans.iter().position(|plan| plan.ready.is_some()).unwrap();
    let released =
        |ran: &Ran| ran.plans.iter().position(|plan| plan.released.is_some() && plan.ready.is_some()).unwrap();
    find(&|ran| ran.plans.truncate(ran.plans.len() - 1), &says("has 0 plans"));
    find(&|ran| ran.plans.push(ran.plans[0]), &says("has 2 plans"));
    find(&|ran| ran.plans[0].resource.0 = 1_000_000, &says("nobody asked for it"));
    find(&|ran| ran.plans[0].arrived += second, &says("another instant"));
    find(&|ran| ran.plans[0].tenant.0 += 1, &says("another tenant"));
    let early = |ran: &mut Ran| {
        let i = ready(ran);
        ran.plans[i].ready = Some(ran.plans[i].arrived - second);
    };
    find(&early, &says("ready before it was asked for"));
    let undead = |ran: &mut Ran| {
        let i = released(ran);
        ran.plans[i].ready = ran.plans[i].released.map(|at| at + second);
    };
    find(&undead, &says("ready after its release"));
    let hasty = |ran: &mut Ran| {
        let i = released(ran);
        ran.plans[i].released = ran.plans[i].ready;
    };
    find(&hasty, &says("before anybody asked"));
    let refused = |ran: &mut Ran| {
        let i = ready(ran);
        ran.plans[i].state = PlanState::Refused(Refusal::Quota);
    };
    find(&refused, &says("refused, and used"));
    for (refusal, part) in [(Refusal::Overloaded, "none is limited"), (Refusal::Failed, "nothing can")] {
        find(&|ran| ran.plans[0].state = PlanState::Refused(refusal), &says(part));
    }
    let homeless = |ran: &mut Ran| {
        let i = ready(ran);
        ran.plans[i].node = None;
    };
    find(&homeless, &says("without a node"));
    let crowded = |ran: &mut Ran| ran.fleet.placements.values_mut().for_each(|node| *node = 0);
    find(&crowded, &|violation| matches!(violation, Violation::OverCommitted { node: 0, .. }));
    let greedy = |ran: &mut Ran| {
        let i = ready(ran);
        let tenant = ran.plans[i].tenant.usize();
        ran.scenario.tenants[tenant].quota = Some(Resources::compute(1, 1));
    };
    find(&greedy, &|violation| matches!(violation, Violation::QuotaPassed { .. }));
    let gone = |ran: &mut Ran| {
        let i = ready(ran);
        let slot = ran.fleet.placements[&ran.plans[i].resource] as usize;
        ran.fleet.nodes[slot].gone = ran.plans[i].ready;
    };
    find(&gone, &says("when its node is gone"));
}

/// A day of volumes in two pools, one of a zone that is lost, and corruptions of where they are.
#[test]
fn plans_in_the_wrong_pool_are_found() {
    let scenario =
        || -> Scenario { serde_json::from_str(include_str!("../../../../tests/scenarios/pools/input.json")).unwrap() };
    assert_eq!(run(scenario()).check(), []);
    let find = |corrupt: &dyn Fn(&mut Ran), part: &str| {
        let mut ran = run(scenario());
        corrupt(&mut ran);
        let found: Vec<String> = ran.check().iter().map(Violation::to_string).collect();
        assert!(found.iter().any(|violation| violation.contains(part)), "{part}: {found:?}");
    };
    // Two of 60 GiB and one of 60, later 80, where 150 may be.
    find(&|ran| ran.plans[3].pools.storage = Some(PoolIndex(0)), "pool 0 holds");
    find(&|ran| ran.plans[0].pools.storage = Some(PoolIndex(1)), "not in the zone that was asked for");
    find(&|ran| ran.plans[0].pools.storage = None, "has of no pool what pools limit");
    find(&|ran| ran.plans[2].pools = ran.plans[0].pools, "is in one all the same");
    let in_lost_zone = |ran: &mut Ran| {
        let arrived = ran.plans[11].arrived;
        let plan = &mut ran.plans[11];
        (plan.state, plan.ready, plan.pools.storage) = (PlanState::Ready, Some(arrived), Some(PoolIndex(1)));
    };
    find(&in_lost_zone, "while its zone was lost");
}

#[test]
fn corrupted_modules_are_found() {
    let valid = ValidScenario::new(example::lab_scenario()).unwrap();
    let outcome = crate::simulation::run(&valid, 0, false);
    assert_eq!(check_modules(valid.scenario(), &outcome), []);
    let find = |corrupt: fn(&mut crate::simulation::ModuleOutcome), part: &str| {
        let mut outcome = outcome.clone();
        corrupt(&mut outcome.modules[0]);
        let found = check_modules(valid.scenario(), &outcome);
        assert!(found.iter().any(|violation| violation.to_string().contains(part)), "{found:?}");
    };
    find(|module| module.busy_micros = u64::MAX, "longer than its workers");
    find(|module| module.queued_micros = u64::MAX, "than its longest queue");
    find(|module| module.failed = 1, "failed, and cannot");
    find(|module| module.failed = u64::MAX, "more often than it was asked");
    find(|module| module.failed_micros = u64::MAX, "longer than it worked");
}

//! Rules about others that can never be kept, refused before the first run.

use super::refused::{create, fields, problems};
use super::*;
use crate::control_plane::{PlanState, Refusal};
use crate::request::{Domain, GroupRule, Terms};
use crate::scenario::Problem;

/// Rows 0 and 1 wait for each other, row 2 is in the group of row 1 and waits for nobody, row 3 for its own group alone.
fn circle() -> Vec<Terms> {
    let near = |group: &str| vec![GroupRule { domain: Domain::Zone, group: group.to_owned() }];
    let row = |group: &str, affinity| Terms { group: Some(group.to_owned()), affinity, ..Terms::default() };
    vec![row("web", near("db")), row("db", near("web")), row("db", Vec::new()), row("own", near("own"))]
}

#[test]
fn groups_of_a_tenant_that_wait_for_each_other_are_refused() {
    let asked = |creates: &[(u32, u32)]| {
        let requests = creates.iter().enumerate().map(|(i, &(tenant, terms))| create(i, tenant, terms)).collect();
        fields(|scenario| (scenario.terms, scenario.demand) = (circle(), Demand::Requests(requests)))
    };
    assert_eq!(asked(&[(0, 0), (0, 1), (0, 2)]), [""; 0], "the database of row 2 comes first");
    assert_eq!(asked(&[(0, 3)]), [""; 0], "the first of a group goes anywhere");
    // The database of another tenant is no neighbour: rules name groups of the same tenant.
    assert_eq!(asked(&[(0, 0), (0, 1), (1, 2)]), ["terms[0].affinity", "terms[1].affinity"]);
    assert_eq!(asked(&[(0, 0), (1, 2)]), ["terms[0].affinity"], "nobody of the tenant is a database");
}

#[test]
fn rules_that_nobody_can_ever_satisfy_are_refused() {
    let with = |near: Domain, far: Domain, group: &str| {
        let rules = |domain| vec![GroupRule { domain, group: group.to_owned() }];
        let terms = Terms { affinity: rules(near), anti_affinity: rules(far), ..Terms::default() };
        fields(|scenario| scenario.terms = vec![terms, circle().remove(2)])
    };
    assert_eq!(with(Domain::Node, Domain::Node, "db"), ["terms[0].affinity"]);
    assert_eq!(with(Domain::Node, Domain::Zone, "db"), ["terms[0].affinity"], "who shares a node shares its zone");
    assert_eq!(with(Domain::Zone, Domain::Node, "db"), [""; 0], "in the zone, on another node");
    assert_eq!(with(Domain::Zone, Domain::Node, "unknown"), ["terms[0].affinity"]);
}

/// What is asked for is refused with these problems; a web server is asked for near a database of its tenant, whose flavors
/// ask for so many vCPU. Group `general` has 16 vCPU a node in zone a, `spare` 8 in zone b.
fn beside(domain: Domain, web: (u32, Option<&str>), db: (u32, Option<&str>)) -> Vec<String> {
    let zone = |name: Option<&str>| name.map(str::to_owned);
    let rule = GroupRule { domain, group: "db".to_owned() };
    let terms = vec![
        Terms { zone: zone(web.1), affinity: vec![rule], ..Terms::default() },
        Terms { zone: zone(db.1), group: Some("db".to_owned()), ..Terms::default() },
    ];
    let found = problems(|scenario| {
        for (group, name) in scenario.fleet.node_groups.iter_mut().zip(["a", "b"]) {
            group.zone = Some(name.to_owned());
        }
        scenario.flavors[0].requested = Resources::compute(web.0 * 1_000, 1_024);
        scenario.flavors[1].requested = Resources::compute(db.0 * 1_000, 1_024);
        let db = IndexedRequest { flavor: FlavorIndex(1), ..create(1, 0, 1) };
        (scenario.terms, scenario.demand) = (terms, Demand::Requests(vec![create(0, 0, 0), db]));
    });
    found.iter().map(Problem::to_string).collect()
}

#[test]
fn who_can_never_be_beside_its_neighbours_is_refused() {
    let check = |domain, web, db, wanted: Option<&str>| {
        let found = beside(domain, web, db);
        match wanted {
            None => assert_eq!(found, [""; 0]),
            Some(part) => assert!(found.len() == 1 && found[0].contains(part), "{found:?}"),
        }
    };
    let no_node =
        Some("terms[0].affinity: asks flavor `small` to be on a node with group `db`, and no node can hold it");
    check(Domain::Node, (8, None), (8, None), None);
    check(Domain::Node, (9, None), (8, None), no_node);
    check(Domain::Node, (4, Some("b")), (4, None), None);
    check(Domain::Node, (5, Some("b")), (4, None), no_node);
    check(Domain::Node, (1, Some("b")), (1, Some("a")), no_node);
    let no_zone = Some("terms[0].affinity: asks flavor `small` to be in a zone with group `db`, and there is none");
    check(Domain::Zone, (9, None), (9, None), None);
    check(Domain::Zone, (8, Some("b")), (8, None), None);
    check(Domain::Zone, (8, Some("b")), (9, None), no_zone);
    check(Domain::Zone, (1, Some("b")), (1, Some("a")), no_zone);
}

/// A service goes on where some of its tenants ask for what can never be.
#[test]
fn who_waits_for_ever_keeps_nobody_else_from_being_simulated() {
    let mut odd = scenario((PlacementPolicy::FirstFit, 0, 4, false, false));
    let nowhere = Terms { zone: Some("nowhere".to_owned()), ..Terms::default() };
    odd.fleet.node_groups.iter_mut().for_each(|group| group.zone = Some("a".to_owned()));
    odd.terms = [circle(), vec![nowhere]].concat();
    let plain = IndexedRequest { terms: None, ..create(3, 1, 0) };
    odd.demand = Demand::Requests(vec![create(0, 0, 0), create(1, 0, 1), create(2, 0, 4), plain]);
    let refused = ValidScenario::new(odd.clone()).unwrap_err().0;
    let fields: Vec<&str> = refused.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, ["terms[4].zone", "terms[0].affinity", "terms[1].affinity"]);
    let outcome = run(&ValidScenario::of_accepted(odd).unwrap(), 0, true);
    let states: Vec<PlanState> = outcome.plans.iter().map(|plan| plan.state).collect();
    let nowhere = PlanState::Refused(Refusal::NoSuchNode);
    assert_eq!(states, [PlanState::Pending, PlanState::Pending, nowhere, PlanState::Ready]);
}

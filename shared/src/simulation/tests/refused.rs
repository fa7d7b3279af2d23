//! What is refused before the first run, and what is not.

use super::*;
use crate::request::Terms;
use crate::scenario::Problem;
use crate::units::{NodeGroupIndex, TermsIndex};

/// What a change of a sound scenario is refused for.
pub(super) fn problems(change: impl FnOnce(&mut Scenario)) -> Vec<Problem> {
    let mut scenario = scenario((PlacementPolicy::FirstFit, 0, 1, false, false));
    change(&mut scenario);
    ValidScenario::new(scenario).err().map_or_else(Vec::new, |problems| problems.0)
}

pub(super) fn fields(change: impl FnOnce(&mut Scenario)) -> Vec<String> {
    problems(change).into_iter().map(|problem| problem.field).collect()
}

#[test]
fn the_impossible_is_refused_with_every_problem() {
    let fields = fields(|scenario| {
        scenario.runs = 0;
        scenario.modules[Module::Quota].workers = 0;
        scenario.flavors[0].requested = Resources::compute(64_000, 1);
        scenario.fleet.node_groups[0].instance_type = "unheard-of".to_owned();
        scenario.fleet.node_groups[1].name = "general".to_owned();
        scenario.tenants[2].name = "a".to_owned();
    });
    let expected = [
        "runs",
        "tenants[2].name",
        "fleet.node_groups[1].name",
        "flavors[0] (small)",
        "modules[3] (quota).workers",
        "fleet.node_groups[0].instance_type",
    ];
    assert_eq!(fields, expected);
}

#[test]
fn a_fleet_that_may_have_no_node_is_refused() {
    let none = |scenario: &mut Scenario| scenario.fleet.node_groups.iter_mut().for_each(|group| group.max = 0);
    assert_eq!(fields(none), ["fleet.node_groups"]);
    assert_eq!(fields(|scenario| scenario.fleet.node_groups[0].max = 0), [""; 0]);
    let edits = |groups: &'static [u32]| {
        let edit = |&group: &u32| Edit::MaxNodes { node_group: NodeGroupIndex(group), max: 0 };
        fields(move |scenario| scenario.edits = groups.iter().map(edit).collect())
    };
    assert_eq!((edits(&[0]), edits(&[0, 1])), (vec![], vec!["edits".to_owned()]));
    // Group `general` has 16 vCPU a node, `spare` 8: who asks for 12 has only the first.
    let large = |change: fn(&mut Scenario)| {
        fields(|scenario| {
            scenario.flavors[0].requested = Resources::compute(12_000, 1_024);
            change(scenario);
        })
    };
    assert_eq!(large(|scenario| scenario.fleet.node_groups[0].max = 0), ["flavors[0] (small)"]);
    let edit = |group: u32, max: u32| Edit::MaxNodes { node_group: NodeGroupIndex(group), max };
    assert_eq!(large(|scenario| scenario.fleet.node_groups[1].max = 0), [""; 0]);
    let edited = |edits: Vec<Edit>| {
        problems(|scenario| {
            scenario.flavors[0].requested = Resources::compute(12_000, 1_024);
            scenario.edits = edits;
        })
    };
    assert_eq!(edited(vec![edit(1, 0)]), []);
    let message = &edited(vec![edit(0, 0)])[0].message;
    assert!(message.starts_with("leave flavor `small` without a node: it only fits those of `general`"), "{message}");
    let [problem] = &problems(|scenario| scenario.fleet.node_groups.clear())[..] else { panic!("it is said once") };
    assert_eq!(
        problem.to_string(),
        "fleet.node_groups: are none, and flavors of class compute need nodes; expected a node group"
    );
}

/// What a flavor asks for and no node has at all is named, rather than what they have enough of.
#[test]
fn what_nodes_have_nothing_of_is_named() {
    let problems = problems(|scenario| {
        let without_cpu = |group: &mut NodeGroup| group.capacity = group.capacity.with(Dimension::Vcpu, 0);
        scenario.fleet.node_groups.iter_mut().for_each(without_cpu);
    });
    let message = &problems[0].message;
    assert!(message.contains("which no node can ever hold: they have no vcpu; make nodes larger"), "{message}");
}

#[test]
fn names_are_given_and_no_flavor_is_there_twice() {
    let wrong = fields(|scenario| {
        scenario.tenants[0].name.clear();
        let small = scenario.flavors[0].clone();
        let larger = Flavor { requested: Resources::compute(1_500, 2_048), ..small.clone() };
        scenario.flavors.extend([larger, small]);
        scenario.fleet.node_groups[0].zone = Some(String::new());
    });
    let expected = ["tenants[0].name", "flavors[5]", "fleet.node_groups[0].zone"];
    assert_eq!(wrong, expected, "another shape is another flavor");
    let message = &problems(|scenario| {
        scenario.fleet.node_groups.iter_mut().for_each(|group| group.zone = Some(String::new()));
        scenario.terms = vec![Terms { zone: Some("x".to_owned()), ..Terms::default() }];
    })[2]
        .message;
    assert!(message.starts_with("is `x`, and no node group is there; none of the node groups has a zone"), "{message}");
}

/// As many as can be read, then that there are more; what is of the demand comes last.
#[test]
fn a_long_list_of_problems_is_cut_and_says_so() {
    let problems = problems(|scenario| {
        let unknown = |i: usize| IndexedRequest { terms: None, flavor: FlavorIndex(9), ..create(i, 0, 0) };
        scenario.demand = Demand::Requests((0..200).map(unknown).collect());
        scenario.modules[Module::Quota].workers = 0;
        scenario.terms = vec![Terms { zone: Some(String::new()), ..Terms::default() }];
    });
    let fields: Vec<&str> = problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!((fields.len(), &fields[..2]), (101, &["modules[3] (quota).workers", "terms[0].zone"][..]));
    assert_eq!((fields[2], fields[100]), ("demand.requests[0].flavor", "scenario"));
}

/// Resource 0 is of tenant 0 and lives for a minute.
#[test]
fn only_who_has_a_resource_deletes_it_and_once() {
    let wrong = |tenant: u32, minutes: &[i64]| {
        let delete = |&minute: &i64| {
            let create = create(0, tenant, 0);
            let at = create.at + Duration::from_minutes(minute);
            IndexedRequest { at, operation: Operation::Delete, terms: None, ..create }
        };
        let deletes: Vec<IndexedRequest> = minutes.iter().map(delete).collect();
        let requests = [IndexedRequest { terms: None, ..create(0, 0, 0) }].into_iter().chain(deletes).collect();
        problems(|scenario| scenario.demand = Demand::Requests(requests))
    };
    let said = |problems: Vec<Problem>| problems.iter().map(Problem::to_string).collect::<Vec<_>>();
    assert_eq!(said(wrong(0, &[1])), [""; 0]);
    assert_eq!(said(wrong(1, &[1])), ["demand.requests[1].tenant: is 1; expected 0, whose resource 0 is"]);
    assert_eq!(said(wrong(0, &[1, 2])), ["demand.requests[2].resource: is 0, which was deleted before"]);
    let order = said(wrong(0, &[2, 1]));
    assert!(order[0].starts_with("demand.requests[2].at: is "), "{order:?}");
    assert!(order[0].ends_with("of the element before; expected them in order of time"), "{order:?}");
}

/// Flavor 3 is a volume: neither a machine becomes one, nor one a machine.
#[test]
fn a_resize_keeps_the_class() {
    let resized = |from: u32, to: u32| {
        let create = IndexedRequest { terms: None, flavor: FlavorIndex(from), ..create(0, 0, 0) };
        let resize = IndexedRequest { operation: Operation::Resize, flavor: FlavorIndex(to), ..create };
        let said = problems(|scenario| scenario.demand = Demand::Requests(vec![create, resize]));
        said.iter().map(Problem::to_string).collect::<Vec<_>>()
    };
    assert_eq!(resized(0, 1), [""; 0]);
    let expected = "demand.requests[1].flavor: is of class storage; expected one of class compute, as the resource is";
    assert_eq!(resized(0, 3), [expected]);
    assert_eq!(resized(3, 0).len(), 1);
}

/// Group `general` has 16 vCPU a node, `spare` 8.
#[test]
fn a_flavor_that_is_too_large_for_the_zone_it_is_wanted_in_is_refused() {
    let in_zone = |zone: &'static str| {
        move |scenario: &mut Scenario| {
            scenario.flavors[0].requested = Resources::compute(12_000, 1_024);
            scenario.fleet.node_groups[0].zone = Some("a".to_owned());
            scenario.fleet.node_groups[1].zone = Some("b".to_owned());
            scenario.terms = vec![Terms { zone: Some(zone.to_owned()), ..Terms::default() }];
            scenario.demand = Demand::Requests(vec![create(0, 0, 0)]);
        }
    };
    assert_eq!(fields(in_zone("a")), [""; 0]);
    assert_eq!(fields(in_zone("b")), ["terms[0].zone"]);
    let message = &problems(in_zone("b"))[0].message;
    assert!(message.starts_with("is `b`, where flavor `small` is wanted; it asks for 12 vcpu"), "{message}");
}

/// Seven modules of a million workers at 9·10¹⁸ nano an hour for 8 h, 100 times: 6.3·10²⁵ × 2.88·10¹⁰ µs × 100 = 1.8·10³⁸
/// ledger units, of which i128 holds 1.7·10³⁸.
#[test]
fn sums_that_the_ledger_cannot_hold_are_refused() {
    let dear = |runs: u32| {
        move |scenario: &mut Scenario| {
            scenario.runs = runs;
            for module in &mut scenario.modules.0 {
                (module.workers, module.rate) = (1_000_000, Rate::from_nanos(9_000_000_000_000_000_000));
            }
        }
    };
    assert_eq!(fields(dear(1)), [""; 0]);
    assert_eq!(fields(dear(100)), ["window"]);
    // 0.768 an hour, a hundredfold nine times, would be 7.68·10¹⁷: the highest price there is, of two million nodes.
    let edited = |edits: usize| {
        move |scenario: &mut Scenario| {
            scenario.runs = 1_000;
            scenario.fleet.node_groups.iter_mut().for_each(|group| group.max = 1_000_000);
            scenario.edits = vec![Edit::Price { name: "m5.4xlarge".to_owned(), percent: 10_000 }; edits];
        }
    };
    assert_eq!(fields(edited(1)), [""; 0]);
    assert_eq!(fields(edited(9)), ["window"]);
}

/// One of two tenants has a node at the start, and asks for more: without it, it has and asks for nothing.
#[test]
fn a_tenant_that_leaves_gives_back_what_it_has() {
    let mut before = scenario((PlacementPolicy::FirstFit, 0, 4, false, false));
    let requests = vec![create(0, 0, 0), create(1, 1, 0)];
    let requests = requests.into_iter().map(|request| IndexedRequest { terms: None, ..request }).collect();
    before.demand = Demand::Requests(requests);
    let valid = ValidScenario::new(before.clone()).unwrap();
    let options = RunOptions { keep_plans: true, ..RunOptions::default() };
    let fork = simulate_to_fork(&valid, &valid.requests(0), options).fork;
    let length = before.window.length();
    let window = Window { start: before.window.end, end: before.window.end + length };
    let later = |request: IndexedRequest| IndexedRequest {
        at: window.start + Duration::HOUR,
        resource: ResourceIndex(request.resource.0 + 2),
        terms: None,
        ..request
    };
    let demand = Demand::Requests(vec![later(create(0, 0, 0)), later(create(1, 1, 0))]);
    let edits = vec![Edit::RemoveTenant { tenant: TenantIndex(0) }];
    let valid = ValidScenario::new(Scenario { window, start: fork.state, demand, edits, ..before }).unwrap();
    let requests = valid.requests(0);
    let kinds: Vec<_> = requests.iter().map(|request| (request.at, request.operation, request.tenant.0)).collect();
    let create_at = window.start + Duration::HOUR;
    assert_eq!(kinds, [(window.start, Operation::Delete, 0), (create_at, Operation::Create, 1)]);
    let cost = run(&valid, 0, false).cost;
    // Its delete is told within the seconds that the modules take: a small VM has 16 of them at 0.768 an hour, at most.
    assert!(cost.tenant(TenantIndex(0)).to_f64() < 0.768 / 60.0, "{}", cost.tenant(TenantIndex(0)).to_f64());
    assert!(cost.tenant(TenantIndex(1)).to_f64() > 0.768 / 16.0 * 8.0);
}

pub(super) fn create(position: usize, tenant: u32, terms: u32) -> IndexedRequest {
    IndexedRequest {
        terms: Some(TermsIndex(terms)),
        at: Instant::from_micros(0),
        operation: Operation::Create,
        tenant: TenantIndex(tenant),
        resource: ResourceIndex::from_usize(position),
        flavor: FlavorIndex(0),
        batch: None,
        lifetime: None,
        draw_key: position as u64,
    }
}

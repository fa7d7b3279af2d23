//! Quotes on nodes of 16 vCPU and 64 GiB at 0.768 USD an hour, in a control plane that takes no time: a quarter of a node
//! costs 0.192 USD an hour, less the nano-unit that splitting it over vCPU and GiB rounds down.

use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::*;
use crate::control_plane::{ModuleSettings, Modules, ServiceTime};
use crate::request::Flavor;
use crate::scenario::{Fleet, NodeGroup, PlacementPolicy};
use crate::simulation::tests::{scenario, valid};
use crate::simulation::{Refusal, simulate, simulate_to_fork};
use crate::units::{FlavorIndex, Rate, Resources};

const TEN_HOURS: Duration = Duration::from_seconds(36_000);
const BOOT: Duration = Duration::from_seconds(60);

/// A fleet of `nodes` that are there, and of `max` at most, in which tenant `b` may hold 16 vCPU.
fn primary(nodes: u32, max: u32) -> Scenario {
    let base = scenario((PlacementPolicy::FirstFit, 0, 1, true, false));
    let group = NodeGroup { min: nodes, max, boot: BOOT, ..base.fleet.node_groups[0].clone() };
    let instant = ModuleSettings::new(1, ServiceTime::Constant(Duration::ZERO), Rate::ZERO);
    Scenario {
        fleet: Fleet::of(vec![group]),
        modules: Modules(core::array::from_fn(|_| instant.clone())),
        window: Window { start: at(0), end: at(0) + Duration::HOUR },
        ..base
    }
}

/// Hours after midnight.
fn at(hours: i64) -> Instant {
    Instant::from_micros(0) + Duration::DAY + Duration::HOUR * hours
}

/// The primary at midnight, with one quarter of a node that lives, and is called `old`.
fn with_old(scenario: Scenario) -> QuoteBase {
    let window = Window { start: at(-1), end: at(0) };
    let flavors = vec![Flavor {
        name: "quarter".to_owned(),
        class: crate::request::ResourceClass::Compute,
        requested: Resources::compute(4_000, 16_384),
    }];
    let before = Scenario { flavors, window, ..scenario };
    let create = IndexedRequest {
        at: at(-1),
        operation: Operation::Create,
        tenant: TenantIndex(0),
        resource: ResourceIndex(0),
        flavor: FlavorIndex(0),
        batch: None,
        lifetime: None,
        terms: None,
        draw_key: 0,
    };
    let end = simulate_to_fork(&valid(before.clone()), &[create], RunOptions::default());
    let now = Window { start: at(0), end: at(1) };
    QuoteBase::new(&Scenario { start: end.fork.state, window: now, ..before }, vec!["old".to_owned()], &[])
}

fn quote(base: &QuoteBase, order: Value) -> Result<Quote, QuoteError> {
    let objects = order.as_array().unwrap().iter().map(|line| line.as_object().unwrap().clone()).collect();
    let wrong = |error| QuoteError::Request { position: 0, id: String::new(), error };
    let requests = read_order(objects, base.at(), 0).map_err(wrong)?.requests;
    Ok(base.quote(requests, TEN_HOURS, &Catalogue::default())?.quote)
}

fn usd(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn cost(quote: &Quote, line: usize) -> Decimal {
    quote.requests[line].cost.unwrap().amount
}

#[test]
fn nodes_that_are_there_cost_no_more_and_are_less_idle() {
    let base = with_old(primary(2, 2));
    let found = quote(&base, json!([{"tenant": "a", "requested": {"vcpu": 4, "memory_gib": 16}}])).unwrap();
    let line = &found.requests[0];
    assert_eq!((line.id.as_str(), line.resource.as_str(), line.state.as_str()), ("q-1", "q-1", "ready"));
    assert_eq!((line.node_group.as_deref(), line.on_new_node, line.ready_after_s), (Some("general"), false, Some(0.0)));
    assert_eq!(line.price_per_hour.unwrap().to_string(), "0.191999999");
    assert_eq!((cost(&found, 0), found.bill.requested.amount), (usd("1.92"), usd("1.92")));
    assert_eq!((found.bill.idle.amount, found.bill.change.amount, found.nodes), (usd("-1.92"), usd("0"), 0.0));
    // Two nodes for ten hours.
    assert_eq!((found.bill.without.amount, found.bill.with.amount), (usd("15.36"), usd("15.36")));
    let [tenant] = &found.tenants[..] else { panic!("one tenant asks") };
    assert_eq!((tenant.without.amount, tenant.with.amount), (usd("1.92"), usd("3.84")));
}

/// One node is started, is overhead for its first minute, and full from then on: 0.768 × 10 h, of which 0.0128 boot.
#[test]
fn a_node_that_is_started_is_paid_from_its_order() {
    let base = QuoteBase::new(&primary(0, 3), Vec::new(), &[]);
    let order = json!([{"tenant": "new", "requested": {"vcpu": 4, "memory_gib": 16}, "count": 4, "resource": "web"}]);
    let found = quote(&base, order).unwrap();
    let names: Vec<&str> = found.requests.iter().map(|line| line.resource.as_str()).collect();
    assert_eq!(names, ["web-1", "web-2", "web-3", "web-4"]);
    assert!(found.requests.iter().all(|line| line.on_new_node && line.ready_after_s == Some(60.0)), "{found:?}");
    let bill = found.bill;
    assert_eq!((bill.change.amount, bill.overhead.amount, bill.idle.amount), (usd("7.68"), usd("0.0128"), usd("0")));
    assert_eq!((bill.requested.amount, found.nodes), (usd("7.6672"), 1.0));
}

#[test]
fn what_lives_is_resized_and_given_back() {
    let base = with_old(primary(1, 1));
    let delete = json!([{"tenant": "a", "op": "delete", "resource": "old", "at": at(5)}]);
    let found = quote(&base, delete).unwrap();
    assert_eq!((found.requests[0].state.as_str(), cost(&found, 0)), ("released", usd("-0.96")));
    assert_eq!((found.requests[0].flavor.as_str(), found.bill.idle.amount), ("quarter", usd("0.96")));
    let half = json!({"vcpu": 8, "memory_gib": 32});
    let resize = json!([{"tenant": "a", "op": "resize", "resource": "old", "requested": half, "at": at(5)}]);
    let found = quote(&base, resize).unwrap();
    assert_eq!((found.requests[0].state.as_str(), cost(&found, 0)), ("resized", usd("0.96")));
}

/// Two hours of a quarter, whose end nobody has to ask for; given back after half an hour it has no other end, so that the
/// next one of the same name stays for nine hours.
#[test]
fn an_announced_lifetime_ends() {
    let base = with_old(primary(1, 1));
    let order = json!([{"tenant": "a", "requested": {"vcpu": 4, "memory_gib": 16}, "lifetime_s": 7200}]);
    let found = quote(&base, order).unwrap();
    assert_eq!(
        (found.requests.len(), found.requests[0].state.as_str(), cost(&found, 0)),
        (1, "released", usd("0.384"))
    );
    let half_past = at(0) + Duration::from_minutes(30);
    let quarter = json!({"vcpu": 4, "memory_gib": 16});
    let found = quote(
        &base,
        json!([
            {"tenant": "a", "resource": "x", "requested": quarter, "lifetime_s": 7200},
            {"tenant": "a", "resource": "x", "op": "delete", "at": half_past},
            {"tenant": "a", "resource": "x", "requested": quarter, "at": at(1)},
        ]),
    )
    .unwrap();
    assert_eq!((cost(&found, 0), cost(&found, 2)), (usd("0.096"), usd("1.728")));
    assert_eq!(found.requests[2].state, "ready");
}

/// What lives is replaced by one of the same name; of two resizes the last one counts.
#[test]
fn requests_are_about_what_lives_when_they_are_made() {
    let base = with_old(primary(1, 1));
    let amounts = |quarters: u32| json!({"vcpu": 4 * quarters, "memory_gib": 16 * quarters});
    let replaced = json!([
        {"tenant": "a", "resource": "old", "requested": amounts(2), "at": at(6)},
        {"tenant": "a", "resource": "old", "op": "delete", "at": at(5)},
    ]);
    let found = quote(&base, replaced).unwrap();
    let states: Vec<&str> = found.requests.iter().map(|line| line.state.as_str()).collect();
    assert_eq!((states, cost(&found, 0), cost(&found, 1)), (vec!["released", "ready"], usd("-0.96"), usd("1.536")));
    let resized = json!([
        {"tenant": "a", "resource": "old", "op": "resize", "requested": amounts(3)},
        {"tenant": "a", "resource": "old", "op": "resize", "requested": amounts(2), "at": at(5)},
    ]);
    let found = quote(&base, resized).unwrap();
    let states: Vec<&str> = found.requests.iter().map(|line| line.state.as_str()).collect();
    assert_eq!(states, ["superseded", "resized"]);
    assert!(found.requests.iter().all(|line| !line.gets_nothing()));
    // Five hours of two quarters more, then of one.
    assert_eq!((cost(&found, 0), found.requests[1].cost), (usd("2.88"), None));
}

/// Nothing of the tenant lives, but its quota is known.
#[test]
fn the_quota_of_a_newcomer_holds() {
    let newcomer =
        Tenant { name: "new".to_owned(), quota: Some(Resources::compute(1_000, 65_536)), ..Tenant::default() };
    let base = QuoteBase::new(&primary(2, 2), Vec::new(), &[newcomer]);
    let found = quote(&base, json!([{"tenant": "new", "requested": {"vcpu": 4, "memory_gib": 16}}])).unwrap();
    assert_eq!((found.requests[0].reason, found.requests[0].gets_nothing()), (Some(Refusal::Quota), true));
}

/// Four quarters are 16 vCPU, all that tenant `b` may hold.
#[test]
fn who_asks_for_more_than_the_quota_is_refused_and_pays_nothing() {
    let base = QuoteBase::new(&primary(2, 2), Vec::new(), &[]);
    let order = json!([{"tenant": "b", "requested": {"vcpu": 4, "memory_gib": 16}, "count": 5}]);
    let found = quote(&base, order).unwrap();
    let refused: Vec<_> = found.requests.iter().filter(|line| line.state == "refused").collect();
    let [refused] = refused[..] else { panic!("{found:?}") };
    assert_eq!((refused.reason, refused.cost.unwrap().amount), (Some(Refusal::Quota), usd("0")));
    assert_eq!((refused.price_per_hour, refused.node_group.as_ref(), refused.ready_after_s), (None, None, None));
}

#[test]
fn what_cannot_be_quoted_says_which_and_why() {
    let base = with_old(primary(1, 1));
    let check = |order: Value, expected: &str| {
        let said = quote(&base, order.clone()).unwrap_err().to_string();
        assert!(said.contains(expected), "{order}: {said}");
    };
    let quarter = json!({"vcpu": 4, "memory_gib": 16});
    check(json!([{"requested": quarter}]), "line 1: field `tenant`");
    check(json!([{"tenant": "a", "requested": quarter}, {"tenant": "a"}]), "request `q-2`: field `requested`");
    check(json!([{"tenant": "a", "requested": quarter, "id": 5}]), "field `id`");
    let twice = json!({"tenant": "a", "requested": quarter, "id": "x", "resource": "x"});
    check(json!([twice, twice]), "`x` lives then");
    let delete = |at: Instant| json!({"tenant": "a", "op": "delete", "resource": "old", "at": at});
    check(json!([delete(at(1)), delete(at(2))]), "request `q-2`: field `resource`: nothing of a");
    check(json!([{"tenant": "a", "op": "delete", "resource": "old", "count": 2}]), "no effect but on a create");
    check(
        json!([{"tenant": "a", "requested": quarter, "count": 6_000}, {"tenant": "a", "requested": quarter, "count": 6_000}]),
        "line 2: makes more than 10000",
    );
    check(json!([{"tenant": "a", "op": "delete", "resource": "gone"}]), "that is called `gone` lives at");
    check(json!([{"tenant": "b", "op": "delete", "resource": "old"}]), "nothing of b");
    check(json!([{"tenant": "a", "resource": "old", "requested": quarter}]), "`old` lives then");
    check(json!([{"tenant": "a", "requested": quarter, "at": at(-1)}]), "request `q-1`: field `at`");
    check(json!([{"tenant": "a", "requested": quarter, "at": at(10)}]), "request `q-1`: field `at`");
    check(json!([{"tenant": "a", "requested": {"vcpu": 17}}]), "which no machine and no pool can ever hold");
    check(json!([{"tenant": "a", "flavor": "m9.huge"}]), "`m9.huge` is unknown");
    check(json!([{"tenant": "a", "requested": quarter, "count": 0}]), "expected a whole number from 1 to 10000");
    check(json!([{"tenant": "a", "requested": quarter, "shape": 1}]), "shape");
    let requests = |order: Value| read_order(vec![order.as_object().unwrap().clone()], base.at(), 0).unwrap().requests;
    let order = json!({"tenant": "a", "requested": quarter});
    for length in [Duration::ZERO, LENGTH_MAX + Duration::from_micros(1)] {
        let found = base.quote(requests(order.clone()), length, &Catalogue::default());
        assert_eq!(found.unwrap_err(), QuoteError::Length(length));
    }
}

proptest! {
    #![proptest_config(crate::cases(64))]
    #[test]
    fn the_parts_of_a_bill_add_up(
        asked in proptest::collection::vec((0_usize..3, 1_u32..17, 1_u32..65, 0_i64..36_000, any::<bool>()), 1..20),
        nodes in 0_u32..3,
        more in 0_u32..3,
    ) {
        prop_assume!(nodes + more > 0);
        let base = with_old(primary(nodes, nodes + more));
        let lines = asked.iter().map(|&(tenant, vcpu, memory_gib, after, ends)| {
            let at = at(0) + Duration::from_seconds(after);
            let mut line = json!({"tenant": (["a", "b", "new"][tenant]), "at": at});
            line["requested"] = json!({"vcpu": vcpu, "memory_gib": memory_gib});
            if ends {
                line["lifetime_s"] = json!(after / 2 + 1);
            }
            line
        });
        let order: Value = lines.collect();
        let objects = order.as_array().unwrap().iter().map(|line| line.as_object().unwrap().clone()).collect();
        let requests = read_order(objects, base.at(), 0).unwrap().requests;
        let Quoted { quote: found, valid, positions } = base.quote(requests, TEN_HOURS, &Catalogue::default()).unwrap();
        let run = |requests: &[IndexedRequest]| simulate(&valid, requests, RunOptions::default());
        let [nothing, all] = [run(&[]), run(&valid.requests(0))].map(|run| run.cost.total().to_money(found.currency));
        prop_assert_eq!(nothing, found.bill.without);
        // Its two parts are rounded.
        prop_assert!((all.amount - found.bill.with.amount).abs() <= Decimal::new(1, 6));
        prop_assert_eq!(positions.len(), asked.len());
        let BillChange { change, requested, others, idle, overhead, rest, .. } = found.bill;
        let parts = [requested, others, idle, overhead, rest];
        prop_assert_eq!(parts.iter().map(|part| part.amount).sum::<Decimal>(), change.amount);
        // Each cost is rounded on its own.
        let costs: Decimal = found.requests.iter().filter_map(|line| line.cost).map(|cost| cost.amount).sum();
        let off = (costs - requested.amount).abs();
        prop_assert!(off <= Decimal::new(found.requests.len() as i64, 6), "{} of {}", off, requested.amount);
        prop_assert_eq!(&found, &quote(&base, order).unwrap(), "nothing is kept");
    }
}

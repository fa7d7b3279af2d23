//! A bill held against a scenario: every cent is somewhere, and prices are what was charged.

use super::*;
use crate::control_plane::Billing;
use crate::pricing::Egress;
use crate::request::{RequestLog, RequestLogBuilder, read_requests};
use crate::scenario::Scenario;
use crate::shadow::Known;
use crate::simulation::{Fork, RunOptions, simulate};
use crate::units::{Rate, TenantIndex};

/// `vm-1` of acme lives from 10:00 to 13:00, `vm-2` of zoo from 10:30 on, both of flavor small.
fn log() -> RequestLog {
    let create = |id: &str, at: &str, tenant: &str| {
        format!(
            r#"{{"id":"{id}","at":"2026-03-02T{at}:00Z","tenant":"{tenant}","op":"create","class":"compute","resource":"vm-{id}","flavor":"small","requested":{{"vcpu":1,"memory_gib":1}}}}"#
        )
    };
    let delete =
        r#"{"id":"d","at":"2026-03-02T13:00:00Z","tenant":"acme","op":"delete","class":"compute","resource":"vm-1"}"#;
    let lines = [create("1", "10:00", "acme"), create("2", "10:30", "zoo"), delete.to_owned()].join("\n");
    let mut builder = RequestLogBuilder::default();
    read_requests(&lines, &mut builder).unwrap();
    builder.finish().unwrap()
}

/// What happens from 10:00 to 14:00 on 2 March.
fn scenario(log: &RequestLog, billing: Billing) -> Scenario {
    let base = Scenario { billing, ..example() };
    let base = Scenario { tenants: Vec::new(), ..base };
    Known::new(log, None, at("2026-03-02T10:00:00Z")).actual(&base, &Fork::default(), Duration::HOUR * 4)
}

fn window(bill: Vec<Charge>, billing: Billing) -> BilledWindow {
    let log = log();
    let scenario = scenario(&log, billing);
    let context = ActualContext { scenario: &scenario, log: &log, mapping: None, rates: &ExchangeRates::default() };
    BilledWindow::new(&Bill::new(bill).unwrap(), &context).unwrap()
}

fn of(account: Option<&str>, resource: Option<&str>, billed: &str) -> Charge {
    Charge { sub_account: account.map(str::to_owned), resource: resource.map(str::to_owned), ..charge(billed) }
}

/// From 10:00 to 14:00.
fn whole() -> Window {
    Window { start: at("2026-03-02T10:00:00Z"), end: at("2026-03-02T14:00:00Z") }
}

/// Tenants and their cost.
fn accounts(window: &BilledWindow) -> Vec<(usize, String)> {
    let accounts = window.breakdown.accounts.iter();
    accounts.map(|account| (account.tenant.usize(), Amount(account.workload).to_string())).collect()
}

#[test]
fn what_is_charged_for_a_resource_holds_what_it_sent() {
    let log = log();
    let mut scenario = scenario(&log, Billing::PerResource);
    scenario.price_book.egress = Egress { price_per_gib: Rate::from_nanos(90_000_000), sent_percent: 10 };
    let context = ActualContext { scenario: &scenario, log: &log, mapping: None, rates: &ExchangeRates::default() };
    let of_vm = of(Some("acme"), Some("arn:aws:ec2:eu:123:instance/vm-1"), "6");
    let bill = Bill::new(vec![Charge { period: whole(), ..of_vm }]).unwrap();
    let book = BilledWindow::new(&bill, &context).unwrap().price_book.unwrap();
    // 6 for three hours, and nothing beside it.
    assert_eq!(
        (book.rate("small", log.first().unwrap()), book.egress),
        (Some(Rate::from_nanos(2_000_000_000)), Egress::default())
    );
}

#[test]
fn a_charge_is_its_tenants_or_that_of_the_resource_that_it_names() {
    let bill = vec![
        of(Some("acme"), None, "1"),
        of(Some("123"), Some("arn:aws:ec2:eu:123:instance/vm-1"), "2"),
        of(Some("123"), Some("/subscriptions/9/virtualMachines/vm-2"), "4"),
        of(Some("123"), Some("vm-3"), "8"),
        Charge { category: ChargeCategory::Tax, ..of(None, None, "16") },
    ];
    let window = window(bill, Billing::PerResource);
    assert_eq!(accounts(&window), [(0, "3".to_owned()), (1, "4".to_owned())]);
    assert_eq!(Amount(window.matched).to_string(), "6");
    let left_out: Vec<(LeftOut, String)> =
        window.left_out.into_iter().map(|(why, money)| (why, Amount(money).to_string())).collect();
    assert_eq!(
        left_out,
        [
            (LeftOut::Unallocated(Unallocated::Tax), "16".to_owned()),
            (LeftOut::UnknownTenant("123".to_owned()), "8".to_owned()),
        ]
    );
}

#[test]
fn the_price_of_a_flavor_is_what_was_charged_by_the_time_that_its_resources_lived() {
    let of = |tenant, vm, billed| Charge { period: whole(), ..of(Some(tenant), Some(vm), billed) };
    let bill = || vec![of("acme", "vm-1", "0.9"), of("zoo", "vm-2", "0.4")];
    let book = window(bill(), Billing::PerResource).price_book.unwrap();
    // vm-1 lives for 3 h of the window, vm-2 for 3.5 h: 1.3 ÷ 6.5 = 0.2.
    assert_eq!(book.rate("small", at("2026-03-02T10:00:00Z")).unwrap().to_string(), "0.2");
    assert!(window(bill(), Billing::Fleet).price_book.is_none());
    // What is charged until noon is divided by the time until then, 2 h of vm-1: 0.9 ÷ 2, and not ÷ 3.
    let morning = Window { end: at("2026-03-02T12:00:00Z"), ..whole() };
    let half = window(vec![Charge { period: morning, ..of("acme", "vm-1", "0.9") }], Billing::PerResource);
    let rate = half.price_book.unwrap().rate("small", at("2026-03-02T10:00:00Z")).unwrap();
    assert_eq!(rate.to_string(), "0.45");
}

#[test]
fn a_credit_is_no_cost_and_makes_no_price_lower() {
    let usage = Charge { period: whole(), ..of(Some("acme"), Some("vm-1"), "3") };
    let back = Charge { period: whole(), ..of(Some("acme"), Some("vm-1"), "-0.5") };
    let credit = Charge { category: ChargeCategory::Credit, period: whole(), ..of(Some("acme"), Some("vm-1"), "-30") };
    let window = window(vec![usage, back, credit], Billing::PerResource);
    // 3 − 0.5, for three hours of vm-1.
    assert_eq!((accounts(&window), window.negative), (vec![(0, "2.5".to_owned())], 1));
    let rate = window.price_book.unwrap().rate("small", whole().start).unwrap();
    assert_eq!(rate.to_string(), "0.833333333");
    let credited = Credited { charges: 1, amount: "-30".parse::<Amount>().unwrap().0 };
    assert_eq!(window.credits, [("acme".to_owned(), credited)].into());
}

#[test]
fn a_bill_of_a_part_of_the_window_is_provisional() {
    let hours = |from: &str, to: &str| Window { start: at(from), end: at(to) };
    let (first, three) =
        (hours("2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z"), hours("2026-03-02T10:00:00Z", "2026-03-02T13:00:00Z"));
    let last = hours("2026-03-02T13:00:00Z", "2026-03-02T14:00:00Z");
    let check = |charged: Window, billing, covered: &[Window], count, status| {
        let found = window(vec![Charge { period: charged, ..of(Some("acme"), None, "1") }], billing);
        assert_eq!((&found.covered.windows[..], found.covered.hours, found.covered.of_hours), (covered, count, 4));
        assert_eq!(found.status, status);
    };
    // vm-1 lives until 13:00, after which there is nothing to charge acme for; nodes are there until 14:00.
    check(first, Billing::PerResource, &[first, last], 2, Status::Provisional);
    check(three, Billing::PerResource, &[whole()], 4, Status::Final);
    check(three, Billing::Fleet, &[three], 3, Status::Provisional);
    check(whole(), Billing::Fleet, &[whole()], 4, Status::Final);
}

#[test]
fn a_tenant_without_a_line_on_the_bill_is_not_compared() {
    let of_acme = || of(Some("acme"), None, "1");
    let other_day = Window { start: at("2026-03-05T10:00:00Z"), end: at("2026-03-05T11:00:00Z") };
    let missing = window(vec![of_acme()], Billing::PerResource);
    assert_eq!(missing.not_on_bill, [TenantIndex(1)].into(), "zoo has vm-2");
    let of_zoo = Charge { period: other_day, ..of(Some("zoo"), None, "1") };
    let billed = window(vec![of_acme(), of_zoo], Billing::PerResource);
    assert!(billed.not_on_bill.is_empty(), "zoo is on the bill, with nothing in this window");

    let scenario = crate::scenario::ValidScenario::new(scenario(&log(), Billing::PerResource)).unwrap();
    let run = simulate(&scenario, &scenario.requests(0), RunOptions::default());
    let all = crate::simulation::Outcome::collect(vec![run]);
    let compared = missing.comparable(all.clone());
    let [cost, kept] = [&all, &compared].map(|outcome| &outcome.runs[0].cost);
    assert!(cost.tenant(TenantIndex(1)) > LedgerUnits::ZERO);
    assert_eq!(kept.workload(), cost.tenant(TenantIndex(0)));
}

#[test]
fn charges_that_reach_out_of_the_window_count_in_proportion_to_time() {
    let day = Window { start: at("2026-03-02T00:00:00Z"), end: at("2026-03-03T00:00:00Z") };
    let usage = Charge { period: day, ..of(Some("acme"), None, "6") };
    let once = Charge { frequency: Some(ChargeFrequency::OneTime), ..usage.clone() };
    // 4 of 24 hours; what is charged once belongs to midnight, which is outside.
    assert_eq!(accounts(&window(vec![usage, once], Billing::PerResource)), [(0, "1".to_owned())]);
}

#[test]
fn idle_cost_is_idle_where_nodes_are_paid() {
    let idle = || vec![Charge { unowned: Some(Unowned::Idle), source: ChargeSource::OpenCost, ..charge("3") }];
    let fleet = window(idle(), Billing::Fleet);
    assert_eq!((Amount(fleet.breakdown.idle).to_string(), fleet.left_out.len()), ("3".to_owned(), 0));
    let per_resource = window(idle(), Billing::PerResource);
    assert!(per_resource.left_out.contains_key(&LeftOut::Unallocated(Unallocated::Idle)));
}

proptest! {
    #![proptest_config(cases(64))]
    #[test]
    fn windows_that_tile_time_lose_nothing(charge in any_charge(), hours in 1..200_i64) {
        let first = charge.period.start.floor(Duration::DAY);
        let split = first + Duration::HOUR * hours;
        let windows = [Window { start: first, end: split }, Window { start: split, end: first + Duration::DAY * 20 }];
        let parts = windows.map(|window| crate::bill::days::within(&charge, charge.effective.0, window));
        prop_assert_eq!(parts[0] + parts[1], charge.effective.0);
    }
}

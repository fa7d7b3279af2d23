//! Budgets on rates that can be added up by hand.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::spending::Spending;
use super::*;
use crate::allocation::{
    CoveredLine, GroupBy, MeteredCommitment, MeteredCover, MeteredFlavor, MeteredGroup, MeteredModule, MeteredNode,
    Statement, StatementSettings,
};
use crate::cost::NodeState;
use crate::features::TimeZone;
use crate::request::{Module, Names, ResourceClass, Tenant};
use crate::simulation::tests::{fleet, lives, requests, scenario, settings, valid};
use crate::simulation::{RunOptions, simulate_metered};
use crate::units::{
    Currency, Duration, FlavorIndex, Instant, LEDGER_UNITS_PER_NANO, NodeGroupIndex, Rate, TenantIndex, Window,
};

/// Thursday, noon.
fn origin() -> Instant {
    "2026-11-05T12:00:00Z".parse().unwrap()
}

fn hours(hours: i64) -> Duration {
    Duration::HOUR * hours
}

fn dollars(dollars: i128) -> LedgerUnits {
    LedgerUnits(dollars * 1_000_000_000 * LEDGER_UNITS_PER_NANO)
}

/// Tenants `web` (labelled `team=a`) and `ml`; label set 1 is `team=b`. No use yet.
fn metering(window: Window) -> Metering {
    let tenant = |name: &str, team: Option<&str>| Tenant {
        name: name.to_owned(),
        labels: team.map(|team| ("team".to_owned(), team.to_owned())).into_iter().collect(),
        ..Tenant::default()
    };
    Metering {
        window,
        time_zone: TimeZone::UTC,
        currency: Currency::USD,
        source: BTreeMap::new(),
        tenants: vec![tenant("web", Some("a")), tenant("ml", None)],
        flavors: vec![MeteredFlavor { name: "small".to_owned(), class: ResourceClass::Compute }],
        node_groups: vec![MeteredGroup { name: "general".to_owned(), zone: None, cluster: None, price_percent: 100 }],
        zones: Names::default(),
        clusters: Names::default(),
        label_sets: vec![BTreeMap::new(), BTreeMap::from([("team".to_owned(), "b".to_owned())])],
        uses: Vec::new(),
        nodes: Vec::new(),
        modules: Vec::new(),
        commitments: Vec::new(),
        covered: Vec::new(),
    }
}

/// A use of a tenant with a row of labels, at so many dollars an hour.
fn used(tenant: u32, labels: u32, from: Instant, until: Instant, dollars: i64) -> MeteredUse {
    let rate = Rate::from_nanos(dollars * 1_000_000_000);
    let (tenant, flavor) = (TenantIndex(tenant), FlavorIndex(0));
    MeteredUse { tenant, flavor, node_group: Some(NodeGroupIndex(0)), zone: None, labels, from, until, rate }
}

fn budget(amount: i128, period: BudgetPeriod, tenant: Option<&str>) -> Budget {
    let scope = BudgetScope { tenant: tenant.map(str::to_owned), label: None };
    Budget { name: "b".to_owned(), amount: dollars(amount), period, scope }
}

/// `web` used $1 an hour for the 12 hours before the origin; each run goes on at its rate for 48 hours.
fn outlook(budget: Budget, rates: &[i64], sure: u8) -> Vec<BudgetOutlook> {
    let (start, end) = (origin() - hours(12), origin() + hours(48));
    let mut past = metering(Window { start, end: origin() });
    past.uses.push(used(0, 0, start, origin(), 1));
    let horizon = Window { start: origin(), end };
    let budgets = [budget];
    let watch = BudgetWatch::new(&budgets, &past, &TimeZone::UTC, horizon);
    let run = |&rate: &i64| {
        let mut ahead = metering(horizon);
        ahead.uses.push(used(0, 0, origin(), end, rate));
        watch.run(&ahead)
    };
    watch.outlook(&rates.iter().map(run).collect::<Vec<_>>(), sure)
}

#[test]
fn a_breach_is_when_enough_of_all_runs_have_spent_more() {
    // $12 are spent of $36. At $1, 2, 3, 4 and 6 an hour the other 24 are spent after 24, 12, 8, 6 and 4 hours.
    let found = outlook(budget(36, BudgetPeriod::Week, Some("web")), &[6, 1, 3, 2, 4], 80);
    let [week] = &found[..] else { panic!("{found:?}") };
    let past = |hours: i64| Some(origin() + Duration::HOUR * hours + Duration::from_micros(1));
    // Of five, half are the third (8 h) and 80 % the fourth (12 h); a microsecond later more than that is spent.
    assert_eq!((week.median, week.sure_by, week.breaching_runs), (past(8), past(12), 5));
    assert_eq!((week.state, week.probability, week.sure_percent), (BudgetState::WillBreach, 1.0, 80));
    assert_eq!((week.spent.amount, week.amount.amount), (12.into(), 36.into()));
    // Monday to Monday; nothing is said of what comes after Saturday, noon. 12 + 48 · 16/5 = 165.6.
    assert_eq!(week.window.start.to_string(), "2026-11-02T00:00:00Z");
    assert_eq!((week.seen_until, week.known_from), (origin() + hours(48), origin() - hours(12)));
    assert_eq!(week.spending.mean.amount.normalize().to_string(), "165.6");
}

#[test]
fn runs_that_do_not_breach_come_last() {
    // $100 − 12 = 88 take 44 h at $2 and 29 1/3 h at $3; at $1, $60 are spent when the horizon ends.
    let check = |rates: &[i64], sure, state, breaching, is_sure| {
        let week = outlook(budget(100, BudgetPeriod::Week, Some("web")), rates, sure).remove(0);
        assert_eq!((week.state, week.breaching_runs, week.sure_by.is_some()), (state, breaching, is_sure));
    };
    check(&[1, 1, 2, 3, 1], 40, BudgetState::WillBreach, 2, true);
    check(&[1, 1, 2, 3, 1], 41, BudgetState::MayBreach, 2, false);
    check(&[1, 1], 80, BudgetState::KeptWithinHorizon, 0, false);
}

#[test]
fn every_period_that_the_horizon_reaches_into_is_watched() {
    // Days at $2 an hour: 12 + 24 today, 48 tomorrow, 24 of the day after by noon.
    let days = outlook(budget(40, BudgetPeriod::Day, None), &[2], 80);
    let told: Vec<_> = days.iter().map(|day| (day.spent.amount.to_string(), day.state, day.sure_by)).collect();
    // Uses on free nodes have a price of their own, which counts.
    let tomorrow = origin() + hours(12) + hours(20) + Duration::from_micros(1);
    assert_eq!(
        told,
        [
            ("12.000000".to_owned(), BudgetState::Kept, None),
            ("0.000000".to_owned(), BudgetState::WillBreach, Some(tomorrow)),
            ("0.000000".to_owned(), BudgetState::KeptWithinHorizon, None),
        ]
    );
}

#[test]
fn what_was_breached_before_the_origin_is_told_from_what_was_metered() {
    // $12 at $1 an hour since midnight: 5 are passed after five hours. Nobody else spent anything.
    let day = outlook(budget(5, BudgetPeriod::Day, Some("web")), &[0, 0], 80).remove(0);
    let at = origin() - hours(7) + Duration::from_micros(1);
    assert_eq!((day.state, day.sure_by, day.probability), (BudgetState::Breached, Some(at), 1.0));
    let other = outlook(budget(5, BudgetPeriod::Day, Some("ml")), &[9, 9], 80).remove(0);
    assert_eq!((other.state, other.spent.amount), (BudgetState::Kept, 0.into()));
}

#[test]
fn labels_are_the_requests_own_or_their_tenants() {
    let window = Window { start: origin(), end: origin() + hours(1) };
    let mut metering = metering(window);
    metering.uses = vec![
        used(0, 0, window.start, window.end, 1),
        used(0, 1, window.start, window.end, 2),
        used(1, 1, window.start, window.end, 4),
        used(1, 0, window.start, window.end, 8),
    ];
    let cost = |tenant: Option<&str>, label: Option<&str>| {
        let label = label.map(|value| ("team".to_owned(), value.to_owned()));
        Spending::new(&metering, &BudgetScope { tenant: tenant.map(str::to_owned), label }).cost(window)
    };
    let unknown = |tenant: Option<&str>, value: &str| {
        let label = Some(("team".to_owned(), value.to_owned()));
        BudgetScope { tenant: tenant.map(str::to_owned), label }.unknown_label(&metering)
    };
    // Team a is that of tenant web, and team b that of requests.
    assert_eq!([unknown(None, "a"), unknown(None, "b"), unknown(Some("ml"), "b")], [const { None }; 3]);
    assert_eq!(unknown(None, "nosuch").as_deref(), Some("team=nosuch"));
    assert_eq!(unknown(Some("ml"), "a").as_deref(), Some("team=a"));
    assert_eq!(cost(None, Some("a")), dollars(1));
    assert_eq!(cost(None, Some("b")), dollars(6));
    assert_eq!(cost(Some("web"), Some("b")), dollars(2));
    assert_eq!(cost(Some("ml"), None), dollars(12));
    // Of paid nodes the uses are a part: $20 of the node and 3 of a module are all.
    let rate = Rate::from_nanos(20_000_000_000);
    let (from, until) = (window.start, window.end);
    let node_group = NodeGroupIndex(0);
    metering.nodes = vec![MeteredNode { node_group, state: NodeState::Serving, from, until, rate }];
    let rate = Rate::from_nanos(3_000_000_000);
    metering.modules = vec![MeteredModule { module: Module::Scheduler, from, until, rate }];
    assert_eq!(Spending::new(&metering, &BudgetScope::default()).cost(window), dollars(23));
}

/// One machine is promised for two hours at $12 an hour, used or not; the only node, $20 an hour, is there for the
/// first.
#[test]
fn commitments_count_in_the_place_of_what_they_cover() {
    let window = Window { start: origin(), end: origin() + hours(2) };
    let noon = origin() + hours(1);
    let rate = |dollars: i64| Rate::from_nanos(dollars * 1_000_000_000);
    let mut metering = metering(window);
    metering.uses = vec![used(0, 0, window.start, noon, 5)];
    let (node_group, state) = (NodeGroupIndex(0), NodeState::Serving);
    metering.nodes = vec![MeteredNode { node_group, state, from: window.start, until: noon, rate: rate(20) }];
    let (from, until) = (window.start, window.end);
    metering.commitments =
        vec![MeteredCommitment { name: "plan".to_owned(), machines: Some(1), from, until, rate: rate(12) }];
    let line = CoveredLine::NodeGroup(node_group);
    let micros = hours(1).micros();
    metering.covered =
        vec![MeteredCover { commitment: 0, line, from, until: noon, micros, list: rate(20), rate: rate(12) }];
    let everything = Spending::new(&metering, &BudgetScope::default());
    // 20 − 20 + 12 in the first hour, and 12 for nothing in the second: half of it by half past.
    assert_eq!(everything.cost(Window { end: noon, ..window }), dollars(12));
    assert_eq!(everything.cost(window), dollars(24));
    let microsecond = Duration::from_micros(1);
    assert_eq!(everything.passes(window, dollars(6)), Some(origin() + Duration::from_minutes(30) + microsecond));
    assert_eq!(everything.passes(window, dollars(18)), Some(origin() + Duration::from_minutes(90) + microsecond));
    assert_eq!(everything.passes(window, dollars(24)), None);
    // What a tenant uses stands at its price without commitments.
    let scope = BudgetScope { tenant: Some("web".to_owned()), label: None };
    assert_eq!(Spending::new(&metering, &scope).cost(window), dollars(5));
}

proptest! {
    #![proptest_config(crate::cases(300))]

    /// Whatever a run did, all that counts against a budget of everything is the statement's total, that of a tenant its
    /// workload, and the instant of a breach is the first microsecond with more than the amount.
    #[test]
    fn spending_is_what_a_statement_says(
        (lives, settings, what, percent, cut) in (lives(), settings(), any::<u8>(), 0_i128..100, 1_i64..100),
    ) {
        // Fleets that change, with commitments in half of them.
        let (valid, requests) = (valid(fleet::unsteady(scenario(settings), what)), requests(&lives));
        let (outcome, records) = simulate_metered(&valid, &requests, RunOptions::default());
        let metering = Metering::of_run(valid.scenario(), &requests, &records, &Default::default());
        let window = metering.window;
        let everything = Spending::new(&metering, &BudgetScope::default());
        prop_assert_eq!(everything.cost(window), outcome.cost.total());
        let middle = window.start + Duration::from_micros(window.length().micros() / 100 * cut);
        let later = Window { start: middle, ..window };
        let settings = StatementSettings {
            window: later,
            resolution: Default::default(),
            by: vec![GroupBy::Tenant],
            idle: Default::default(),
            shared: Default::default(),
        };
        let statement = Statement::new(&metering, settings).unwrap();
        prop_assert_eq!(everything.cost(later), statement.total().total());
        for tenant in &metering.tenants {
            let scope = BudgetScope { tenant: Some(tenant.name.clone()), label: None };
            let rows = statement.rows.iter().filter(|row| statement.name(row, 0) == Some(tenant.name.as_str()));
            let workload: LedgerUnits = rows.map(|row| row.amounts.workload).sum();
            prop_assert_eq!(Spending::new(&metering, &scope).cost(later), workload);
        }
        let amount = LedgerUnits(everything.cost(later).0 * percent / 100);
        match everything.passes(later, amount) {
            None => prop_assert!(everything.cost(later) <= amount),
            Some(at) => {
                let until = |end: Instant| everything.cost(Window { start: middle, end });
                prop_assert!(until(at) > amount && until(at - Duration::from_micros(1)) <= amount);
            }
        }
    }
}

#[test]
fn files_have_every_wrong_field_named() {
    let text = "name,amount,currency,period,tenant,label\n\
                web,1500.50,USD,month,web,\n\
                team-b,20,USD,day,,team=b\n\
                all,1e4,USD,week,,\n";
    let budgets = read_budgets(text, Currency::USD).unwrap();
    let told: Vec<_> = budgets.iter().map(|b| (b.amount, b.period.as_str(), b.scope.to_string())).collect();
    let half = LedgerUnits(dollars(1).0 / 2);
    assert_eq!(told[0], (dollars(1500) + half, "month", "web".to_owned()));
    assert_eq!(told[1], (dollars(20), "day", "team=b".to_owned()));
    assert_eq!(told[2], (dollars(10_000), "week", "everything".to_owned()));

    let text = "name,amount,currency,period,label\n\
                web,0,EUR,year,team\n\
                ,many,USD,day,\n\
                web,5,USD,day,\n";
    let wrong: Vec<String> = read_budgets(text, Currency::USD).unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(
        wrong,
        [
            "line 2: field `amount`: is `0`; expected an amount above 0",
            "line 2: field `currency`: is EUR, but prices are in USD; expected budgets in the same currency",
            "line 2: field `period`: is `year`; expected day, week or month",
            "line 2: field `label`: is `team`; expected KEY=VALUE, such as team=web",
            "line 3: field `name`: is empty; expected a name",
            "line 3: field `amount`: `many` is not an amount; write a decimal number such as -12.5",
            "line 4: field `name`: `web` stands on line 2 already; expected each budget once",
        ]
    );
    let of_header = |text| read_budgets(text, Currency::USD).unwrap_err().remove(0).to_string();
    assert!(of_header("name,amount,currency\n").contains("`period`"));
    assert!(of_header("name,amount,currency,period,team\n").contains("`team`"));
    assert!(of_header("name,amount,currency,period\n").contains("no rows"));
}

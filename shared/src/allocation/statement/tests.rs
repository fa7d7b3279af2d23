//! What statements promise, on random scenarios and by hand.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::allocation::{
    MeteredFlavor, MeteredGroup, MeteredModule, MeteredNode, MeteredUse, MeteringNames, ResourceLabels, read_metering,
    write_metering,
};
use crate::cost::MeteringRecords;
use crate::features::TimeZone;
use crate::request::{Module, Names, ResourceClass, Tenant};
use crate::simulation::tests::{Life, fleet, lives, requests, scenario, settings, valid};
use crate::simulation::{RunOptions, RunOutcome, simulate_metered};
use crate::units::{Dimension, FlavorIndex, NodeGroupIndex, Rate, TenantIndex};

const HOUR: i64 = 3_600_000_000;

pub(super) fn groupings() -> [GroupBy; 8] {
    let team = GroupBy::Label("team".to_owned());
    let [zone, cluster] = [GroupBy::Zone, GroupBy::Cluster];
    [GroupBy::Tenant, GroupBy::Module, GroupBy::Flavor, GroupBy::Class, GroupBy::NodeGroup, zone, cluster, team]
}

pub(super) fn metered(
    lives: &[Life],
    settings: (crate::scenario::PlacementPolicy, u32, u32, bool, bool),
    what: u8,
    crowded: bool,
) -> (RunOutcome, Metering, MeteringRecords) {
    let mut scenario = fleet::unsteady(scenario(settings), what);
    scenario.tenants[1].labels.insert("team".to_owned(), "tenant's".to_owned());
    scenario.fleet.node_groups[0].zone = Some("a".to_owned());
    scenario.fleet.node_groups[1].cluster = Some("east".to_owned());
    if crowded {
        scenario.fleet.node_groups[0].over_commit_percent = [(Dimension::Vcpu, 300)].into();
    }
    let set = |value: &str| BTreeMap::from([("team".to_owned(), value.to_owned())]);
    let sets = vec![BTreeMap::new(), set("web"), set("a=b;c\\")];
    let labels = ResourceLabels { sets, rows: (0..lives.len() as u32).map(|resource| resource % 3).collect() };
    let (valid, requests) = (valid(scenario), requests(lives));
    let (outcome, records) = simulate_metered(&valid, &requests, RunOptions::default());
    let metering = Metering::of_run(valid.scenario(), &requests, &records, &labels);
    (outcome, metering, records)
}

/// Amounts by the names of groups, whatever their numbers and slices are.
fn by_name(statement: &Statement) -> BTreeMap<Vec<Option<String>>, Vec<i128>> {
    let mut sums: BTreeMap<Vec<Option<String>>, Vec<i128>> = BTreeMap::new();
    for row in &statement.rows {
        let names = (0..statement.names.len()).map(|i| statement.name(row, i).map(str::to_owned)).collect();
        let Amounts { workload, idle, shared, overhead, discount, unused, resource_micros } = row.amounts;
        let amounts = [workload.0, idle.0, shared.0, overhead.0, resource_micros, discount.0, unused.0];
        let sum = sums.entry(names).or_insert_with(|| vec![0; amounts.len()]);
        sum.iter_mut().zip(amounts).for_each(|(sum, amount)| *sum += amount);
    }
    sums.retain(|_, amounts| amounts.iter().any(|&amount| amount != 0));
    sums
}

fn added(parts: &[Statement]) -> BTreeMap<Vec<Option<String>>, Vec<i128>> {
    let mut sums = BTreeMap::new();
    for (names, amounts) in parts.iter().flat_map(by_name) {
        let sum: &mut Vec<i128> = sums.entry(names).or_insert_with(|| vec![0; amounts.len()]);
        sum.iter_mut().zip(amounts).for_each(|(sum, amount)| *sum += amount);
    }
    sums.retain(|_, amounts| amounts.iter().any(|&amount| amount != 0));
    sums
}

fn written(metering: &Metering, records: &MeteringRecords) -> String {
    let mut text = String::new();
    let names =
        MeteringNames { resource: &|resource| format!("vm, {}", resource.0), node: &|_, node| format!("n{}", node.0) };
    write_metering(metering, records, &names, |line| {
        text.push_str(line);
        Ok::<(), ()>(())
    })
    .unwrap();
    text
}

proptest! {
    #![proptest_config(crate::cases(500))]

    /// For every grouping, window, resolution and policy nothing is lost and nothing is made: the parts are those of the
    /// breakdown, a window is the sum of its parts, and what was written as a file says the same when it is read.
    #[test]
    fn cost_is_conserved_however_it_is_told(
        (lives, settings, what, crowded) in (lives(), settings(), any::<u8>(), any::<bool>()),
        by in proptest::sample::subsequence(groupings().to_vec(), 0..=3),
        (idle, shared) in (proptest::sample::select(&IdlePolicy::ALL), 0_usize..4),
        cuts in proptest::array::uniform2(1_i64..8 * HOUR),
        (resolution, kept) in (proptest::sample::select(&Resolution::ALL), any::<bool>()),
    ) {
        let (outcome, metering, records) = metered(&lives, settings, what, crowded);
        // Nobody is metered twice for the same time.
        let mut stretches: Vec<_> = records.uses.iter().map(|used| (used.resource, used.from, used.until)).collect();
        stretches.sort_unstable();
        prop_assert!(stretches.windows(2).all(|pair| pair[0].0 != pair[1].0 || pair[0].2 <= pair[1].1));
        let policies =
            [SharedPolicy::Keep, SharedPolicy::Uniform, SharedPolicy::Proportional, SharedPolicy::Weighted(vec![3, 0, 7])];
        let shared = policies[shared].clone();
        let of = |metering: &Metering, window, resolution| {
            let settings = StatementSettings { window, resolution, by: by.clone(), idle, shared: shared.clone() };
            Statement::new(metering, settings).unwrap()
        };
        let all = metering.window;
        let whole = of(&metering, all, Resolution::Whole);
        let (total, cost) = (whole.total(), &outcome.cost);
        prop_assert_eq!(
            (total.workload, total.idle, total.shared, total.overhead),
            (cost.workload(), cost.idle, cost.shared(), cost.overhead)
        );
        prop_assert_eq!((-total.discount, total.unused), (cost.commitments.saved, cost.commitments.unused));
        prop_assert_eq!(total.total(), cost.total());
        let is_discount = |(place, amount): (usize, &i128)| place == 5 || *amount >= 0;
        prop_assert!(by_name(&whole).values().all(|amounts| amounts.iter().enumerate().all(is_discount)));

        prop_assert_eq!(by_name(&of(&metering, all, resolution)), by_name(&whole));
        let [a, b] = cuts.map(Instant::from_micros);
        let whole_hours = Window { start: a.min(b).floor(Duration::HOUR), end: a.max(b).floor(Duration::HOUR) + Duration::HOUR };
        let mut bounds = vec![all.start, a.min(b), a.max(b), all.end];
        bounds.dedup();
        let parts = bounds.windows(2).map(|ends| Window { start: ends[0], end: ends[1] });
        let parts: Vec<Statement> = parts.map(|window| of(&metering, window, resolution)).collect();
        prop_assert_eq!(added(&parts), by_name(&whole));

        // Added up beforehand it is the same, row by row; where a cut lies inside of an hour, both are made use by use.
        let mut aggregated = AggregatedMetering::new(metering.clone());
        prop_assert!(aggregated.hourly.is_some());
        if !kept {
            aggregated.places_max = 0;
        }
        for (window, resolution) in [(all, resolution), (whole_hours, resolution), (parts[1].settings.window, resolution)] {
            let settings = StatementSettings { window, resolution, by: by.clone(), idle, shared: shared.clone() };
            prop_assert_eq!(aggregated.statement(settings.clone()).unwrap(), Statement::new(&metering, settings).unwrap());
        }

        // What is handed out is added up account by account, what is kept in the order of the uses: workload is the same.
        let workload = |idle| -> BTreeMap<Vec<Option<String>>, [i128; 2]> {
            let (by, shared) = (by.clone(), SharedPolicy::Keep);
            let settings = StatementSettings { window: all, resolution: Resolution::Whole, by, idle, shared };
            let sums = by_name(&Statement::new(&metering, settings).unwrap()).into_iter();
            sums.map(|(names, amounts)| (names, [amounts[0], amounts[4]])).filter(|(_, sums)| *sums != [0, 0]).collect()
        };
        prop_assert_eq!(workload(IdlePolicy::Keep), workload(IdlePolicy::Proportional));

        let view = StatementView::new(&parts[0], Vec::new());
        let sum = |of: fn(&AmountsView) -> crate::units::Money| {
            view.rows.iter().map(|row| of(&row.amounts).amount).sum::<rust_decimal::Decimal>()
        };
        prop_assert_eq!(sum(|amounts| amounts.workload), view.total.workload.amount);
        prop_assert_eq!(sum(|amounts| amounts.total), view.total.total.amount);

        if !matches!(shared, SharedPolicy::Weighted(_)) {
            let read = read_metering(&written(&metering, &records)).unwrap();
            prop_assert_eq!(by_name(&of(&read, all, Resolution::Whole)).values().flatten().sum::<i128>(),
                by_name(&whole).values().flatten().sum::<i128>());
            if idle == IdlePolicy::Keep && shared == SharedPolicy::Keep {
                prop_assert_eq!(by_name(&of(&read, all, Resolution::Whole)), by_name(&whole));
            }
        }
    }
}

fn at(minutes: i64) -> Instant {
    Instant::from_micros(minutes * 60_000_000)
}

/// Two hours of one node at 100 an hour; in the first one `a` uses 30 an hour all the time, `b` 60 an hour from its middle.
pub(super) fn two_hours() -> Metering {
    let used = |tenant, from, rate| MeteredUse {
        tenant: TenantIndex(tenant),
        flavor: FlavorIndex(0),
        node_group: Some(NodeGroupIndex(0)),
        zone: None,
        labels: 0,
        from,
        until: at(60),
        rate: Rate::from_nanos(rate),
    };
    let tenant = |name: &str| Tenant { name: name.to_owned(), ..Tenant::default() };
    let node = |state, from, until| MeteredNode {
        node_group: NodeGroupIndex(0),
        state,
        from,
        until,
        rate: Rate::from_nanos(100),
    };
    Metering {
        window: Window { start: at(0), end: at(120) },
        time_zone: TimeZone::UTC,
        currency: Currency::USD,
        source: BTreeMap::new(),
        tenants: vec![tenant("a"), tenant("b")],
        flavors: vec![MeteredFlavor { name: "s".to_owned(), class: ResourceClass::Compute }],
        node_groups: vec![MeteredGroup { name: "general".to_owned(), zone: None, cluster: None, price_percent: 100 }],
        zones: Names::default(),
        clusters: Names::default(),
        label_sets: vec![BTreeMap::new()],
        uses: vec![used(0, at(0), 30), used(1, at(30), 60)],
        nodes: vec![node(NodeState::Serving, at(0), at(120))],
        commitments: Vec::new(),
        covered: Vec::new(),
        modules: vec![MeteredModule {
            module: Module::Scheduler,
            from: at(0),
            until: at(120),
            rate: Rate::from_nanos(10),
        }],
    }
}

/// Idle and shared cost of `a`, `b` and nobody, in nano-units of the currency.
fn handed_out(idle: IdlePolicy, shared: SharedPolicy) -> [[i128; 2]; 3] {
    let metering = two_hours();
    let settings = StatementSettings {
        window: metering.window,
        resolution: Resolution::Whole,
        by: vec![GroupBy::Tenant],
        idle,
        shared,
    };
    let statement = Statement::new(&metering, settings).unwrap();
    let mut found = [[0; 2]; 3];
    for row in &statement.rows {
        let place = match statement.name(row, 0) {
            Some("a") => 0,
            Some("b") => 1,
            _ => 2,
        };
        for (sum, amount) in found[place].iter_mut().zip([row.amounts.idle, row.amounts.shared]) {
            assert_eq!(amount.0 % i128::from(HOUR), 0, "whole nano-units here");
            *sum += amount.0 / i128::from(HOUR);
        }
    }
    found
}

#[test]
fn policies_hand_out_what_they_say() {
    // The first hour: 100 paid, 30 + 60 / 2 used, 40 idle, 10 of modules. The second: 100 idle, 10 of modules, nobody there.
    assert_eq!(handed_out(IdlePolicy::Keep, SharedPolicy::Keep), [[0, 0], [0, 0], [140, 20]]);
    // In proportion: 30 to 30. All tenants of the hour alike: 5 each.
    assert_eq!(handed_out(IdlePolicy::Proportional, SharedPolicy::Uniform), [[20, 5], [20, 5], [100, 10]]);
    // At the peak `a` has 30 and `b` 60 of 90: 40 / 3 and 80 / 3 are no whole numbers, so let 39 be idle.
    let mut metering = two_hours();
    metering.nodes[0].rate = Rate::from_nanos(99);
    let settings = StatementSettings {
        window: Window { start: at(0), end: at(60) },
        resolution: Resolution::Whole,
        by: vec![GroupBy::Tenant],
        idle: IdlePolicy::Peak,
        shared: SharedPolicy::Weighted(vec![4, 1]),
    };
    let statement = Statement::new(&metering, settings).unwrap();
    let nanos = |row: &StatementRow| [row.amounts.idle, row.amounts.shared].map(|amount| amount.0 / i128::from(HOUR));
    assert_eq!(statement.rows.iter().map(nanos).collect::<Vec<_>>(), [[13, 8], [26, 2]]);
}

#[test]
fn what_cannot_be_stated_is_said() {
    let metering = two_hours();
    let settings = |start, end| StatementSettings {
        window: Window { start: at(start), end: at(end) },
        resolution: Resolution::Whole,
        by: vec![GroupBy::Tenant],
        idle: IdlePolicy::Keep,
        shared: SharedPolicy::Keep,
    };
    let error = |metering: &Metering, settings| Statement::new(metering, settings).unwrap_err().to_string();
    assert_eq!(
        error(&metering, settings(60, 60)),
        "the window ends at 1970-01-01T01:00:00Z, which is not after its start, 1970-01-01T01:00:00Z"
    );
    assert_eq!(
        error(&metering, settings(0, 180)),
        "the window 1970-01-01T00:00:00Z … 1970-01-01T03:00:00Z reaches out of what was metered, 1970-01-01T00:00:00Z … \
         1970-01-01T02:00:00Z"
    );
    let twice = StatementSettings { by: vec![GroupBy::Zone, GroupBy::Zone], ..settings(0, 60) };
    assert_eq!(error(&metering, twice), "2 groupings; expected at most 7, each once");
    let nobody = StatementSettings { shared: SharedPolicy::Weighted(vec![0, 0]), ..settings(0, 60) };
    assert_eq!(error(&metering, nobody), "the weights of all tenants are 0; expected at least one above");
    let mut crowded = metering;
    crowded.uses[1].rate = Rate::from_nanos(300);
    assert_eq!(
        error(&crowded, settings(0, 60)),
        "from 1970-01-01T00:00:00Z, uses on nodes of `general` cost more than its serving nodes do; some of its node \
         records are missing"
    );
}

#[test]
fn slices_follow_the_local_calendar() {
    let zone: TimeZone = "Europe/Berlin".parse().unwrap();
    let lengths = |resolution: Resolution, start: &str, end: &str| -> Vec<i64> {
        let window = Window { start: start.parse().unwrap(), end: end.parse().unwrap() };
        let slices = resolution.slices(window, &zone).unwrap();
        slices.iter().map(|slice| slice.length().divide(Duration::HOUR)).collect()
    };
    // Clocks went forward on Sunday, 2026-03-29; local midnight was at 23:00 UTC before and 22:00 after.
    let day = |resolution| lengths(resolution, "2026-03-27T23:00:00Z", "2026-03-30T10:00:00Z");
    assert_eq!(day(Resolution::Day), [24, 23, 12]);
    assert_eq!(day(Resolution::Week), [47, 12], "Monday begins a week");
    assert_eq!(day(Resolution::Hour).len(), 59);
    // March had 31 days and an hour less.
    assert_eq!(lengths(Resolution::Month, "2026-02-28T23:00:00Z", "2026-04-01T22:00:00Z"), [31 * 24 - 1, 24]);
}

#[test]
fn units_of_metrics_have_their_cost() {
    let metering = two_hours();
    let settings = StatementSettings {
        window: metering.window,
        resolution: Resolution::Hour,
        by: Vec::new(),
        idle: IdlePolicy::Keep,
        shared: SharedPolicy::Keep,
    };
    let mut dear = metering;
    dear.nodes[0].rate = Rate::from_nanos(3_990_000_000);
    let statement = Statement::new(&dear, settings).unwrap();
    let orders =
        read_metric("at,metric,value\n1970-01-01T00:10:00Z,orders,3\n1970-01-01T00:59:00Z,orders,1\n").unwrap();
    let costs = unit_costs(&statement, &orders);
    let shown = |cost: &UnitCost| (cost.metric.clone(), cost.value.clone(), cost.per_unit.clone());
    // 3.99 and 0.00000001 of modules an hour: 7.98 for 4 orders in two hours, 3.99 for the 4 of the first one.
    let expected = [("orders", "4", Some("1.995")), ("orders", "4", Some("0.9975")), ("orders", "0", None)];
    for (cost, (metric, value, each)) in costs.iter().zip(expected) {
        assert_eq!(shown(cost), (metric.to_owned(), value.to_owned(), each.map(str::to_owned)));
    }
    // Two tenants in the first hour, nobody in the second.
    assert_eq!((costs[3].metric.as_str(), costs[3].value.as_str()), (ACTIVE_TENANTS, "2"));
    let wrong = read_metric("at,metric,value\n1970-01-01T00:10:00Z,orders,-3\n").unwrap_err().to_string();
    assert_eq!(
        wrong,
        "line 2: field `value`: `-3` is no amount of a metric; expected a decimal number from 0 to 1000000000000"
    );
}

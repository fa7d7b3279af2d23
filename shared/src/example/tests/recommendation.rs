//! Waste that was planted is found, and what is worth nothing is not recommended.

use core::convert::Infallible;

use super::variance::{day, ensemble, predicting};
use crate::allocation::{
    AllocationReport, AllocationRow, Cause, CauseAmount, Grouping, OptimizationArea, Recurrence, ReportContext,
    RowKind, allocate,
};
use crate::example::day_window;
use crate::recommendation::{Advice, Attempt, Benefit, Recommendation, Sources, Thresholds, attach, recommend};
use crate::request::Module;
use crate::scenario::{Edit, PlacementPolicy, Scenario, ValidScenario};
use crate::units::{Duration, LEDGER_UNITS_PER_NANO, LedgerUnits, Window};
use crate::variance::recall;

/// A day of the example, with settings changed.
fn scenario(change: impl FnOnce(&mut Scenario)) -> ValidScenario {
    let mut scenario = predicting(day(3), day_window(3)).original().clone();
    scenario.runs = 3;
    change(&mut scenario);
    ValidScenario::new(scenario).unwrap_or_else(|problems| panic!("{problems}"))
}

fn recommendations(scenario: &ValidScenario, thresholds: Thresholds) -> Vec<Recommendation> {
    advice(scenario, thresholds, &Sources::default()).recommendations
}

fn advice(scenario: &ValidScenario, thresholds: Thresholds, sources: &Sources<'_>) -> Advice {
    let simulate = |attempt: Attempt<'_>| Ok::<_, Infallible>(ensemble(attempt.scenario));
    recommend(scenario, &ensemble(scenario), sources, &thresholds, simulate, |_| Ok(None)).unwrap()
}

fn workers_of(found: &[Recommendation], module: Module) -> Option<(&Recommendation, u32)> {
    found.iter().find_map(|recommendation| match recommendation.edits[..] {
        [Edit::Workers { module: of, workers }] if of == module => Some((recommendation, workers)),
        _ => None,
    })
}

#[test]
fn idle_workers_are_saved() {
    let scenario = scenario(|scenario| scenario.modules[Module::Scheduler].workers = 200);
    let found = recommendations(&scenario, Thresholds::default());
    let (recommendation, workers) = workers_of(&found, Module::Scheduler).expect("two hundred schedulers are too many");
    assert_eq!((recommendation.benefit, recommendation.difference.refused), (Benefit::Saves, 0));
    // A scheduler costs 0.02 an hour; the fleet stays as it is but for milliseconds.
    let planted = i128::from(200 - workers) * 24 * 20_000_000 * 3_600_000_000;
    let difference = (recommendation.difference.saving.0 - planted).abs() as f64 / planted as f64;
    assert!(workers < 5 && difference < 0.02, "{workers} workers, {difference}");
    assert_ne!(recommendation.difference.before, recommendation.difference.after);
    assert!(found.is_sorted_by(|a, b| a.difference.saving >= b.difference.saving));
}

#[test]
fn a_queue_is_worth_a_worker() {
    let slow = |scenario: &mut Scenario| scenario.modules[Module::Provisioner].workers = 1;
    let found = recommendations(&scenario(slow), Thresholds::default());
    let (recommendation, workers) = workers_of(&found, Module::Provisioner).expect("one provisioner is too few");
    assert!(workers > 1 && recommendation.difference.latency_p99_ms.unwrap() < 0.0, "{workers} {recommendation:?}");
}

#[test]
fn nothing_is_recommended_below_the_threshold() {
    let wasteful = scenario(|scenario| scenario.placement = PlacementPolicy::WorstFit);
    let all = Thresholds { saving_permille: 0, latency_percent: 101, ..Thresholds::default() };
    let found = recommendations(&wasteful, all);
    assert!(found.iter().all(|recommendation| recommendation.difference.saving > LedgerUnits::ZERO));
    let none = Thresholds { saving_permille: 1_000, latency_percent: 101, ..Thresholds::default() };
    assert_eq!(recommendations(&wasteful, none), []);
}

#[test]
fn areas_are_told_what_concerns_them() {
    let scenario = scenario(|scenario| scenario.modules[Module::Scheduler].workers = 200);
    let found = recommendations(&scenario, Thresholds::default());
    let of = scenario.scenario();
    let mut report = report(of.window, of);
    let area = |kind, name: &str| OptimizationArea {
        kind,
        name: name.to_owned(),
        cause: Cause::Residual,
        variance: LedgerUnits(LEDGER_UNITS_PER_NANO).to_money(report.currency),
        recommendations: Vec::new(),
        history: Vec::new(),
    };
    report.optimization_areas = vec![area(RowKind::Module, "scheduler"), area(RowKind::Tenant, "shop")];
    let currency = report.currency;
    attach(&mut report, found.iter().map(|found| (&*found.edits, found.sentence(of, currency))), of);
    let said = &report.optimization_areas[0].recommendations[0];
    assert!(said.contains("workers for the scheduler instead of 200: saves "), "{said}");
    assert_eq!(report.optimization_areas[1].recommendations, [""; 0]);
}

/// A tenant's volume: 2 too much a day ago, 3 too little two days ago, unobserved before that, no row on the first day.
/// The scheduler's was never known.
#[test]
fn areas_know_what_was_so_before() {
    let scenario = scenario(|_| {});
    let of = scenario.scenario();
    let day = |number: i64| Window {
        start: of.window.start + Duration::DAY * number,
        end: of.window.start + Duration::DAY * (number + 1),
    };
    let money = |amount: i64| LedgerUnits(LEDGER_UNITS_PER_NANO * 1_000_000_000 * i128::from(amount));
    let money = |amount| money(amount).to_money(of.price_book.currency);
    let earlier = |number, amount: Option<i64>| {
        let mut report = report(day(number), of);
        let line = CauseAmount { cause: Cause::Volume, amount: amount.map(money), not_observed: None };
        let row = report.rows.iter_mut().find(|row| row.kind == RowKind::Idle).unwrap();
        *row = AllocationRow { kind: RowKind::Tenant, name: "shop".to_owned(), causes: vec![line], ..row.clone() };
        report
    };
    let mut first = report(day(0), of);
    first.rows.clear();
    let twice_as_long =
        AllocationReport { window: Window { start: day(1).start, end: day(2).end }, ..earlier(1, Some(9)) };
    let before =
        [first, earlier(1, None), twice_as_long, earlier(2, Some(-3)), earlier(3, Some(2)), earlier(5, Some(9))];
    let mut report = report(day(4), of);
    report.optimization_areas = vec![OptimizationArea {
        kind: RowKind::Tenant,
        name: "shop".to_owned(),
        cause: Cause::Volume,
        variance: money(7),
        recommendations: Vec::new(),
        history: Vec::new(),
    }];
    recall(&mut report, &before);
    let area = &report.optimization_areas[0];
    let history: Vec<_> = area.history.iter().map(|earlier| (earlier.window, earlier.variance)).collect();
    let expected = [(day(0), Some(money(0))), (day(1), None), (day(2), Some(money(-3))), (day(3), Some(money(2)))];
    assert_eq!(history, expected);
    assert_eq!(area.recurrence(), Some(Recurrence { same_direction: 1, observed: 3 }));
}

/// Forty nodes of 16 vCPU and 64 GiB are kept for a load that a few would hold.
#[test]
fn nodes_that_are_kept_for_nothing_are_given_back() {
    let scenario = scenario(|scenario| scenario.fleet.node_groups[0].min = 120);
    let found = recommendations(&scenario, Thresholds::default());
    let kept = found.iter().find_map(|recommendation| match recommendation.edits[..] {
        [Edit::MinNodes { node_group, min }] => Some((recommendation, node_group.usize(), min)),
        _ => None,
    });
    let (recommendation, group, min) = kept.expect("a hundred and twenty nodes are too many");
    assert_eq!((group, recommendation.difference.refused, recommendation.difference.ready >= 0), (0, 0, true));
    assert!(min < 60, "{min}");
    let sentence = recommendation.sentence(scenario.scenario(), scenario.scenario().price_book.currency);
    assert!(sentence.contains("of `general` instead of 120"), "{sentence}");
    // Most of a kept node's day: 0.768 an hour each, for those beyond what the load needs at its busiest.
    let planted = LedgerUnits(i128::from(120 - 60) * 24 * 768_000_000 * 3_600_000_000);
    assert!(recommendation.difference.saving > planted, "{recommendation:?}");
}

/// A few small machines an hour on nodes of 96 vCPU, where the price book has the whole family.
#[test]
fn a_smaller_type_is_found_for_a_small_load() {
    let scenario = scenario(|scenario| {
        scenario.price_book = crate::pricing::builtin();
        let group = &mut scenario.fleet.node_groups[0];
        let shape = scenario.price_book.get("m5.24xlarge").and_then(|entry| entry.shape);
        (group.instance_type, group.capacity) = ("m5.24xlarge".to_owned(), shape.unwrap());
        scenario.edits = vec![Edit::ScaleDemand { tenant: None, percent: 5 }];
    });
    let found = recommendations(&scenario, Thresholds::default());
    let smaller = found.iter().find_map(|recommendation| match &recommendation.edits[..] {
        [Edit::InstanceType { instance_type, .. }] => Some((recommendation, instance_type.as_str())),
        _ => None,
    });
    let (recommendation, instance_type) = smaller.expect("a twentieth of the load needs no 96 vCPU at once");
    // The largest flavor asks for 8 vCPU or 32 GiB: m5.2xlarge holds it once, m5.8xlarge four times.
    assert!(["m5.2xlarge", "m5.8xlarge"].contains(&instance_type), "{instance_type}");
    assert_eq!((recommendation.benefit, recommendation.difference.refused), (Benefit::Saves, 0));
}

/// A fork with nodes and residents goes on on nodes of the other type: nobody is lost, nothing is over-committed.
#[test]
fn a_fork_moves_to_another_type() {
    let before = predicting(day(3), day_window(3));
    let noon = Window { start: day_window(3).start, end: day_window(3).start + Duration::HOUR * 12 };
    let first = ValidScenario::new(Scenario {
        window: noon,
        demand: requests_before(&before, noon.end),
        ..before.original().clone()
    });
    let first = first.unwrap_or_else(|problems| panic!("{problems}"));
    let end = crate::simulation::simulate_to_fork(&first, &first.requests(0), crate::simulation::RunOptions::default());
    let live = end.fork.state.live.len();
    assert!(live > 10, "{live}");
    let mut scenario = before.original().clone();
    scenario.window = Window { start: noon.end, end: noon.end + Duration::HOUR };
    scenario.demand = crate::scenario::Demand::Requests(Vec::new());
    scenario.start = end.fork.state;
    scenario.price_book = crate::pricing::builtin();
    let instance_type = "m5.2xlarge".to_owned();
    scenario.edits = vec![Edit::InstanceType { node_group: crate::units::NodeGroupIndex(0), instance_type }];
    let changed = ValidScenario::new(scenario.clone()).unwrap_or_else(|problems| panic!("{problems}"));
    let moved = &changed.scenario().start;
    let again =
        Scenario { edits: Vec::new(), start: moved.clone(), fleet: changed.scenario().fleet.clone(), ..scenario };
    // What a start may be is checked once more, over-commitment included.
    let checked = ValidScenario::new(again).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(moved.live.len(), live);
    assert_eq!(ensemble(&changed).digest, ensemble(&checked).digest);
}

fn requests_before(of: &ValidScenario, end: crate::units::Instant) -> crate::scenario::Demand {
    crate::scenario::Demand::Requests(of.requests(0).into_iter().filter(|request| request.at < end).collect())
}

fn report(window: Window, of: &Scenario) -> AllocationReport {
    let context = ReportContext {
        tenants: &of.tenants,
        flavors: &of.flavors,
        currency: of.price_book.currency,
        window,
        horizon: Duration::DAY,
        grouping: Grouping::Tenant,
    };
    allocate(&context, &[], None, None)
}

//! Waste that was planted is found, and what is worth nothing is not recommended.

use core::convert::Infallible;

use super::variance::{day, ensemble, predicting};
use crate::allocation::{AllocationReport, Cause, Grouping, OptimizationArea, ReportContext, RowKind, allocate};
use crate::example::day_window;
use crate::recommendation::{Benefit, Recommendation, Thresholds, attach, recommend};
use crate::request::Module;
use crate::scenario::{Edit, PlacementPolicy, Scenario, ValidScenario};
use crate::units::{Duration, LEDGER_UNITS_PER_NANO, LedgerUnits, Window};

/// A day of the example, with settings changed.
fn scenario(change: impl FnOnce(&mut Scenario)) -> ValidScenario {
    let mut scenario = predicting(day(3), day_window(3)).original().clone();
    scenario.runs = 3;
    change(&mut scenario);
    ValidScenario::new(scenario).unwrap_or_else(|problems| panic!("{problems}"))
}

fn recommendations(scenario: &ValidScenario, thresholds: Thresholds) -> Vec<Recommendation> {
    let simulate = |changed: &ValidScenario| Ok::<_, Infallible>(ensemble(changed));
    recommend(scenario, &ensemble(scenario), &thresholds, simulate).unwrap()
}

fn workers_of(found: &[Recommendation], module: Module) -> Option<(&Recommendation, u32)> {
    found.iter().find_map(|recommendation| match recommendation.edit {
        Edit::Workers { module: of, workers } if of == module => Some((recommendation, workers)),
        _ => None,
    })
}

#[test]
fn idle_workers_are_saved() {
    let scenario = scenario(|scenario| scenario.modules[Module::Scheduler].workers = 200);
    let found = recommendations(&scenario, Thresholds::default());
    let (recommendation, workers) = workers_of(&found, Module::Scheduler).expect("two hundred schedulers are too many");
    assert_eq!((recommendation.benefit, recommendation.refused), (Benefit::Saves, 0));
    // A scheduler costs 0.02 an hour; the fleet stays as it is but for milliseconds.
    let planted = i128::from(200 - workers) * 24 * 20_000_000 * 3_600_000_000;
    let difference = (recommendation.saving.0 - planted).abs() as f64 / planted as f64;
    assert!(workers < 5 && difference < 0.02, "{workers} workers, {difference}");
    assert_ne!(recommendation.before, recommendation.after);
    assert!(found.is_sorted_by(|a, b| a.saving >= b.saving));
}

#[test]
fn a_queue_is_worth_a_worker() {
    let slow = |scenario: &mut Scenario| scenario.modules[Module::Provisioner].workers = 1;
    let found = recommendations(&scenario(slow), Thresholds::default());
    let (recommendation, workers) = workers_of(&found, Module::Provisioner).expect("one provisioner is too few");
    assert!(workers > 1 && recommendation.latency_p99_ms.unwrap() < 0.0, "{workers} {recommendation:?}");
}

#[test]
fn nothing_is_recommended_below_the_threshold() {
    let wasteful = scenario(|scenario| scenario.placement = PlacementPolicy::WorstFit);
    let all = Thresholds { saving_permille: 0, latency_percent: 101, ..Thresholds::default() };
    let found = recommendations(&wasteful, all);
    assert!(found.iter().all(|recommendation| recommendation.saving > LedgerUnits::ZERO));
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
        recommendation: None,
    };
    report.optimization_areas = vec![area(RowKind::Module, "scheduler"), area(RowKind::Tenant, "shop")];
    attach(&mut report, &found, of);
    let said = report.optimization_areas[0].recommendation.as_deref().unwrap();
    assert!(said.contains("workers for the scheduler instead of 200: saves "), "{said}");
    assert_eq!(report.optimization_areas[1].recommendation, None);
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

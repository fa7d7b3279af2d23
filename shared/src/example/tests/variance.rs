//! Planted differences land in their own cause, and all causes together are the variance.

use core::convert::Infallible;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::allocation::{ActualCost, Basis, Cause, CauseAmount, Grouping, ReportContext, Status, allocate};
use crate::example::{PRICE_CHANGE_DAY, SEED, day_window, requests, scenario, truth};
use crate::pricing::PriceBook;
use crate::request::{Catalogue, IndexedRequest, Operation, RequestLogBuilder};
use crate::scenario::{Demand, PlacementPolicy, Scenario, ValidScenario};
use crate::simulation::{Outcome, RunOptions, run, simulate_to_fork};
use crate::units::{Duration, LedgerUnits, ResourceIndex, TenantIndex, Window};
use crate::variance::{Actual, Decomposition, Finding, NotObserved, Part, PartNames, decompose, explain};

/// The requests of one day in the indices of the example's scenario.
pub(super) fn day(number: i64) -> Vec<IndexedRequest> {
    let mut builder = RequestLogBuilder::new(Catalogue::default());
    for (i, request) in requests(SEED, number).into_iter().enumerate() {
        builder.push(i as u64 + 1, request).unwrap();
    }
    let log = builder.finish().unwrap();
    let example = scenario();
    let tenant = |name: &str| example.tenants.iter().position(|tenant| tenant.name == name).unwrap();
    let flavor = |flavor| example.flavors.iter().position(|known| known == flavor).unwrap();
    let indexed = |request: &IndexedRequest| IndexedRequest {
        tenant: TenantIndex::from_usize(tenant(log.tenants.name(request.tenant.0))),
        flavor: crate::units::FlavorIndex::from_usize(flavor(&log.flavors[request.flavor.usize()])),
        ..*request
    };
    log.requests.iter().map(indexed).collect()
}

/// A scenario that predicts `demand`, in one run: run 0 of the truth draws the same, so only what is planted differs.
pub(super) fn predicting(demand: Vec<IndexedRequest>, window: Window) -> ValidScenario {
    let scenario = Scenario { window, runs: 1, demand: Demand::Requests(demand), ..scenario() };
    ValidScenario::new(scenario).unwrap_or_else(|problems| panic!("{problems}"))
}

pub(super) fn ensemble(valid: &ValidScenario) -> Outcome {
    Outcome::collect((0..valid.scenario().runs).map(|i| run(valid, i, false)).collect())
}

/// What really happened: run `truth` on `requests`, and compare.
fn compare(
    predicted: &ValidScenario,
    truth: &ValidScenario,
    requests: &[IndexedRequest],
    price_book: Option<&PriceBook>,
    observed: bool,
) -> (Decomposition, crate::simulation::RunEnd) {
    let actual = simulate_to_fork(truth, requests, RunOptions::default());
    let fleet = if observed { Ok(&actual.fleet) } else { Err(NotObserved::NoPlacements) };
    let cost = ActualCost { breakdown: &actual.outcome.cost, basis: Basis::Simulated, status: Status::Final };
    let decomposition =
        decompose(predicted, &ensemble(predicted), &Actual { requests, fleet, price_book, cost }, |replay| {
            Ok::<_, Infallible>(Outcome::collect((0..replay.runs()).map(|i| replay.run(i)).collect()))
        });
    (decomposition.unwrap(), actual)
}

fn amount(decomposition: &Decomposition, cause: Cause) -> Option<LedgerUnits> {
    let line = decomposition.causes.iter().find(|line| line.cause == cause).unwrap();
    match line.finding {
        Finding::Observed { amount, .. } => Some(amount),
        Finding::NotObserved { .. } => None,
    }
}

/// At least 99 % of all that differs, up or down, lies in `cause`.
fn check_alone(decomposition: &Decomposition, cause: Cause) {
    let sizes = Cause::ALL.map(|cause| amount(decomposition, cause).map_or(0.0, |amount| amount.to_f64().abs()));
    let share = sizes[cause as usize] / sizes.iter().sum::<f64>();
    assert!(sizes[cause as usize] > 1.0, "the planted difference is worth dollars: {sizes:?}");
    assert!(share >= 0.99, "{}: {share} of {sizes:?}", cause.as_str());
}

/// Whether a part is one of those by which workload is split.
type IsOne = fn(&Part) -> bool;

/// By what workload is split, and which parts those are.
const SPLITS: [(&str, IsOne); 4] = [
    ("tenant", |part| matches!(part, Part::Tenant(_))),
    ("class", |part| matches!(part, Part::Class(_))),
    ("flavor", |part| matches!(part, Part::Flavor(_))),
    ("nothing", |part| *part == Part::Workload),
];

/// The causes add up for the whole and for every part, and the parts to the whole in every grouping.
fn check_sums(decomposition: &Decomposition) {
    let sum = |amounts: &mut dyn Iterator<Item = Option<LedgerUnits>>| amounts.flatten().sum::<LedgerUnits>();
    let whole = sum(&mut Cause::ALL.into_iter().map(|cause| amount(decomposition, cause)));
    assert_eq!(whole, decomposition.actual - decomposition.predicted);
    for line in &decomposition.parts {
        assert_eq!(sum(&mut line.amounts.into_iter()), line.actual - line.predicted, "{:?}", line.part);
    }
    for cause in Cause::ALL {
        let common = |part: &Part| !matches!(part, Part::Tenant(_)) && !part.repeats_tenants();
        let by = |split: IsOne| {
            let lines = decomposition.parts.iter().filter(|line| common(&line.part) || split(&line.part));
            sum(&mut lines.map(|line| line.amounts[cause as usize]))
        };
        let expected = amount(decomposition, cause).unwrap_or_default();
        for (name, split) in SPLITS {
            assert_eq!(by(split), expected, "by {name}, {}", cause.as_str());
        }
    }
}

/// Every request twice, the copies on resources of their own.
fn doubled(requests: &[IndexedRequest]) -> Vec<IndexedRequest> {
    let copy = |request: &IndexedRequest, copy: u32| IndexedRequest {
        resource: ResourceIndex(request.resource.0 * 2 + copy),
        draw_key: request.draw_key + u64::from(copy) * 1_000_000,
        ..*request
    };
    requests.iter().flat_map(|request| [copy(request, 0), copy(request, 1)]).collect()
}

#[test]
fn twice_the_requests_are_volume() {
    let (requests, window) = (day(3), day_window(3));
    let predicted = predicting(requests.clone(), window);
    let actual = doubled(&requests);
    let price_book = scenario().price_book;
    let (found, end) = compare(&predicted, &predicting(actual.clone(), window), &actual, Some(&price_book), false);
    check_sums(&found);
    check_alone(&found, Cause::Volume);
    assert_eq!(amount(&found, Cause::Placement), None, "nobody said where requests went");
    assert_eq!(found.actual, end.outcome.cost.total());
}

#[test]
fn other_prices_are_price() {
    let (requests, window) = (day(PRICE_CHANGE_DAY), day_window(PRICE_CHANGE_DAY));
    let predicted = predicting(requests.clone(), window);
    let price_book = truth().price_book;
    let dearer = Scenario { price_book: price_book.clone(), ..predicted.original().clone() };
    let (found, _) = compare(&predicted, &ValidScenario::new(dearer).unwrap(), &requests, Some(&price_book), false);
    check_sums(&found);
    check_alone(&found, Cause::Price);
    let zero = Some(LedgerUnits::ZERO);
    assert_eq!([Cause::Volume, Cause::Mix, Cause::Timing].map(|cause| amount(&found, cause)), [zero; 3]);
}

#[test]
fn other_placements_are_placement() {
    let (requests, window) = (day(3), day_window(3));
    let predicted = predicting(requests.clone(), window);
    let spread = Scenario { placement: PlacementPolicy::WorstFit, ..predicted.original().clone() };
    let price_book = scenario().price_book;
    let (found, _) = compare(&predicted, &ValidScenario::new(spread).unwrap(), &requests, Some(&price_book), true);
    check_sums(&found);
    check_alone(&found, Cause::Placement);
}

/// In every grouping, the causes of each row add up to its variance and each cause over the rows to that of the whole, to the
/// last decimal.
fn check_report(predicted: &ValidScenario, found: &Decomposition, cost: ActualCost<'_>, grouping: Grouping) {
    let of = predicted.scenario();
    let (tenants, flavors, currency) = (&of.tenants[..], &of.flavors[..], of.price_book.currency);
    let context =
        ReportContext { tenants, flavors, currency, window: of.window, horizon: of.window.length(), grouping };
    let runs = ensemble(predicted).runs;
    let mut report = allocate(&context, &runs.iter().map(|run| &run.cost).collect::<Vec<_>>(), Some(cost), None);
    explain(&mut report, found, PartNames { tenants, flavors });
    let of_cause = |causes: &[CauseAmount], cause| -> Option<Decimal> {
        causes.iter().find(|line| line.cause == cause).and_then(|line| line.amount).map(|money| money.amount)
    };
    let sum = |causes: &[CauseAmount]| -> Decimal {
        Cause::ALL.into_iter().filter_map(|cause| of_cause(causes, cause)).sum()
    };
    assert_eq!(sum(&report.causes), report.variance.unwrap().amount);
    assert_eq!(report.causes.len(), Cause::ALL.len());
    for row in &report.rows {
        assert_eq!(sum(&row.causes), row.variance.unwrap().amount, "{grouping:?} {row:?}");
    }
    for cause in Cause::ALL {
        let rows: Decimal = report.rows.iter().filter_map(|row| of_cause(&row.causes, cause)).sum();
        assert_eq!(rows, of_cause(&report.causes, cause).unwrap_or_default(), "{grouping:?} {}", cause.as_str());
        let exactly = amount(found, cause).map_or(0.0, LedgerUnits::to_f64);
        let shown: f64 = of_cause(&report.causes, cause).unwrap_or_default().to_string().parse().unwrap();
        // The residual has what rounding six amounts leaves over, half a millionth each at most.
        assert!((exactly - shown).abs() <= 3.1e-6, "{} is {exactly}, and {shown} in the report", cause.as_str());
    }
    assert!(report.causes.iter().all(|line| line.amount.is_none() == line.not_observed.is_some()));
    let sizes: Vec<_> = report.optimization_areas.iter().map(|area| area.variance.amount.abs()).collect();
    assert!(sizes.is_sorted_by(|a, b| a >= b), "most money first");
}

const GROUPINGS: [Grouping; 4] = [Grouping::Tenant, Grouping::Module, Grouping::Flavor, Grouping::Class];

#[test]
fn a_report_s_causes_add_up_to_its_variance() {
    let (requests, window) = (day(3), day_window(3));
    let predicted =
        predicting(day(2).iter().map(|r| IndexedRequest { at: r.at + Duration::DAY, ..*r }).collect(), window);
    let truth = ValidScenario::new(Scenario { window, ..truth() }).unwrap();
    let (found, end) = compare(&predicted, &truth, &requests, None, true);
    check_sums(&found);
    let cost = ActualCost { breakdown: &end.outcome.cost, basis: Basis::Simulated, status: Status::Final };
    GROUPINGS.into_iter().for_each(|grouping| check_report(&predicted, &found, cost, grouping));
    assert!(found.parts.iter().filter(|line| matches!(line.part, Part::Flavor(_))).count() > 1);
}

/// What is asked in a window about resources that are created in it, after all of it was moved.
fn hours_of(requests: &[IndexedRequest], moved_by: Duration, window: Window) -> Vec<IndexedRequest> {
    let moved = requests.iter().map(|request| IndexedRequest { at: request.at + moved_by, ..*request });
    let mut created = BTreeMap::new();
    let in_window = moved.filter(|request| window.contains(request.at)).filter_map(|request| {
        let next = ResourceIndex::from_usize(created.len());
        let resource = match request.operation {
            Operation::Create => *created.entry(request.resource).or_insert(next),
            Operation::Resize | Operation::Delete => *created.get(&request.resource)?,
        };
        Some(IndexedRequest { resource, ..request })
    });
    in_window.collect()
}

proptest! {
    #![proptest_config(crate::cases(12))]
    #[test]
    fn causes_add_up_whatever_was_predicted_and_came(
        predicted_day in 0_usize..8,
        actual_day in 0_usize..8,
        (from, hours) in (0_i64..22, 1_i64..3),
        runs in 1_u32..4,
        observed: bool,
        priced: bool,
    ) {
        static DAYS: LazyLock<[Vec<IndexedRequest>; 8]> = LazyLock::new(|| core::array::from_fn(|number| day(number as i64)));
        let start = day_window(0).start + Duration::HOUR * from;
        let window = Window { start, end: start + Duration::HOUR * hours };
        let moved = |number: usize| hours_of(&DAYS[number], Duration::DAY * -(number as i64), window);
        let predicted = predicting(moved(predicted_day), window);
        let predicted = ValidScenario::new(Scenario { runs, ..predicted.original().clone() }).unwrap();
        let mut truth = Scenario { window, ..truth() };
        for entry in &mut truth.price_book.types {
            // From the beginning, what the example charges later.
            entry.prices.remove(0);
        }
        let price_book = truth.price_book.clone();
        let truth = ValidScenario::new(truth).unwrap();
        let (found, end) = compare(&predicted, &truth, &moved(actual_day), priced.then_some(&price_book), observed);
        check_sums(&found);
        let cost = ActualCost { breakdown: &end.outcome.cost, basis: Basis::Simulated, status: Status::Final };
        GROUPINGS.into_iter().for_each(|grouping| check_report(&predicted, &found, cost, grouping));
        let known = |cause| amount(&found, cause).is_some();
        prop_assert_eq!([known(Cause::Placement), known(Cause::Price), known(Cause::Residual)], [observed, priced, true]);
    }
}

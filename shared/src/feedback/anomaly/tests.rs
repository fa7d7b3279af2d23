//! Bands reckoned by hand, and causes and first requests of windows small enough to see through.

use core::convert::Infallible;

use super::*;
use crate::allocation::Status;
use crate::control_plane::{Billing, PlacementPolicy, ServiceTime};
use crate::feedback::ledger::{ActualRecord, AmountOf, ForecastRecord, Record, SeriesForecast};
use crate::pricing::{DatedRate, TypePrice};
use crate::scenario::{Demand, Scenario};
use crate::simulation::tests::{Life, requests, scenario, valid};
use crate::simulation::{Digest, RunOptions, run, simulate};
use crate::units::{Currency, Duration, Rate};
use crate::variance::{Actual, NotObserved, Replay, decompose};

const MINUTE: i64 = 60_000_000;

fn units(amounts: &[i128]) -> Vec<LedgerUnits> {
    amounts.iter().map(|&amount| LedgerUnits(amount)).collect()
}

#[test]
fn runs_that_differ_make_a_band_of_students_distribution() {
    // 99, 100 and 101: mean 100, s = 1, n = 3; t(0.995, 2) = 9.92484, so ± 9.92484 · √(4/3) = 11.46022.
    let band = Band::new(&units(&[99_000_000, 101_000_000, 100_000_000]), &[]).unwrap();
    assert_eq!((band.mean.0, band.source), (100_000_000, BandSource::RunsSpread { runs: 3 }));
    assert!((band.low.0 - 88_539_780).abs() < 20 && (band.high.0 - 111_460_220).abs() < 20, "{band:?}");
    // 90, 100 and 110: ten times as wide, but nothing costs less than nothing.
    let wide = Band::new(&units(&[90, 100, 110]), &[]).unwrap();
    assert_eq!((wide.low.0, wide.high.0), (0, 215));
    let agreed = Band::new(&units(&[7, 7, 7]), &[]).unwrap();
    assert!(agreed.holds(LedgerUnits(7)) && !agreed.holds(LedgerUnits(8)) && !agreed.holds(LedgerUnits(6)));
    let one = Band::new(&units(&[7]), &[0.5; 98]).unwrap_err();
    assert_eq!(one, NoBand::TooLittle { runs: 1, windows: 98 });
}

#[test]
fn enough_past_errors_make_a_band_without_a_distribution() {
    let errors = |count: usize| -> Vec<f64> { (1..=count).map(|i| i as f64 / 1_000.0).collect() };
    let half = |count: usize| {
        let band = Band::new(&units(&[1_000_000; 2]), &errors(count)).unwrap();
        (band.high.0 - band.mean.0, band.mean.0 - band.low.0, band.source)
    };
    // ⌈100 · 0.99⌉ = 99, the largest of 99; ⌈200 · 0.99⌉ = 198 of 199. Of 98, ⌈98.01⌉ = 99 is one too many.
    assert_eq!(half(99), (99_000, 99_000, BandSource::PastErrors { windows: 99 }));
    assert_eq!(half(199), (198_000, 198_000, BandSource::PastErrors { windows: 199 }));
    assert_eq!(half(98), (0, 0, BandSource::RunsSpread { runs: 2 }));
}

#[test]
fn past_errors_are_those_of_forecasts_that_were_in_time() {
    let day = |number: i64| {
        let start = Instant::from_micros(0) + Duration::DAY * number;
        Window { start, end: start + Duration::DAY }
    };
    let usd = |amount: i64| Money { amount: amount.into(), currency: Currency::USD };
    let forecast = |number: i64, mean: i64, late: bool| {
        let window = day(number);
        Record::Forecast(ForecastRecord {
            window,
            origin: window.start,
            horizon: Duration::DAY,
            recorded: if late { window.end } else { window.start },
            model: String::new(),
            digest: Digest([1; 32]),
            runs: 20,
            series: vec![SeriesForecast {
                kind: RowKind::Tenant,
                name: "a".to_owned(),
                mean: usd(mean),
                quantiles: Vec::new(),
            }],
        })
    };
    let actual = |number: i64, amount: i64, basis| {
        let series = vec![AmountOf { kind: RowKind::Tenant, name: "a".to_owned(), amount: usd(amount) }];
        Record::Actual(ActualRecord { window: day(number), recorded: day(number).end, basis, series })
    };
    let records = [
        forecast(0, 10, false),
        actual(0, 15, Basis::Metered),
        forecast(1, 10, true),
        actual(1, 90, Basis::Metered),
        forecast(2, 20, false),
        actual(2, 16, Basis::Metered),
        forecast(3, 10, false),
        actual(3, 70, Basis::Simulated),
        forecast(4, 10, false),
        actual(4, 80, Basis::Metered),
    ];
    let errors = PastErrors::new(&records, day(4));
    // |16 − 20| / 20 and |15 − 10| / 10; the second day was late, the fourth is of another basis, the fifth is not over.
    assert_eq!(errors.of(Basis::Metered, RowKind::Tenant, "a"), [0.2, 0.5]);
    assert_eq!(errors.of(Basis::Simulated, RowKind::Tenant, "a"), [6.0]);
    assert!(errors.of(Basis::Metered, RowKind::Tenant, "b").is_empty());
}

/// Three runs of the same requests of tenants a, b and c; small costs $1 an hour, medium 4. Modules are free and
/// quick, and so are boots.
fn predicted(lives: &[Life]) -> Scenario {
    let mut scenario = scenario((PlacementPolicy::FirstFit, 0, 4, false, false));
    scenario.billing = Billing::PerResource;
    scenario.runs = 3;
    scenario.fleet.node_groups.iter_mut().for_each(|group| group.boot = Duration::ZERO);
    for module in &mut scenario.modules.0 {
        (module.service, module.rate) = (ServiceTime::Constant(Duration::ZERO), Rate::ZERO);
    }
    let price = |name: &str, dollars: i64| {
        let rate = Rate::from_nanos(dollars * 1_000_000_000);
        let prices = vec![DatedRate { from: Instant::from_micros(0), rate }];
        TypePrice { name: name.to_owned(), shape: None, prices }
    };
    scenario.price_book.types.extend([price("small", 1), price("medium", 4)]);
    scenario.price_book.types.sort_by(|a, b| a.name.cmp(&b.name));
    scenario.demand = Demand::Requests(requests(lives));
    scenario
}

/// What is found of a window in which other lives came than predicted, at other prices where `change` makes them others.
fn found(expected: &[Life], came: &[Life], change: impl FnOnce(&mut PriceBook)) -> AnomalyReport {
    let valid = valid(predicted(expected));
    let outcome = Outcome::collect((0..3).map(|number| run(&valid, number, false)).collect());
    let actual = requests(came);
    let mut prices = valid.original().price_book.clone();
    change(&mut prices);
    let charged = crate::simulation::tests::valid(Scenario { price_book: prices.clone(), ..valid.original().clone() });
    let happened = simulate(&charged, &actual, RunOptions::default());
    let cost = ActualCost { breakdown: &happened.cost, basis: Basis::Billed, status: Status::Final };
    let seen = Actual { requests: &actual, fleet: Err(NotObserved::NoPlacements), price_book: Some(&prices), cost };
    let replay = |replay: Replay<'_>| -> Result<Outcome, Infallible> {
        Ok(Outcome::collect((0..replay.runs()).map(|number| replay.run(number)).collect()))
    };
    let Ok(decomposition) = decompose(&valid, &outcome, &seen, replay);
    let ids: Vec<String> = (0..came.len()).map(|i| format!("r{i}")).collect();
    anomalies(&AnomalyCase {
        scenario: &valid,
        predicted: &outcome,
        actual: &actual,
        ids: &ids,
        cost,
        prices: Some(&prices),
        decomposition: &decomposition,
        past: &PastErrors::default(),
    })
}

/// The life of a machine of tenant a: from a minute on, for so many.
fn life(from: i64, minutes: i64) -> Life {
    (from * MINUTE, minutes * MINUTE, 0, 0, None)
}

/// The anomaly of tenant a.
fn of_a(report: &AnomalyReport) -> &CostAnomaly {
    report.anomalies.iter().find(|anomaly| anomaly.name == "a").unwrap_or_else(|| panic!("{report:?}"))
}

fn first(anomaly: &CostAnomaly) -> (Cause, Option<&str>, Unexpected, i64) {
    let FirstInvolved::Request { id, how, at, .. } = &anomaly.first else { panic!("{anomaly:?}") };
    (anomaly.cause, id.as_deref(), *how, at.micros() / MINUTE)
}

#[test]
fn a_total_is_of_a_tenant_only_where_most_of_it_is() {
    let line = |part, residual| {
        let mut amounts = [None; Cause::ALL.len()];
        amounts[Cause::Residual as usize] = Some(LedgerUnits(residual));
        PartLine { part, predicted: LedgerUnits::ZERO, actual: LedgerUnits::ZERO, amounts }
    };
    let tenant = |number| Part::Tenant(TenantIndex(number));
    let of = |residuals: [i128; 4], sign| {
        let parts = [tenant(0), tenant(1), Part::Class(ResourceClass::Compute), Part::Idle];
        let parts: Vec<PartLine> = parts.into_iter().zip(residuals).map(|(part, amount)| line(part, amount)).collect();
        leading(&parts, Cause::Residual, sign)
    };
    // The class has what both tenants have together.
    assert_eq!(of([-5, -3, -8, -4], -1), Some(TenantIndex(0)));
    assert_eq!(of([-5, -3, -8, -30], -1), None);
    assert_eq!(of([-5, 3, -2, -30], 1), Some(TenantIndex(1)));
    assert_eq!(of([3, 3, 6, 0], 1), Some(TenantIndex(0)));
    assert_eq!(of([-5, -3, -8, -4], 1), None);
}

#[test]
fn more_creates_name_the_first_beyond_the_predicted_ones() {
    let expected = [life(60, 30), life(120, 30), life(240, 30)];
    // By 2:30 two were to come, and the third does not come before 4:00: from 2:30 on there are more to the end.
    let came = [life(60, 30), life(120, 30), life(150, 30), life(180, 30), life(240, 30)];
    let report = found(&expected, &came, |_| {});
    let anomaly = of_a(&report);
    assert_eq!(first(anomaly), (Cause::Volume, Some("r2"), Unexpected::Came, 150));
    // Three and five half-hours at $1.
    let amounts = [anomaly.predicted, anomaly.actual, anomaly.low, anomaly.high, anomaly.amount];
    assert_eq!(amounts.map(|money| money.amount.normalize().to_string()), ["1.5", "2.5", "1.5", "1.5", "1"]);
    assert_eq!((anomaly.kind, anomaly.tenant.as_deref()), (RowKind::Tenant, Some("a")));
    // The total and the class are the same money, and name the same.
    let told: Vec<_> = report.anomalies.iter().map(|found| (found.kind, found.tenant.as_deref())).collect();
    assert_eq!(told, [(RowKind::Total, Some("a")), (RowKind::Tenant, Some("a")), (RowKind::Class, Some("a"))]);
    assert_eq!((report.judged, report.expected_by_chance, report.level_percent), (3, 0.03, 99));
}

#[test]
fn fewer_creates_have_no_first_request() {
    let report = found(&[life(60, 30), life(120, 30)], &[life(60, 30)], |_| {});
    let reason = "fewer creates than predicted: 1 came, 2 were predicted on average".to_owned();
    let anomaly = of_a(&report);
    assert_eq!((anomaly.cause, &anomaly.first), (Cause::Volume, &FirstInvolved::Nothing { reason }));
}

#[test]
fn other_flavors_name_the_first_of_them() {
    let expected = [life(60, 30), life(120, 30)];
    let mut came = expected;
    came[1].3 = 1;
    assert_eq!(first(of_a(&found(&expected, &came, |_| {}))), (Cause::Mix, Some("r1"), Unexpected::Came, 120));
}

#[test]
fn other_lifetimes_name_the_first_that_makes_a_difference() {
    let expected = [life(60, 30), life(120, 30), life(180, 30)];
    // 2 and 1.5 hours longer than the half-hour of its like: the first of them is half of it alone, from 2:30 on.
    let came = [life(60, 30), life(120, 150), life(180, 120)];
    assert_eq!(
        first(of_a(&found(&expected, &came, |_| {}))),
        (Cause::Timing, Some("r1"), Unexpected::LivedLonger, 150)
    );
    let came = [life(60, 30), life(120, 30), life(180, 5)];
    assert_eq!(
        first(of_a(&found(&expected, &came, |_| {}))),
        (Cause::Timing, Some("r2"), Unexpected::EndedSooner, 185)
    );
}

#[test]
fn another_price_names_itself_and_its_instant() {
    let lives = [life(60, 30), life(240, 60)];
    let dearer = DatedRate { from: Instant::from_micros(180 * MINUTE), rate: Rate::from_nanos(2_000_000_000) };
    let report = found(&lives, &lives, |prices| {
        prices.types.iter_mut().find(|entry| entry.name == "small").unwrap().prices.push(dearer);
    });
    let price = FirstInvolved::Price { name: Some("small".to_owned()), at: dearer.from };
    assert_eq!((of_a(&report).cause, &of_a(&report).first), (Cause::Price, &price));
}

#[test]
fn what_came_as_predicted_is_no_anomaly() {
    let lives = [life(60, 30), life(240, 60)];
    let report = found(&lives, &lives, |_| {});
    assert_eq!((report.judged, report.anomalies, report.not_judged), (3, Vec::new(), Vec::new()));
}

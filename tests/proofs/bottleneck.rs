//! What is planted is found: a module that holds requests up, and one whose failures cost money.

use shared::api::OutcomeView;
use shared::control_plane::{Failures, ModuleSettings, Modules, ServiceTime};
use shared::request::Module;
use shared::simulation::{Outcome, RunOptions, simulate};
use shared::units::{Duration, Instant, LedgerUnits, Rate};

use super::{create, instant_modules, volumes};

/// What comes of 3,000 creates, one a second.
fn view(modules: Modules) -> (OutcomeView, Outcome) {
    let second = |i: u32| Instant::from_micros(i64::from(i) * 1_000_000);
    let valid = volumes(modules, None, 1, second(20_000));
    let requests: Vec<_> = (0..3_000).map(|i| create(i, second(i))).collect();
    let outcome = Outcome::collect(vec![simulate(&valid, &requests, RunOptions::default())]);
    (OutcomeView::new(valid.scenario(), &outcome), outcome)
}

/// Each module is busy for nine tenths of its time, and is asked for twice what it can do where it is the planted one.
#[test]
fn a_planted_bottleneck_is_named_first() {
    for planted in Module::ALL {
        let mut modules = instant_modules();
        for module in Module::ALL {
            let millis = if module == planted { 2_000 } else { 900 };
            let service = ServiceTime::Exponential(Duration::from_micros(millis * 1_000));
            modules[module] = ModuleSettings::new(1, service, Rate::ZERO);
        }
        let (view, _) = view(modules);
        assert_eq!(view.bottlenecks.first(), Some(&planted), "{:?}", view.bottlenecks);
    }
}

/// A worker at 3,600 nano an hour costs one nano a second, and every failed attempt takes it a second.
#[test]
fn failures_cost_the_time_of_their_workers() {
    let mut modules = instant_modules();
    let service = ServiceTime::Constant(Duration::from_seconds(1));
    let failures = Some(Failures { per_million: 500_000, retries: 100, back_off: Duration::from_seconds(1) });
    modules[Module::Admission] =
        ModuleSettings { failures, ..ModuleSettings::new(50, service, Rate::from_nanos(3_600_000_000)) };
    let (view, outcome) = view(modules);
    let (admission, counted) = (&view.modules[Module::Admission as usize], &outcome.runs[0].modules[2]);
    // Each of 3,000 fails once on average before it succeeds, with a variance of 2: 3,000 ± 4 √6,000.
    assert!((counted.failed as f64 - 3_000.0).abs() < 310.0, "{}", counted.failed);
    assert_eq!(counted.failed_micros, counted.failed * 1_000_000);
    let cost = LedgerUnits(3_600_000_000 * i128::from(counted.failed_micros));
    assert_eq!(admission.cost_of_failures, Some(cost.to_money(view.cost.mean.currency)));
    // 50 workers × 20,000 s, of which 3,000 + failures seconds were service.
    let busy = (3_000 + counted.failed) as f64 / 1e6;
    assert!((admission.utilisation - busy).abs() < 1e-9, "{} {busy}", admission.utilisation);
}

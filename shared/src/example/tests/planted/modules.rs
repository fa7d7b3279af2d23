//! Modules with too many or too few workers, that are slow, and whose attempts fail.

use super::*;
use crate::control_plane::Failures;

/// A scheduler that takes 30 s holds everybody up; what is assumed of schedulers takes milliseconds.
#[test]
fn a_slow_stage() {
    let slow = |scenario: &mut Scenario| {
        scenario.modules[Module::Scheduler].service = ServiceTime::Constant(Duration::from_seconds(30));
    };
    let advice = advice(&small(&[all_day(12)], slow), &[]);
    let quicker =
        found(&advice, |edits| matches!(edits, [Edit::ServiceTimes { module: Module::Scheduler, percent: 10 }]));
    assert_eq!((quicker.benefit, quicker.effort), (Benefit::Speeds, Effort::Repair));
    // 3 s in place of 30.
    let faster = quicker.difference.latency_p99_ms.unwrap();
    assert!((faster + 27_000.0).abs() < 27_000.0 / 16.0, "{faster}");
}

/// Three of four attempts of a provisioner fail: one machine an hour keeps four times as many workers busy, which cost 1 an
/// hour each.
#[test]
fn costly_retries() {
    let each = |hour: u32| Use { from: f64::from(hour), ..all_day(4) };
    let uses: Vec<Use> = (0..24).map(each).collect();
    let failing = |scenario: &mut Scenario| {
        let service = ServiceTime::Constant(Duration::from_seconds(900));
        scenario.modules[Module::Provisioner] = ModuleSettings {
            failures: Some(Failures { per_million: 750_000, retries: 1_000, back_off: Duration::from_seconds(1) }),
            ..ModuleSettings::new(20, service, Rate::from_nanos(1_000_000_000))
        };
    };
    let advice = advice(&small(&uses, failing), &[]);
    let repaired = found(&advice, |edits| {
        matches!(edits, [Edit::Failures { module: Module::Provisioner, failures: None }, Edit::Workers { .. }])
    });
    let [_, Edit::Workers { workers, .. }] = repaired.edits[..] else { unreachable!() };
    // A quarter of an hour for each of four is an Erlang: with 3 √1, or a few more where chance has it, four workers.
    assert!((4..=5).contains(&workers), "{workers}");
    check_saving(repaired, f64::from(20 - workers) * 24.0);
    has_risk(repaired, RiskKind::Repair, "not what makes the module slow or fail");
}

/// Two workers too few and eighteen too many.
#[test]
fn workers_of_a_module() {
    let check = |has: u32, benefit: Benefit| {
        let each = |hour: u32| Use { from: f64::from(hour), ..all_day(4) };
        let uses: Vec<Use> = (0..24).map(each).collect();
        let workers = |scenario: &mut Scenario| {
            let service = ServiceTime::Constant(Duration::from_seconds(900));
            scenario.modules[Module::Provisioner] = ModuleSettings::new(has, service, Rate::from_nanos(1_000_000_000));
        };
        let advice = advice(&small(&uses, workers), &[]);
        let other =
            found(&advice, |edits| matches!(edits, [Edit::Workers { module: Module::Provisioner, workers: 4 }]));
        assert_eq!(other.benefit, benefit);
        if benefit == Benefit::Saves {
            check_saving(other, f64::from(has - 4) * 24.0);
        }
    };
    check(1, Benefit::Speeds);
    check(22, Benefit::Saves);
}

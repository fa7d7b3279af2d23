//! Calibrations whose figures follow by hand.

use super::*;
use crate::control_plane::Failures;
use crate::request::{Catalogue, Observation, RequestLogBuilder};
use crate::units::Rate;

/// Creates one minute apart, and how long each was in the gateway, in milliseconds.
fn seen(times_ms: &[f64]) -> (RequestLog, Vec<Received>) {
    let apart = vec![Duration::from_minutes(1); times_ms.len()];
    seen_apart(times_ms, &apart)
}

fn seen_apart(times_ms: &[f64], apart: &[Duration]) -> (RequestLog, Vec<Received>) {
    let mut builder = RequestLogBuilder::new(Catalogue::default());
    let (mut at, mut received) = (Instant::from_micros(0), Vec::new());
    for (i, (time, apart)) in times_ms.iter().zip(apart).enumerate() {
        let line = format!(
            r#"{{"id":"r{i:04}","at":"{at}","tenant":"acme","op":"create","class":"compute","resource":"vm{i}",
                "requested":{{"vcpu":1}}}}"#
        );
        builder.push(i as u64 + 1, serde_json::from_str(&line).unwrap()).unwrap();
        let module_ms = [(Module::Gateway, *time)].into();
        received.push(Received {
            at,
            observation: Observation { request: format!("r{i:04}"), module_ms, ..Observation::default() },
        });
        at += *apart;
    }
    (builder.finish().unwrap(), received)
}

fn with_gateway(workers: u32, service: ServiceTime) -> Modules {
    let mut modules = Modules::default();
    modules[Module::Gateway] = ModuleSettings::new(workers, service, Rate::ZERO);
    modules
}

fn constant(ms: i64) -> ServiceTime {
    ServiceTime::Constant(Duration::from_micros(ms * 1_000))
}

const END: Instant = Instant::from_micros(1_000 * 60_000_000);

fn only(modules: &Modules, (log, received): &(RequestLog, Vec<Received>)) -> ServiceCalibration {
    let found = calibrate_services(modules, log, received, END);
    let [one] = &found[..] else { panic!("only the gateway was observed: {found:?}") };
    one.clone()
}

/// Times of 1 ms and 4 ms in turn: the logarithms have the mean ln 2 ms and the standard deviation ln 2 = 0.693. Of the
/// held-out third half is one standard deviation below and half above: 0.5 − Φ(−1) = 0.3413; 1 ms for all is 0.5 off.
#[test]
fn a_better_fit_is_adopted_for_what_was_observed_alone() {
    let times: Vec<f64> = (0..36).map(|i| if i % 2 == 0 { 1.0 } else { 4.0 }).collect();
    let assumed = with_gateway(1, constant(1));
    let found = only(&assumed, &seen(&times));
    let fitted = ServiceTime::Lognormal { median: Duration::from_micros(2_000), sigma_milli: 693 };
    assert_eq!((found.observations, found.without_wait, found.held_out), (36, 36, 12));
    assert_eq!((found.verdict, found.fitted.as_ref()), (CalibrationVerdict::Adopted, Some(&fitted)));
    assert_eq!(found.error_before, Some(0.5));
    assert!((found.error_after.unwrap() - 0.3413).abs() < 2e-4, "{found:?}");

    let used = calibrated_modules(&assumed, std::slice::from_ref(&found));
    let special =
        ServiceOf { operation: Some(Operation::Create), class: Some(ResourceClass::Compute), service: fitted };
    assert_eq!(used[Module::Gateway].services, std::slice::from_ref(&special));
    assert_eq!(used[Module::Gateway].service, constant(1), "of deletes nothing was observed");
    let others = |modules: &Modules| modules.0[1..].to_vec();
    assert_eq!(others(&used), others(&assumed));
    let other = with_gateway(1, constant(7));
    assert_eq!(calibrated_modules(&other, std::slice::from_ref(&found)), other, "it was judged beside 1 ms");
    assert_eq!(calibrated_modules(&used, &[found])[Module::Gateway].services, [special], "it takes its own place");
}

/// The first two thirds take 1 ms and the last third the assumed 2 ms: a fit to all, or one judged by what it was fitted
/// to, would win.
#[test]
fn a_fit_is_judged_by_what_it_has_not_seen() {
    let times: Vec<f64> = (0..30).map(|i| if i < 20 { 1.0 } else { 2.0 }).collect();
    let assumed = with_gateway(1, constant(2));
    let found = only(&assumed, &seen(&times));
    let errors = (found.error_before, found.error_after);
    assert_eq!((found.verdict, errors), (CalibrationVerdict::NoBetter, (Some(0.0), Some(1.0))));
    assert_eq!(calibrated_modules(&assumed, &[found]), assumed);
}

/// Of each pair at one instant the second waits for the only worker; with two workers neither does.
#[test]
fn who_waited_says_nothing_about_service() {
    let times: Vec<f64> = (0..60).map(|i| if i % 2 == 0 { 10.0 } else { 20.0 }).collect();
    let apart: Vec<Duration> =
        (0..60).map(|i| if i % 2 == 0 { Duration::ZERO } else { Duration::from_minutes(1) }).collect();
    let seen = seen_apart(&times, &apart);
    let one = only(&with_gateway(1, constant(10)), &seen);
    assert_eq!((one.observations, one.without_wait), (60, 30));
    assert_eq!(one.fitted, Some(ServiceTime::Lognormal { median: Duration::from_micros(10_000), sigma_milli: 0 }));
    assert_eq!(one.verdict, CalibrationVerdict::NoBetter, "it is as good as what is assumed");
    assert_eq!(only(&with_gateway(2, constant(10)), &seen).without_wait, 60);
}

#[test]
fn what_is_not_known_well_is_not_fitted() {
    let assumed = with_gateway(1, constant(1));
    let few = only(&assumed, &seen(&[3.0; 29]));
    assert_eq!((few.verdict, few.fitted, few.error_before), (CalibrationVerdict::TooFew, None, None));
    let mut failing = assumed.clone();
    let back_off = Duration::from_seconds(1);
    failing[Module::Gateway].failures = Some(Failures { per_million: 1, retries: 3, back_off });
    assert_eq!(only(&failing, &seen(&[3.0; 40])).verdict, CalibrationVerdict::FailuresWithin);

    let (log, received) = seen(&[3.0; 40]);
    // What comes in at the end or later is not known yet; creates are a minute apart.
    let end = Instant::from_micros(0) + Duration::from_minutes(35);
    assert_eq!(calibrate_services(&assumed, &log, &received, end)[0].observations, 35);
    assert_eq!(calibrate_services(&assumed, &log, &[], END), []);
}

//! Tenants that appear, through the whole flow.

use super::super::{day_window, requests, scenario};
use crate::features::Features;
use crate::forecast::{Fit, SeasonalNaive};
use crate::request::{Catalogue, Request, RequestLog, RequestLogBuilder};
use crate::scenario::{Scenario, ValidScenario};
use crate::shadow::Known;
use crate::simulation::{Digest, RunOptions, run, simulate};
use crate::stream::StreamSettings;
use crate::units::{Duration, LedgerUnits, TenantIndex};

const DAY: i64 = 10;

/// Eleven days of the example, in which media appears on the eighth day, and platform on the last one.
fn log() -> RequestLog {
    let mut builder = RequestLogBuilder::new(Catalogue::default());
    let appears = |request: &Request| match request.tenant.as_str() {
        "media" => request.at >= day_window(7).start,
        "platform" => request.at >= day_window(DAY).start,
        _ => true,
    };
    let all = (0..=DAY).flat_map(|day| requests(1, day)).filter(appears);
    for (line, request) in all.enumerate() {
        builder.push(line as u64 + 1, request).unwrap();
    }
    builder.finish().unwrap()
}

fn digest(scenario: Scenario) -> Digest {
    run(&ValidScenario::new(scenario).unwrap(), 0, false).digest
}

#[test]
fn who_appears_is_predicted_under_a_name_of_its_own_and_compared_with_who_came() {
    let (log, base) = (log(), scenario());
    let origin = day_window(DAY).start;
    let known = Known::new(&log, None, origin);
    let features = Features::new(known.series(Duration::from_minutes(5), 10));
    let past = features.all();
    let model = SeasonalNaive.fit(&past).unwrap();
    let prediction = known.predict(&past, &model, Duration::DAY, &StreamSettings::default()).unwrap();
    // One of five in the later half of ten days.
    let newcomers = &prediction.stream.newcomers;
    assert_eq!((newcomers.seen, newcomers.first, newcomers.like.len()), (1, TenantIndex(5), 1));
    let primary = known.primary(&base, None).unwrap();
    let predicted = known.predicted(&base, &primary.fork, prediction.stream, Duration::DAY);
    let new = predicted.tenants.len() - 5;
    let names: Vec<&str> = predicted.tenants[5..].iter().map(|tenant| tenant.name.as_str()).collect();
    assert!(new >= 2 && names[..2] == ["p-new-tenant-1", "p-new-tenant-2"], "{names:?}");

    // What they are predicted to ask for is paid for by them.
    let valid = ValidScenario::new(predicted.clone()).unwrap();
    let cost = |number: u32| run(&valid, number, false).cost.tenant(TenantIndex(5));
    let appeared = (0..40).filter(|&number| cost(number) > LedgerUnits::ZERO).count();
    // Each run has one with a chance of 1 − 5/6 (a geometric number): of forty, some 6.7, give or take four times 2.4.
    assert!((1..17).contains(&appeared), "{appeared}");

    // The one that came stands where the first one was predicted to; nothing else moves.
    let later = Known::numbered_as(&predicted, &log);
    let wider = later.with_newcomers(&predicted);
    let names: Vec<&str> = wider.tenants[5..].iter().map(|tenant| tenant.name.as_str()).collect();
    assert_eq!((names[0], names[1], wider.tenants.len()), ("platform", "p-new-tenant-2", 5 + new));
    assert_eq!(digest(wider), digest(predicted));
    let actual = ValidScenario::new(later.actual(&base, &primary.fork, Duration::DAY)).unwrap();
    let happened = simulate(&actual, &actual.requests(0), RunOptions::default());
    assert!(happened.cost.tenant(TenantIndex(5)) > LedgerUnits::ZERO);
}

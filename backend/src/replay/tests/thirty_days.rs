//! Thirty days of the example, in which one thing changes at most. `cargo xtask proof loop` runs them.

#![expect(clippy::print_stdout, reason = "a proof shows its figures")]

use std::collections::BTreeSet;

use shared::request::Operation;

use super::*;

/// The first of the days: a Tuesday after the example's own shift and change of prices, from where on nothing changes.
const FIRST: i64 = 22;

/// The change comes so many days later, on a Wednesday: two weeks are known, and no weekend is near.
const CHANGES: i64 = 15;

/// Replayed as the service runs by default, with fewer shadows.
fn month(name: &str, requests: Vec<Request>, change: impl FnOnce(ShadowingConfig) -> ShadowingConfig) -> Replayed {
    let by_default = ShadowingConfig::system(example::scenario(), Catalogue::default());
    replayed(name, requests, 1e12, |config| {
        let assumed = Scenario { runs: 5, ..config.assumed.clone() };
        // The other horizons change nothing of what is shown here, and take time.
        let horizons = Horizons::new(&[], config.bin, Duration::ZERO).unwrap();
        change(ShadowingConfig { assumed, horizons, training_steps: by_default.training_steps, ..config })
    })
}

fn unchanged() -> Vec<Request> {
    days_from(FIRST, 30)
}

fn change_at() -> Instant {
    example::day_window(FIRST + CHANGES).start
}

/// Trainings that were asked for because a model was wrong, whatever else asked for them.
fn for_errors(replayed: &Replayed) -> Vec<&Decision> {
    let of_errors = ["cost_weighted_wape", "demand_drift"];
    let wrong = |decision: &&Decision| {
        let mut fired = decision.signals.iter().filter(|signal| signal.fired);
        decision.verdict == Verdict::Retrain && fired.any(|signal| of_errors.contains(&signal.name.as_str()))
    };
    replayed.decisions.iter().filter(wrong).collect()
}

/// `prediction_accuracy` after the day that begins at an instant.
fn accuracy(replayed: &Replayed, day: Instant) -> f64 {
    let of_day = |report: &&serde_json::Value| report["report"]["window"]["start"] == day.to_string();
    let report = replayed.reports.iter().find(of_day).unwrap_or_else(|| panic!("no report of {day}"));
    report["report"]["prediction_accuracy"].as_f64().unwrap()
}

/// The mean accuracy of the week before an instant.
fn usual_accuracy(replayed: &Replayed, at: Instant) -> f64 {
    (1..=7).map(|days| accuracy(replayed, at - Duration::DAY * days)).sum::<f64>() / 7.0
}

#[test]
#[ignore = "takes minutes; `cargo xtask proof loop` runs it"]
fn nothing_changes_and_at_most_one_training_is_not_by_the_calendar() {
    let replayed = month("a month", unchanged(), |config| config);
    // That the log is short at first, and soon three times as long, is no error of a model.
    let asked = for_errors(&replayed);
    println!("unchanged: {} trainings, of which for errors: {asked:#?}", replayed.summary.trainings);
    assert!(asked.len() <= 1, "{asked:#?}");
    let week_old = example::day_window(FIRST + 7).start;
    let by_calendar = |decision: &Decision| {
        decision.signals.iter().any(|signal| signal.fired && signal.name == "days_since_training")
    };
    let others = replayed
        .decisions
        .iter()
        .filter(|decision| decision.verdict == Verdict::Retrain && decision.at > week_old && !by_calendar(decision));
    let others: Vec<&Decision> = others.collect();
    assert!(others.len() <= 1, "{others:#?}");
}

#[test]
#[ignore = "takes minutes; `cargo xtask proof loop` runs it"]
fn three_times_the_demand_is_noticed_within_six_hours() {
    assert!(shifted("a shift", |_| true) <= Duration::HOUR * 6);
}

#[test]
#[ignore = "takes minutes; `cargo xtask proof loop` runs it"]
fn one_tenant_that_asks_three_times_as_much_is_noticed_within_the_day() {
    // It asks for little in the first hours of a day, so that there is little to notice.
    assert!(shifted("one shifted tenant", |tenant| tenant == "shop") <= Duration::DAY);
}

/// Has some tenants ask three times as much: after how long that is noticed. Within two days costs are predicted as well as
/// before.
fn shifted(name: &str, is_shifted: impl Fn(&str) -> bool) -> Duration {
    let mut requests = unchanged();
    let more = requests.iter().filter(|request| is_shifted(&request.tenant) && request.at >= change_at());
    let more: Vec<Request> = more.flat_map(|request| [copy(request, "b"), copy(request, "c")]).collect();
    requests.extend(more);
    requests.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
    let replayed = month(name, requests, |config| config);
    let drifts = |decision: &&Decision| decision.at >= change_at() && decision.reason.contains("demand_drift");
    let noticed = replayed.decisions.iter().find(drifts).expect("it is noticed");
    let before = usual_accuracy(&replayed, change_at());
    let after = [1, 2].map(|days| accuracy(&replayed, noticed.at.floor(Duration::DAY) + Duration::DAY * days));
    let after_all = noticed.at - change_at();
    println!("{name}: noticed {after_all} after it; accuracy {before:.3}, then {after:.3?}");
    assert!(after.iter().any(|after| *after >= before - 0.05), "{before} {after:?}");
    after_all
}

/// The same request once more, about a resource of its own.
fn copy(request: &Request, mark: &str) -> Request {
    let named = |name: &str| format!("{name}-{mark}");
    Request {
        id: named(&request.id),
        resource: named(&request.resource),
        batch: request.batch.as_deref().map(named),
        ..request.clone()
    }
}

#[test]
#[ignore = "takes minutes; `cargo xtask proof loop` runs it"]
fn a_new_tenant_is_predicted_within_two_days() {
    let mut requests = unchanged();
    let creates = requests.iter().filter(|request| request.operation == Operation::Create && request.at >= change_at());
    let kept: BTreeSet<String> = creates.map(|create| create.resource.clone()).collect();
    requests.retain(|request| request.tenant != "shop" || kept.contains(&request.resource));
    let replayed = month("a tenant", requests, |config| config);
    let (before, after) =
        (usual_accuracy(&replayed, change_at()), accuracy(&replayed, change_at() + Duration::DAY * 2));
    println!("a new tenant: accuracy {before:.3}, then {after:.3}");
    assert!(after >= before - 0.05, "{before} {after}");
}

#[test]
#[ignore = "takes minutes; `cargo xtask proof loop` runs it"]
fn a_price_that_rises_is_named_and_no_reason_to_train() {
    // The example's own change, without the tenant whose level shifts a day later.
    let mut requests = days_from(example::PRICE_CHANGE_DAY - CHANGES, 30);
    requests.retain(|request| request.tenant != example::SHIFTED_TENANT);
    let changes = example::day_window(example::PRICE_CHANGE_DAY).start;
    let replayed =
        month("a price", requests, |config| ShadowingConfig { bill: Some(example::truth().price_book), ..config });
    let price = |report: &serde_json::Value| -> f64 {
        let causes = report["report"]["causes"].as_array().unwrap();
        let price = causes.iter().find(|cause| cause["cause"] == "price").unwrap();
        price["amount"]["amount"].as_str().unwrap().parse().unwrap()
    };
    for report in &replayed.reports {
        let start: Instant = report["report"]["window"]["start"].as_str().unwrap().parse().unwrap();
        assert_eq!(price(report) > 0.0, start >= changes, "{start}: {}", price(report));
    }
    let after: Vec<_> = for_errors(&replayed).into_iter().filter(|decision| decision.at > changes).collect();
    println!("a price: trainings for errors after it: {after:#?}");
    assert!(after.is_empty(), "{after:#?}");
}

#[test]
#[ignore = "takes minutes; `cargo xtask proof loop` runs it"]
fn two_days_without_data_are_not_learnt_from() {
    let outage = Window { start: change_at() + Duration::HOUR * 5, end: change_at() + Duration::HOUR * 53 };
    let mut requests = unchanged();
    requests.retain(|request| !outage.contains(request.at));
    let replayed = month("an outage", requests, |config| config);
    let within = |decision: &&Decision| {
        decision.verdict == Verdict::Retrain && outage.start < decision.at && decision.at <= outage.end
    };
    assert_eq!(replayed.decisions.iter().find(within), None);
    let after: Vec<_> = for_errors(&replayed).into_iter().filter(|decision| decision.at > outage.start).collect();
    println!("an outage: trainings for errors after it: {after:#?}");
    assert!(after.is_empty(), "{after:#?}");
    // The days that it touches, and no other.
    assert_eq!(replayed.unreported.len(), 3, "{:?}", replayed.unreported);
}

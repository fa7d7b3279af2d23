//! Every change that the service can recommend, before it is carried out and after.

use shared::example;
use shared::recommendation::{Advice, Benefit, Effort, Recommendation, Sources, candidates};
use shared::request::{Catalogue, RequestLogBuilder};
use shared::units::{NodeGroupIndex, TenantIndex};

use super::*;

const DAYS: i64 = 3;

fn log() -> RequestLog {
    let mut builder = RequestLogBuilder::new(Catalogue::default());
    let window = Window { start: example::START, end: example::day_window(DAYS).end };
    for (line, request) in example::requests_between(example::SEED, window).into_iter().enumerate() {
        builder.push(line as u64 + 1, request).unwrap();
    }
    builder.finish().unwrap()
}

fn day() -> Window {
    example::day_window(DAYS)
}

fn config(assumed: Scenario) -> ShadowingConfig {
    ShadowingConfig::system(assumed, Catalogue::default())
}

/// As it would be found: what it promises is nothing to what is tested here.
fn accepted_of(scenario: &Scenario, outcome: &Outcome, edits: Vec<Edit>, assumed: &Scenario) -> Accepted {
    let recommendation = Recommendation {
        rank: 1,
        difference: Difference::between(outcome, outcome),
        benefit: Benefit::Saves,
        past_day: None,
        risks: Vec::new(),
        effort: Effort::Setting,
        conflicts: Vec::new(),
        edits,
    };
    let advice = Advice { recommendations: vec![recommendation], together: None, tried: 1 };
    let advice = AdviceView::new(&advice, scenario);
    let tenants = scenario.tenants.iter().map(|tenant| tenant.name.clone()).collect();
    let found = Found { window: scenario.window, tenants, advice };
    let recommendation = found.advice.recommendations[0].clone();
    Accepted::new(found, recommendation, day().start, assumed)
}

/// What is carried out as a setting comes to the same day, to the last digit, as what was tried as an edit.
#[test]
fn every_change_is_recognised_once_it_is_carried_out() {
    let log = log();
    let known = Known::new(&log, None, day().start);
    let assumed = Scenario { runs: 1, ..example::scenario() };
    let before = config(assumed.clone());
    let from = forked(&before, &before.assumed, &known, &folded(&before, &known, &[], day().start)).unwrap();
    let (valid, _) = actual(&before.assumed, &known, &from.fork, day()).unwrap();
    let outcome = Outcome::collect(vec![shared::simulation::run(&valid, 0, false)]);
    let all = candidates(&valid, &outcome, &Sources::default());
    assert!(all.len() > 15, "{} changes", all.len());
    let mut matters = 0;
    for edits in all {
        let accepted = accepted_of(valid.scenario(), &outcome, edits.clone(), &assumed);
        let check = accepted.check(&before, &known, day()).unwrap();
        assert_eq!(check.state, AcceptanceState::NotCarriedOut, "{edits:?}");
        assert_eq!(check.brought.after, check.brought.before, "{edits:?}");
        let carried_out = known.settings(&assumed, &edits).unwrap();
        let check = accepted.check(&config(carried_out), &known, day()).unwrap();
        assert_eq!(check.state, AcceptanceState::CarriedOut, "{edits:?}");
        assert_eq!(check.brought, check.would_have_brought, "{edits:?}");
        matters += u32::from(check.brought.after != check.brought.before);
    }
    assert!(matters > 10, "{matters} changes change the day");
}

/// What is said of the last day that is over is what the check of that day says.
#[test]
fn the_day_before_is_what_its_check_would_be() {
    let log = log();
    let assumed = Scenario { runs: 1, ..example::scenario() };
    let (config, known) = (config(assumed.clone()), Known::new(&log, None, day().start));
    let tenants: Vec<String> = known.tenant_names().iter().map(str::to_owned).collect();
    let past = Past::new(&config, &log, day().end + Duration::HOUR * 3, tenants.clone()).unwrap().expect("it is known");
    let edits = vec![Edit::MinNodes { node_group: NodeGroupIndex(0), min: 40 }];
    let replayed = past.with(&edits).expect("it can be run");
    let mut accepted = accepted_of(&assumed, &Outcome::collect(Vec::new()), edits, &assumed);
    accepted.tenants = tenants.clone();
    let check = accepted.check(&config, &known, day()).unwrap();
    let difference = Difference::between(&replayed.before, &replayed.after);
    assert_eq!(replayed.window, day());
    assert_eq!(DifferenceView::new(&difference, assumed.price_book.currency), check.would_have_brought);
    assert_ne!(difference.before, difference.after);
    // The first day of a log knows nobody who lived when it began.
    assert!(Past::new(&config, &log, example::START + Duration::DAY, tenants).unwrap().is_none());
}

/// Two changes that were both carried out are both recognised; a third one beside them is neither.
#[test]
fn only_what_a_change_changes_is_looked_at() {
    let log = log();
    let known = Known::new(&log, None, day().start);
    let assumed = example::scenario();
    let with = |edits: &[Edit]| known.settings(&assumed, edits).unwrap();
    let min = |min| Edit::MinNodes { node_group: NodeGroupIndex(0), min };
    let sooner = |minutes| Edit::ScaleDown { empty_for: Duration::from_minutes(minutes) };
    let (before, both) = (with(&[]), with(&[min(7), sooner(3)]));
    let state = |edits: &[Edit], in_force: &Scenario| carried_out(&before, &with(edits), in_force);
    assert_eq!(state(&[min(7)], &both), AcceptanceState::CarriedOut);
    assert_eq!(state(&[sooner(3)], &both), AcceptanceState::CarriedOut);
    assert_eq!(state(&[sooner(4)], &both), AcceptanceState::OtherwiseChanged);
    assert_eq!(state(&[sooner(3)], &with(&[min(7)])), AcceptanceState::NotCarriedOut);
    // Half of a change is no change.
    assert_eq!(state(&[min(7), sooner(3)], &with(&[min(7)])), AcceptanceState::OtherwiseChanged);
    let renamed = {
        let mut both = both.clone();
        both.fleet.node_groups[0].name = "workers".to_owned();
        both
    };
    assert_eq!(state(&[min(7)], &renamed), AcceptanceState::CarriedOut);
}

#[test]
fn what_cannot_be_compared_says_why() {
    let log = log();
    let known = Known::new(&log, None, day().start);
    let assumed = example::scenario();
    let outcome = Outcome::collect(Vec::new());
    let quota = vec![Edit::Quota { tenant: TenantIndex(0), quota: None }];
    let mut accepted = accepted_of(&assumed, &outcome, quota, &assumed);
    accepted.tenants = vec!["nobody".to_owned()];
    let gone = accepted.check(&config(assumed.clone()), &known, day()).unwrap_err();
    assert_eq!(gone.to_string(), "`nobody`, whom an edit is about, has no request in the log any more");
    let mut euros = assumed;
    euros.price_book.currency = "EUR".parse().unwrap();
    let other = accepted.check(&config(euros), &known, day()).unwrap_err();
    assert!(other.to_string().starts_with("prices were in USD then, and are in EUR"), "{other}");
}

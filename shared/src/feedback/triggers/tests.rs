//! When a training is asked for, and when not.

use super::*;

const IDLE: Circumstances = Circumstances { under_way: false, scheduled: None, requests: 0, silent_since: None };

fn day(number: i64) -> Instant {
    Instant::from_micros(0) + Duration::DAY * number
}

fn signal<'a>(decision: &'a Decision, name: &str) -> &'a Signal {
    decision.signals.iter().find(|signal| signal.name == name).unwrap()
}

#[test]
fn errors_of_tenants_do_not_cancel_out() {
    let mut triggers = Triggers::new(TriggerSettings::default());
    // One tenant 10 too high, the other 10 too low, of 40: |10| + |10| over 40 = 0.5, although the sums agree.
    let accounts = || vec![(LedgerUnits(30), LedgerUnits(20)), (LedgerUnits(10), LedgerUnits(20))];
    (0..4).for_each(|_| triggers.observe_cost(accounts()));
    assert_eq!(signal(&triggers.decide(day(2), IDLE), "cost_weighted_wape").value, None, "four windows are too few");
    triggers.observe_cost(accounts());
    let decision = triggers.decide(day(3), IDLE);
    assert_eq!(signal(&decision, "cost_weighted_wape").value, Some(0.5));
    assert_eq!((decision.verdict, decision.reason.as_str()), (Verdict::Retrain, "cost_weighted_wape fired"));
}

#[test]
fn a_level_shift_fires_and_the_cool_down_holds() {
    let mut triggers = Triggers::new(TriggerSettings::default());
    triggers.trained(day(0), 0);
    let mut hours = 0..;
    let mut observe = |triggers: &mut Triggers, count: usize, actual: f64| {
        for hour in hours.by_ref().take(count) {
            triggers.observe_demand(day(0) + Duration::HOUR * hour, &Demanded::Batches, 40.0, actual);
        }
    };
    observe(&mut triggers, 168, 40.0);
    assert_eq!(triggers.decide(day(1), IDLE).verdict, Verdict::KeepModel);
    // Half as much again: 20 / √40 = 3.16 of Poisson's deviations an hour, less the tolerance of 1.25: 1.91 in each hour,
    // 3.8 in two and 5.7 in three.
    observe(&mut triggers, 2, 60.0);
    assert!(!triggers.drifted());
    observe(&mut triggers, 1, 60.0);
    assert!(triggers.drifted());
    let early = triggers.decide(day(1), IDLE);
    assert_eq!(early.verdict, Verdict::KeepModel);
    assert!(signal(&early, "demand_drift").fired && early.reason.contains("less than 2 days ago"));
    assert_eq!(triggers.decide(day(2), Circumstances { under_way: true, ..IDLE }).verdict, Verdict::KeepModel);
    let silent = triggers.decide(day(2), Circumstances { silent_since: Some(day(1)), ..IDLE });
    assert_eq!(silent.verdict, Verdict::KeepModel);
    assert!(silent.reason.ends_with("no data since 1970-01-02T00:00:00Z"), "{}", silent.reason);
    assert_eq!(triggers.decide(day(2), IDLE).verdict, Verdict::Retrain);
    triggers.asked(day(2), 0);
    assert!(triggers.drifted(), "what was measured is not forgotten before the training has ended well");
    assert_eq!(triggers.decide(day(3), IDLE).verdict, Verdict::KeepModel, "one that failed is not tried every hour");
    assert_eq!(triggers.decide(day(4), IDLE).verdict, Verdict::Retrain);
    triggers.trained(day(2), 0);
    assert!(!triggers.drifted());
}

#[test]
fn a_tenant_that_drifts_alone_is_named() {
    let mut triggers = Triggers::new(TriggerSettings::default());
    let mut at = day(0);
    let mut hours = |count: usize, small: f64| {
        for _ in 0..count {
            triggers.observe_demand(at, &Demanded::Batches, 40.0, 40.0);
            triggers.observe_demand(at, &Demanded::Creates(None), 400.0, 391.0 + small);
            triggers.observe_demand(at, &Demanded::Creates(Some("small".to_owned())), 9.0, small);
            at += Duration::HOUR;
        }
        triggers.decide(day(9), IDLE)
    };
    assert_eq!(hours(168, 9.0).verdict, Verdict::KeepModel);
    // Three times as many are 18 / √9 = 6 deviations more of its own, which count as 4, less 1.25; and 18 / √400 = 0.9 of all.
    let decision = hours(6, 27.0);
    assert_eq!((decision.verdict, decision.reason.as_str()), (Verdict::Retrain, "demand_drift of small fired"));
    assert_eq!(signal(&decision, "demand_drift").value, Some(16.5));
    assert_eq!(signal(&decision, "demand_drift").limit, 15.0, "of creates");
    let memory = serde_json::to_string(triggers.memory()).unwrap();
    let mut resumed = Triggers::resume(TriggerSettings::default(), serde_json::from_str(&memory).unwrap());
    assert_eq!(resumed.decide(day(9), IDLE), decision);
    resumed.trained(day(9), 0);
    assert_eq!(signal(&resumed.decide(day(9), IDLE), "demand_drift").value, Some(0.0), "what is usual is still known");
    resumed.trained(day(30), 0);
    assert_eq!(signal(&resumed.decide(day(30), IDLE), "demand_drift").value, None, "nobody has a forecast any more");
}

#[test]
fn cost_errors_that_the_last_training_left_as_they_were_are_no_news() {
    let mut triggers = Triggers::new(TriggerSettings::default());
    // 8 too much of 20: a WAPE of 0.4. The least for news is 1.25 times that, 0.5: 10 too much.
    let five_of = |triggers: &mut Triggers, predicted: i64| {
        (0..5).for_each(|_| triggers.observe_cost(vec![(LedgerUnits(predicted.into()), LedgerUnits(20))]));
    };
    five_of(&mut triggers, 28);
    assert_eq!(triggers.decide(day(3), IDLE).verdict, Verdict::Retrain);
    triggers.trained(day(3), 0);
    five_of(&mut triggers, 28);
    let same = triggers.decide(day(6), IDLE);
    assert_eq!((same.verdict, signal(&same, "cost_weighted_wape").limit), (Verdict::KeepModel, 0.5));
    let mut worse = Triggers::resume(TriggerSettings::default(), triggers.memory().clone());
    worse.trained(day(4), 0);
    five_of(&mut worse, 30);
    assert_eq!(worse.decide(day(7), IDLE).verdict, Verdict::Retrain);
}

#[test]
fn limits_of_today_hold_for_what_was_remembered() {
    let mut triggers = Triggers::new(TriggerSettings::default());
    triggers.trained(day(0), 0);
    (0..5).for_each(|_| triggers.observe_cost(vec![(LedgerUnits(30), LedgerUnits(20))]));
    // 10 too much of 20: a WAPE of 0.5 in five windows.
    assert_eq!(triggers.decide(day(3), IDLE).verdict, Verdict::Retrain);
    let memory = serde_json::to_string(triggers.memory()).unwrap();
    let lenient = TriggerSettings { wape_limit: 0.6, ..TriggerSettings::default() };
    let mut resumed = Triggers::resume(lenient, serde_json::from_str(&memory).unwrap());
    let decision = resumed.decide(day(3), IDLE);
    assert_eq!((decision.verdict, signal(&decision, "cost_weighted_wape").limit), (Verdict::KeepModel, 0.6));
    resumed.trained(day(0), 0);
    assert_eq!(signal(&resumed.decide(day(3), IDLE), "cost_weighted_wape").value, Some(0.5), "said before");
    resumed.trained(day(1), 0);
    assert_eq!(signal(&resumed.decide(day(3), IDLE), "cost_weighted_wape").value, None);
}

#[test]
fn the_schedule_fires_by_itself() {
    let mut triggers = Triggers::new(TriggerSettings::default());
    triggers.trained(day(0), 0);
    assert_eq!(triggers.decide(day(6), IDLE).verdict, Verdict::KeepModel);
    assert_eq!(triggers.decide(day(7), IDLE).reason, "days_since_training fired");
}

#[test]
fn a_scheduled_training_that_fell_into_the_cool_down_is_made_up_for() {
    let settings = TriggerSettings { every: None, ..TriggerSettings::default() };
    let mut triggers = Triggers::new(settings);
    let on = |scheduled: i64| Circumstances { scheduled: Some(day(scheduled)), ..IDLE };
    assert_eq!(triggers.decide(day(1), on(1)).verdict, Verdict::KeepModel, "the first training is not scheduled");
    triggers.trained(day(2), 0);
    assert_eq!(triggers.decide(day(9), on(1)).verdict, Verdict::KeepModel, "it has been trained since");
    let early = triggers.decide(day(3), on(3));
    assert!(early.verdict == Verdict::KeepModel && signal(&early, "schedule_due").fired, "{early:?}");
    let late = triggers.decide(day(4), on(3));
    assert_eq!((late.verdict, late.reason.as_str()), (Verdict::Retrain, "schedule_due fired"));
    assert!(late.signals.iter().all(|signal| signal.name != "days_since_training"), "the schedule alone says when");
}

#[test]
fn a_log_that_is_three_times_as_long_is_enough_new_data() {
    let mut triggers = Triggers::new(TriggerSettings::default());
    triggers.asked(day(1), 1_000);
    let with = |requests| Circumstances { requests, ..IDLE };
    // 2,999 are 1.999 times as many on top; 3,000 are twice as many. The training that failed does not matter.
    assert_eq!(triggers.decide(day(4), with(2_999)).verdict, Verdict::KeepModel);
    assert_eq!(triggers.decide(day(4), with(3_000)).reason, "new_data fired");
    triggers.trained(day(1), 3_000);
    assert_eq!(signal(&triggers.decide(day(4), with(3_000)), "new_data").value, Some(2.0), "it saw 1,000");
    triggers.trained(day(4), 3_000);
    assert_eq!(signal(&triggers.decide(day(6), with(3_000)), "new_data").value, Some(0.0), "somebody asked for it");
}

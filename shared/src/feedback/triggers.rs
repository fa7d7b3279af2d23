//! When a model has become wrong enough to train a challenger.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{Decision, PageHinkley, Signal, Verdict};
use crate::allocation::CostErrors;
use crate::units::{Duration, Instant, LedgerUnits};

/// Limits of the triggers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TriggerSettings {
    /// Cost-weighted WAPE over the slow window from which a challenger is trained.
    pub wape_limit: f64,
    /// How many closed windows the slow window has at most.
    pub windows: usize,
    /// How many it has at least before it says anything.
    pub windows_min: usize,
    /// How far the mean error of demand may move unnoticed, in parts of a mean hour.
    pub drift_tolerance: f64,
    /// The Page–Hinkley statistic from which a challenger is trained.
    pub drift_limit: f64,
    /// After this time a challenger is trained whatever the errors are.
    pub every: Duration,
    /// No challenger is trained sooner after the last one.
    pub cool_down: Duration,
}

impl Default for TriggerSettings {
    /// A quarter of the cost over one to two weeks; a change of demand worth five mean hours; weekly; two days apart.
    fn default() -> Self {
        Self {
            wape_limit: 0.25,
            windows: 14,
            windows_min: 3,
            drift_tolerance: 0.1,
            drift_limit: 5.0,
            every: Duration::DAY * 7,
            cool_down: Duration::DAY * 2,
        }
    }
}

/// Limits, and what is held against them.
#[derive(Clone, Debug, PartialEq)]
pub struct Triggers {
    settings: TriggerSettings,
    memory: TriggerMemory,
}

/// What the triggers remember; limits are not among it, so that new ones hold after a restart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TriggerMemory {
    /// Per closed window, predicted and actual cost of each account that is judged by itself.
    windows: VecDeque<Vec<(LedgerUnits, LedgerUnits)>>,
    drift: PageHinkley,
    last_training: Option<Instant>,
    /// When a training was asked for last, whatever came of it.
    #[serde(default)]
    last_asked: Option<Instant>,
}

impl Triggers {
    /// Triggers that have seen nothing.
    pub fn new(settings: TriggerSettings) -> Self {
        let drift = PageHinkley::new(settings.drift_tolerance);
        Self {
            settings,
            memory: TriggerMemory { windows: VecDeque::new(), drift, last_training: None, last_asked: None },
        }
    }

    /// Triggers that go on from what others remembered.
    pub fn resume(settings: TriggerSettings, memory: TriggerMemory) -> Self {
        let drift = memory.drift.with_tolerance(settings.drift_tolerance);
        Self { settings, memory: TriggerMemory { drift, ..memory } }
    }

    /// What they remember.
    pub fn memory(&self) -> &TriggerMemory {
        &self.memory
    }

    /// Takes in the demand of one hour: predicted and actual creates, and how many an hour of that forecast has on
    /// average, which makes errors of quiet hours small.
    pub fn observe_demand(&mut self, predicted: f64, actual: f64, mean_hour: f64) {
        self.memory.drift.observe((actual - predicted) / mean_hour.max(1.0));
    }

    /// Takes in a closed window: predicted and actual cost of every tenant, so that errors do not cancel out.
    pub fn observe_cost(&mut self, accounts: Vec<(LedgerUnits, LedgerUnits)>) {
        self.memory.windows.push_back(accounts);
        while self.memory.windows.len() > self.settings.windows {
            self.memory.windows.pop_front();
        }
    }

    /// A training is asked for: no other one is until the cool-down is over, even if it fails.
    pub fn asked(&mut self, at: Instant) {
        self.memory.last_asked = Some(at);
    }

    /// A training that began at `at` has ended well: what was measured before is the old model's. Saying so again
    /// changes nothing.
    pub fn trained(&mut self, at: Instant) {
        if self.memory.last_training.is_some_and(|last| last >= at) {
            return;
        }
        self.memory.last_training = Some(at);
        self.memory.drift.reset();
        self.memory.windows.clear();
    }

    /// Whether the change detector asks for a training, cool-down or not.
    pub fn drifted(&self) -> bool {
        self.memory.drift.statistic().0 >= self.settings.drift_limit
    }

    /// Whether a training could begin now.
    pub fn cooled_down(&self, now: Instant) -> bool {
        let last = self.memory.last_training.max(self.memory.last_asked);
        last.is_none_or(|last| now - last >= self.settings.cool_down)
    }

    /// Weighs all triggers against each other; every signal is in the decision, whichever way it points. While a
    /// training is `under_way`, no other one is asked for.
    pub fn decide(&self, now: Instant, under_way: bool) -> Decision {
        let settings = &self.settings;
        let wape = (self.memory.windows.len() >= settings.windows_min).then(|| self.wape()).flatten();
        let (drift, _) = self.memory.drift.statistic();
        let since = self.memory.last_training.map(|last| (now - last).seconds() / 86_400.0);
        let every = settings.every.seconds() / 86_400.0;
        let cool_down = settings.cool_down.seconds() / 86_400.0;
        let signal = |name: &str, value: Option<f64>, limit: f64| Signal {
            name: name.to_owned(),
            value,
            limit,
            fired: value.is_some_and(|value| value >= limit),
        };
        let signals = vec![
            signal("cost_weighted_wape", wape, settings.wape_limit),
            signal("demand_drift", (self.memory.drift.count() > 0).then_some(drift), settings.drift_limit),
            signal("days_since_training", since, every),
        ];
        let fired: Vec<&str> =
            signals.iter().filter(|signal| signal.fired).map(|signal| signal.name.as_str()).collect();
        let (verdict, reason) = if fired.is_empty() {
            (Verdict::KeepModel, "no signal is at its limit".to_owned())
        } else if under_way {
            (Verdict::KeepModel, format!("{} fired, but a training is under way", fired.join(", ")))
        } else if !self.cooled_down(now) {
            let reason = format!("{} fired, but the last training is less than {cool_down} days ago", fired.join(", "));
            (Verdict::KeepModel, reason)
        } else {
            (Verdict::Retrain, format!("{} fired", fired.join(", ")))
        };
        Decision { at: now, verdict, reason, signals }
    }

    fn wape(&self) -> Option<f64> {
        let mut errors = CostErrors::default();
        for &(predicted, actual) in self.memory.windows.iter().flatten() {
            errors.add(predicted, actual);
        }
        errors.wape()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        (0..2).for_each(|_| triggers.observe_cost(accounts()));
        assert_eq!(
            signal(&triggers.decide(day(2), false), "cost_weighted_wape").value,
            None,
            "two windows are too few"
        );
        triggers.observe_cost(accounts());
        let decision = triggers.decide(day(3), false);
        assert_eq!(signal(&decision, "cost_weighted_wape").value, Some(0.5));
        assert_eq!((decision.verdict, decision.reason.as_str()), (Verdict::Retrain, "cost_weighted_wape fired"));
    }

    #[test]
    fn a_level_shift_fires_and_the_cool_down_holds() {
        let mut triggers = Triggers::new(TriggerSettings::default());
        triggers.trained(day(0));
        (0..24).for_each(|_| triggers.observe_demand(40.0, 40.0, 40.0));
        assert_eq!(triggers.decide(day(1), false).verdict, Verdict::KeepModel);
        // Half as much again for a day: each hour adds 0.5 less the running mean, which ends at 0.25, less 0.1.
        (0..24).for_each(|_| triggers.observe_demand(40.0, 60.0, 40.0));
        assert!(triggers.drifted());
        let early = triggers.decide(day(1), false);
        assert_eq!(early.verdict, Verdict::KeepModel);
        assert!(signal(&early, "demand_drift").fired && early.reason.contains("less than 2 days ago"));
        assert_eq!(triggers.decide(day(2), true).verdict, Verdict::KeepModel);
        assert_eq!(triggers.decide(day(2), false).verdict, Verdict::Retrain);
        triggers.asked(day(2));
        assert!(triggers.drifted(), "what was measured is not forgotten before the training has ended well");
        assert_eq!(
            triggers.decide(day(3), false).verdict,
            Verdict::KeepModel,
            "one that failed is not tried every hour"
        );
        assert_eq!(triggers.decide(day(4), false).verdict, Verdict::Retrain);
        triggers.trained(day(2));
        assert!(!triggers.drifted());
    }

    #[test]
    fn limits_of_today_hold_for_what_was_remembered() {
        let mut triggers = Triggers::new(TriggerSettings::default());
        triggers.trained(day(0));
        (0..3).for_each(|_| triggers.observe_cost(vec![(LedgerUnits(30), LedgerUnits(20))]));
        // 10 too much of 20: a WAPE of 0.5 in three windows.
        assert_eq!(triggers.decide(day(3), false).verdict, Verdict::Retrain);
        let memory = serde_json::to_string(triggers.memory()).unwrap();
        let lenient = TriggerSettings { wape_limit: 0.6, ..TriggerSettings::default() };
        let mut resumed = Triggers::resume(lenient, serde_json::from_str(&memory).unwrap());
        let decision = resumed.decide(day(3), false);
        assert_eq!((decision.verdict, signal(&decision, "cost_weighted_wape").limit), (Verdict::KeepModel, 0.6));
        resumed.trained(day(0));
        assert_eq!(signal(&resumed.decide(day(3), false), "cost_weighted_wape").value, Some(0.5), "said before");
        resumed.trained(day(1));
        assert_eq!(signal(&resumed.decide(day(3), false), "cost_weighted_wape").value, None);
    }

    #[test]
    fn the_schedule_fires_by_itself() {
        let mut triggers = Triggers::new(TriggerSettings::default());
        triggers.trained(day(0));
        assert_eq!(triggers.decide(day(6), false).verdict, Verdict::KeepModel);
        assert_eq!(triggers.decide(day(7), false).reason, "days_since_training fired");
    }
}

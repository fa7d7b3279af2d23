//! When a model has become wrong enough to train a challenger.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{Decision, DemandCusum, Signal, Verdict};
use crate::allocation::CostErrors;
use crate::units::{Duration, Instant, LedgerUnits};

/// Limits of the triggers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TriggerSettings {
    /// Cost-weighted WAPE over the slow window from which a challenger is trained; a quarter more than before the last
    /// training where that is higher, since training as before would leave it there.
    pub wape_limit: f64,
    /// How many closed windows the slow window has at most.
    pub windows: usize,
    /// How many it has at least before it says anything.
    pub windows_min: usize,
    /// How far demand may be beyond what is predicted, or below it, unnoticed, in standard deviations.
    pub drift_tolerance: f64,
    /// What is beyond that in a row, in standard deviations, from which a challenger is trained: of everyone's batches.
    pub drift_limit: f64,
    /// The same of creates, which come in bursts, so that their errors do too: of everyone's and of each tenant's.
    pub creates_drift_limit: f64,
    /// After this time a challenger is trained whatever the errors are; where nothing is said, only a schedule says when.
    pub every: Option<Duration>,
    /// So many requests since the last training, in parts of those that there were then, are enough new data for another.
    pub new_data: f64,
    /// No challenger is trained sooner after the last one.
    pub cool_down: Duration,
}

impl Default for TriggerSettings {
    /// Three tenths of the cost over five to fourteen days; errors of demand that are five and a half standard deviations
    /// beyond one and a quarter each, in a row, and fifteen of creates; weekly; a log that is three times as long; two days
    /// apart.
    ///
    /// The limits are beyond the highest that the statistics came to in a month of the example in which nothing changed, six
    /// times with other seeds: 3.8 of batches, 13.1 of creates, and of cost 0.24 over five days from the second week on; in
    /// the first, with models that have seen a few days, up to 0.33.
    fn default() -> Self {
        Self {
            wape_limit: 0.3,
            windows: 14,
            windows_min: 5,
            drift_tolerance: 1.25,
            drift_limit: 5.5,
            creates_drift_limit: 15.0,
            every: Some(Duration::DAY * 7),
            new_data: 2.0,
            cool_down: Duration::DAY * 2,
        }
    }
}

/// Cost errors are news from so many times those before the last training on.
const WORSE: f64 = 1.25;

const DEMAND_DRIFT: &str = "demand_drift";

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
    /// Of everyone's batches and creates, and of the creates of each tenant with a forecast of its own.
    drift: Vec<DemandErrors>,
    /// The cost-weighted WAPE before the last training, as far as it is known.
    usual_wape: Option<f64>,
    last_training: Option<Instant>,
    /// When a training was asked for last, whatever came of it.
    #[serde(default)]
    last_asked: Option<Instant>,
    /// How many requests there were when a training was last asked for, or ended well.
    #[serde(default)]
    requests: Option<u64>,
}

/// How wrong the forecasts of demand have been.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct DemandErrors {
    of: Demanded,
    errors: DemandCusum,
}

/// What is counted hour by hour, and held against what was predicted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Demanded {
    /// Batches of everyone; a create without a batch is one by itself.
    Batches,
    /// Creates of a tenant; everyone's where none.
    Creates(Option<String>),
}

/// How far demand is from what is predicted.
struct Drift<'a> {
    of: &'a Demanded,
    /// The statistic of its change detector, and the limit of that.
    sum: f64,
    limit: f64,
}

/// What a decision goes by besides the errors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Circumstances {
    /// A training is queued or running.
    pub under_way: bool,
    /// The latest instant of the schedule; none where there is no schedule.
    pub scheduled: Option<Instant>,
    /// Requests in the log.
    pub requests: u64,
    /// When the last request came, where none has come for longer than can be: a training would learn nothing new.
    pub silent_since: Option<Instant>,
}

impl Triggers {
    /// Triggers that have seen nothing.
    pub fn new(settings: TriggerSettings) -> Self {
        Self {
            settings,
            memory: TriggerMemory {
                windows: VecDeque::new(),
                drift: Vec::new(),
                usual_wape: None,
                last_training: None,
                last_asked: None,
                requests: None,
            },
        }
    }

    /// Triggers that go on from what others remembered.
    pub fn resume(settings: TriggerSettings, mut memory: TriggerMemory) -> Self {
        for demand in &mut memory.drift {
            demand.errors.set_tolerance(settings.drift_tolerance);
        }
        Self { settings, memory }
    }

    /// What they remember.
    pub fn memory(&self) -> &TriggerMemory {
        &self.memory
    }

    /// Takes in the demand of the hour that begins at `at`: how many were predicted, and how many came. Hours come in order.
    pub fn observe_demand(&mut self, at: Instant, of: &Demanded, predicted: f64, actual: f64) {
        let drift = &mut self.memory.drift;
        let position = drift.iter().position(|demand| demand.of == *of).unwrap_or_else(|| {
            let errors = DemandCusum::new(self.settings.drift_tolerance);
            drift.push(DemandErrors { of: of.clone(), errors });
            drift.len() - 1
        });
        drift[position].errors.observe(at, predicted, actual);
    }

    /// Takes in a closed window: predicted and actual cost of every tenant, so that errors do not cancel out.
    pub fn observe_cost(&mut self, accounts: Vec<(LedgerUnits, LedgerUnits)>) {
        self.memory.windows.push_back(accounts);
        while self.memory.windows.len() > self.settings.windows {
            self.memory.windows.pop_front();
        }
    }

    /// A training is asked for of a log of so many `requests`: no other one is until the cool-down is over, even if it
    /// fails.
    pub fn asked(&mut self, at: Instant, requests: u64) {
        self.memory.last_asked = Some(at);
        self.memory.requests = Some(requests);
    }

    /// A training that began at `at` has ended well, and there are so many `requests` now: what was measured before is
    /// the old model's. Saying so again changes nothing.
    pub fn trained(&mut self, at: Instant, requests: u64) {
        if self.memory.last_training.is_some_and(|last| last >= at) {
            return;
        }
        self.memory.last_training = Some(at);
        // Of a training that nobody asked the triggers for, it is only known that it has ended.
        if self.memory.last_asked.is_none_or(|asked| asked < at) {
            self.memory.requests = Some(requests);
        }
        self.memory.usual_wape = self.wape().or(self.memory.usual_wape);
        // Of whom nothing has been forecast for a week, nothing is usual any more.
        self.memory.drift.retain(|demand| demand.errors.is_current(at));
        self.memory.drift.iter_mut().for_each(|demand| demand.errors.clear());
        self.memory.windows.clear();
    }

    /// Whether the change detector asks for a training, cool-down or not.
    pub fn drifted(&self) -> bool {
        self.drift().is_some_and(|drift| drift.sum >= drift.limit)
    }

    /// The change detector that is nearest to its limit, or farthest beyond it.
    fn drift(&self) -> Option<Drift<'_>> {
        let judged = self.memory.drift.iter().filter_map(|DemandErrors { of, errors }| {
            let limit = match of {
                Demanded::Batches => self.settings.drift_limit,
                Demanded::Creates(_) => self.settings.creates_drift_limit,
            };
            Some(Drift { of, sum: errors.statistic()?, limit })
        });
        judged.max_by(|a, b| (a.sum / a.limit).total_cmp(&(b.sum / b.limit)))
    }

    /// Whether a training could begin now.
    pub fn cooled_down(&self, now: Instant) -> bool {
        self.last().is_none_or(|last| now - last >= self.settings.cool_down)
    }

    /// Whether no training was asked for or has ended well so far.
    pub fn are_untouched(&self) -> bool {
        self.last().is_none()
    }

    /// When a training was last asked for, or began.
    fn last(&self) -> Option<Instant> {
        self.memory.last_training.max(self.memory.last_asked)
    }

    /// Weighs all triggers against each other; every signal is in the decision, whichever way it points. While a
    /// training is under way, no other one is asked for.
    pub fn decide(&self, now: Instant, circumstances: Circumstances) -> Decision {
        let signals = self.signals(now, circumstances);
        let cool_down = days(self.settings.cool_down);
        let drifting = self.drift().map(|drift| drift.of);
        let named = |signal: &Signal| match drifting.filter(|_| signal.name == DEMAND_DRIFT) {
            Some(Demanded::Creates(Some(tenant))) => format!("{DEMAND_DRIFT} of {tenant}"),
            _ => signal.name.clone(),
        };
        let fired: Vec<String> = signals.iter().filter(|signal| signal.fired).map(named).collect();
        let (verdict, reason) = if fired.is_empty() {
            (Verdict::KeepModel, "no signal is at its limit".to_owned())
        } else if circumstances.under_way {
            (Verdict::KeepModel, format!("{} fired, but a training is under way", fired.join(", ")))
        } else if let Some(since) = circumstances.silent_since {
            (Verdict::KeepModel, format!("{} fired, but there is no data since {since}", fired.join(", ")))
        } else if !self.cooled_down(now) {
            let reason = format!("{} fired, but the last training is less than {cool_down} days ago", fired.join(", "));
            (Verdict::KeepModel, reason)
        } else {
            (Verdict::Retrain, format!("{} fired", fired.join(", ")))
        };
        Decision { at: now, verdict, reason, signals }
    }

    fn signals(&self, now: Instant, circumstances: Circumstances) -> Vec<Signal> {
        let (settings, memory) = (&self.settings, &self.memory);
        let wape_limit = memory.usual_wape.map_or(0.0, |usual| usual * WORSE).max(settings.wape_limit);
        let since = memory.last_training.map(|last| days(now - last));
        let then = memory.requests.filter(|then| *then > 0);
        let new_data = then.map(|then| circumstances.requests.saturating_sub(then) as f64 / then as f64);
        // What fell into a cool-down is made up for when that is over.
        let due = circumstances.scheduled.zip(self.last()).map(|(at, last)| f64::from(u8::from(at > last)));
        let drift = self.drift();
        let drift_limit = drift.as_ref().map_or(settings.drift_limit, |drift| drift.limit);
        let signal = |name: &str, value: Option<f64>, limit: f64| Signal {
            name: name.to_owned(),
            value,
            limit,
            fired: value.is_some_and(|value| value >= limit),
        };
        let mut signals = vec![
            signal("cost_weighted_wape", self.wape(), wape_limit),
            signal(DEMAND_DRIFT, drift.as_ref().map(|drift| drift.sum), drift_limit),
            signal("new_data", new_data, settings.new_data),
        ];
        signals.extend(settings.every.map(|every| signal("days_since_training", since, days(every))));
        signals.extend(circumstances.scheduled.map(|_| signal("schedule_due", due, 1.0)));
        signals
    }

    /// The cost-weighted WAPE over the slow window, once that is long enough.
    fn wape(&self) -> Option<f64> {
        if self.memory.windows.len() < self.settings.windows_min {
            return None;
        }
        let mut errors = CostErrors::default();
        for &(predicted, actual) in self.memory.windows.iter().flatten() {
            errors.add(predicted, actual);
        }
        errors.wape()
    }
}

fn days(span: Duration) -> f64 {
    span.seconds() / 86_400.0
}

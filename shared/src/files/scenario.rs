//! The scenario that files make.

use std::collections::BTreeSet;

use super::Files;
use crate::control_plane::{Anomaly, fold};
use crate::features::Features;
use crate::forecast::{Continue, ModelFile, ModelId, ModelName, Predict as _, SelectionConfig, TrainError, fit_one};
use crate::request::{Flavor, Observation, Received, Request, RequestLog, RequestLogBuilder, read_requests};
use crate::scenario::{Scenario, ValidScenario};
use crate::shadow::Known;
use crate::simulation::Fork;
use crate::stream::StreamSettings;
use crate::units::{Duration, Instant};

/// Tenants with a series of their own.
const TENANTS_MAX: usize = 100;

/// What is to be run.
#[derive(Clone, Debug)]
pub enum Question {
    /// What was requested, from the first request to the last; where only who lives is known, these for so long.
    AsItIs {
        /// How long who lives is run on, where there are no requests.
        horizon: Duration,
    },
    /// What is predicted to be requested after the last whole bin.
    Predicted {
        /// How far.
        horizon: Duration,
        /// By what.
        learning: Learning,
    },
}

/// What a prediction is learnt by.
#[derive(Clone, Debug)]
pub enum Learning {
    /// The same time a day before, which is there at once.
    SeasonalNaive,
    /// What was fitted elsewhere, to these requests or others.
    Fitted(Box<ModelFile>),
}

/// A scenario that can run, and what to know about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Built {
    /// The scenario.
    pub scenario: Scenario,
    /// What to know before an answer is believed.
    pub notices: Vec<String>,
    /// What predicted it.
    pub model: Option<ModelId>,
}

/// Who is known to live.
struct Living {
    creates: Vec<Request>,
    observations: Vec<Observation>,
    /// Ids of those that no machine holds.
    too_large: Vec<String>,
}

impl Files {
    /// The scenario that the files make, in bins of this length.
    ///
    /// # Errors
    /// For people: when there is nothing to run, too little to learn from, or what is assumed cannot run.
    pub fn scenario(&self, question: &Question, bin: Duration) -> Result<Built, String> {
        if !self.has_anything_to_run() {
            return Err("none of the files has requests or live resources; bring requests, or the state of a cluster"
                .to_owned());
        }
        let base = Scenario { bin, ..self.base() };
        let living = self.living(&base);
        let built = match question {
            Question::AsItIs { horizon } => self.as_it_is(&base, &living, *horizon)?,
            Question::Predicted { horizon, learning } => self.predicted(&base, &living, (*horizon, learning))?,
        };
        match ValidScenario::new(built.scenario.clone()) {
            Ok(_) => Ok(built),
            Err(problems) => Err(problems.to_string()),
        }
    }

    fn as_it_is(&self, base: &Scenario, living: &Living, horizon: Duration) -> Result<Built, String> {
        if !self.has_requests() {
            return self.at_rest(base, living, horizon);
        }
        let log = self.log(living, |first, _| first.floor(base.bin))?;
        let (first, last) = (log.first().unwrap_or_default(), log.last().unwrap_or_default());
        let (start, end) = (first.floor(base.bin), last.floor(base.bin) + base.bin);
        let known = Known::new(&log, None, start);
        if living.creates.is_empty() && log.lives.iter().all(|life| life.deleted.is_none()) {
            return Err(
                "no request deletes anything, so that the fleet would only grow; bring the deletes, or a column \
                        `end` or `lifetime_s`"
                    .to_owned(),
            );
        }
        let mut notices = of_log(&log);
        let scenario = if living.creates.is_empty() && self.machines().is_empty() {
            notices.push(format!("The stock starts empty at {start}: what was created before is not in it."));
            known.from_nothing(base, end - start)
        } else {
            let fork = self.begun(&known, base, Fork::default(), living, &mut notices);
            known.actual(base, &fork, end - start)
        };
        Ok(Built { scenario, notices, model: None })
    }

    /// Who lives, and nobody comes or goes.
    fn at_rest(&self, base: &Scenario, living: &Living, horizon: Duration) -> Result<Built, String> {
        let seen = living.observations.iter().flat_map(|seen| [seen.ready_at, seen.released_at]).flatten();
        let latest = seen.chain(living.creates.iter().map(|create| create.at)).max().unwrap_or_default();
        let at = latest.floor(Duration::HOUR) + Duration::HOUR;
        let log = self.log(living, |_, _| at)?;
        let known = Known::new(&log, None, at);
        let mut notices =
            vec!["Nobody comes or goes: add demand by changes, or bring requests to predict from.".to_owned()];
        let fork = self.begun(&known, base, Fork::default(), living, &mut notices);
        Ok(Built { scenario: known.actual(base, &fork, horizon), notices, model: None })
    }

    fn predicted(
        &self,
        base: &Scenario,
        living: &Living,
        (horizon, learning): (Duration, &Learning),
    ) -> Result<Built, String> {
        if !self.has_requests() {
            return Err("there are no requests to learn from; bring those of some days".to_owned());
        }
        let log = self.log(living, |_, last| last.floor(base.bin))?;
        let origin = log.last().unwrap_or_default().floor(base.bin);
        let known = Known::new(&log, None, origin);
        let features = Features::new(known.series(base.bin, TENANTS_MAX));
        let past = features.all();
        let few = |reason: &dyn core::fmt::Display| {
            let bins = past.bins();
            format!(
                "a forecast {reason}; there are {bins} bins of {} before {origin}: bring a longer history",
                base.bin
            )
        };
        let model = match learning {
            Learning::SeasonalNaive => {
                let config = SelectionConfig::new(vec![horizon]);
                let fitted = fit_one(ModelName::SeasonalNaive, &past, &config, &mut |_| Continue::Yes);
                let fitted = fitted.map_err(|error| match error {
                    TrainError::Forecast(wrong) => wrong.to_string(),
                    TrainError::NotReady(reason) => few(&reason),
                })?;
                fitted.map_err(|reason| few(&reason))?.0
            }
            Learning::Fitted(file) => {
                let tenants: Vec<String> = known.tenant_names().iter().map(str::to_owned).collect();
                file.serving(&past, &tenants).map_err(|error| error.to_string())?
            }
        };
        let prediction =
            known.predict(&past, &model, horizon, &StreamSettings::default()).map_err(|error| error.to_string())?;
        let fork = known.primary(base, None).map_err(|problems| problems.to_string())?.fork;
        let mut notices = of_log(&log);
        let fork = if living.creates.is_empty() { fork } else { self.begun(&known, base, fork, living, &mut notices) };
        let model = Some(model.id((horizon.divide(base.bin)).max(1) as usize));
        Ok(Built { scenario: known.predicted(base, &fork, prediction.stream, horizon), notices, model })
    }

    /// The requests beside who lives at the instant that `begins` gives of the first and the last of them.
    fn log(&self, living: &Living, begins: impl FnOnce(Instant, Instant) -> Instant) -> Result<RequestLog, String> {
        let mut builder = RequestLogBuilder::new(self.catalogue());
        for file in &self.requests {
            read_requests(&file.text, &mut builder).map_err(|problems| format!("{}: {problems}", file.name))?;
        }
        let at = begins(builder.first().unwrap_or_default(), builder.last().unwrap_or_default());
        if !living.creates.is_empty() {
            builder.stand(at, living.creates.clone()).map_err(|problem| problem.to_string())?;
        }
        builder.finish().map_err(|problem| problem.to_string())
    }

    /// Who lives by the state of the cluster, on machines that hold them.
    fn living(&self, base: &Scenario) -> Living {
        let holds = |create: &&Request| {
            let requested = create.requested.unwrap_or_default();
            base.fleet.can_hold(&Flavor { name: String::new(), class: create.class, requested })
        };
        let all = self.cluster.iter().flat_map(|state| &state.requests);
        let (held, too_large): (Vec<&Request>, Vec<&Request>) = all.partition(holds);
        let too_large: Vec<String> = too_large.into_iter().map(|create| create.id.clone()).collect();
        let of_cluster = self.cluster.iter().flat_map(|state| &state.observations);
        let seen = of_cluster.chain(&self.observations).filter(|seen| !too_large.contains(&seen.request));
        Living { creates: held.into_iter().cloned().collect(), observations: seen.cloned().collect(), too_large }
    }

    /// The fork with everybody where they were seen, or where the policy wants them.
    fn begun(
        &self,
        known: &Known<'_>,
        base: &Scenario,
        fork: Fork,
        living: &Living,
        notices: &mut Vec<String>,
    ) -> Fork {
        let at = known.origin;
        let impossible = known.standing().into_iter().flat_map(|standing| &standing.impossible);
        let impossible: BTreeSet<&str> = impossible.map(|(id, _)| &**id).collect();
        let of_others = living.observations.iter().filter(|seen| !impossible.contains(seen.request.as_str()));
        let received: Vec<Received> = of_others.map(|seen| Received { at, observation: seen.clone() }).collect();
        let machines = self.machines();
        let folded = fold(&received, &known.asked(at), &base.fleet, base.autoscaling, machines);
        let started = known.started(base, fork, &folded, &base.fleet.names_of_inventory(machines));
        let left_out = living.too_large.len() + impossible.len();
        if left_out > 0 {
            notices.push(format!(
                "{left_out} of those who live are left out: larger than any machine, or impossible beside the requests."
            ));
        }
        if let Some(Anomaly { request, kind, .. }) = folded.anomalies.first() {
            let count = folded.anomalies.len();
            notices.push(format!(
                "{count} facts are impossible and left out; the first, of {request}: {}.",
                kind.sentence()
            ));
        }
        started.fork
    }
}

/// What to know about a log.
fn of_log(log: &RequestLog) -> Vec<String> {
    let mut notices = Vec::new();
    if log.orphans > 0 {
        notices.push(format!("{} requests to delete or resize what was never created are left out.", log.orphans));
    }
    if log.duplicates > 0 {
        notices.push(format!("{} requests are there twice: each counts once.", log.duplicates));
    }
    notices
}

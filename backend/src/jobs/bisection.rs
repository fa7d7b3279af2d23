//! A search for the few requests that the variance of a closed day comes from.

use shared::api::{Bisected, BisectedCase, BisectionOrder};
use shared::request::RequestLog;
use shared::scenario::ValidScenario;
use shared::simulation::{Outcome, RunOptions, simulate};
use shared::units::{Duration, Instant, TenantIndex, Window};
use shared::variance::{BISECT_REPLAYS_MAX, BisectCase, bisect};

use super::{Runner, Stopped};
use crate::shadowing::{Compared, NotCompared, PredictedDay, known_log, predicted_day};
use crate::store::{StoredJob, requests_in};

impl Runner {
    pub(super) async fn bisection(&self, stored: &StoredJob) -> Result<String, Stopped> {
        let failed = |error: serde_json::Error| Stopped::Failed(error.to_string());
        let order: BisectionOrder = serde_json::from_str(&stored.input).map_err(failed)?;
        let predicted = predicted_day(&*self.store, order.day).await?;
        let predicted = predicted.ok_or_else(|| Stopped::Failed("the day is kept no longer".to_owned()))?;
        let log = self.log_of_day(order.day).await?;
        let compared = Compared::new(&self.config, &log, &predicted.scenario, &predicted.lives).map_err(said)?;
        let PredictedDay { scenario, digest, .. } = predicted;
        let valid = ValidScenario::of_accepted(scenario).map_err(|error| Stopped::Failed(error.to_string()))?;
        let outcome = self.outcome_again(stored, &valid)?;
        if outcome.digest != digest {
            let reason = "the day was predicted by a version of the program that runs it otherwise";
            return Err(Stopped::Failed(reason.to_owned()));
        }
        let bisected = self.bisected(stored, &order, &compared, &outcome)?;
        serde_json::to_string(&bisected).map_err(failed)
    }

    /// The log up to the end of a day.
    async fn log_of_day(&self, day: Instant) -> Result<RequestLog, Stopped> {
        let start = self.config.keep.map_or(Instant::from_micros(0), |keep| day - keep);
        let window = Window { start: start.max(self.config.log_from()), end: day + Duration::DAY };
        let requests = requests_in(&*self.store, window).await?;
        let read = known_log(&requests, &self.config.catalogue, self.config.start.as_ref());
        Ok(read.map_err(|error| Stopped::Failed(error.to_string()))?.0)
    }

    /// What was predicted, run again.
    fn outcome_again(&self, stored: &StoredJob, valid: &ValidScenario) -> Result<Outcome, Stopped> {
        let go_on = |_, _| self.go_on(&stored.job, 0, BISECT_REPLAYS_MAX.into());
        self.outcome(valid, &go_on)
    }

    fn bisected(
        &self,
        stored: &StoredJob,
        order: &BisectionOrder,
        compared: &Compared<'_>,
        predicted: &Outcome,
    ) -> Result<Bisected, Stopped> {
        let Compared { known, fork, wider, requests } = compared;
        let scenario = wider.scenario();
        let of = order.tenant.as_ref().map(|name| {
            let position = scenario.tenants.iter().position(|tenant| tenant.name == *name);
            position.map(TenantIndex::from_usize).ok_or_else(|| {
                Stopped::Failed(format!("`{name}` was neither predicted to ask for anything on that day, nor did"))
            })
        });
        let case = BisectCase {
            scenario: wider,
            predicted,
            actual: requests,
            of: of.transpose()?,
            percent: order.percent,
            replays_max: BISECT_REPLAYS_MAX,
        };
        let mut replays = 0;
        let found = bisect(&case, |stream| {
            replays += 1;
            let go_on = self.go_on(&stored.job, replays, BISECT_REPLAYS_MAX.into());
            if go_on { Ok(simulate(wider, stream, RunOptions::default())) } else { Err(Stopped::Cancelled) }
        })?;
        let ids = known.create_ids_in(scenario.window, &fork.lives);
        let names = known.names_in(scenario.window, &fork.lives);
        let case = BisectedCase { scenario, percent: order.percent, ids: &ids, names: &names };
        Ok(Bisected::new(found, &case))
    }
}

fn said(error: NotCompared) -> Stopped {
    Stopped::Failed(match error {
        NotCompared::Contradicted(id) => {
            format!("the day went on from the resource that request `{id}` created, which is not in the log any more")
        }
        NotCompared::Impossible(problems) => format!("what happened cannot be run: {problems}"),
    })
}

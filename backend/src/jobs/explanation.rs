//! An explanation that someone ordered.

use shared::api::{ExplanationOrder, ExplanationView, SavedScenario};
use shared::explanation::{ExplanationError, explain_watched, names_of_nodes, position};
use shared::request::Request;
use shared::scenario::ValidScenario;
use shared::shadow::Known;
use shared::units::{Duration, Instant, Window};

use super::{Runner, Stopped};
use crate::shadowing::{actual_of_window, known_log};
use crate::store::{Collection, StoredJob, observations_in, requests_in};

impl Runner {
    pub(super) async fn explanation(&self, stored: &StoredJob) -> Result<String, Stopped> {
        let failed = |error: serde_json::Error| Stopped::Failed(error.to_string());
        let order: ExplanationOrder = serde_json::from_str(&stored.input).map_err(failed)?;
        let (valid, position) = match &order.scenario {
            Some(hash) => self.of_scenario(hash, &order.request).await?,
            None => self.of_log(&order.request).await?,
        };
        let mut go_on = |tried: u32| self.go_on(&stored.job, u64::from(tried), 0);
        let explained = explain_watched(&valid, order.run, position, &mut go_on);
        let explanation = explained.map_err(|error| match error {
            ExplanationError::Cancelled => Stopped::Cancelled,
            error => Stopped::Failed(error.to_string()),
        })?;
        let request = valid.requests(order.run)[position];
        let classes = &self.config.catalogue.priority_classes;
        let view = ExplanationView::new(valid.scenario(), position, &request, explanation);
        // Which of the observed nodes is which is not known here.
        let view = view.with_class(classes).with_nodes(&names_of_nodes(&valid, order.run, &[]));
        serde_json::to_string(&view).map_err(failed)
    }

    /// A saved scenario, and the place of the request in it.
    async fn of_scenario(&self, hash: &str, request: &str) -> Result<(ValidScenario, usize), Stopped> {
        let document = self.store.get(Collection::Scenarios, hash.to_owned()).await?;
        let document = document.ok_or_else(|| Stopped::Failed(format!("there is no scenario `{hash}` any more")))?;
        let SavedScenario { scenario, .. } = document.read()?;
        let valid = ValidScenario::new(scenario).map_err(|problems| Stopped::Failed(problems.to_string()))?;
        let position = position(request).ok_or_else(|| Stopped::Failed(format!("`{request}` is no place in a run")))?;
        Ok((valid, position))
    }

    /// The day of a request of the log, up to the bin that is open now, and the place of the request in it. It goes on from
    /// the primary at midnight, and where requests go from then on our policy decides.
    async fn of_log(&self, id: &str) -> Result<(ValidScenario, usize), Stopped> {
        let gone = || Stopped::Failed(format!("`{id}` is not in the log any more"));
        let Request { at, .. } = self.store.request(id.to_owned()).await?.ok_or_else(gone)?;
        let bin = self.config.assumed.bin;
        let day = at.floor(Duration::DAY);
        let now = self.board.snapshot().now.floor(bin);
        let end = now.min(day + Duration::DAY).max(at.floor(bin) + bin);
        let start = self.config.keep.map_or(Instant::from_micros(0), |keep| now - keep);
        let requests = requests_in(&*self.store, Window { start: start.max(self.config.log_from()), end }).await?;
        let read = known_log(&requests, &self.config.catalogue, self.config.start.as_ref());
        let (log, _) = read.map_err(|error| Stopped::Failed(error.to_string()))?;
        let received = observations_in(&*self.store, Window { start, end: day }).await?;
        let known = Known::new(&log, None, day);
        let window = Window { start: day, end };
        let (valid, ids) = actual_of_window(&self.config, &known, &received, window)
            .map_err(|problems| Stopped::Failed(problems.to_string()))?;
        let place = ids.iter().position(|other| other == id).ok_or_else(|| {
            let message = "is about what did not live then, or contradicts earlier requests and was left out";
            Stopped::Failed(format!("`{id}` {message}"))
        })?;
        Ok((valid, place))
    }
}

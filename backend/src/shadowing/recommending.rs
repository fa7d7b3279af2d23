//! Recommendations: what searches found, what was accepted, and what closed days show of that.

mod carried_out;
mod past;
#[cfg(test)]
mod tests;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use shared::api::{
    AcceptanceState, AcceptedRecommendation, AdviceView, DifferenceView, RecommendationView, SavingCheck,
};
use shared::recommendation::Difference;
use shared::request::RequestLog;
use shared::scenario::{ENGINE, Edit, Problems, Scenario};
use shared::shadow::Known;
use shared::simulation::{Outcome, RunOptions, simulate};
use shared::units::{Duration, Instant, Window};

use self::carried_out::carried_out;
pub(crate) use self::past::Past;
use super::primary::{actual, folded, forked};
use super::{Beginning, ceiled, name_anew};
use crate::config::ShadowingConfig;
use crate::store::{Collection, Document, Store, StoreError, write_document};

/// So many whole days after its acceptance, a change is checked: each day of a week once.
const CHECKED_DAYS: u32 = 7;

/// What one search found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Found {
    /// What was predicted.
    pub(crate) window: Window,
    /// Whom its edits mean, by index.
    pub(crate) tenants: Vec<String>,
    pub(crate) advice: AdviceView,
}

impl Found {
    /// As it is stored: what was predicted for a day has a place of its own, beside what somebody ordered.
    ///
    /// # Errors
    /// When it cannot be JSON.
    pub(crate) fn document(&self, is_of_day: bool) -> Result<Document, StoreError> {
        let start = self.window.start;
        write_document(if is_of_day { of_day(start) } else { format!("ordered/{start}") }, start, self)
    }
}

fn of_day(start: Instant) -> String {
    format!("day/{start}")
}

/// What the newest search found.
pub(crate) async fn newest_found(store: &dyn Store) -> Result<Option<Found>, StoreError> {
    let newest = store.list(Collection::Recommendations, Window::ALWAYS, 1).await?;
    Ok(newest.first().and_then(readable))
}

/// So many of the newest searches are looked at for a change.
const SEARCHES: usize = 30;

/// The newest search that found a change, and the change.
pub(crate) async fn newest_with(
    store: &dyn Store,
    id: &str,
) -> Result<Option<(Found, RecommendationView)>, StoreError> {
    let searches = store.list(Collection::Recommendations, Window::ALWAYS, SEARCHES).await?;
    Ok(searches.iter().rev().filter_map(readable::<Found>).find_map(|found| {
        let change = found.advice.recommendations.iter().find(|known| known.id == id).cloned()?;
        Some((found, change))
    }))
}

/// What was found in what was predicted for a day when it began.
pub(super) async fn found_for(store: &dyn Store, day: Window) -> Result<Option<Found>, StoreError> {
    Ok(store.get(Collection::Recommendations, of_day(day.start)).await?.as_ref().and_then(readable))
}

/// The acceptance of a change.
pub(crate) async fn accepted_change(store: &dyn Store, id: &str) -> Result<Option<Accepted>, StoreError> {
    Ok(store.get(Collection::Acceptances, id.to_owned()).await?.as_ref().and_then(readable))
}

/// What another version wrote is passed over: nothing else has to wait for it.
fn readable<T: DeserializeOwned>(document: &Document) -> Option<T> {
    document.read().inspect_err(|error| tracing::warn!(%error, "it is passed over")).ok()
}

/// A recommendation that was accepted, and what the service assumed then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Accepted {
    pub(crate) view: AcceptedRecommendation,
    /// Whom its edits mean, by index.
    tenants: Vec<String>,
    assumed: Scenario,
}

impl Accepted {
    /// One of the changes that a search found, accepted at an instant.
    pub(crate) fn new(found: Found, recommendation: RecommendationView, at: Instant, assumed: &Scenario) -> Self {
        let view = AcceptedRecommendation {
            recommendation,
            window: found.window,
            accepted_at: at,
            state: AcceptanceState::Waiting,
            checks: Vec::new(),
            not_checked: None,
            days_left: CHECKED_DAYS,
        };
        Self { view, tenants: found.tenants, assumed: assumed.clone() }
    }

    /// As it is stored, by the id of the change.
    ///
    /// # Errors
    /// When it cannot be JSON.
    pub(crate) fn document(&self) -> Result<Document, StoreError> {
        write_document(self.view.recommendation.id.clone(), self.view.accepted_at, self)
    }

    /// Whether a day is one of those that show what comes of it, and has not yet.
    fn awaits(&self, day: Window) -> bool {
        let is_new = self.view.checks.iter().all(|check| check.window != day);
        self.view.accepted_at <= day.start && day.end <= self.until() && is_new
    }

    /// The end of the last day that shows what comes of it.
    fn until(&self) -> Instant {
        ceiled(self.view.accepted_at, Duration::DAY) + Duration::DAY * i64::from(CHECKED_DAYS)
    }

    /// The same after a day, with what that shows, or why it shows nothing.
    fn after(mut self, day: Window, check: Result<SavingCheck, NotChecked>) -> Self {
        let days_left = (self.until() - day.end).divide(Duration::DAY);
        let view = &mut self.view;
        match check {
            Ok(check) => {
                (view.state, view.not_checked) = (check.state, None);
                view.checks.push(check);
            }
            Err(reason) => view.not_checked = Some(format!("{}: {reason}", day.start)),
        }
        view.days_left = days_left.try_into().unwrap_or(0);
        self
    }

    /// What a closed day, at whose beginning `known` ends, shows of it.
    fn check(&self, config: &ShadowingConfig, known: &Known<'_>, day: Window) -> Result<SavingCheck, NotChecked> {
        let currency = self.assumed.price_book.currency;
        let now = config.assumed.price_book.currency;
        if currency != now {
            return Err(NotChecked::Currency(format!("prices were in {currency} then, and are in {now}")));
        }
        let mut edits = self.view.recommendation.edits.clone();
        name_anew(&mut edits, &self.tenants, known.tenant_names()).map_err(NotChecked::Gone)?;
        edits.iter_mut().for_each(without_forecast);
        // The same draws for all three, and by this engine, whatever the service began with then.
        let assumed = Scenario { engine: ENGINE, seed: config.assumed.seed, ..self.assumed.clone() };
        let [before, with_change] = [&[][..], &edits].map(|edits| known.settings(&assumed, edits));
        let (before, with_change, in_force) = (before?, with_change?, known.settings(&config.assumed, &[])?);
        let state = carried_out(&before, &with_change, &in_force);
        let run = |assumed: Scenario| day_under(config, assumed, known, day);
        let (before, with_change, in_force) = (run(before)?, run(with_change)?, run(in_force)?);
        let brought = |after: &Outcome| DifferenceView::new(&Difference::between(&before, after), currency);
        Ok(SavingCheck { window: day, state, would_have_brought: brought(&with_change), brought: brought(&in_force) })
    }
}

/// How many nodes a stream would need that was predicted then is no setting.
fn without_forecast(edit: &mut Edit) {
    if let Edit::Scaling { scaling, .. } = edit {
        scaling.predicted = None;
    }
}

/// What a day would have come to if the service had always assumed this, and nothing had been observed: what is compared
/// differs in its settings alone.
fn day_under(config: &ShadowingConfig, assumed: Scenario, known: &Known<'_>, day: Window) -> Result<Outcome, Problems> {
    let start = config.start.clone().map(|beginning| Beginning { observations: Vec::new(), ..beginning });
    let config = ShadowingConfig { assumed, inventory: Vec::new(), start, ..config.clone() };
    let base = &config.assumed;
    let from = forked(&config, base, known, &folded(&config, known, &[], day.start))?;
    let (valid, _) = actual(base, known, &from.fork, day)?;
    Ok(Outcome::collect(vec![simulate(&valid, &valid.requests(0), RunOptions::default())]))
}

/// Why a day shows nothing of a change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum NotChecked {
    #[error("{0}")]
    Gone(String),
    #[error("{0}: savings of different currencies cannot be compared")]
    Currency(String),
    #[error("the day cannot be run with these settings: {0}")]
    Impossible(#[from] Problems),
}

/// What was accepted, the newest first.
pub(crate) async fn accepted(store: &dyn Store) -> Result<Vec<Accepted>, StoreError> {
    let all = store.list(Collection::Acceptances, Window::ALWAYS, usize::MAX).await?;
    Ok(all.iter().rev().filter_map(readable).collect())
}

/// Whether anything that was accepted is to be held against a day that has closed.
pub(super) async fn awaits_check(store: &dyn Store, day: Window) -> Result<bool, StoreError> {
    Ok(accepted(store).await?.iter().any(|accepted| accepted.awaits(day)))
}

/// Holds a closed day against what was accepted before it began, for as long as `go_on` says so after so many of how many;
/// whether it was all. A day counts once; what was withdrawn or accepted anew in the meantime stays as it is.
pub(crate) async fn check_accepted(
    store: &dyn Store,
    config: &ShadowingConfig,
    log: &RequestLog,
    day: Window,
    go_on: impl Fn(u64, u64) -> bool,
) -> Result<bool, StoreError> {
    let known = Known::new(log, None, day.start);
    let all = accepted(store).await?.into_iter().rev();
    let waiting: Vec<Accepted> = all.filter(|accepted| accepted.awaits(day)).collect();
    let total = waiting.len() as u64;
    for (done, accepted) in (0..).zip(waiting) {
        if !go_on(done, total) {
            return Ok(false);
        }
        let (document, check) = (accepted.document()?, accepted.check(config, &known, day));
        store.replace(Collection::Acceptances, document, accepted.after(day, check).document()?).await?;
    }
    Ok(true)
}

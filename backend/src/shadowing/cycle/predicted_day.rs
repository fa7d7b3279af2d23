//! What was predicted for each of the last days, as its scenario: the outcome of that run again is the same.

use serde::{Deserialize, Serialize};
use shared::scenario::Scenario;
use shared::simulation::Digest;
use shared::units::{Duration, Instant, Window};

use super::Predicted;
use crate::store::{Collection, Document, Store, StoreError, write_document};

/// What was predicted for a day is kept for so many days after it began: a month can be asked about when it is over, and
/// some days later.
pub(crate) const DAYS_KEPT: i64 = 35;

/// What was predicted for a day.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PredictedDay {
    pub(crate) scenario: Scenario,
    /// That of the outcome.
    pub(crate) digest: Digest,
    pub(super) model: String,
    /// The ids of the creates of its fork's live resources.
    pub(crate) lives: Vec<String>,
    pub(super) nodes: Vec<String>,
}

impl PredictedDay {
    /// What was predicted for the day that begins where the prediction does.
    pub(super) fn of(predicted: &Predicted) -> Self {
        Self {
            scenario: predicted.scenario.original().clone(),
            digest: predicted.outcome.digest,
            model: predicted.model.clone(),
            lives: predicted.lives.clone(),
            nodes: predicted.nodes.clone(),
        }
    }

    pub(super) fn document(&self) -> Result<Document, StoreError> {
        let day = self.scenario.window.start;
        write_document(key(day), day, self)
    }
}

/// The keys are from when a day was kept only while it was open.
const PREFIX: &str = "open day/";

pub(super) fn key(day: Instant) -> String {
    format!("{PREFIX}{day}")
}

/// What was predicted for the day that began at an instant, if it was, and is kept.
///
/// # Errors
/// When the store fails, or another version wrote it.
pub(crate) async fn predicted_day(store: &dyn Store, day: Instant) -> Result<Option<PredictedDay>, StoreError> {
    let document = store.get(Collection::Models, key(day)).await?;
    document.as_ref().map(Document::read).transpose()
}

/// Forgets the days that are kept no longer when the one that began at `day` has closed.
pub(super) async fn forget_days(store: &dyn Store, day: Instant) -> Result<(), StoreError> {
    let old = Window { start: Instant::from_micros(i64::MIN), end: day - Duration::DAY * (DAYS_KEPT - 1) };
    for document in store.list(Collection::Models, old, usize::MAX).await? {
        if document.key.starts_with(PREFIX) {
            store.remove(Collection::Models, document.key).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::SqliteStore;

    #[test]
    fn a_month_is_kept_and_nothing_else_is_forgotten() {
        let folder = std::env::temp_dir().join(format!("shadowplane-days-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let day = |number: i64| Instant::from_micros(0) + Duration::DAY * number;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let store = SqliteStore::open(&folder.join("store.sqlite")).unwrap();
            let of_day = |number: i64| write_document(key(day(number)), day(number), &number).unwrap();
            let documents = (0..40).map(of_day).chain([write_document("champion", day(0), &0).unwrap()]);
            store.put(Collection::Models, documents.collect()).await.unwrap();
            forget_days(&store, day(39)).await.unwrap();
            let kept = store.list(Collection::Models, Window::ALWAYS, usize::MAX).await.unwrap();
            let kept: Vec<&str> = kept.iter().map(|document| document.key.as_str()).collect();
            // 35 days that end with the one that has closed: 5 … 39; the champion is none of them.
            let days: Vec<String> = (5..40).map(|number| key(day(number))).collect();
            assert_eq!(kept[0], "champion");
            assert_eq!(kept[1..], days);
        });
        let _ = std::fs::remove_dir_all(folder);
    }
}

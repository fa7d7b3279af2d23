//! Calibrations of the shadow, which its predictions go by. The primary that a day is judged by stays as it is assumed.

use shared::api::{CalibrationList, NotCalibrated};
use shared::feedback::Calibrations;
use shared::request::{Received, RequestLog};
use shared::units::Instant;

use super::primary::folded;
use crate::config::ShadowingConfig;
use crate::store::{Collection, Store, StoreError, write_document};

/// The key of the newest calibrations, which outlive the log that they were made from.
const KEY: &str = "calibrations";

/// The newest calibrations; none before a day has closed, or where another version wrote them.
pub(crate) async fn stored_calibrations(store: &dyn Store) -> Result<Option<CalibrationList>, StoreError> {
    let Some(document) = store.get(Collection::Models, KEY.to_owned()).await? else { return Ok(None) };
    let read = document.read();
    if let Err(error) = &read {
        tracing::warn!(%error, "the shadow goes by what is assumed until the next day closes");
    }
    Ok(read.ok())
}

/// Calibrates what is assumed anew, to all that is in the log and was observed when a day closed.
///
/// A day that closes again after a kill keeps what it was calibrated to: its oldest requests may be forgotten since.
pub(super) async fn renew_calibrations(
    store: &dyn Store,
    config: &ShadowingConfig,
    log: &RequestLog,
    received: &[Received],
    end: Instant,
) -> Result<(), StoreError> {
    if stored_calibrations(store).await?.is_some_and(|list| list.until == Some(end)) {
        return Ok(());
    }
    let by_then: Vec<Received> = received.iter().filter(|received| received.at < end).cloned().collect();
    let folded = folded(config, &config.known(log, end), &by_then, end);
    let calibrations = Calibrations::new(&config.assumed, log, &by_then, &folded, end);
    let not_observed = NotCalibrated::beside(&calibrations);
    let list = CalibrationList { until: Some(end), calibrations, not_observed, not_ready: None };
    store.put(Collection::Models, vec![write_document(KEY, end, &list)?]).await
}

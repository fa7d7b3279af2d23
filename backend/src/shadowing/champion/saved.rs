//! The champion in the store: a restart goes on with the very same weights.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use shared::forecast::{Selected, SelectionReport};
use shared::units::Instant;

use super::Champion;
use crate::store::{Collection, Store, StoreError, write_document};

const CHAMPION: &str = "champion";

#[derive(Debug, Serialize, Deserialize)]
struct Saved {
    version: u32,
    fitted_until: Instant,
    reason: String,
    report: SelectionReport,
    /// The models as a file, in Base64: JSON does not keep floats bit for bit.
    selected: String,
}

/// Writes the champion down, in the place of the last one.
///
/// # Errors
/// When the store fails.
pub(crate) async fn keep_champion(store: &dyn Store, champion: &Champion) -> Result<(), StoreError> {
    let saved = Saved {
        version: champion.version,
        fitted_until: champion.fitted_until,
        reason: champion.reason.clone(),
        report: champion.report.clone(),
        selected: STANDARD.encode(champion.selected.to_bytes()),
    };
    store.put(Collection::Models, vec![write_document(CHAMPION, champion.fitted_until, &saved)?]).await
}

/// The champion that was written down last.
///
/// # Errors
/// When the store fails, or another version wrote it.
pub(crate) async fn stored_champion(store: &dyn Store) -> Result<Option<Champion>, StoreError> {
    let Some(document) = store.get(Collection::Models, CHAMPION.to_owned()).await? else { return Ok(None) };
    let Saved { version, fitted_until, reason, report, selected } = document.read()?;
    let unreadable = |error: String| StoreError::Unreadable(format!("{CHAMPION}: {error}"));
    let bytes = STANDARD.decode(selected).map_err(|error| unreadable(error.to_string()))?;
    let selected = Selected::from_bytes(&bytes).map_err(|error| unreadable(error.to_string()))?;
    Ok(Some(Champion { selected, version, fitted_until, report, reason }))
}

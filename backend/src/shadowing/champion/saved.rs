//! The champion in the store, and the one before it: a restart goes on with the very same weights.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use shared::forecast::{Selected, SelectionReport};
use shared::simulation::Digest;
use shared::units::Instant;

use super::Champion;
use crate::store::{Collection, Document, Store, StoreError, write_document};

const CHAMPION: &str = "champion";
const EARLIER: &str = "earlier champion";
const VERSIONS: &str = "versions";

#[derive(Debug, Serialize, Deserialize)]
struct Saved {
    version: u32,
    fitted_until: Instant,
    reason: String,
    report: SelectionReport,
    /// The models as a file, in Base64: JSON does not keep floats bit for bit.
    selected: String,
    /// BLAKE3 of that file; what was written before there was one is believed.
    #[serde(default)]
    hash: Option<Digest>,
}

/// The champion as it is written down, in the place of the last one.
///
/// # Errors
/// When it cannot be JSON.
pub(crate) fn champion_document(champion: &Champion) -> Result<Document, StoreError> {
    document(CHAMPION, champion)
}

/// The champion before the present one as it is written down.
///
/// # Errors
/// When it cannot be JSON.
pub(crate) fn earlier_document(champion: &Champion) -> Result<Document, StoreError> {
    document(EARLIER, champion)
}

/// A version that no champion has had so far, be it that one that can no longer be read had the last one.
///
/// # Errors
/// When the store fails.
pub(crate) async fn next_version(store: &dyn Store, present: u32) -> Result<u32, StoreError> {
    let given = store.get(Collection::Models, VERSIONS.to_owned()).await?;
    let newest = given.map_or(Ok(0), |document| document.read::<u32>())?;
    Ok(newest.max(present) + 1)
}

/// That a champion has a version, as it is written down.
///
/// # Errors
/// When it cannot be JSON.
pub(crate) fn version_document(champion: &Champion) -> Result<Document, StoreError> {
    write_document(VERSIONS, champion.fitted_until, &champion.version)
}

/// Writes the champion down, in the place of the last one.
///
/// # Errors
/// When the store fails.
pub(crate) async fn keep_champion(store: &dyn Store, champion: &Champion) -> Result<(), StoreError> {
    store.put(Collection::Models, vec![champion_document(champion)?]).await
}

/// The champion that was written down last.
///
/// # Errors
/// When the store fails, another version wrote it, or it is damaged.
pub(crate) async fn stored_champion(store: &dyn Store) -> Result<Option<Champion>, StoreError> {
    read(store, CHAMPION).await
}

/// The champion before it.
///
/// # Errors
/// When the store fails, another version wrote it, or it is damaged.
pub(crate) async fn earlier_champion(store: &dyn Store) -> Result<Option<Champion>, StoreError> {
    read(store, EARLIER).await
}

fn document(key: &str, champion: &Champion) -> Result<Document, StoreError> {
    let bytes = champion.selected.to_bytes();
    let saved = Saved {
        version: champion.version,
        fitted_until: champion.fitted_until,
        reason: champion.reason.clone(),
        report: champion.report.clone(),
        hash: Some(Digest(*blake3::hash(&bytes).as_bytes())),
        selected: STANDARD.encode(bytes),
    };
    write_document(key, champion.fitted_until, &saved)
}

async fn read(store: &dyn Store, key: &str) -> Result<Option<Champion>, StoreError> {
    let Some(document) = store.get(Collection::Models, key.to_owned()).await? else { return Ok(None) };
    let Saved { version, fitted_until, reason, report, selected, hash } = document.read()?;
    let unreadable = |error: String| StoreError::Unreadable(format!("{key}: {error}"));
    let bytes = STANDARD.decode(selected).map_err(|error| unreadable(error.to_string()))?;
    if hash.is_some_and(|hash| hash.0 != *blake3::hash(&bytes).as_bytes()) {
        return Err(unreadable("its weights are damaged".to_owned()));
    }
    let selected = Selected::from_bytes(&bytes).map_err(|error| unreadable(error.to_string()))?;
    Ok(Some(Champion { selected, version, fitted_until, report, reason }))
}

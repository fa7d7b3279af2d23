//! The champion before the present one serves again: because somebody says so, or because the present one cannot be
//! loaded.

use std::sync::Arc;

use shared::feedback::{Decision, Verdict};
use shared::units::Instant;

use super::champion::{champion_document, earlier_champion, earlier_document, next_version, version_document};
use super::{Board, Champion};
use crate::store::{Collection, Document, Store, StoreError, write_document};

/// Makes the champion before the present one champion again, and the present one the one before it; none where there has
/// been only one.
///
/// It counts as another champion, since forecasts are known by the version that made them.
///
/// # Errors
/// When the store fails, or the champion before cannot be read.
pub async fn roll_back(store: &dyn Store, board: &Board) -> Result<Option<Decision>, StoreError> {
    let _changing = board.change_champion().await;
    let snapshot = board.snapshot();
    let Some((present, earlier)) = snapshot.champion.zip(earlier_champion(store).await?) else { return Ok(None) };
    let version = next_version(store, present.version.max(earlier.version)).await?;
    let reason = format!(
        "version {} serves again, as version {version}, in the place of version {}: somebody asked for it",
        earlier.version, present.version
    );
    let decision = decision(snapshot.now, reason.clone());
    let champion = Champion { version, reason, ..earlier };
    store
        .put_together(vec![
            (Collection::Models, champion_document(&champion)?),
            (Collection::Models, earlier_document(&present)?),
            (Collection::Models, version_document(&champion)?),
            (Collection::Decisions, decision_document(&decision)?),
        ])
        .await?;
    board.update(|snapshot| (snapshot.champion, snapshot.fallback) = (Some(Arc::new(champion)), None));
    Ok(Some(decision))
}

/// What serves where the champion cannot be loaded: the one before it, or nobody, so that the next forecast is the
/// baseline's. The decision is written down at `at`.
///
/// # Errors
/// When the store fails.
pub(super) async fn fall_back(
    store: &dyn Store,
    at: Instant,
    error: &str,
) -> Result<(Option<Champion>, String), StoreError> {
    let earlier = match earlier_champion(store).await {
        Ok(earlier) => earlier,
        Err(StoreError::Unreadable(_)) => None,
        Err(error) => return Err(error),
    };
    let serves = match &earlier {
        Some(earlier) => format!("version {}, the champion before it, serves", earlier.version),
        None => "the baseline serves until a training has ended well".to_owned(),
    };
    let reason = format!("the champion cannot be loaded ({error}); {serves}");
    tracing::error!("{reason}");
    store.put(Collection::Decisions, vec![decision_document(&decision(at, reason.clone()))?]).await?;
    Ok((earlier, reason))
}

fn decision(at: Instant, reason: String) -> Decision {
    Decision { at, verdict: Verdict::RollBack, reason, signals: Vec::new() }
}

/// A decision as it is written down: the same one twice is one.
///
/// # Errors
/// When it cannot be JSON.
pub(super) fn decision_document(decision: &Decision) -> Result<Document, StoreError> {
    write_document(format!("{}/{}", decision.at, decision.reason), decision.at, decision)
}

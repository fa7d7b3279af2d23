//! The demo's world: requests of the example, and what is observed of them.

use shared::example::{Happened, Primary};
use shared::units::{Duration, Instant};

use crate::store::{Store, StoreError};

/// Records a batch.
const BATCH: usize = 5_000;

/// Lets the example's primary live until `end`, and appends what its tenants ask for and what is observed of it.
///
/// This is all that the loop hears of it. The observations are dated just before `end`: a real primary would have sent
/// them in the course of the time before.
///
/// # Errors
/// When the store fails.
pub async fn feed_example(store: &dyn Store, primary: &mut Primary, end: Instant) -> Result<(), StoreError> {
    let Happened { requests, observations } = primary.advance(end);
    for batch in requests.chunks(BATCH) {
        store.append_requests(batch.to_vec()).await?;
    }
    let received = end - Duration::from_micros(1);
    for batch in observations.chunks(BATCH) {
        store.append_observations(batch.to_vec(), received).await?;
    }
    Ok(())
}

//! The queue that workers take ensembles from.

use std::sync::Arc;

use crate::config::QueueConfig;
use crate::queue::{Queue, QueueError};

/// Opens it. One that is not there for a while is waited for by the jobs that need it; the service answers meanwhile.
pub(super) fn open(config: QueueConfig) -> anyhow::Result<Arc<Queue>> {
    let queue = Queue::new(config.address, config.replicas, |text| tracing::warn!("{text}"))?;
    match queue.reach() {
        Ok(()) => {}
        Err(error @ QueueError::Unavailable { .. }) => tracing::warn!(%error, "jobs that need workers wait for it"),
        Err(error) => return Err(error.into()),
    }
    Ok(Arc::new(queue))
}

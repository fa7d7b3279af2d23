//! Which way requests and observations go into the log: into the store, or into the stream before it.

use shared::request::{Observation, Request};

use super::{App, Problem};
use crate::log_stream::Batch;
use crate::store::Appended;

/// Has requests in the log, or in the stream that leads there. The answers are in order; what is
/// accepted survives a kill, in the store or in the stream.
pub(super) async fn requests(app: &App, requests: Vec<Request>) -> Result<Vec<Appended>, Problem> {
    match &app.log {
        None => Ok(app.store.append_requests(requests).await?),
        Some(log) => {
            let batch = Batch::of_requests(&requests)?;
            log.publish(&batch).await?;
            Ok(batch.appended)
        }
    }
}

/// The same of observations.
pub(super) async fn observations(app: &App, observations: Vec<Observation>) -> Result<Vec<Appended>, Problem> {
    match &app.log {
        None => Ok(app.store.append_observations(observations, app.board.snapshot().now).await?),
        Some(log) => {
            let batch = Batch::of_observations(&observations)?;
            log.publish(&batch).await?;
            Ok(batch.appended)
        }
    }
}

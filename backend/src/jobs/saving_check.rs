//! A closed day held against the changes that were accepted.

use serde::{Deserialize, Serialize};
use shared::units::{Duration, Instant, Window};

use super::{Runner, Stopped};
use crate::shadowing::check_accepted;
use crate::store::StoredJob;

/// Which day: stored as the job's input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CheckInput {
    /// When it began.
    pub(crate) day: Instant,
}

impl Runner {
    pub(super) async fn check_savings(&self, stored: &StoredJob) -> Result<String, Stopped> {
        let failed = |error: serde_json::Error| Stopped::Failed(error.to_string());
        let CheckInput { day } = serde_json::from_str(&stored.input).map_err(failed)?;
        let day = Window { start: day, end: day + Duration::DAY };
        let log = self.log_until(day.end).await?;
        let go_on = |done, total| self.go_on(&stored.job, done, total);
        if check_accepted(&*self.store, &self.config, &log, day, go_on).await? {
            serde_json::to_string(&day).map_err(failed)
        } else {
            Err(Stopped::Cancelled)
        }
    }
}

//! Windows of the other horizons than the reported one: what was predicted of them, and what they cost.

use serde::{Deserialize, Serialize};
use shared::allocation::Status;
use shared::request::{Received, RequestLog};
use shared::scenario::Fleet;
use shared::shadow::Known;
use shared::units::{Duration, Instant, Window};

use super::{Cycle, CycleError, Predicted};
use crate::shadowing::closing::charged;
use crate::shadowing::primary::meter;
use crate::shadowing::recording::{actual_record, forecast_record};
use crate::store::Collection;

/// A window whose forecast is written down, and that is not over.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct OpenWindow {
    start: Instant,
    /// What the shadows ran on: with predictive scaling it is told how many nodes will be needed.
    fleet: Fleet,
}

impl Cycle {
    /// Writes down what the window that begins was predicted to cost; forecasts within a window are no predictions of it.
    pub(super) async fn open_window(&mut self, predicted: &Predicted) -> Result<(), CycleError> {
        let of = predicted.scenario.scenario();
        let (start, horizon) = (of.window.start, of.window.length());
        if start != start.floor(horizon) {
            return Ok(());
        }
        let record = forecast_record(predicted, self.clock.now())?;
        self.store.put_and_link(Collection::Reports, Vec::new(), record).await?;
        let fleet = predicted.scenario.original().fleet.clone();
        self.open.insert(horizon, OpenWindow { start, fleet });
        Ok(())
    }

    /// Writes down what the windows cost that end at an instant, where their forecasts were written down. What an outage
    /// touches has no cost that is known.
    pub(super) async fn close_windows(
        &mut self,
        log: &RequestLog,
        received: &[Received],
        end: Instant,
    ) -> Result<(), CycleError> {
        let over: Vec<(Duration, OpenWindow)> =
            self.open.extract_if(.., |horizon, open| open.start + *horizon <= end).collect();
        for (horizon, OpenWindow { start, fleet }) in over {
            let window = Window { start, end: start + horizon };
            if window.end < end || self.outage_in(window).is_some() {
                continue;
            }
            let known = Known::new(log, None, start);
            let Ok(metered) = meter(&self.config, &known, received, window, Some(&fleet)) else { continue };
            let charged = charged(metered.scenario.scenario(), metered.actual_cost(Status::Final));
            let record = actual_record(&charged, self.clock.now())?;
            self.store.put_and_link(Collection::Reports, Vec::new(), record).await?;
        }
        Ok(())
    }
}

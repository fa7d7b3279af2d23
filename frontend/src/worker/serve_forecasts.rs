//! The forecast worker's side: one order at a time.

use shared::forecast::Continue;

use super::forecast_protocol::{FromForecaster, ToForecaster};
use super::listening::{listen, post};
use super::protocol::PROTOCOL;
use crate::forecasting::answer;

/// Serves forecasts until the page terminates the worker.
///
/// # Panics
/// Outside of a Web Worker.
pub fn serve_forecasts() {
    let ready = FromForecaster::Ready { protocol: PROTOCOL };
    listen(
        &ready,
        |message| FromForecaster::Crashed { message },
        |ToForecaster { job, order }| {
            let mut watcher = |progress| {
                post(&FromForecaster::Progress { job, progress });
                // Who cancels terminates the worker.
                Continue::Yes
            };
            post(&match answer(&order, &mut watcher) {
                Ok(said) => FromForecaster::Done { job, said: Box::new(said) },
                Err(message) => FromForecaster::Refused { job, message },
            });
        },
    );
}

//! The loop: requests come in, hours close, forecasts are made, shadows run, bills are compared, models retrained.
//!
//! One thread does it hour by hour of its clock, or in the steps of its shortest horizon. Everything it finds goes into the store; what is only true now (its
//! clock, the model in use, why there is no forecast) stands on the [`Board`].

mod beginning;
mod board;
mod budgeting;
mod calibrating;
mod champion;
mod clock;
mod closing;
mod compared;
mod cycle;
mod horizons;
mod kept_variance;
mod known_log;
mod metered;
mod naming;
mod prediction;
mod primary;
mod recommending;
mod recording;
mod rollback;
mod schedule;
mod side_inputs;
mod training;
mod world;

pub(crate) use beginning::settled;
pub use beginning::{Beginning, BeginningError, Carried, Machines};
pub use board::{Board, ClockSeen, NewestForecast, Snapshot};
pub(crate) use budgeting::OUTLOOK;
pub(crate) use calibrating::stored_calibrations;
pub use champion::Champion;
pub(crate) use champion::{champion_document, earlier_document, next_version, version_document};
pub use clock::{Clock, SystemClock, VirtualClock};
pub(crate) use compared::{Compared, NotCompared};
pub use cycle::{Cycle, CycleError};
pub(crate) use cycle::{DAYS_KEPT, PredictedDay, ceiled, predicted_day};
pub use horizons::{Horizons, HorizonsError, REPORTED};
pub use known_log::known_log;
pub(crate) use metered::metered;
pub(crate) use naming::name_anew;
pub use prediction::{Ask, Prediction, StoredForecast, predict};
pub(crate) use prediction::{check_end, forecast_key};
pub(crate) use primary::actual_of_window;
pub(crate) use recommending::{
    Accepted, Found, Past, accepted, accepted_change, check_accepted, newest_found, newest_with,
};
pub use rollback::roll_back;
pub use schedule::{Schedule, ScheduleError};
pub use side_inputs::{GivenEvent, SideInputs};
pub use training::{Trained, train};
pub use world::Recording;

/// The first part of the keys, among reports, of windows that have none.
pub(crate) const UNREPORTED: &str = "unreported";

//! What forecasts are made from: counts per bin, the calendar, known events, sensors.
//!
//! [`Features`] holds them for a whole history; [`Past`] is the same cut at an origin, and the only thing that a
//! model accepts: counts and sensors end there, while the calendar and known events go on.

mod calendar;
mod csv_fields;
mod events;
mod past;
mod past_bins;
mod sensors;
mod series;
mod series_file;

pub use calendar::{Calendar, CalendarStep, TimeZone, UnknownTimeZone};
pub use events::{KnownEvent, Repeat, known_event_rows, read_known_events};
pub use past::{Features, Past};
pub use past_bins::{PastBin, PastBins, PastCreates};
pub use sensors::{SensorBin, SensorReading, SensorSeries, read_sensors, sensor_rows};
pub use series::{CountSeries, SeriesKey, SeriesSet};
pub use series_file::{SeriesFile, read_series};

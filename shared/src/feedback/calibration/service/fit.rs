//! A distribution of service times, fitted.

use crate::control_plane::ServiceTime;
use crate::units::Duration;

/// The largest standard deviation of the logarithm that a scenario may have, in thousandths.
const SIGMA_MILLI_MAX: f64 = 5_000.0;
/// The longest median that a scenario may have: a year.
const MEDIAN_MAX: f64 = 365.0 * 86_400.0 * 1e6;

/// The lognormal whose logarithm has the mean and the standard deviation of the logarithms of the times, which is the most
/// likely one. A time of nothing counts as a microsecond.
pub(super) fn lognormal(times: &[Duration]) -> ServiceTime {
    let logs: Vec<f64> = times.iter().map(|time| libm::log(time.micros().max(1) as f64)).collect();
    let n = logs.len().max(1) as f64;
    let mean = logs.iter().sum::<f64>() / n;
    let variance = logs.iter().map(|log| (log - mean) * (log - mean)).sum::<f64>() / n;
    let sigma_milli = (variance.sqrt() * 1e3).round().min(SIGMA_MILLI_MAX) as u32;
    ServiceTime::Lognormal {
        median: Duration::from_micros(libm::exp(mean).round().min(MEDIAN_MAX) as i64),
        sigma_milli,
    }
}

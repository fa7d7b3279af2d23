//! How far a distribution of service times is from times that were observed.

use crate::control_plane::{ServiceBin, ServiceTime};
use crate::random::normal_cdf;
use crate::units::Duration;

/// The Kolmogorov–Smirnov distance: the largest difference, at any time, between the share of the observed times up to it
/// and the probability up to it. 0 where nothing was observed.
pub(super) fn distance(observed: &[Duration], service: &ServiceTime) -> f64 {
    let mut sorted = observed.to_vec();
    sorted.sort_unstable();
    let n = sorted.len() as f64;
    let (mut below, mut largest) = (0, 0.0_f64);
    // Between two observed times one share is constant and the other grows: the largest difference is at an end.
    for equal in sorted.chunk_by(|a, b| a == b) {
        let up_to = below + equal.len();
        let probability = Probability::at(service, equal[0]);
        largest = largest.max((probability.below - below as f64 / n).abs());
        largest = largest.max((probability.up_to - up_to as f64 / n).abs());
        below = up_to;
    }
    largest
}

/// How likely a service time is shorter than a given one, and how likely not longer: they differ where it has a mass.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Probability {
    below: f64,
    up_to: f64,
}

impl Probability {
    fn at(service: &ServiceTime, time: Duration) -> Self {
        let micros = |time: Duration| time.micros() as f64;
        match service {
            ServiceTime::Constant(constant) => Self::of_mass(*constant, time),
            ServiceTime::Exponential(Duration::ZERO) => Self::of_mass(Duration::ZERO, time),
            ServiceTime::Exponential(mean) => Self::smooth(1.0 - libm::exp(-micros(time) / micros(*mean))),
            ServiceTime::Lognormal { median, sigma_milli } if *sigma_milli == 0 || *median <= Duration::ZERO => {
                Self::of_mass(*median, time)
            }
            ServiceTime::Lognormal { .. } if time <= Duration::ZERO => Self::smooth(0.0),
            ServiceTime::Lognormal { median, sigma_milli } => {
                let sigma = f64::from(*sigma_milli) / 1e3;
                Self::smooth(normal_cdf(libm::log(micros(time) / micros(*median)) / sigma))
            }
            ServiceTime::Histogram(bins) => Self::of_bins(bins, time),
        }
    }

    fn smooth(probability: f64) -> Self {
        Self { below: probability, up_to: probability }
    }

    /// Of a time that is always `mass`.
    fn of_mass(mass: Duration, time: Duration) -> Self {
        let share = |is: bool| f64::from(u8::from(is));
        Self { below: share(mass < time), up_to: share(mass <= time) }
    }

    fn of_bins(bins: &[ServiceBin], time: Duration) -> Self {
        let all = bins.iter().map(|bin| u64::from(bin.count)).sum::<u64>().max(1) as f64;
        let (mut from, mut sum) = (Duration::ZERO, Self::smooth(0.0));
        for bin in bins {
            let width = bin.up_to.micros() - from.micros();
            let within = if width > 0 {
                let passed = (time.micros() - from.micros()) as f64 / width as f64;
                Self::smooth(passed.clamp(0.0, 1.0))
            } else {
                Self::of_mass(bin.up_to, time)
            };
            let share = f64::from(bin.count) / all;
            sum.below += share * within.below;
            sum.up_to += share * within.up_to;
            from = bin.up_to;
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn micros(times: &[i64]) -> Vec<Duration> {
        times.iter().copied().map(Duration::from_micros).collect()
    }

    /// Half of the times are 1,000 µs and half 4,000 µs.
    #[test]
    fn the_distance_is_the_largest_difference_of_shares() {
        let observed = micros(&[4_000, 1_000, 4_000, 1_000]);
        let check = |service: ServiceTime, expected: f64| {
            let found = distance(&observed, &service);
            assert!((found - expected).abs() < 2e-4, "{service:?}: {found}, expected {expected}");
        };
        let time = Duration::from_micros;
        // At 1,000 µs all of the one and half of the other; at 3,000 µs nothing and half just below it.
        check(ServiceTime::Constant(time(1_000)), 0.5);
        check(ServiceTime::Constant(time(3_000)), 0.5);
        check(ServiceTime::Constant(time(5_000)), 1.0);
        // 1 − e^−1 = 0.632 below 1,000 µs, where nothing was observed.
        check(ServiceTime::Exponential(time(1_000)), 0.6321);
        // Both times are one standard deviation from 2,000 µs: 0.5 − Φ(−1) = 0.3413.
        check(ServiceTime::Lognormal { median: time(2_000), sigma_milli: 693 }, 0.3413);
        // Just below 4,000 µs lies all of its weight, and half of what was observed.
        let bin = |up_to, count| ServiceBin { up_to: time(up_to), count };
        check(ServiceTime::Histogram(vec![bin(2_000, 1), bin(4_000, 1)]), 0.5);
        check(ServiceTime::Histogram(vec![bin(1_000, 0), bin(1_000, 1), bin(4_000, 0), bin(4_000, 1)]), 0.0);
    }
}

//! How long a module works on a request, and whether that fails: draws from its distributions.

use super::settings::{ModuleSettings, ServiceTime};
use crate::random::Draws;
use crate::request::{MODULES, Module, Operation, ResourceClass};
use crate::units::Duration;

const OPERATIONS: usize = 3;
const CLASSES: usize = 3;
/// Doublings after which the back-off stays as it is.
const DOUBLINGS: u32 = 6;

/// The distributions of one module, by operation and class.
#[derive(Clone, Debug)]
pub(super) struct Service {
    distributions: Vec<Distribution>,
    /// Position in `distributions`.
    of: [[u8; CLASSES]; OPERATIONS],
    failures_per_million: u64,
    retries: u32,
    back_off: Duration,
}

/// A distribution, ready to be drawn from.
#[derive(Clone, Debug)]
enum Distribution {
    Constant(Duration),
    Exponential { mean: f64 },
    Lognormal { median: f64, sigma: f64 },
    Histogram(Vec<Step>),
}

/// One bin of a histogram.
#[derive(Clone, Copy, Debug)]
struct Step {
    /// Share of all that lies before the bin and in it.
    share_before: f64,
    share: f64,
    from: f64,
    width: f64,
}

/// Which draw of a request's this is: each operation, module and attempt has its own.
#[inline]
pub(super) fn draw_number(operation: Operation, module: Module, attempt: u32) -> u64 {
    (u64::from(attempt) * OPERATIONS as u64 + operation as u64) * MODULES as u64 + module as u64
}

impl Service {
    pub(super) fn new(settings: &ModuleSettings) -> Self {
        let mut of = [[0; CLASSES]; OPERATIONS];
        for (operation, by_class) in of.iter_mut().enumerate() {
            for (class, position) in by_class.iter_mut().enumerate() {
                let matches = |operation_of: Option<Operation>, class_of: Option<ResourceClass>| {
                    operation_of.is_none_or(|of| of as usize == operation)
                        && class_of.is_none_or(|of| of as usize == class)
                };
                let first = settings.services.iter().position(|special| matches(special.operation, special.class));
                *position = first.map_or(0, |first| first as u8 + 1);
            }
        }
        let failures = settings.failures;
        Self {
            distributions: settings.service_times().map(|(_, service)| Distribution::new(service)).collect(),
            of,
            failures_per_million: failures.map_or(0, |failures| u64::from(failures.per_million)),
            retries: failures.map_or(0, |failures| failures.retries),
            back_off: failures.map_or(Duration::ZERO, |failures| failures.back_off),
        }
    }

    /// A service time, by draw `n` of `draws`.
    #[inline]
    pub(super) fn time(&self, operation: Operation, class: ResourceClass, draws: Draws, n: u64) -> Duration {
        self.distributions[usize::from(self.of[operation as usize][class as usize])].draw(draws, n)
    }

    /// Whether it ever fails.
    #[inline]
    pub(super) fn may_fail(&self) -> bool {
        self.failures_per_million > 0
    }

    /// Whether an attempt fails, by draw `n` of `draws`.
    pub(super) fn fails(&self, draws: Draws, n: u64) -> bool {
        draws.below(n, 1_000_000) < self.failures_per_million
    }

    /// How many times what may be refused is tried again.
    pub(super) fn retries(&self) -> u32 {
        self.retries
    }

    /// From a failed attempt, counted from 0, to the next one.
    pub(super) fn back_off(&self, attempt: u32) -> Duration {
        self.back_off * (1 << attempt.min(DOUBLINGS))
    }
}

impl Distribution {
    fn new(service: &ServiceTime) -> Self {
        match service {
            ServiceTime::Constant(time) => Self::Constant(*time),
            ServiceTime::Exponential(mean) => Self::Exponential { mean: mean.micros() as f64 },
            ServiceTime::Lognormal { median, sigma_milli } => {
                Self::Lognormal { median: median.micros() as f64, sigma: f64::from(*sigma_milli) / 1e3 }
            }
            ServiceTime::Histogram(bins) => {
                let all = bins.iter().map(|bin| u64::from(bin.count)).sum::<u64>().max(1) as f64;
                let (mut before, mut from) = (0_u64, 0.0);
                let step = |bin: &super::settings::ServiceBin| {
                    let to = bin.up_to.micros() as f64;
                    let share = f64::from(bin.count) / all;
                    let step = Step { share_before: before as f64 / all, share, from, width: to - from };
                    before += u64::from(bin.count);
                    from = to;
                    step
                };
                Self::Histogram(bins.iter().map(step).filter(|step| step.share > 0.0).collect())
            }
        }
    }

    /// Draw `n`, rounded to whole microseconds.
    #[inline]
    fn draw(&self, draws: Draws, n: u64) -> Duration {
        let micros = match self {
            Self::Constant(time) => return *time,
            Self::Exponential { mean } => mean * draws.exponential(n),
            Self::Lognormal { median, sigma } => median * libm::exp(sigma * draws.normal(n)),
            Self::Histogram(steps) => {
                let level = draws.uniform(n);
                let after = steps.partition_point(|step| step.share_before <= level);
                let step = &steps[after - 1];
                step.from + step.width * ((level - step.share_before) / step.share).min(1.0)
            }
        };
        Duration::from_micros(rounded(micros))
    }
}

/// Rounds what is not negative to the nearest whole number, a half up: as [`f64::round`] does, without its call.
#[inline]
fn rounded(amount: f64) -> i64 {
    let whole = amount as i64;
    whole.saturating_add(i64::from(amount - whole as f64 >= 0.5))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control_plane::settings::{Failures, ServiceBin, ServiceOf};
    use crate::random::Purpose;
    use crate::units::Rate;

    fn seconds(seconds: i64) -> Duration {
        Duration::from_seconds(seconds)
    }

    #[test]
    fn the_first_that_matches_says_how_long() {
        let only =
            |operation, class, time| ServiceOf { operation, class, service: ServiceTime::Constant(seconds(time)) };
        let mut settings = ModuleSettings::new(1, ServiceTime::Constant(seconds(1)), Rate::ZERO);
        settings.services = vec![
            only(Some(Operation::Delete), None, 2),
            only(None, Some(ResourceClass::Storage), 3),
            only(Some(Operation::Create), Some(ResourceClass::Storage), 4),
        ];
        let service = Service::new(&settings);
        let time = |operation, class| service.time(operation, class, Draws::new(1, 0, Purpose::ServiceTime, 0), 0);
        assert_eq!(time(Operation::Create, ResourceClass::Compute), seconds(1));
        assert_eq!(time(Operation::Delete, ResourceClass::Storage), seconds(2));
        assert_eq!(time(Operation::Create, ResourceClass::Storage), seconds(3));
    }

    /// Half of a histogram's weight lies below 10 s, evenly, and half from 10 s to 30 s; nothing where nothing was
    /// measured. Its mean is 0.5 × 5 + 0.5 × 20 = 12.5 s.
    #[test]
    fn a_histogram_is_drawn_from_as_it_was_measured() {
        let bin = |up_to, count| ServiceBin { up_to: seconds(up_to), count };
        let histogram = ServiceTime::Histogram(vec![bin(10, 7), bin(10, 0), bin(30, 7), bin(90, 0)]);
        let service = Service::new(&ModuleSettings::new(1, histogram, Rate::ZERO));
        let draws = Draws::new(1, 0, Purpose::ServiceTime, 3);
        let n = 1 << 16;
        let times = (0..n).map(|n| service.time(Operation::Create, ResourceClass::Compute, draws, n).seconds());
        let times: Vec<f64> = times.collect();
        assert!(times.iter().all(|&time| (0.0..=30.0).contains(&time)));
        let below = times.iter().filter(|&&time| time < 10.0).count() as f64 / n as f64;
        // Four standard errors of a share of a half, √(¼ ÷ 65,536) = 0.00195, and of the mean: the variance is
        // E[x²] − 12.5² = 0.5 × 100/3 + 0.5 × (30³ − 10³)/(3 × 20) − 156.25 = 77.1, √(77.1 ÷ 65,536) = 0.0343.
        assert!((below - 0.5).abs() < 4.0 * 0.00195, "{below}");
        let mean = times.iter().sum::<f64>() / n as f64;
        assert!((mean - 12.5).abs() < 4.0 * 0.0343, "{mean}");
    }

    #[test]
    fn amounts_are_rounded_as_the_library_rounds_them() {
        let below_half = 0.5_f64.next_down();
        let near = |whole: f64| [whole, whole + below_half, whole + 0.5, whole + 0.75];
        let two_to_the = |power: u32| (1_u64 << power) as f64;
        let large = [two_to_the(52), two_to_the(53) + 2.0, two_to_the(63), 1e300, f64::INFINITY];
        for amount in [0.0, 1.0, 2.0, 4_503_599_627_370_495.0].into_iter().flat_map(near).chain(large) {
            assert_eq!(rounded(amount), amount.round() as i64, "{amount}");
        }
    }

    #[test]
    fn back_off_doubles_up_to_64_times() {
        let mut settings = ModuleSettings::new(1, ServiceTime::Constant(seconds(1)), Rate::ZERO);
        settings.failures = Some(Failures { per_million: 250_000, retries: 3, back_off: seconds(1) });
        let service = Service::new(&settings);
        assert_eq!([0, 1, 5, 6, 7, 40].map(|attempt| service.back_off(attempt)), [1, 2, 32, 64, 64, 64].map(seconds));
        let draws = Draws::new(1, 0, Purpose::Failure, 3);
        let failed = (0..1 << 16).filter(|&n| service.fails(draws, n)).count() as f64 / 65_536.0;
        // Four standard errors of a quarter: 4 √(0.25 × 0.75 ÷ 65,536) = 0.0068.
        assert!((failed - 0.25).abs() < 0.0068, "{failed}");
    }
}

//! How many newcomers a run has: a Poisson process whose rate is known as well as the past tells it.
//!
//! Of n that appeared over a time T, the rate has a gamma distribution of shape n and mean n/T (the posterior of the prior
//! 1/rate, under which nothing is expected where nothing was seen), so that their number over a horizon H is negative
//! binomial: its mean is n·H/T, and its variance larger than that by a factor of 1 + H/T.

use crate::random::Draws;
use crate::units::Duration;

/// No scenario has more of them.
const SLOTS_MAX: u32 = 64;
/// The chance that a run would have more than there are slots.
const BEYOND: f64 = 1e-3;

/// How many newcomers a run over `horizon` may have.
pub(super) fn slots(seen: u32, over: Duration, horizon: Duration) -> u32 {
    if seen == 0 || over <= Duration::ZERO || horizon <= Duration::ZERO {
        return 0;
    }
    let odds = horizon.seconds() / over.seconds();
    if f64::from(seen) * odds > f64::from(SLOTS_MAX) {
        return SLOTS_MAX;
    }
    let failure = odds / (1.0 + odds);
    let mut chance = libm::exp(-f64::from(seen) * libm::log1p(odds));
    let (mut sum, mut count) = (chance, 0);
    while 1.0 - sum > BEYOND && count < SLOTS_MAX {
        chance *= (f64::from(seen) + f64::from(count)) / (f64::from(count) + 1.0) * failure;
        sum += chance;
        count += 1;
    }
    // One at least: there is a chance.
    count.max(1)
}

/// Newcomers per microsecond in one run: a gamma draw of a whole shape is a sum of exponential ones.
pub(super) fn per_micro(seen: u32, over: Duration, draws: Draws) -> f64 {
    (0..u64::from(seen)).map(|number| draws.exponential(number)).sum::<f64>() / over.micros() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_hold_all_but_one_run_in_a_thousand() {
        let days = |days: i64| Duration::DAY * days;
        // One in ten days: the number over a day is geometric, P(N > k) = (1/11)^(k+1): 0.0083 for 1, 0.00075 for 2.
        assert_eq!(slots(1, days(10), days(1)), 2);
        // Seven in seven days over one: P(N ≤ k) is that of seven successes in k + 7 trials at 7/8. By hand, with
        // P(0) = (7/8)^7 = 0.3927 and P(k + 1) = P(k)·(k + 7)/(k + 1)/8: 0.3436, 0.1718, 0.0644, 0.0201, 0.0055,
        // 0.0014, 0.0003: up to 5 are 0.9981, up to 6 are 0.9995.
        assert_eq!(slots(7, days(7), days(1)), 6);
        assert_eq!(slots(0, days(7), days(1)), 0);
        assert_eq!(slots(10_000, days(7), days(1)), SLOTS_MAX);
    }
}

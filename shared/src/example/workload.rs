//! The requests of any day, as a pure function of the seed and the day.

use super::profiles::{PROFILES, Profile};
use super::settings::flavor;
use super::{SHIFT_DAY, SHIFTED_TENANT, START};
use crate::random::{Draws, Purpose, key};
use crate::request::{Flavor, Operation, Request, ResourceClass};
use crate::units::{Duration, Instant, Window};

/// No resource of the example lives longer, so that a day depends on no more than a week before it.
pub const LONGEST_LIFE: Duration = Duration::from_seconds(7 * 86_400);

const BIN: Duration = Duration::from_minutes(5);
const BINS_A_DAY: i64 = 288;

/// The day that `at` lies in, counted from [`START`]; negative before it.
pub fn day_of(at: Instant) -> i64 {
    (at - START).micros().div_euclid(Duration::DAY.micros())
}

/// Midnight to midnight of a day, UTC.
pub fn day_window(day: i64) -> Window {
    let start = START + Duration::DAY * day;
    Window { start, end: start + Duration::DAY }
}

/// Every request of one day in order of time; nothing before [`START`].
pub fn requests(seed: u64, day: i64) -> Vec<Request> {
    requests_between(seed, day_window(day))
}

/// Every request of a window in order of time; nothing before [`START`].
///
/// Ids and resources are the same whichever window a request is asked for in.
pub fn requests_between(seed: u64, window: Window) -> Vec<Request> {
    let reach = Window { start: (window.start - LONGEST_LIFE).floor(BIN), end: window.end };
    let mut found = Vec::new();
    let mut bin = reach.start.max(START);
    while bin < reach.end {
        for (tenant, profile) in PROFILES.iter().enumerate() {
            arrivals(seed, tenant as u64, profile, bin, &window, &mut found);
        }
        bin += BIN;
    }
    found.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
    found
}

/// The batches of one tenant in one bin: a Poisson process, by exponential gaps.
fn arrivals(
    seed: u64,
    tenant: u64,
    profile: &'static Profile,
    bin: Instant,
    window: &Window,
    found: &mut Vec<Request>,
) {
    let number = (bin - START).divide(BIN);
    let rate = batches_per_bin(profile, number);
    let gaps = Draws::new(seed, 0, Purpose::Example, key(&[tenant, number as u64]));
    let mut elapsed = 0.0;
    for batch in 0_u64.. {
        elapsed += gaps.exponential(batch) / rate;
        // The chance of more is that of a Poisson variable with a mean of 5 exceeding 64: below 1e-40.
        if elapsed >= 1.0 || batch == 64 {
            return;
        }
        let at = bin + Duration::from_micros((elapsed * BIN.micros() as f64) as i64);
        let draws = Draws::new(seed, 1, Purpose::Example, key(&[tenant, number as u64, batch]));
        let of = Batch { profile, name: format!("{tenant}-{number:06}-{batch}"), at, draws };
        of.members(window, found);
    }
}

fn batches_per_bin(profile: &Profile, number: i64) -> f64 {
    let (day, hour) = (number.div_euclid(BINS_A_DAY), number.rem_euclid(BINS_A_DAY) / 12);
    let hours: u32 = profile.hours.iter().map(|&weight| u32::from(weight)).sum();
    let share = f64::from(profile.hours[hour as usize]) / (f64::from(hours) * 12.0);
    // START is a Monday.
    let weekend = if day.rem_euclid(7) >= 5 { f64::from(profile.weekend_percent) / 100.0 } else { 1.0 };
    let shift = if profile.name == SHIFTED_TENANT && day >= SHIFT_DAY { 2.0 } else { 1.0 };
    profile.batches_a_day * share * weekend * shift
}

/// One batch before its resources are drawn.
struct Batch {
    profile: &'static Profile,
    name: String,
    at: Instant,
    draws: Draws,
}

impl Batch {
    fn members(&self, window: &Window, found: &mut Vec<Request>) {
        let flavor = flavor(self.flavor());
        for member in 0..self.size() {
            let ends = self.at + self.lifetime(member);
            if window.contains(self.at) {
                found.push(self.create(member, &flavor));
            }
            if window.contains(ends) {
                let id = format!("d-{}-{member}", self.name);
                found.push(Request { id, ..self.create(member, &flavor).into_delete(ends) });
            }
        }
    }

    /// One, with half of the chance two, with a quarter three …
    fn size(&self) -> u64 {
        let zeros = u64::from(self.draws.bits(0).trailing_zeros());
        if self.profile.largest_batch > 8 {
            // Batch jobs come in large sets.
            return 4 + self.draws.below(0, self.profile.largest_batch - 3);
        }
        1 + zeros.min(self.profile.largest_batch - 1)
    }

    fn flavor(&self) -> usize {
        let total: u64 = self.profile.flavors.iter().map(|&weight| u64::from(weight)).sum();
        let mut rest = self.draws.below(1, total);
        let found = self.profile.flavors.iter().position(|&weight| {
            let weight = u64::from(weight);
            let here = rest < weight;
            rest = rest.saturating_sub(weight);
            here
        });
        found.expect("the draw lies below the sum of the weights")
    }

    /// Lognormal; half of a batch's members share the first one's lifetime to within a minute.
    fn lifetime(&self, member: u64) -> Duration {
        let shares = self.draws.bits(1_000 + member) & 1 == 0;
        let normal = self.draws.normal(if shares { 2 } else { 100 + member });
        let minutes = self.profile.median_minutes * libm::exp(self.profile.sigma * normal);
        let jitter = 60.0 * self.draws.uniform(2_000 + member);
        let micros = Duration::from_micros(((minutes * 60.0 + jitter) * 1e6) as i64);
        // At least two minutes: nobody orders a machine for less.
        micros.clamp(Duration::from_minutes(2), LONGEST_LIFE)
    }

    fn create(&self, member: u64, flavor: &Flavor) -> Request {
        Request {
            scheduling: None,
            id: format!("c-{}-{member}", self.name),
            at: self.at,
            tenant: self.profile.name.to_owned(),
            operation: Operation::Create,
            class: ResourceClass::Compute,
            resource: format!("vm-{}-{member}", self.name),
            flavor: Some(flavor.name.clone()),
            requested: Some(flavor.requested),
            zone: None,
            batch: Some(format!("b-{}", self.name)),
            lifetime: None,
            labels: self.profile.labels(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::example::SEED;
    use crate::request::{Catalogue, RequestLogBuilder};

    #[test]
    fn days_put_together_are_the_days_as_one() {
        let window = Window { start: day_window(8).start, end: day_window(9).end };
        let apart: Vec<Request> = (8..=9).flat_map(|day| requests(SEED, day)).collect();
        assert_eq!(apart, requests_between(SEED, window));
    }

    #[test]
    fn four_weeks_make_a_valid_log_of_about_two_thousand_requests_a_day() {
        let mut builder = RequestLogBuilder::new(Catalogue::default());
        let month = Window { start: START, end: day_window(28).start };
        let all = requests_between(SEED, month);
        assert_eq!(all.iter().map(|request| &request.id).collect::<BTreeSet<_>>().len(), all.len());
        for (line, request) in all.into_iter().enumerate() {
            builder.push(line as u64 + 1, request).unwrap();
        }
        let log = builder.finish().unwrap();
        assert_eq!(log.orphans, 0);
        let a_day = log.requests.len() / 28;
        assert!((1_600..2_600).contains(&a_day), "{a_day} requests a day");
        assert_eq!((log.tenants.len(), log.flavors.len()), (6, 6));
    }

    #[test]
    fn the_shifted_tenant_doubles_and_nobody_else_does() {
        // Weekdays against the same weekdays a week earlier: 17 is a Thursday.
        let creates = |days: core::ops::Range<i64>, tenant: &str| {
            let all = days.flat_map(|day| requests(SEED, day));
            all.filter(|request| request.operation == Operation::Create && request.tenant == tenant).count() as f64
        };
        for tenant in PROFILES.iter().map(|profile| profile.name) {
            let ratio = creates(SHIFT_DAY..SHIFT_DAY + 2, tenant) / creates(SHIFT_DAY - 7..SHIFT_DAY - 5, tenant);
            let expected = if tenant == SHIFTED_TENANT { 2.0 } else { 1.0 };
            assert!((ratio / expected - 1.0).abs() < 0.6, "{tenant}: {ratio}");
        }
        let shifted = creates(SHIFT_DAY..SHIFT_DAY + 2, SHIFTED_TENANT);
        let before = creates(SHIFT_DAY - 7..SHIFT_DAY - 5, SHIFTED_TENANT);
        assert!((1.7..2.4).contains(&(shifted / before)), "{shifted} after {before}");
    }
}

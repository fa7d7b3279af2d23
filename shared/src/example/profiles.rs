//! How the tenants behave.

use std::collections::BTreeMap;

use super::SHIFTED_TENANT;
use super::settings::FLAVORS;

/// How one tenant behaves.
pub(super) struct Profile {
    /// The name of the tenant.
    pub(super) name: &'static str,
    /// The team that its labels name.
    pub(super) team: &'static str,
    /// Batches on an ordinary weekday.
    pub(super) batches_a_day: f64,
    /// Weight of each hour of the day.
    pub(super) hours: [u8; 24],
    /// Percent of a weekday's batches on Saturdays and Sundays.
    pub(super) weekend_percent: u8,
    /// The most resources in a batch; each further one is half as likely as the one before.
    pub(super) largest_batch: u64,
    /// Weight of each flavor.
    pub(super) flavors: [u8; FLAVORS],
    /// Median lifetime in minutes.
    pub(super) median_minutes: f64,
    /// Standard deviation of the logarithm of the lifetime.
    pub(super) sigma: f64,
}

impl Profile {
    /// The labels of the tenant and of its requests.
    pub(super) fn labels(&self) -> BTreeMap<String, String> {
        BTreeMap::from([("team".to_owned(), self.team.to_owned())])
    }
}

/// Daytime, evening, night, office hours, and always.
const DAYTIME: [u8; 24] = [2, 1, 1, 1, 1, 2, 4, 7, 10, 12, 13, 14, 15, 14, 13, 12, 12, 12, 13, 13, 11, 8, 5, 3];
const EVENING: [u8; 24] = [6, 4, 2, 1, 1, 1, 2, 3, 3, 4, 4, 5, 5, 5, 6, 7, 9, 12, 16, 18, 19, 17, 13, 9];
const NIGHT: [u8; 24] = [10, 40, 40, 20, 6, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 4, 8];
const OFFICE: [u8; 24] = [1, 1, 1, 1, 1, 1, 2, 6, 16, 22, 22, 18, 12, 18, 22, 21, 16, 9, 4, 2, 2, 1, 1, 1];
const ALWAYS: [u8; 24] = [4; 24];

/// Flavors: small, medium, large, memory, compute, gpu.
pub(super) static PROFILES: [Profile; 6] = [
    Profile {
        name: "shop",
        team: "web",
        batches_a_day: 150.0,
        hours: DAYTIME,
        weekend_percent: 130,
        largest_batch: 4,
        flavors: [5, 8, 2, 0, 0, 0],
        median_minutes: 95.0,
        sigma: 1.1,
    },
    Profile {
        name: "analytics",
        team: "data",
        batches_a_day: 22.0,
        hours: NIGHT,
        weekend_percent: 60,
        largest_batch: 24,
        flavors: [0, 0, 2, 8, 3, 0],
        median_minutes: 70.0,
        sigma: 0.6,
    },
    Profile {
        name: SHIFTED_TENANT,
        team: "build",
        batches_a_day: 160.0,
        hours: OFFICE,
        weekend_percent: 15,
        largest_batch: 6,
        flavors: [3, 4, 0, 0, 5, 0],
        median_minutes: 18.0,
        sigma: 0.9,
    },
    Profile {
        name: "research",
        team: "science",
        batches_a_day: 12.0,
        hours: OFFICE,
        weekend_percent: 50,
        largest_batch: 8,
        flavors: [0, 0, 1, 2, 4, 5],
        median_minutes: 420.0,
        sigma: 1.4,
    },
    Profile {
        name: "media",
        team: "web",
        batches_a_day: 60.0,
        hours: EVENING,
        weekend_percent: 140,
        largest_batch: 5,
        flavors: [1, 3, 5, 0, 4, 1],
        median_minutes: 130.0,
        sigma: 0.8,
    },
    Profile {
        name: "platform",
        team: "infrastructure",
        batches_a_day: 36.0,
        hours: ALWAYS,
        weekend_percent: 100,
        largest_batch: 3,
        flavors: [6, 3, 1, 0, 0, 0],
        median_minutes: 900.0,
        sigma: 1.6,
    },
];

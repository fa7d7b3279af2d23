//! What holds where nothing is said: documented, and labelled `assumed` where it is shown.

use super::{Autoscaling, Fleet, ModuleSettings, Modules, NodeGroup, ServiceTime};
use crate::units::{Currency, Duration, Rate, Resources};

impl Default for Fleet {
    /// One group of m5.16xlarge (64 vCPU, 256 GiB), none to 5,000 nodes, 120 s to boot.
    fn default() -> Self {
        Self {
            node_groups: vec![NodeGroup {
                name: "default".to_owned(),
                instance_type: "m5.16xlarge".to_owned(),
                capacity: Resources::compute(64_000, 256 * 1_024),
                min: 0,
                max: 5_000,
                boot: Duration::from_seconds(120),
                ..NodeGroup::default()
            }],
            outages: Vec::new(),
            pools: Vec::new(),
        }
    }
}

impl Default for Autoscaling {
    /// Ten minutes empty, then one minute to drain; looked over every minute; nothing is moved to empty a node.
    fn default() -> Self {
        Self {
            empty_for: Duration::from_minutes(10),
            drain: Duration::from_minutes(1),
            every: Duration::from_minutes(1),
            consolidate_below_percent: None,
        }
    }
}

impl Default for Modules {
    /// Assumed service times of a mid-sized control plane: milliseconds for everything but making the resource,
    /// which takes 20 s (median). A worker costs 0.02 USD an hour, about a fifth of an m5.large; those of the provisioner
    /// mostly wait for machines, and cost 0.0005 USD.
    fn default() -> Self {
        let stage = |workers, median_ms: i64| {
            let median = Duration::from_micros(median_ms * 1_000);
            let service = ServiceTime::Lognormal { median, sigma_milli: 500 };
            ModuleSettings::new(workers, service, Rate::from_nanos(20_000_000))
        };
        let provisioner = ModuleSettings { rate: Rate::from_nanos(500_000), ..stage(100, 20_000) };
        Self([stage(2, 2), stage(2, 4), stage(2, 5), stage(2, 3), stage(2, 10), provisioner, stage(2, 2)])
    }
}

impl Modules {
    /// The default, at no cost where prices are not in the dollars that its own are assumed in.
    pub fn priced_in(currency: Currency) -> Self {
        let Self(modules) = Self::default();
        Self(modules.map(|module| match currency {
            Currency::USD => module,
            _ => ModuleSettings { rate: Rate::ZERO, ..module },
        }))
    }
}

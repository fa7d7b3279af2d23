//! What the shadow assumes of the example's control plane, and what is true of it.

use super::profiles::{PROFILES, Profile};
use super::workload::day_window;
use super::{PRICE_CHANGE_DAY, PRICE_CHANGE_PERCENT, SEED};
use crate::pricing::{DatedRate, PriceBook, TypePrice, UnitRates};
use crate::request::{Flavor, Module, ResourceClass, Tenant};
use crate::scenario::{
    Autoscaling, Billing, Demand, ENGINE, Fleet, Modules, NodeGroup, PlacementPolicy, Scenario, ServiceTime,
};
use crate::units::{Currency, Dimension, Duration, Instant, Rate, Resources};

/// How many flavors the example has.
pub(super) const FLAVORS: usize = 6;

/// Name, vCPU, GiB of memory, GPUs.
const SHAPES: [(&str, u32, u32, u32); FLAVORS] = [
    ("small", 1, 2, 0),
    ("medium", 2, 8, 0),
    ("large", 4, 16, 0),
    ("memory", 4, 32, 0),
    ("compute", 8, 16, 0),
    ("gpu", 8, 32, 1),
];

/// Instance type, vCPU, GiB, GPUs, nano-USD an hour: AWS's list prices on demand in us-east-1.
const NODES: [(&str, u32, u32, u32, i64); 2] =
    [("m5.4xlarge", 16, 64, 0, 768_000_000), ("g4dn.4xlarge", 16, 64, 1, 1_204_000_000)];

/// What the shadow assumes: default module times, nodes that boot in 120 s, the list price for ever.
///
/// It has no demand, starts from nothing, and its window is the first day.
pub fn scenario() -> Scenario {
    Scenario {
        terms: Vec::new(),
        name: "example".to_owned(),
        engine: ENGINE,
        seed: SEED,
        runs: 20,
        window: day_window(0),
        bin: Duration::HOUR,
        time_zone: "UTC".to_owned(),
        tenants: PROFILES.iter().map(tenant).collect(),
        flavors: (0..FLAVORS).map(flavor).collect(),
        fleet: fleet(Duration::from_seconds(120)),
        placement: PlacementPolicy::FirstFit,
        autoscaling: Autoscaling::default(),
        billing: Billing::Fleet,
        modules: Modules::default(),
        price_book: prices(100),
        demand: Demand::Requests(Vec::new()),
        start: crate::control_plane::State::default(),
        edits: Vec::new(),
    }
}

/// What the primary really does: nodes boot in 210 s, the scheduler and the provisioner are slower than assumed, and
/// nodes cost [`PRICE_CHANGE_PERCENT`] from [`PRICE_CHANGE_DAY`] on.
pub fn truth() -> Scenario {
    let mut modules = Modules::default();
    let slower = |median| ServiceTime::Lognormal { median, sigma_milli: 700 };
    modules[Module::Scheduler].service = slower(Duration::from_micros(35_000));
    modules[Module::Provisioner].service = slower(Duration::from_seconds(38));
    Scenario {
        name: "example, as it is".to_owned(),
        fleet: fleet(Duration::from_seconds(210)),
        modules,
        price_book: prices(PRICE_CHANGE_PERCENT),
        ..scenario()
    }
}

fn tenant(profile: &Profile) -> Tenant {
    Tenant { name: profile.name.to_owned(), quota: None, labels: profile.labels() }
}

/// One flavor by its position.
pub(super) fn flavor(position: usize) -> Flavor {
    let (name, vcpu, memory_gib, gpu) = SHAPES[position];
    Flavor { name: name.to_owned(), class: ResourceClass::Compute, requested: shape(vcpu, memory_gib, gpu) }
}

fn shape(vcpu: u32, memory_gib: u32, gpu: u32) -> Resources {
    Resources::compute(vcpu * 1_000, memory_gib * 1_024).with(Dimension::Gpu, gpu * 1_000)
}

fn fleet(boot: Duration) -> Fleet {
    let group = |(instance_type, vcpu, memory_gib, gpu, _): (&str, u32, u32, u32, i64)| NodeGroup {
        name: if gpu > 0 { "gpu" } else { "general" }.to_owned(),
        instance_type: instance_type.to_owned(),
        capacity: shape(vcpu, memory_gib, gpu),
        min: 0,
        max: 500,
        boot,
        ..NodeGroup::default()
    };
    Fleet::of(NODES.into_iter().map(group).collect())
}

fn prices(changed_percent: i64) -> PriceBook {
    let changed_at = day_window(PRICE_CHANGE_DAY).start;
    let mut types: Vec<TypePrice> = NODES
        .into_iter()
        .map(|(name, vcpu, memory_gib, gpu, nanos)| {
            let mut prices = vec![DatedRate { from: Instant::from_micros(0), rate: Rate::from_nanos(nanos) }];
            if changed_percent != 100 {
                let rate = Rate::from_nanos(nanos * changed_percent / 100);
                prices.push(DatedRate { from: changed_at, rate });
            }
            TypePrice { name: name.to_owned(), shape: Some(shape(vcpu, memory_gib, gpu)), prices }
        })
        .collect();
    types.sort_by(|a, b| a.name.cmp(&b.name));
    PriceBook::new(Currency::USD, types, UnitRates::default())
}

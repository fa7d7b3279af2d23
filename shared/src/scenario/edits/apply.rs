//! What edits do to the settings of a scenario.

use super::Edit;
use super::change_type::change_type;
use crate::control_plane::{ModuleSettings, ServiceTime};
use crate::request::Flavor;
use crate::scenario::{NodeGroup, Purchase, Scaling, Scenario, Spot};
use crate::units::{Duration, FlavorIndex, Rate, Resources, TenantIndex};

impl Edit {
    /// Changes the settings of `scenario`; edits of demand leave them alone.
    ///
    /// # Panics
    /// When the edit names a tenant, a node group, a pool or an instance type that is not there, which validation refuses.
    pub(in crate::scenario) fn apply(&self, scenario: &mut Scenario) {
        match self {
            Self::ScaleDemand { .. }
            | Self::ScaleFlavor { .. }
            | Self::Shift { .. }
            | Self::Burst(_)
            | Self::RemoveTenant { .. } => {}
            Self::Placement { policy } => scenario.placement = *policy,
            Self::Workers { module, workers } => scenario.modules[*module].workers = *workers,
            Self::MaxNodes { node_group, max } => {
                let group = &mut scenario.fleet.node_groups[node_group.usize()];
                group.max = *max;
                group.min = group.min.min(*max);
            }
            Self::MinNodes { node_group, min } => {
                let group = &mut scenario.fleet.node_groups[node_group.usize()];
                group.min = (*min).min(group.max);
            }
            Self::InstanceType { node_group, instance_type } => {
                change_type(scenario, *node_group, instance_type);
            }
            Self::Quota { tenant, quota } => scenario.tenants[tenant.usize()].quota = *quota,
            Self::Price { name, percent } => multiply_price(scenario, name, *percent),
            Self::ZoneOutage(outage) => scenario.fleet.outages.push(outage.clone()),
            Self::Scaling { node_group, scaling } => {
                scenario.fleet.node_groups[node_group.usize()].scaling = scaling.clone();
            }
            Self::Purchase { node_group, purchase } => {
                scenario.fleet.node_groups[node_group.usize()].purchase = purchase.clone();
            }
            Self::NodeFailures { node_group, fails_after } => {
                scenario.fleet.node_groups[node_group.usize()].fails_after = *fails_after;
            }
            Self::Consolidation { below_percent } => {
                scenario.autoscaling.consolidate_below_percent = *below_percent;
            }
            Self::Commitments { commitments } => scenario.price_book.commitments.clone_from(commitments),
            Self::OverCommit { node_group, percent } => {
                scenario.fleet.node_groups[node_group.usize()].over_commit_percent.clone_from(percent);
            }
            Self::ScaleDown { empty_for } => scenario.autoscaling.empty_for = *empty_for,
            Self::SpotBeyond { node_group, on_demand, spot } => {
                let groups = &mut scenario.fleet.node_groups;
                let beyond = spot_beyond(&mut groups[node_group.usize()], *on_demand, spot);
                groups.push(beyond);
            }
            Self::Requested { tenant, flavor, requested } => ask_for(scenario, *tenant, *flavor, *requested),
            Self::ServiceTimes { module, percent } => multiply_times(&mut scenario.modules[*module], *percent),
            Self::Failures { module, failures } => scenario.modules[*module].failures = *failures,
            Self::PoolCapacity { pool, capacity } => scenario.fleet.pools[pool.usize()].capacity = *capacity,
            Self::PoolOverCommit { pool, percent } => {
                scenario.fleet.pools[pool.usize()].over_commit_percent.clone_from(percent);
            }
        }
    }
}

fn multiply_price(scenario: &mut Scenario, name: &str, percent: u32) {
    for entry in scenario.price_book.types.iter_mut().filter(|entry| entry.name == name) {
        for price in &mut entry.prices {
            let nanos = i128::from(price.rate.nanos()) * i128::from(percent) / 100;
            price.rate = Rate::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX));
        }
    }
}

/// Leaves `on_demand` nodes to a group, and makes the group of those beyond them.
fn spot_beyond(group: &mut NodeGroup, on_demand: u32, spot: &Spot) -> NodeGroup {
    let beyond = NodeGroup {
        name: format!("{} spot", group.name),
        min: 0,
        max: group.max.saturating_sub(on_demand),
        purchase: Purchase::Spot(spot.clone()),
        scaling: Scaling::default(),
        ..group.clone()
    };
    group.max = group.max.min(on_demand);
    group.min = group.min.min(group.max);
    beyond
}

/// Gives a tenant a flavor of its own in place of another.
fn ask_for(scenario: &mut Scenario, tenant: TenantIndex, flavor: FlavorIndex, requested: Resources) {
    let own = FlavorIndex::from_usize(scenario.flavors.len());
    let of = &scenario.flavors[flavor.usize()];
    let name = format!("{} of {}", of.name, scenario.tenants[tenant.usize()].name);
    scenario.flavors.push(Flavor { name, class: of.class, requested });
    let live = &mut scenario.start.live;
    for request in &mut scenario.start.in_flight {
        if request.flavor == flavor && live[request.resource.usize()].tenant == tenant {
            request.flavor = own;
        }
    }
    for life in live.iter_mut().filter(|life| life.tenant == tenant && life.flavor == flavor) {
        life.flavor = own;
    }
}

fn multiply_times(settings: &mut ModuleSettings, percent: u32) {
    let times = |time: Duration| Duration::from_micros(time.micros() * i64::from(percent) / 100);
    let exceptions = settings.services.iter_mut().map(|of| &mut of.service);
    for service in exceptions.chain([&mut settings.service]) {
        match service {
            ServiceTime::Constant(time) | ServiceTime::Exponential(time) => *time = times(*time),
            ServiceTime::Lognormal { median, .. } => *median = times(*median),
            ServiceTime::Histogram(bins) => bins.iter_mut().for_each(|bin| bin.up_to = times(bin.up_to)),
        }
    }
}

//! Problems of edits.

use super::Found;
use super::commitments::check_commitments;
use super::fleet::{check_losses, check_outage, check_over_commit, check_scaling, expect_percent};
use super::modules::check_failures;
use super::pools;
use super::settings::expect_wait;
use crate::control_plane::{Billing, NodeGroup, Purchase};
use crate::request::{Flavor, ResourceClass, Tenant};
use crate::scenario::{Burst, Demand, Edit, MAX_NODES, Outage, Scenario};
use crate::units::{Dimension, FlavorIndex, NodeGroupIndex, TenantIndex};

/// Most that an edit multiplies with, in percent.
const MAX_PERCENT: u32 = 10_000;
/// Most resources of one burst.
const MAX_BURST: u32 = 1_000_000;
/// Furthest that demand is moved: a year.
const MAX_SHIFT_MINUTES: u32 = 366 * 24 * 60;

/// Holds each edit to the scenario as those before it leave it.
pub(super) fn check(scenario: &Scenario, edits: &[Edit], found: &mut Found) {
    let mut edited = None;
    for (position, edit) in edits.iter().enumerate() {
        let before = found.0.len();
        check_one(edited.as_ref().unwrap_or(scenario), position, edit, found);
        if position + 1 < edits.len() && found.0.len() == before {
            let unasked = || Scenario { demand: Demand::Requests(Vec::new()), ..scenario.clone() };
            edit.apply(edited.get_or_insert_with(unasked));
        }
    }
}

fn check_one(scenario: &Scenario, position: usize, edit: &Edit, found: &mut Found) {
    let path = |field: &str| format!("edits[{position}].{field}");
    match edit {
        Edit::ScaleDemand { .. }
        | Edit::ScaleFlavor { .. }
        | Edit::Shift { .. }
        | Edit::Burst(_)
        | Edit::RemoveTenant { .. } => {
            check_demand(scenario, edit, &path, found);
        }
        Edit::Scaling { .. } | Edit::Purchase { .. } | Edit::NodeFailures { .. } | Edit::SpotBeyond { .. } => {
            check_new_group(scenario, edit, &path, found);
        }
        Edit::OverCommit { .. } | Edit::Requested { .. } => check_amounts(scenario, edit, &path, found),
        Edit::PoolCapacity { .. } | Edit::PoolOverCommit { .. } => pools::check_edit(scenario, edit, &path, found),
        _ => check_setting(scenario, edit, &path, found),
    }
}

fn check_demand(scenario: &Scenario, edit: &Edit, path: &impl Fn(&str) -> String, found: &mut Found) {
    match edit {
        Edit::ScaleDemand { tenant, percent } => {
            expect_tenant(scenario, *tenant, path("tenant"), found);
            expect_factor(*percent, path("percent"), found);
        }
        Edit::ScaleFlavor { flavor, percent } => {
            expect_flavor(scenario, *flavor, path("flavor"), found);
            expect_factor(*percent, path("percent"), found);
        }
        Edit::RemoveTenant { tenant } => expect_tenant(scenario, Some(*tenant), path("tenant"), found),
        Edit::Shift { tenant, by_minutes } => {
            expect_tenant(scenario, *tenant, path("tenant"), found);
            found.expect(by_minutes.unsigned_abs() <= MAX_SHIFT_MINUTES, path("by_minutes"), || {
                format!("is {by_minutes}; expected at most a year")
            });
        }
        Edit::Burst(Burst { tenant, flavor, at, over, count, lifetime }) => {
            expect_tenant(scenario, Some(*tenant), path("tenant"), found);
            expect_flavor(scenario, *flavor, path("flavor"), found);
            let window = scenario.window;
            found.expect(window.start <= *at && *at < window.end, path("at"), || {
                format!("is {at}; expected an instant of the window, {} to {}", window.start, window.end)
            });
            let sound = (1..=MAX_BURST).contains(count);
            found.expect(sound, path("count"), || format!("is {count}; expected 1 to {MAX_BURST}"));
            expect_wait(*over, path("over"), found);
            expect_wait(lifetime.unwrap_or_default(), path("lifetime"), found);
        }
        _ => {}
    }
}

/// Holds a group as an edit makes it to what is expected of groups.
fn check_new_group(scenario: &Scenario, edit: &Edit, path: &impl Fn(&str) -> String, found: &mut Found) {
    let (Edit::Scaling { node_group, .. }
    | Edit::Purchase { node_group, .. }
    | Edit::NodeFailures { node_group, .. }
    | Edit::SpotBeyond { node_group, .. }) = edit
    else {
        return;
    };
    let Some(group) = expect_group(scenario, *node_group, path("node_group"), found) else { return };
    let mut edited = group.clone();
    match edit {
        Edit::Scaling { scaling, .. } => edited.scaling = scaling.clone(),
        Edit::Purchase { purchase, .. } => edited.purchase = purchase.clone(),
        Edit::NodeFailures { fails_after, .. } => edited.fails_after = *fails_after,
        Edit::SpotBeyond { on_demand, spot, .. } => {
            edited.purchase = Purchase::Spot(spot.clone());
            found.expect(*on_demand <= group.max, path("on_demand"), || {
                format!("is {on_demand}; expected at most max ({})", group.max)
            });
        }
        _ => {}
    }
    check_scaling(&edited, path, found);
    check_losses(&edited, scenario.window, path, found);
}

/// Whatever fitted goes on fitting: nodes hold what lives on them, and flavors only shrink.
fn check_amounts(scenario: &Scenario, edit: &Edit, path: &impl Fn(&str) -> String, found: &mut Found) {
    match edit {
        Edit::OverCommit { node_group, percent } => {
            let Some(group) = expect_group(scenario, *node_group, path("node_group"), found) else { return };
            check_over_commit(percent, &path("percent"), found);
            let edited = NodeGroup { over_commit_percent: percent.clone(), ..group.clone() };
            let fewer = !group.schedulable().fits(edited.schedulable());
            let lives = scenario.start.nodes.iter().any(|node| node.node_group == *node_group);
            found.expect(!(fewer && lives), path("percent"), || {
                format!("is less than before, where nodes of `{}` serve when the window begins", group.name)
            });
            check_holds(scenario, *node_group, &edited, &path("percent"), found);
        }
        Edit::Requested { tenant, flavor, requested } => {
            expect_tenant(scenario, Some(*tenant), path("tenant"), found);
            expect_flavor(scenario, *flavor, path("flavor"), found);
            let Some(of) = scenario.flavors.get(flavor.usize()) else { return };
            let less = requested.fits(of.requested) && requested[Dimension::Gpu] == of.requested[Dimension::Gpu];
            found.expect(less && !requested.is_zero(), path("requested"), || {
                format!("is {requested}; expected something, at most {} with as many GPUs", of.requested)
            });
            found.expect(scenario.billing == Billing::Fleet, path("requested"), || {
                "has no price, where each resource is paid as its flavor; expected nodes to be paid".to_owned()
            });
        }
        _ => {}
    }
}

fn check_setting(scenario: &Scenario, edit: &Edit, path: &impl Fn(&str) -> String, found: &mut Found) {
    match edit {
        Edit::Workers { workers, .. } => {
            let fits = (1..=1_000_000).contains(workers);
            found.expect(fits, path("workers"), || format!("is {workers}; expected 1 to 1,000,000"));
        }
        Edit::MaxNodes { node_group, max } => {
            let Some(group) = expect_group(scenario, *node_group, path("node_group"), found) else { return };
            found.expect(*max <= MAX_NODES, path("max"), || format!("is {max}; expected at most {MAX_NODES}"));
            check_losses(&NodeGroup { max: *max, ..group.clone() }, scenario.window, path, found);
        }
        Edit::MinNodes { node_group, min } => {
            let Some(group) = expect_group(scenario, *node_group, path("node_group"), found) else { return };
            found.expect(*min <= group.max, path("min"), || format!("is {min}; expected at most max ({})", group.max));
        }
        Edit::InstanceType { node_group, instance_type } => {
            check_instance_type(scenario, *node_group, instance_type, path, found);
        }
        Edit::Quota { tenant, .. } => expect_tenant(scenario, Some(*tenant), path("tenant"), found),
        Edit::Price { name, percent } => {
            found.expect(scenario.price_book.get(name).is_some(), path("name"), || {
                format!("`{name}` has no price of its own in the price book")
            });
            expect_factor(*percent, path("percent"), found);
        }
        Edit::ZoneOutage(outage) => {
            check_outage(scenario, outage, path, found);
            let (window, Outage { from, until, .. }) = (scenario.window, outage);
            let matters = from >= until || (*from < window.end && *until > window.start);
            found.expect(matters, path("from"), || {
                format!("is {from}, and until is {until}: outside of the window, {} to {}", window.start, window.end)
            });
        }
        Edit::Commitments { commitments } => check_commitments(commitments, &path("commitments"), found),
        Edit::Consolidation { below_percent: Some(percent) } => {
            expect_percent(*percent, 1, path("below_percent"), found);
        }
        Edit::ScaleDown { empty_for } => expect_wait(*empty_for, path("empty_for"), found),
        Edit::ServiceTimes { percent, .. } => expect_factor(*percent, path("percent"), found),
        Edit::Failures { failures: Some(failures), .. } => check_failures(*failures, &path("failures"), found),
        _ => {}
    }
}

fn expect_factor(percent: u32, field: String, found: &mut Found) {
    found.expect(percent <= MAX_PERCENT, field, || format!("is {percent}; expected at most 10,000"));
}

fn expect_tenant(scenario: &Scenario, tenant: Option<TenantIndex>, field: String, found: &mut Found) {
    let known = tenant.is_none_or(|tenant| tenant.usize() < scenario.tenants.len());
    found.expect(known, field, || no_tenant(scenario, tenant.map_or(0, TenantIndex::usize)));
}

fn expect_flavor(scenario: &Scenario, flavor: FlavorIndex, field: String, found: &mut Found) {
    let flavors = scenario.flavors.len();
    found.expect(flavor.usize() < flavors, field, || {
        format!("is {}, which names none of the {flavors} flavors; they count from 0", flavor.0)
    });
}

fn expect_group<'a>(
    scenario: &'a Scenario,
    position: NodeGroupIndex,
    field: String,
    found: &mut Found,
) -> Option<&'a NodeGroup> {
    let group = scenario.fleet.node_groups.get(position.usize());
    found.expect(group.is_some(), field, || no_group(scenario, position.usize()));
    group
}

fn no_tenant(scenario: &Scenario, position: usize) -> String {
    const SHOWN: usize = 5;
    let named = |(i, tenant): (usize, &Tenant)| format!("{i} is `{}`", tenant.name);
    let mut known: Vec<String> = scenario.tenants.iter().enumerate().take(SHOWN).map(named).collect();
    if scenario.tenants.len() > SHOWN {
        known.push(format!("and so on to {}", scenario.tenants.len() - 1));
    }
    let known = if known.is_empty() { "there is none yet".to_owned() } else { known.join(", ") };
    format!("is {position}, which is the place of no tenant; they count from 0: {known}")
}

fn no_group(scenario: &Scenario, position: usize) -> String {
    let groups = scenario.fleet.node_groups.len();
    format!("is {position}, which names none of the {groups} node groups; they count from 0")
}

/// The type has to be known, and to hold all that only this group holds, and all that lives there already.
fn check_instance_type(
    scenario: &Scenario,
    node_group: NodeGroupIndex,
    instance_type: &str,
    path: &impl Fn(&str) -> String,
    found: &mut Found,
) {
    let (groups, position) = (&scenario.fleet.node_groups, node_group.usize());
    expect_group(scenario, node_group, path("node_group"), found);
    let capacity = scenario.price_book.get(instance_type).and_then(|entry| entry.shape);
    found.expect(capacity.is_some(), path("instance_type"), || {
        format!("`{instance_type}` has no price with its vCPU and memory in the price book")
    });
    let Some(capacity) = capacity.filter(|_| position < groups.len()) else { return };
    found.extend(path("instance_type"), capacity.problem_of_gpus_owned().map(|problem| format!("has GPUs: {problem}")));
    let changed = NodeGroup { capacity, instance_type: instance_type.to_owned(), ..groups[position].clone() };
    check_holds(scenario, node_group, &changed, &path("instance_type"), found);
}

/// A group as an edit makes it holds all that only this group holds, and all that lives there already.
fn check_holds(scenario: &Scenario, node_group: NodeGroupIndex, changed: &NodeGroup, field: &str, found: &mut Found) {
    let (groups, position) = (&scenario.fleet.node_groups, node_group.usize());
    let elsewhere = |flavor: &Flavor| {
        groups.iter().enumerate().any(|(i, group)| i != position && group.holds(flavor.requested.on_node()))
    };
    let needs = |flavor: &Flavor| flavor.class == ResourceClass::Compute && !elsewhere(flavor);
    let lives_there = scenario.start.live.iter().filter_map(|live| {
        let node = scenario.start.nodes.iter().find(|node| Some(node.index) == live.node)?;
        (node.node_group.usize() == position).then_some(live.flavor)
    });
    let mut here: Vec<bool> = scenario.flavors.iter().map(needs).collect();
    for flavor in lives_there {
        if let Some(here) = here.get_mut(flavor.usize()) {
            *here = true;
        }
    }
    let too_large =
        scenario.flavors.iter().zip(here).find(|(flavor, here)| *here && !changed.holds(flavor.requested.on_node()));
    found.expect(too_large.is_none(), field.to_owned(), || {
        let name = too_large.map_or("", |(flavor, _)| &flavor.name);
        let (instance_type, capacity) = (&changed.instance_type, changed.schedulable());
        format!("`{instance_type}` has {capacity}, which does not hold flavor `{name}`")
    });
}

//! Problems of what a scenario sets: window, fleet, modules, prices, edits.

use super::{Found, modules};
use crate::control_plane::{Billing, NodeGroup};
use crate::request::{Flavor, ResourceClass, Tenant};
use crate::scenario::{ENGINE, Edit, MAX_NODES, Scenario};
use crate::units::{Duration, TenantIndex};

/// Most runs that a scenario may have.
const MAX_RUNS: u32 = 10_000;
/// A hundred times what there is.
const MAX_OVER_COMMIT_PERCENT: u32 = 10_000;
/// Most steps of a timeline that a scenario may have.
pub const MAX_BINS: i64 = 1_000_000;
/// A year: no module or machine takes longer, and sums stay far from the limits of a microsecond clock.
const MAX_WAIT: Duration = Duration::from_seconds(366 * 86_400);

pub(super) fn check(scenario: &Scenario, found: &mut Found) {
    let Scenario { engine, runs, window, bin, time_zone, .. } = scenario;
    found.expect(*engine == ENGINE, "engine", || format!("is {engine}; this is engine {ENGINE}"));
    found.expect((1..=MAX_RUNS).contains(runs), "runs", || format!("is {runs}; expected 1 to {MAX_RUNS}"));
    found.expect(window.start < window.end, "window", || format!("ends at {} before it begins", window.end));
    let bins_fit = *bin > Duration::ZERO && window.length().divide(*bin) < MAX_BINS;
    found.expect(bins_fit, "bin", || format!("is {bin}; expected to fit the window up to {MAX_BINS} times"));
    found.expect(!time_zone.is_empty(), "time_zone", || "is empty; expected an IANA name such as UTC".to_owned());
    check_fleet(scenario, found);
    modules::check(scenario, found);
    check_prices(scenario, found);
    check_edits(scenario, &scenario.edits, found);
}

pub(super) fn check_edits(scenario: &Scenario, edits: &[Edit], found: &mut Found) {
    for (i, edit) in edits.iter().enumerate() {
        check_edit(scenario, i, edit, found);
    }
}

fn check_fleet(scenario: &Scenario, found: &mut Found) {
    let groups = &scenario.fleet.node_groups;
    for (i, group) in groups.iter().enumerate() {
        let path = |field: &str| format!("fleet.node_groups[{i}].{field}");
        found.expect(!group.capacity.is_zero(), path("capacity"), || "is nothing; expected amounts".to_owned());
        let bounds = group.min <= group.max && group.max <= MAX_NODES;
        found.expect(bounds, path("max"), || {
            format!("is {}; expected at least min ({}) and at most {MAX_NODES}", group.max, group.min)
        });
        expect_wait(group.boot, path("boot"), found);
        for (dimension, percent) in &group.over_commit_percent {
            let field = path(&format!("over_commit_percent.{}", dimension.field()));
            let sound = (1..=MAX_OVER_COMMIT_PERCENT).contains(percent);
            found.expect(sound, field, || format!("is {percent}; expected 1 to {MAX_OVER_COMMIT_PERCENT}"));
        }
    }
    expect_wait(scenario.autoscaling.empty_for, "autoscaling.empty_for".to_owned(), found);
    expect_wait(scenario.autoscaling.drain, "autoscaling.drain".to_owned(), found);
    for (i, flavor) in scenario.flavors.iter().enumerate() {
        found.expect(scenario.fleet.can_hold(flavor), format!("flavors[{i}] ({})", flavor.name), || {
            scenario.fleet.too_small_for(flavor)
        });
    }
}

fn check_prices(scenario: &Scenario, found: &mut Found) {
    let book = &scenario.price_book;
    let sorted = book.types.is_sorted_by(|a, b| a.name < b.name);
    found.expect(sorted, "price_book.types", || "are not sorted by name, each once".to_owned());
    for (i, entry) in book.types.iter().enumerate() {
        let dated = !entry.prices.is_empty() && entry.prices.is_sorted_by(|a, b| a.from < b.from);
        found.expect(dated, format!("price_book.types[{i}].prices ({})", entry.name), || {
            "expected at least one price, in order of time".to_owned()
        });
    }
    if sorted {
        check_unit_prices(scenario, found);
    }
    if scenario.billing == Billing::Fleet && sorted {
        for (i, group) in scenario.fleet.node_groups.iter().enumerate() {
            let priced = book.get(&group.instance_type).is_some();
            found.expect(priced, format!("fleet.node_groups[{i}].instance_type"), || {
                book.no_price_of(&group.instance_type)
            });
        }
    }
}

/// Built-in prices of single resources price nothing in another currency than theirs.
fn check_unit_prices(scenario: &Scenario, found: &mut Found) {
    let book = &scenario.price_book;
    if book.has_unit_prices() {
        return;
    }
    let unpriced: Vec<&str> = scenario
        .flavors
        .iter()
        .filter(|flavor| scenario.lacks_price_of(flavor))
        .map(|flavor| flavor.name.as_str())
        .collect();
    let Some(first) = unpriced.first() else { return };
    let more = if unpriced.len() > 1 { format!(" and {} more", unpriced.len() - 1) } else { String::new() };
    found.expect(false, "price_book.types", || {
        let currency = book.currency;
        format!(
            "no price of flavor `{first}`{more}, and the built-in prices per vCPU and GiB are in USD, not in {currency}; \
             add a row for each to the file given with --prices, such as `{first},0.10,{currency}` under \
             `instance_type,price_per_hour,currency`"
        )
    });
}

impl Scenario {
    /// Whether a flavor would pay by itself, and nothing says how much.
    pub fn lacks_price_of(&self, flavor: &Flavor) -> bool {
        self.prices_by_units(flavor) && !self.price_book.has_unit_prices()
    }

    /// Whether a flavor pays by itself, and has no price but those of its vCPU, GiB and so on.
    pub fn prices_by_units(&self, flavor: &Flavor) -> bool {
        // With a fleet, what is on a node pays a share of the node.
        let by_itself = self.billing == Billing::PerResource || flavor.class != ResourceClass::Compute;
        by_itself && self.price_book.get(&flavor.name).is_none()
    }
}

fn check_edit(scenario: &Scenario, position: usize, edit: &Edit, found: &mut Found) {
    let path = |field: &str| format!("edits[{position}].{field}");
    match edit {
        Edit::ScaleDemand { tenant, percent } => {
            let known = tenant.is_none_or(|tenant| tenant.usize() < scenario.tenants.len());
            found.expect(known, path("tenant"), || no_tenant(scenario, tenant.map_or(0, TenantIndex::usize)));
            found.expect(*percent <= 10_000, path("percent"), || format!("is {percent}; expected at most 10,000"));
        }
        Edit::Placement { .. } => {}
        Edit::Workers { workers, .. } => {
            let fits = (1..=1_000_000).contains(workers);
            found.expect(fits, path("workers"), || format!("is {workers}; expected 1 to 1,000,000"));
        }
        Edit::MaxNodes { node_group, max } => {
            let known = node_group.usize() < scenario.fleet.node_groups.len();
            found.expect(known, path("node_group"), || no_group(scenario, node_group.usize()));
            found.expect(*max <= MAX_NODES, path("max"), || format!("is {max}; expected at most {MAX_NODES}"));
        }
        Edit::MinNodes { node_group, min } => {
            let group = scenario.fleet.node_groups.get(node_group.usize());
            found.expect(group.is_some(), path("node_group"), || no_group(scenario, node_group.usize()));
            let Some(group) = group else { return };
            found.expect(*min <= group.max, path("min"), || format!("is {min}; expected at most max ({})", group.max));
        }
        Edit::InstanceType { node_group, instance_type } => {
            check_instance_type(scenario, node_group.usize(), instance_type, &path, found);
        }
        Edit::Quota { tenant, .. } => {
            let known = tenant.usize() < scenario.tenants.len();
            found.expect(known, path("tenant"), || no_tenant(scenario, tenant.usize()));
        }
    }
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
    position: usize,
    instance_type: &str,
    path: &impl Fn(&str) -> String,
    found: &mut Found,
) {
    let groups = &scenario.fleet.node_groups;
    found.expect(position < groups.len(), path("node_group"), || no_group(scenario, position));
    let capacity = scenario.price_book.get(instance_type).and_then(|entry| entry.shape);
    found.expect(capacity.is_some(), path("instance_type"), || {
        format!("`{instance_type}` has no price with its vCPU and memory in the price book")
    });
    let Some(capacity) = capacity.filter(|_| position < groups.len()) else { return };
    let capacity = NodeGroup { capacity, ..groups[position].clone() }.schedulable();
    let elsewhere = |flavor: &Flavor| {
        groups
            .iter()
            .enumerate()
            .any(|(i, group)| i != position && flavor.requested.on_node().fits(group.schedulable()))
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
        scenario.flavors.iter().zip(here).find(|(flavor, here)| *here && !flavor.requested.on_node().fits(capacity));
    found.expect(too_large.is_none(), path("instance_type"), || {
        let name = too_large.map_or("", |(flavor, _)| &flavor.name);
        format!("`{instance_type}` has {capacity}, which does not hold flavor `{name}`")
    });
}

pub(super) fn expect_wait(wait: Duration, path: String, found: &mut Found) {
    let fits = (Duration::ZERO..=MAX_WAIT).contains(&wait);
    found.expect(fits, path, || format!("is {wait}; expected 0 to a year"));
}

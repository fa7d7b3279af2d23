//! What a link tells about its sender, and what is left out of it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::control_plane::CapacityPool;
use crate::pricing::CommitmentDiscount;
use crate::request::Terms;
use crate::scenario::{Demand, Edit, Scenario};
use crate::stream::Tags;

/// Whether names travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Privacy {
    /// Tenants, node groups, pools, zones, clusters, commitments and the groups of resources are numbered; labels and the
    /// scenario's name are left out.
    #[default]
    Pseudonyms,
    /// Everything keeps its name.
    Names,
}

/// One thing that whoever has the link can read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revealed {
    /// What it is.
    pub what: &'static str,
    /// How much of it, or which.
    pub detail: String,
}

/// The scenario as it travels: without prices that nothing in it uses, and without names unless they are wanted.
///
/// Names enter neither draws nor digests, and unused prices pay for nothing: the outcome is the same.
pub fn prepared(scenario: &Scenario, privacy: Privacy) -> Scenario {
    let mut scenario = scenario.clone();
    let flavors = scenario.flavors.iter().map(|flavor| &flavor.name);
    let edited = scenario.edits.iter().filter_map(|edit| match edit {
        Edit::InstanceType { instance_type, .. } => Some(instance_type),
        _ => None,
    });
    let groups = scenario.fleet.node_groups.iter().map(|group| &group.instance_type);
    let used: Vec<&String> = groups.chain(flavors).chain(edited).collect();
    scenario.price_book.types.retain(|price| used.contains(&&price.name));
    if privacy == Privacy::Pseudonyms {
        scenario.name = "shared scenario".to_owned();
        let known = scenario.tenants.len().saturating_sub(scenario.demand.newcomers());
        for (position, tenant) in scenario.tenants.iter_mut().enumerate() {
            tenant.name = match position.checked_sub(known) {
                None => format!("tenant {}", position + 1),
                Some(new) => format!("new tenant {}", new + 1),
            };
            tenant.labels = BTreeMap::new();
        }
        if let Demand::Forecast(model) = &mut scenario.demand {
            model.tags = Tags::default();
        }
        for (number, group) in (1..).zip(&mut scenario.fleet.node_groups) {
            group.name = format!("group {number}");
        }
        for (number, pool) in (1..).zip(&mut scenario.fleet.pools) {
            pool.name = format!("pool {number}");
        }
        number_places(&mut scenario);
        number_commitments(&mut scenario);
    }
    scenario
}

/// Lists what a link with this (prepared) scenario reveals, for the dialog that makes it.
///
/// Resource names are never in it: a scenario has none.
pub fn revealed(scenario: &Scenario) -> Vec<Revealed> {
    let mut list = vec![
        Revealed { what: "scenario", detail: format!("its name “{}”", scenario.name) },
        Revealed { what: "tenants", detail: names(scenario.tenants.iter().map(|tenant| tenant.name.as_str())) },
        Revealed { what: "flavors", detail: names(scenario.flavors.iter().map(|flavor| flavor.name.as_str())) },
        Revealed { what: "node groups", detail: groups(scenario) },
        Revealed { what: "prices", detail: prices(scenario) },
        Revealed { what: "demand", detail: demand(scenario) },
    ];
    let quotas = scenario.tenants.iter().filter(|tenant| tenant.quota.is_some()).count();
    if quotas > 0 {
        list.push(Revealed { what: "quotas", detail: format!("of {quotas} tenants") });
    }
    let mut labels: BTreeSet<&str> =
        scenario.tenants.iter().flat_map(|tenant| tenant.labels.keys()).map(String::as_str).collect();
    if let Demand::Forecast(model) = &scenario.demand {
        labels.extend(model.tags.label_sets.iter().flat_map(BTreeMap::keys).map(String::as_str));
    }
    if !labels.is_empty() {
        list.push(Revealed { what: "labels", detail: names(labels.iter().copied()) });
    }
    let pool = |pool: &CapacityPool| format!("{} of {}", pool.name, pool.capacity);
    let pools: Vec<String> = scenario.fleet.pools.iter().map(pool).collect();
    if !pools.is_empty() {
        list.push(Revealed { what: "pools", detail: names(pools.iter().map(String::as_str)) });
    }
    let zones: BTreeSet<&str> = zones(scenario).collect();
    if !zones.is_empty() {
        list.push(Revealed { what: "zones", detail: names(zones.iter().copied()) });
    }
    let clusters: BTreeSet<&str> = clusters(scenario).collect();
    if !clusters.is_empty() {
        list.push(Revealed { what: "clusters", detail: names(clusters.iter().copied()) });
    }
    let groups: BTreeSet<&str> = scenario.terms.iter().flat_map(Terms::groups).collect();
    if !groups.is_empty() {
        list.push(Revealed { what: "groups of resources", detail: names(groups.iter().copied()) });
    }
    let commitments = commitments(scenario).map(|commitment| commitment.name.as_str());
    let commitments: BTreeSet<&str> = commitments.collect();
    if !commitments.is_empty() {
        list.push(Revealed { what: "commitments", detail: names(commitments.iter().copied()) });
    }
    let live = scenario.start.live.len();
    if live > 0 {
        let detail = format!("{live} live resources (no names) on {} nodes at the start", scenario.start.nodes.len());
        list.push(Revealed { what: "state", detail });
    }
    list
}

/// All commitments, those of edits too.
fn commitments(scenario: &Scenario) -> impl Iterator<Item = &CommitmentDiscount> {
    let edited = scenario.edits.iter().filter_map(|edit| match edit {
        Edit::Commitments { commitments } => Some(commitments),
        _ => None,
    });
    edited.chain([&scenario.price_book.commitments]).flatten()
}

/// Gives commitments numbers for names.
fn number_commitments(scenario: &mut Scenario) {
    let edited = scenario.edits.iter_mut().filter_map(|edit| match edit {
        Edit::Commitments { commitments } => Some(commitments),
        _ => None,
    });
    for list in edited.chain([&mut scenario.price_book.commitments]) {
        for (number, commitment) in (1..).zip(list) {
            commitment.name = format!("commitment {number}");
        }
    }
}

/// Gives zones, clusters, and the groups that resources are in, numbers for names; who was together stays so.
fn number_places(scenario: &mut Scenario) {
    let numbers = |what: &str, names: BTreeSet<&str>| -> BTreeMap<String, String> {
        (1..).zip(names).map(|(number, name)| (name.to_owned(), format!("{what} {number}"))).collect()
    };
    let zones = numbers("zone", zones(scenario).collect());
    let clusters = numbers("cluster", clusters(scenario).collect());
    let groups = numbers("group", scenario.terms.iter().flat_map(Terms::groups).collect());
    let rename = |name: &mut String, names: &BTreeMap<String, String>| name.clone_from(&names[name.as_str()]);
    let of_groups = scenario.fleet.node_groups.iter_mut().filter_map(|group| group.zone.as_mut());
    let of_pools = scenario.fleet.pools.iter_mut().filter_map(|pool| pool.zone.as_mut());
    of_groups.chain(of_pools).for_each(|zone| rename(zone, &zones));
    let of_groups = scenario.fleet.node_groups.iter_mut().filter_map(|group| group.cluster.as_mut());
    of_groups.for_each(|cluster| rename(cluster, &clusters));
    let edited = scenario.edits.iter_mut().filter_map(|edit| match edit {
        Edit::ZoneOutage(outage) => Some(outage),
        _ => None,
    });
    edited.chain(&mut scenario.fleet.outages).for_each(|outage| rename(&mut outage.zone, &zones));
    for terms in &mut scenario.terms {
        terms.zone.iter_mut().for_each(|zone| rename(zone, &zones));
        terms.group.iter_mut().for_each(|group| rename(group, &groups));
        let rules = terms.affinity.iter_mut().chain(&mut terms.anti_affinity);
        rules.for_each(|rule| rename(&mut rule.group, &groups));
    }
}

fn zones(scenario: &Scenario) -> impl Iterator<Item = &str> + Clone {
    let of_groups = scenario.fleet.node_groups.iter().filter_map(|group| group.zone.as_deref());
    let of_fleet = of_groups.chain(scenario.fleet.pools.iter().filter_map(|pool| pool.zone.as_deref()));
    let of_edits = scenario.edits.iter().filter_map(|edit| match edit {
        Edit::ZoneOutage(outage) => Some(outage.zone.as_str()),
        _ => None,
    });
    let of_outages = scenario.fleet.outages.iter().map(|outage| outage.zone.as_str()).chain(of_edits);
    of_fleet.chain(scenario.terms.iter().filter_map(|terms| terms.zone.as_deref())).chain(of_outages)
}

fn clusters(scenario: &Scenario) -> impl Iterator<Item = &str> {
    scenario.fleet.node_groups.iter().filter_map(|group| group.cluster.as_deref())
}

/// The first few names, and how many more there are.
fn names<'a>(names: impl Iterator<Item = &'a str> + Clone) -> String {
    const SHOWN: usize = 6;
    let count = names.clone().count();
    let mut text = names.take(SHOWN).collect::<Vec<_>>().join(", ");
    if count > SHOWN {
        text.push_str(&format!(" and {} more", count - SHOWN));
    }
    text
}

fn groups(scenario: &Scenario) -> String {
    let of = scenario.fleet.node_groups.iter();
    of.map(|group| format!("{} of {}, at most {}", group.name, group.instance_type, group.max))
        .collect::<Vec<_>>()
        .join("; ")
}

fn prices(scenario: &Scenario) -> String {
    let book = &scenario.price_book;
    let tiers = if book.tiers.is_empty() { "" } else { ", tiers, and how much of them the month had used" };
    format!("of {} types in {}, and of single resources and module workers{tiers}", book.types.len(), book.currency)
}

fn demand(scenario: &Scenario) -> String {
    match &scenario.demand {
        Demand::Requests(requests) => format!("{} requests with their times", requests.len()),
        Demand::Forecast(model) => format!(
            "a forecast of {} bins, {} kinds of batches by tenant, lifetimes and resizes by flavor{}{}{}",
            model.arrivals.tenths.len(),
            model.templates.len(),
            if model.lifetimes.tenant_paces.is_empty() { "" } else { ", how much longer or shorter tenants' live" },
            if model.attachments.sets.is_empty() { "" } else { ", what comes with machines" },
            if model.newcomers.slots > 0 { ", how new tenants begin" } else { "" },
        ),
    }
}

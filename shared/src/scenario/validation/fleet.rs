//! Problems of the fleet: its groups, how they grow, what ends their nodes.

use std::collections::{BTreeMap, BTreeSet};

use super::Found;
use super::settings::{MAX_BINS, expect_wait};
use crate::control_plane::{NodeGroup, Outage, Scaling};
use crate::request::{Flavor, ResourceClass};
use crate::scenario::{MAX_NODES, Scenario};
use crate::units::{Dimension, Duration, Window};

/// A hundred times what there is.
pub(crate) const MAX_OVER_COMMIT_PERCENT: u32 = 10_000;
/// The shortest mean life of a node: much less than a boot, and a fleet would do nothing but replace itself.
const MIN_LIFE: Duration = Duration::from_minutes(1);
/// The longest: a century.
const MAX_LIFE: Duration = Duration::from_seconds(100 * 366 * 86_400);
/// Most nodes of a group that may be lost in the window, on average.
const MAX_LOSSES: i64 = 10_000_000;
/// The shortest step of what looks the fleet over.
const MIN_STEP: Duration = Duration::from_seconds(1);
/// Most outages of a scenario.
const MAX_OUTAGES: usize = 1_000;

pub(super) fn check(scenario: &Scenario, found: &mut Found) {
    let mut names = BTreeSet::new();
    for (i, group) in scenario.fleet.node_groups.iter().enumerate() {
        let path = |field: &str| format!("fleet.node_groups[{i}].{field}");
        found.expect(names.insert(&group.name), path("name"), || {
            format!("is `{}`, as that of another node group is; expected each name once", group.name)
        });
        expect_zone_name(group.zone.as_deref(), path("zone"), found);
        check_group(group, &path, found);
        check_scaling(group, &path, found);
        check_losses(group, scenario.window, &path, found);
    }
    check_outages(scenario, found);
    check_autoscaling(scenario, found);
    check_any_nodes(scenario, "fleet.node_groups", found);
    for (i, flavor) in scenario.flavors.iter().enumerate() {
        let on_node = flavor.class == ResourceClass::Compute;
        let wrong = on_node.then(|| flavor.requested.problem_of_gpus_asked()).flatten();
        if wrong.is_some() {
            found.extend(format!("flavors[{i}] ({}).requested.gpu", flavor.name), wrong);
            continue;
        }
        // Where there is no node at all, that is said once.
        let holds = scenario.fleet.can_hold(flavor) || (on_node && scenario.fleet.node_groups.is_empty());
        found.expect(holds, format!("flavors[{i}] ({})", flavor.name), || scenario.fleet.too_small_for(flavor));
        if let Some(group) = only_where_none_may_be(scenario, flavor) {
            found.expect(false, format!("flavors[{i}] ({})", flavor.name), || {
                format!("only fits nodes of `{group}`, which may have none: its max is 0; expected at least 1")
            });
        }
    }
}

/// What edits may not make of a fleet, each by itself as it may be: whoever wants a node goes without for ever.
pub(super) fn check_edited(scenario: &Scenario, found: &mut Found) {
    check_any_nodes(scenario, "edits", found);
    for flavor in &scenario.flavors {
        let group = only_where_none_may_be(scenario, flavor);
        found.expect(group.is_none(), "edits", || {
            let group = group.unwrap_or_default();
            format!("leave flavor `{}` without a node: it only fits those of `{group}`, whose max is 0", flavor.name)
        });
    }
    for group in &scenario.fleet.node_groups {
        found.expect(orders_a_first_node(group), "edits", || {
            format!(
                "leave group `{}` without anything that orders its first node: `on_pending` is false; keep one with \
                 `min_nodes`, or let it be true",
                group.name
            )
        });
    }
}

/// The first of the groups that could hold a flavor, where none of them may ever have a node, and none is there.
fn only_where_none_may_be<'a>(scenario: &'a Scenario, flavor: &Flavor) -> Option<&'a str> {
    if flavor.class != ResourceClass::Compute {
        return None;
    }
    let groups = scenario.fleet.node_groups.iter().enumerate();
    let mut holding = groups.filter(|(_, group)| group.holds(flavor.requested.on_node())).peekable();
    let (_, first) = *holding.peek()?;
    let is_there = |position: usize| scenario.start.nodes.iter().any(|node| node.node_group.usize() == position);
    let may_be = holding.any(|(position, group)| group.max > 0 || is_there(position));
    // Where nobody may have any, that is said once.
    let some = scenario.fleet.node_groups.iter().any(|group| group.max > 0) || !scenario.start.nodes.is_empty();
    (some && !may_be).then_some(&first.name)
}

/// Whether anything has a group's first node ordered.
fn orders_a_first_node(group: &NodeGroup) -> bool {
    let Scaling { on_pending, schedule, predicted, .. } = &group.scaling;
    *on_pending || group.min > 0 || !schedule.is_empty() || predicted.is_some()
}

/// Somebody could ever get a node, where somebody wants one.
pub(super) fn check_any_nodes(scenario: &Scenario, field: &str, found: &mut Found) {
    let wanted = scenario.flavors.iter().any(|flavor| flavor.class == ResourceClass::Compute);
    let groups = &scenario.fleet.node_groups;
    let some = groups.iter().any(|group| group.max > 0) || !scenario.start.nodes.is_empty();
    found.expect(!wanted || some, field, || {
        if groups.is_empty() {
            "are none, and flavors of class compute need nodes; expected a node group".to_owned()
        } else {
            "let no node group have a node: each has a max of 0, and there is no node at the start; expected one that may \
             have nodes"
                .to_owned()
        }
    });
}

/// A zone that is named has a name.
pub(super) fn expect_zone_name(zone: Option<&str>, field: String, found: &mut Found) {
    found.expect(zone != Some(""), field, || "is empty; expected a name, or null where there is no zone".to_owned());
}

/// The zones of node groups in words, such as `they are in a, b`.
pub(super) fn zones_of_groups(scenario: &Scenario) -> String {
    in_words(scenario.fleet.node_groups.iter().filter_map(|group| group.zone.as_deref()), "they are in")
}

fn in_words<'a>(zones: impl Iterator<Item = &'a str>, before: &str) -> String {
    let zones: BTreeSet<&str> = zones.filter(|zone| !zone.is_empty()).collect();
    if zones.is_empty() {
        "none of the node groups has a zone".to_owned()
    } else {
        format!("{before} {}", zones.into_iter().collect::<Vec<_>>().join(", "))
    }
}

fn check_group(group: &NodeGroup, path: &impl Fn(&str) -> String, found: &mut Found) {
    found.expect(!group.capacity.is_zero(), path("capacity"), || "is nothing; expected amounts".to_owned());
    found.extend(path("capacity.gpu"), group.capacity.problem_of_gpus_owned());
    let bounds = group.min <= group.max && group.max <= MAX_NODES;
    found.expect(bounds, path("max"), || {
        format!("is {}; expected at least min ({}) and at most {MAX_NODES}", group.max, group.min)
    });
    expect_wait(group.boot, path("boot"), found);
    check_over_commit(&group.over_commit_percent, &path("over_commit_percent"), found);
}

pub(super) fn check_over_commit(percents: &BTreeMap<Dimension, u32>, path: &str, found: &mut Found) {
    for (dimension, percent) in percents {
        let sound = (1..=MAX_OVER_COMMIT_PERCENT).contains(percent);
        found.expect(sound, format!("{path}.{}", dimension.as_str()), || {
            format!("is {percent}; expected 1 to {MAX_OVER_COMMIT_PERCENT}")
        });
    }
}

pub(super) fn check_scaling(group: &NodeGroup, path: &impl Fn(&str) -> String, found: &mut Found) {
    let Scaling { target_utilisation_percent, schedule, predicted, .. } = &group.scaling;
    if let Some(percent) = target_utilisation_percent {
        expect_percent(*percent, 1, path("scaling.target_utilisation_percent"), found);
    }
    for (j, scheduled) in schedule.iter().enumerate() {
        found.expect(scheduled.nodes <= group.max, path(&format!("scaling.schedule[{j}].nodes")), || {
            format!("is {}; expected at most max ({})", scheduled.nodes, group.max)
        });
    }
    if let Some(predicted) = predicted {
        found.expect(predicted.step >= MIN_STEP, path("scaling.predicted.step"), || {
            format!("is {}; expected at least {MIN_STEP}", predicted.step)
        });
    }
    found.expect(orders_a_first_node(group), path("scaling.on_pending"), || {
        "is false where nothing else orders the first node; keep a node with `min`, or let it be true".to_owned()
    });
}

pub(super) fn check_losses(group: &NodeGroup, window: Window, path: &impl Fn(&str) -> String, found: &mut Found) {
    let mut expect_life = |mean: Option<Duration>, field: &str| {
        let sound = mean.is_none_or(|mean| (MIN_LIFE..=MAX_LIFE).contains(&mean));
        found.expect(sound, path(field), || {
            format!("is {}; expected {MIN_LIFE} to a century", mean.unwrap_or_default())
        });
        // What is lost is replaced, and may be lost again.
        let losses =
            mean.filter(|_| sound).map_or(0, |mean| i64::from(group.max).saturating_mul(window.length().divide(mean)));
        found.expect(losses <= MAX_LOSSES, path(field), || {
            let (mean, max) = (mean.unwrap_or_default(), group.max);
            format!(
                "is {mean}, so that {max} nodes may be lost {losses} times in the window; expected {MAX_LOSSES} at most"
            )
        });
    };
    expect_life(group.fails_after, "fails_after");
    let Some(spot) = group.purchase.spot() else { return };
    expect_life(spot.interrupted_after, "purchase.spot.interrupted_after");
    expect_percent(spot.price_percent, 0, path("purchase.spot.price_percent"), found);
    expect_wait(spot.notice, path("purchase.spot.notice"), found);
}

fn check_outages(scenario: &Scenario, found: &mut Found) {
    let outages = &scenario.fleet.outages;
    found.expect(outages.len() <= MAX_OUTAGES, "fleet.outages", || {
        format!("are {}; expected at most {MAX_OUTAGES}", outages.len())
    });
    for (i, outage) in outages.iter().enumerate() {
        check_outage(scenario, outage, &|field| format!("fleet.outages[{i}].{field}"), found);
    }
}

pub(super) fn check_outage(
    scenario: &Scenario,
    Outage { zone, from, until }: &Outage,
    path: &impl Fn(&str) -> String,
    found: &mut Found,
) {
    let of_pools = scenario.fleet.pools.iter().map(|pool| pool.zone.as_ref());
    let mut zones = scenario.fleet.node_groups.iter().map(|group| group.zone.as_ref()).chain(of_pools);
    let known = zones.any(|known| known == Some(zone));
    found.expect(known, path("zone"), || no_zone(scenario, zone));
    found.expect(from < until, path("until"), || format!("is {until}, which is not after {from}"));
}

/// What is wrong with a zone that no group and no pool is in.
fn no_zone(scenario: &Scenario, zone: &str) -> String {
    let groups = scenario.fleet.node_groups.iter().filter_map(|group| group.zone.as_deref());
    let pools = scenario.fleet.pools.iter().filter_map(|pool| pool.zone.as_deref());
    format!("is `{zone}`, in which no node group is; {}", in_words(groups.chain(pools), "there are"))
}

fn check_autoscaling(scenario: &Scenario, found: &mut Found) {
    let autoscaling = &scenario.autoscaling;
    expect_wait(autoscaling.empty_for, "autoscaling.empty_for".to_owned(), found);
    expect_wait(autoscaling.drain, "autoscaling.drain".to_owned(), found);
    let steps_fit = autoscaling.every >= MIN_STEP && scenario.window.length().divide(autoscaling.every) < MAX_BINS;
    found.expect(steps_fit, "autoscaling.every", || {
        format!("is {}; expected at least {MIN_STEP}, and to fit the window up to {MAX_BINS} times", autoscaling.every)
    });
    if let Some(percent) = autoscaling.consolidate_below_percent {
        expect_percent(percent, 1, "autoscaling.consolidate_below_percent".to_owned(), found);
    }
}

pub(super) fn expect_percent(percent: u32, least: u32, field: String, found: &mut Found) {
    found.expect((least..=100).contains(&percent), field, || format!("is {percent}; expected {least} to 100"));
}

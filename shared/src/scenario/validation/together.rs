//! Problems of who asks to be near others beside whom there can never be room for it.

use std::collections::BTreeSet;

use super::affinity::Asked;
use crate::control_plane::NodeGroup;
use crate::request::{Domain, GroupRule, Terms};
use crate::scenario::Scenario;
use crate::units::{FlavorIndex, NodeIndex, Resources, TenantIndex};

/// Where somebody of a group is, or may come to be, and what it takes of its node.
struct Member<'a> {
    takes: Resources,
    zone: Option<&'a str>,
    /// The group of its node, where it has one already.
    on: Option<&'a NodeGroup>,
}

/// What is wrong with one who asks to be near groups of its tenant, each of which has somebody.
pub(super) fn problem(
    scenario: &Scenario,
    (tenant, flavor, terms): (TenantIndex, FlavorIndex, &Terms),
    asked: &[Asked],
) -> Option<String> {
    let own = Member { takes: takes(scenario, flavor), zone: terms.zone.as_deref(), on: None };
    // What no node can hold is said elsewhere.
    may_be(scenario, &own).next()?;
    // The first of a group is near nobody.
    let mut others = terms.affinity.iter().filter(|rule| terms.group.as_ref() != Some(&rule.group));
    let is_apart = |rule: &&GroupRule| {
        let members = members(scenario, tenant, &rule.group, asked);
        !members.iter().any(|member| may_be_near(scenario, &own, member, rule.domain))
    };
    let GroupRule { domain, group } = others.find(is_apart)?;
    let flavor = scenario.flavors.get(flavor.usize()).map_or("", |flavor| &flavor.name);
    Some(match domain {
        Domain::Node => format!(
            "asks flavor `{flavor}` to be on a node with group `{group}`, and no node can hold it beside any of the group \
             (by its zone, or by its size); expected larger nodes, or other rules"
        ),
        Domain::Zone => format!(
            "asks flavor `{flavor}` to be in a zone with group `{group}`, and there is none that can hold both; expected \
             the zone of the group"
        ),
    })
}

/// All who are in a group of a tenant, or ask to be.
fn members<'a>(scenario: &'a Scenario, tenant: TenantIndex, group: &str, asked: &[Asked]) -> Vec<Member<'a>> {
    let is_in = |terms: &&Terms| terms.group.as_deref() == Some(group);
    let by_request = asked.iter().filter_map(|&(_, flavor, row)| {
        let terms = scenario.terms.get(row.usize()).filter(is_in)?;
        Some(Member { takes: takes(scenario, flavor), zone: terms.zone.as_deref(), on: None })
    });
    let node_group = |index: NodeIndex| {
        let nodes = &scenario.start.nodes;
        let position = nodes.binary_search_by_key(&index, |node| node.index).ok()?;
        scenario.fleet.node_groups.get(nodes[position].node_group.usize())
    };
    let at_start = scenario.start.live.iter().filter(|live| live.tenant == tenant).filter_map(|live| {
        let terms = scenario.terms.get(live.terms?.usize()).filter(is_in)?;
        let on = live.node.and_then(node_group);
        Some(Member { takes: takes(scenario, live.flavor), zone: terms.zone.as_deref(), on })
    });
    by_request.chain(at_start).collect()
}

fn may_be_near(scenario: &Scenario, own: &Member<'_>, other: &Member<'_>, domain: Domain) -> bool {
    match domain {
        Domain::Node => {
            let both = own.takes.checked_add(other.takes);
            let holds_both = |group: &NodeGroup| both.is_some_and(|both| both.fits(group.schedulable()));
            may_be(scenario, other).any(|group| group.is_in(own.zone) && holds_both(group))
        }
        Domain::Zone => {
            let zones: BTreeSet<Option<&str>> = may_be(scenario, own).map(|group| group.zone.as_deref()).collect();
            may_be(scenario, other).any(|group| zones.contains(&group.zone.as_deref()))
        }
    }
}

/// The groups whose nodes could hold somebody, or the one that does.
fn may_be<'a>(
    scenario: &'a Scenario,
    &Member { takes, zone, on }: &Member<'a>,
) -> impl Iterator<Item = &'a NodeGroup> + use<'a> {
    scenario.fleet.node_groups.iter().filter(move |group| match on {
        Some(on) => core::ptr::eq(on, *group),
        None => group.is_in(zone) && group.holds(takes),
    })
}

fn takes(scenario: &Scenario, flavor: FlavorIndex) -> Resources {
    scenario.flavors.get(flavor.usize()).map_or(Resources::ZERO, |flavor| flavor.requested.on_node())
}

//! Problems of where resources are wanted: zones that there are not, or that have no room for what is wanted in them.

use std::collections::BTreeSet;

use super::Found;
use super::fleet::{expect_zone_name, zones_of_groups};
use crate::request::{Operation, Terms};
use crate::scenario::{Demand, Fleet, Scenario};
use crate::units::{FlavorIndex, TenantIndex, TermsIndex};

pub(super) fn check(scenario: &Scenario, found: &mut Found) {
    for (i, terms) in scenario.terms.iter().enumerate() {
        let path = |field: &str| format!("terms[{i}].{field}");
        expect_zone_name(terms.zone.as_deref(), path("zone"), found);
        check_zone(scenario, terms, path("zone"), found);
        let named = terms.spread.is_empty() || terms.group.is_some();
        found.expect(named, path("spread"), || "spreads a group, and names none; expected `group`, too".to_owned());
        let ahead = terms.spread.iter().all(|rule| rule.ahead > 0);
        found.expect(ahead, path("spread"), || "is 0; expected by how many a domain may be ahead, from 1".to_owned());
    }
    if scenario.terms.iter().any(|terms| terms.zone.is_some()) {
        check_room_of_zones(scenario, found);
    }
}

/// Whether an index is one of the scenario's.
pub(super) fn is_known(scenario: &Scenario, terms: Option<TermsIndex>) -> bool {
    terms.is_none_or(|terms| terms.usize() < scenario.terms.len())
}

fn check_zone(scenario: &Scenario, terms: &Terms, path: String, found: &mut Found) {
    let groups = &scenario.fleet.node_groups;
    let Some(zone) = terms.zone.as_deref() else { return };
    found.expect(groups.iter().any(|group| group.is_in(Some(zone))), path, || {
        format!(
            "is `{zone}`, and no node group is there; {}; give nodes that zone (--inventory, --fleet, or \
             `fleet.node_groups` of the scenario), or leave it out of the requests",
            zones_of_groups(scenario)
        )
    });
}

/// What is asked for in a zone fits a node and pools of that zone.
fn check_room_of_zones(scenario: &Scenario, found: &mut Found) {
    let asked: BTreeSet<_> = asked(scenario).map(|(_, flavor, row)| (flavor, row)).collect();
    for (flavor, row) in asked {
        let Some(zone) = scenario.terms.get(row.usize()).and_then(|terms| terms.zone.as_deref()) else { continue };
        let Some(flavor) = scenario.flavors.get(flavor.usize()) else { continue };
        let there = Fleet {
            node_groups: scenario.fleet.node_groups.iter().filter(|group| group.is_in(Some(zone))).cloned().collect(),
            pools: scenario.fleet.pools.iter().filter(|pool| pool.is_in(Some(zone))).cloned().collect(),
            ..Fleet::default()
        };
        // A zone without nodes, and a flavor too large for any, are said once each, elsewhere.
        let fits = there.node_groups.is_empty() || !scenario.fleet.can_hold(flavor) || there.can_hold(flavor);
        found.expect(fits, format_args!("terms[{}].zone", row.0), || {
            format!("is `{zone}`, where flavor `{}` is wanted; it {}", flavor.name, there.too_small_for(flavor))
        });
    }
}

/// Who asks for which flavor on which terms: each create, or what is predicted of them. What lives at the start is left out.
pub(super) fn asked(scenario: &Scenario) -> impl Iterator<Item = (TenantIndex, FlavorIndex, TermsIndex)> {
    let (requests, rows) = match &scenario.demand {
        Demand::Requests(requests) => (&requests[..], &[][..]),
        Demand::Forecast(model) => (&[][..], &model.tags.rows[..]),
    };
    let creates = requests.iter().filter(|request| request.operation == Operation::Create);
    let creates = creates.filter_map(|request| Some((request.tenant, request.flavor, request.terms?)));
    let predicted =
        rows.iter().flat_map(|row| row.seen.iter().filter_map(|(tag, _)| Some((row.tenant, row.flavor, tag.terms?))));
    creates.chain(predicted)
}

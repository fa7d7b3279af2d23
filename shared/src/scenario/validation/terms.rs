//! Problems of where resources are wanted: zones that there are not, groups that wait for each other.

use std::collections::BTreeSet;

use super::Found;
use crate::request::{GroupRule, Terms};
use crate::scenario::Scenario;
use crate::units::TermsIndex;

pub(super) fn check(scenario: &Scenario, found: &mut Found) {
    for (i, terms) in scenario.terms.iter().enumerate() {
        let path = |field: &str| format!("terms[{i}].{field}");
        check_zone(scenario, terms, path("zone"), found);
        let named = terms.spread.is_empty() || terms.group.is_some();
        found.expect(named, path("spread"), || "spreads a group, and names none; expected `group`, too".to_owned());
        let ahead = terms.spread.iter().all(|rule| rule.ahead > 0);
        found.expect(ahead, path("spread"), || "is 0; expected by how many a domain may be ahead, from 1".to_owned());
    }
    check_affinity(scenario, found);
}

/// Whether an index is one of the scenario's.
pub(super) fn is_known(scenario: &Scenario, terms: Option<TermsIndex>) -> bool {
    terms.is_none_or(|terms| terms.usize() < scenario.terms.len())
}

fn check_zone(scenario: &Scenario, terms: &Terms, path: String, found: &mut Found) {
    let groups = &scenario.fleet.node_groups;
    let Some(zone) = terms.zone.as_deref() else { return };
    let zones: BTreeSet<&str> = groups.iter().filter_map(|group| group.zone.as_deref()).collect();
    found.expect(groups.iter().any(|group| group.is_in(Some(zone))), path, || {
        format!(
            "is `{zone}`, and no node group is there; they are in {}; give nodes of the file given with --inventory that \
             zone, or leave it out of the requests",
            zones.into_iter().collect::<Vec<_>>().join(", ")
        )
    });
}

/// Who has to be near a group can be placed once somebody of it is; groups that all wait for another never begin.
fn check_affinity(scenario: &Scenario, found: &mut Found) {
    let live = scenario.start.live.iter().filter_map(|live| scenario.terms.get(live.terms?.usize()));
    let mut there: BTreeSet<&str> = live.filter_map(|terms| terms.group.as_deref()).collect();
    let near = |terms: &Terms, rule: &GroupRule, there: &BTreeSet<&str>| {
        terms.group.as_ref() == Some(&rule.group) || there.contains(rule.group.as_str())
    };
    loop {
        let possible = |terms: &&Terms| terms.affinity.iter().all(|rule| near(terms, rule, &there));
        let new: Vec<&str> =
            scenario.terms.iter().filter(possible).filter_map(|terms| terms.group.as_deref()).collect();
        let before = there.len();
        there.extend(new);
        if there.len() == before {
            break;
        }
    }
    for (i, terms) in scenario.terms.iter().enumerate() {
        let missing = terms.affinity.iter().find(|rule| !near(terms, rule, &there));
        found.expect(missing.is_none(), format!("terms[{i}].affinity"), || {
            let group = missing.map_or("", |rule| &rule.group);
            format!(
                "asks to be near group `{group}`, which can never have a member: nobody is in it, or all who are wait for \
                 others in a circle; expected one that can be placed first"
            )
        });
    }
}

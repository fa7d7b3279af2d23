//! Problems of rules about groups: groups of one tenant that wait for each other, rules that contradict each other.

use std::collections::BTreeSet;

use super::Found;
use super::terms::asked;
use crate::request::{Domain, GroupRule, Terms};
use crate::scenario::Scenario;
use crate::units::{TenantIndex, TermsIndex};

pub(super) fn check(scenario: &Scenario, found: &mut Found) {
    for (i, terms) in scenario.terms.iter().enumerate() {
        let contradicted =
            terms.affinity.iter().find(|near| terms.anti_affinity.iter().any(|far| contradict(near, far)));
        found.expect(contradicted.is_none(), format_args!("terms[{i}].affinity"), || {
            let group = contradicted.map_or("", |rule| &rule.group);
            format!(
                "asks to be near group `{group}` and apart from it at the same place, where nobody can ever be; expected one \
                 of the two"
            )
        });
        check_somebody(scenario, i, terms, found);
    }
    if scenario.terms.iter().any(|terms| !terms.affinity.is_empty()) {
        check_circles(scenario, found);
    }
}

/// Whoever shares a node with a group shares its zone, too.
fn contradict(near: &GroupRule, far: &GroupRule) -> bool {
    near.group == far.group && (near.domain == far.domain || far.domain == Domain::Zone)
}

/// A group that is named in rules is in the terms of somebody.
fn check_somebody(scenario: &Scenario, i: usize, terms: &Terms, found: &mut Found) {
    let has_members =
        |rule: &&GroupRule| scenario.terms.iter().any(|terms| terms.group.as_deref() == Some(&rule.group));
    let empty = terms.affinity.iter().find(|rule| !has_members(rule));
    found.expect(empty.is_none(), format_args!("terms[{i}].affinity"), || {
        let group = empty.map_or("", |rule| &rule.group);
        format!("asks to be near group `{group}`, which nobody is in; expected the group of some other requests")
    });
}

/// Who has to be near a group can be placed once somebody of it is; groups of a tenant that all wait for another never
/// begin. A group that no request of the tenant asks to be in may have had members before: who asks to be near it is
/// refused when it is asked for, and not here.
fn check_circles(scenario: &Scenario, found: &mut Found) {
    let asked: BTreeSet<(TenantIndex, TermsIndex)> = asked(scenario).map(|(tenant, _, row)| (tenant, row)).collect();
    let asked: Vec<_> = asked.into_iter().collect();
    let of_some: BTreeSet<TermsIndex> = asked.iter().map(|&(_, row)| row).collect();
    // Terms that nobody asks for may have been anybody's.
    let before: Vec<&Terms> = (0..)
        .zip(&scenario.terms)
        .filter(|(row, _)| !of_some.contains(&TermsIndex(*row)))
        .map(|(_, terms)| terms)
        .collect();
    for of_tenant in asked.chunk_by(|a, b| a.0 == b.0) {
        let tenant = of_tenant[0].0;
        let rows = || of_tenant.iter().filter_map(|&(_, row)| Some((row, scenario.terms.get(row.usize())?)));
        let there = placed_first(scenario, tenant, rows().map(|(_, terms)| terms).collect(), &before);
        for (row, terms) in rows() {
            let missing = waits_for(terms, &there);
            found.expect(missing.is_none(), format_args!("terms[{}].affinity", row.0), || {
                let tenant = scenario.tenants.get(tenant.usize()).map_or("", |tenant| &tenant.name);
                format!(
                    "asks to be near group `{}` of tenant `{tenant}`, which can never have a member: all who are in it wait \
                     for others in a circle; expected one that can be placed first",
                    missing.unwrap_or_default()
                )
            });
        }
    }
}

/// The groups of a tenant that can have members: those that live, those that none of its requests asks to be in, and those
/// with a member that waits for no other group.
fn placed_first<'a>(
    scenario: &'a Scenario,
    tenant: TenantIndex,
    mut rows: Vec<&'a Terms>,
    before: &[&'a Terms],
) -> BTreeSet<&'a str> {
    let asked: BTreeSet<&str> = rows.iter().filter_map(|terms| terms.group.as_deref()).collect();
    let live = scenario.start.live.iter().filter(|live| live.tenant == tenant);
    let mut there: BTreeSet<&str> = live
        .filter_map(|live| scenario.terms.get(live.terms?.usize())?.group.as_deref())
        .chain(scenario.terms.iter().flat_map(Terms::groups).filter(|group| !asked.contains(group)))
        .collect();
    rows.extend(before);
    loop {
        let possible = rows.iter().filter(|terms| waits_for(terms, &there).is_none());
        let new: Vec<&str> = possible.filter_map(|terms| terms.group.as_deref()).collect();
        let known = there.len();
        there.extend(new);
        if there.len() == known {
            return there;
        }
    }
}

/// A group that terms have to be near, which is not there.
fn waits_for<'a>(terms: &'a Terms, there: &BTreeSet<&str>) -> Option<&'a str> {
    let is_near = |rule: &&GroupRule| terms.group.as_ref() == Some(&rule.group) || there.contains(&*rule.group);
    terms.affinity.iter().find(|rule| !is_near(rule)).map(|rule| &*rule.group)
}

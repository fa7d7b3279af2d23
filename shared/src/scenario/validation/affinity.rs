//! Problems of rules about groups: groups of one tenant that wait for each other, rules that contradict each other.

use std::collections::BTreeSet;

use super::terms::asked;
use super::{Found, together};
use crate::request::{Domain, GroupRule, Terms};
use crate::scenario::{Demand, Scenario};
use crate::units::{FlavorIndex, TenantIndex, TermsIndex};

/// Who asks for which flavor on which terms.
pub(super) type Asked = (TenantIndex, FlavorIndex, TermsIndex);

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
    // What is predicted may be asked for near somebody who is known, and whose like is not predicted.
    let known = matches!(scenario.demand, Demand::Requests(_));
    if known && scenario.terms.iter().any(|terms| !terms.affinity.is_empty()) {
        check_members(scenario, found);
    }
}

/// Whoever shares a node with a group shares its zone, too.
fn contradict(near: &GroupRule, far: &GroupRule) -> bool {
    near.group == far.group && (near.domain == far.domain || far.domain == Domain::Zone)
}

/// A group that is named in rules is in the terms of somebody.
fn check_somebody(scenario: &Scenario, i: usize, terms: &Terms, found: &mut Found) {
    let empty = terms.affinity.iter().find(|rule| !is_known(scenario, &rule.group));
    found.expect(empty.is_none(), format_args!("terms[{i}].affinity"), || {
        let group = empty.map_or("", |rule| &rule.group);
        format!("asks to be near group `{group}`, which nobody is in; expected the group of some other requests")
    });
}

fn is_known(scenario: &Scenario, group: &str) -> bool {
    scenario.terms.iter().any(|terms| terms.group.as_deref() == Some(group))
}

/// Who has to be near a group can be placed once somebody of it is, beside whom there is room for both.
fn check_members(scenario: &Scenario, found: &mut Found) {
    let mut asked: Vec<Asked> = asked(scenario).filter(|(_, _, row)| row.usize() < scenario.terms.len()).collect();
    asked.sort_unstable();
    asked.dedup();
    for of_tenant in asked.chunk_by(|a, b| a.0 == b.0) {
        let tenant = of_tenant[0].0;
        let there = placed_first(scenario, tenant, of_tenant);
        let mut said = BTreeSet::new();
        for &(_, flavor, row) in of_tenant {
            let terms = &scenario.terms[row.usize()];
            let problem = match waits_for(terms, &there) {
                Some(group) if !is_known(scenario, group) => None,
                Some(group) => Some(never_there(scenario, tenant, of_tenant, group)),
                None => together::problem(scenario, (tenant, flavor, terms), of_tenant),
            };
            if problem.is_some() && said.insert(row) {
                found.extend(format_args!("terms[{}].affinity", row.0), problem);
            }
        }
    }
}

/// Why a group of a tenant can never have a member.
fn never_there(scenario: &Scenario, tenant: TenantIndex, asked: &[Asked], group: &str) -> String {
    let name = scenario.tenants.get(tenant.usize()).map_or("", |tenant| &tenant.name);
    let is_asked = asked.iter().any(|(_, _, row)| scenario.terms[row.usize()].group.as_deref() == Some(group));
    if is_asked {
        format!(
            "asks to be near group `{group}` of tenant `{name}`, which can never have a member: all who are in it wait for \
             others in a circle; expected one that can be placed first"
        )
    } else {
        format!(
            "asks to be near group `{group}`, which nobody of tenant `{name}` is in, at the start or by a request; expected \
             a group of its own tenant"
        )
    }
}

/// The groups of a tenant that can have members: those of what lives, and those with a member that waits for no other group.
fn placed_first<'a>(scenario: &'a Scenario, tenant: TenantIndex, asked: &[Asked]) -> BTreeSet<&'a str> {
    let live = scenario.start.live.iter().filter(|live| live.tenant == tenant);
    let live = live.filter_map(|live| scenario.terms.get(live.terms?.usize())?.group.as_deref());
    let mut there: BTreeSet<&str> = live.collect();
    let rows: BTreeSet<TermsIndex> = asked.iter().map(|&(_, _, row)| row).collect();
    loop {
        let possible = rows.iter().map(|row| &scenario.terms[row.usize()]);
        let possible = possible.filter(|terms| waits_for(terms, &there).is_none());
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

//! Problems of what is on no node.

use std::collections::BTreeSet;

use super::Found;
use super::fleet::{check_over_commit, expect_zone_name, zones_of_groups};
use crate::control_plane::POOLED;
use crate::scenario::{CapacityPool, Edit, Scenario};
use crate::units::{Dimension, PoolIndex, Resources};

/// Most pools of a scenario: each create that takes of some looks at all.
const MAX_POOLS: usize = 1_000;

pub(super) fn check(scenario: &Scenario, found: &mut Found) {
    let (pools, groups) = (&scenario.fleet.pools, &scenario.fleet.node_groups);
    found.expect(pools.len() <= MAX_POOLS, "fleet.pools", || {
        format!("are {}; expected at most {MAX_POOLS}", pools.len())
    });
    let mut names = BTreeSet::new();
    for (i, pool) in pools.iter().enumerate() {
        let path = |field: &str| format!("fleet.pools[{i}].{field}");
        found.expect(!pool.name.is_empty(), path("name"), || "is empty; expected a name".to_owned());
        found.expect(names.insert(&pool.name), path("name"), || {
            format!("is `{}`, as that of another pool is; expected each name once", pool.name)
        });
        expect_zone_name(pool.zone.as_deref(), path("zone"), found);
        check_capacity(pool.capacity, path("capacity"), found);
        check_over_commit(&pool.over_commit_percent, &path("over_commit_percent"), found);
        check_over_committed(pool, path("over_commit_percent"), found);
        let known = groups.iter().any(|group| group.is_in(pool.zone.as_deref()));
        found.expect(known, path("zone"), || {
            format!(
                "is `{}`, and no node group is there; {}; leave it out where the pool is for all zones",
                pool.zone.as_deref().unwrap_or_default(),
                zones_of_groups(scenario),
            )
        });
    }
    check_start(scenario, found);
}

fn check_capacity(capacity: Resources, path: String, found: &mut Found) {
    let names = POOLED.map(Dimension::field).join(", ");
    found.expect(!capacity.is_zero(), &path, || format!("is nothing; expected amounts of {names}"));
    let others = Dimension::ALL.into_iter().find(|of| capacity[*of] > 0 && !POOLED.contains(of));
    found.expect(others.is_none(), &path, || {
        format!("has {}, which nodes have; expected {names}", others.map_or("", Dimension::field))
    });
}

/// Nothing may be requested of what a pool does not have.
fn check_over_committed(pool: &CapacityPool, path: String, found: &mut Found) {
    let of_others = pool.over_commit_percent.keys().find(|&&of| pool.capacity[of] == 0);
    found.expect(of_others.is_none(), path, || {
        let of = of_others.map_or("", |of| of.field());
        format!("names {of}, of which the pool has nothing; expected what stands in capacity")
    });
}

/// Who lives in a pool when the window begins is in one that there is. More than it has is no problem, as with quotas: it
/// was let in before.
fn check_start(scenario: &Scenario, found: &mut Found) {
    let pools = scenario.fleet.pools.len();
    for (i, live) in scenario.start.live.iter().enumerate() {
        let known = [live.pools.storage, live.pools.network].into_iter().flatten().all(|pool| pool.usize() < pools);
        found.expect(known, format!("start.live[{i}].pools"), || {
            format!("name none of the {pools} pools; they count from 0")
        });
    }
}

/// A pool as an edit makes it goes on having all that it had of anything, and pools go on holding every flavor.
pub(super) fn check_edit(scenario: &Scenario, edit: &Edit, path: &impl Fn(&str) -> String, found: &mut Found) {
    let (position, field) = match edit {
        Edit::PoolCapacity { pool, .. } => (*pool, "capacity"),
        Edit::PoolOverCommit { pool, .. } => (*pool, "percent"),
        _ => return,
    };
    let Some(pool) = expect_pool(scenario, position, path("pool"), found) else { return };
    let mut edited = pool.clone();
    match edit {
        Edit::PoolCapacity { capacity, .. } => {
            check_capacity(*capacity, path(field), found);
            let gone = POOLED.into_iter().find(|&of| pool.capacity[of] > 0 && capacity[of] == 0);
            found.expect(gone.is_none(), path(field), || {
                let of = gone.map_or("", Dimension::field);
                format!("has no {of}, of which the pool had some; expected more than nothing")
            });
            edited.capacity = *capacity;
        }
        Edit::PoolOverCommit { percent, .. } => {
            check_over_commit(percent, &path(field), found);
            edited.over_commit_percent.clone_from(percent);
            check_over_committed(&edited, path(field), found);
        }
        _ => {}
    }
    let mut fleet = scenario.fleet.clone();
    fleet.pools[position.usize()] = edited;
    let held = |flavor: &&crate::request::Flavor| scenario.fleet.can_hold(flavor) && !fleet.can_hold(flavor);
    let too_large = scenario.flavors.iter().find(held);
    found.expect(too_large.is_none(), path(field), || {
        format!("is less than flavor `{}` asks for, which no pool could hold then", too_large.map_or("", |it| &it.name))
    });
}

fn expect_pool<'a>(
    scenario: &'a Scenario,
    position: PoolIndex,
    field: String,
    found: &mut Found,
) -> Option<&'a CapacityPool> {
    let pools = &scenario.fleet.pools;
    found.expect(pools.get(position.usize()).is_some(), field, || {
        format!("is {}, which names none of the {} pools; they count from 0", position.0, pools.len())
    });
    pools.get(position.usize())
}

//! Edits in words.

use std::collections::BTreeMap;

use super::Edit;
use crate::pricing::{CommitmentDiscount, Coverage};
use crate::scenario::{Burst, CapacityPool, Demand, NodeGroup, Outage, Scaling, Scenario, ScheduledNodes};
use crate::trace::quotas;
use crate::units::{Dimension, Duration, NodeGroupIndex, Resources};

impl Scenario {
    /// Each of these edits in words, on the scenario as those before it leave it: an edit may name what another one made.
    ///
    /// # Panics
    /// When one of them names what is not there, which validation refuses.
    pub fn edits_in_words(&self, edits: &[Edit]) -> Vec<String> {
        let mut left = Self { demand: Demand::Requests(Vec::new()), ..self.clone() };
        let words = edits.iter().map(|edit| {
            let words = edit.describe(&left);
            edit.apply(&mut left);
            words
        });
        words.collect()
    }
}

impl Edit {
    /// What it changes in `scenario`, in words.
    ///
    /// # Panics
    /// When it names a tenant, a node group, a flavor or a pool that is not there, which validation refuses.
    pub fn describe(&self, scenario: &Scenario) -> String {
        let group = |index: NodeGroupIndex| -> &NodeGroup { &scenario.fleet.node_groups[index.usize()] };
        match self {
            Self::Workers { module, workers } => {
                let has = scenario.modules[*module].workers;
                format!("{workers} workers for the {} instead of {has}", module.as_str())
            }
            Self::Placement { policy } => format!("place by {}", policy.as_str()),
            Self::MaxNodes { node_group, max } => {
                let NodeGroup { name, min, .. } = group(*node_group);
                let kept =
                    if max < min { format!(", of which {max} are kept instead of {min}") } else { String::new() };
                format!("at most {} of `{name}`{kept}", nodes(*max))
            }
            Self::MinNodes { node_group, min } => {
                let NodeGroup { name, min: has, .. } = group(*node_group);
                format!("keep {} of `{name}` instead of {has} when they are empty", nodes(*min))
            }
            Self::InstanceType { node_group, instance_type } => {
                let NodeGroup { name, instance_type: has, .. } = group(*node_group);
                format!("`{instance_type}` nodes instead of `{has}` for `{name}`")
            }
            Self::ScaleDemand { tenant: None, percent } => format!("{percent} % of the demand"),
            Self::ScaleDemand { tenant: Some(tenant), percent } => {
                format!("{percent} % of the demand of `{}`", scenario.tenants[tenant.usize()].name)
            }
            Self::RemoveTenant { tenant } => format!("without `{}`", scenario.tenants[tenant.usize()].name),
            Self::Quota { tenant, quota } => {
                let name = &scenario.tenants[tenant.usize()].name;
                match quota {
                    Some(quota) => format!("a quota of {} for `{name}`", quotas::in_words(*quota)),
                    None => format!("no quota for `{name}`"),
                }
            }
            Self::ScaleFlavor { flavor, percent } => {
                format!("{percent} % of the demand for `{}`", scenario.flavors[flavor.usize()].name)
            }
            Self::Shift { tenant, by_minutes } => {
                let whose = tenant.map_or("all demand".to_owned(), |tenant| {
                    format!("the demand of `{}`", scenario.tenants[tenant.usize()].name)
                });
                let when = if *by_minutes < 0 { "earlier" } else { "later" };
                format!("{whose} {} {when}", Duration::from_minutes(i64::from(by_minutes.unsigned_abs())))
            }
            Self::Burst(Burst { tenant, flavor, at, over, count, .. }) => {
                let (tenant, flavor) = (&scenario.tenants[tenant.usize()].name, &scenario.flavors[flavor.usize()].name);
                format!("{count} more `{flavor}` for `{tenant}` within {over} from {at}")
            }
            Self::Price { name, percent } => format!("{percent} % of the price of `{name}`"),
            Self::ZoneOutage(Outage { zone, from, until }) => format!("zone `{zone}` lost from {from} to {until}"),
            Self::Scaling { node_group, scaling } => {
                format!("nodes of `{}` {}", group(*node_group).name, describe_scaling(scaling))
            }
            Self::Purchase { node_group, purchase } => {
                let name = &group(*node_group).name;
                match purchase.spot() {
                    None => format!("on-demand nodes for `{name}`"),
                    Some(spot) => format!("spot nodes for `{name}` at {} % of the price", spot.price_percent),
                }
            }
            Self::NodeFailures { node_group, fails_after } => {
                let name = &group(*node_group).name;
                match fails_after {
                    None => format!("no failures of nodes of `{name}`"),
                    Some(mean) => format!("nodes of `{name}` fail after {mean} on average"),
                }
            }
            Self::Consolidation { below_percent: None } => "no node is emptied".to_owned(),
            Self::Consolidation { below_percent: Some(percent) } => {
                format!("nodes used below {percent} % are emptied")
            }
            Self::Commitments { commitments } if commitments.is_empty() => "no commitment".to_owned(),
            Self::Commitments { commitments } => {
                let each: Vec<String> = commitments.iter().map(describe_commitment).collect();
                format!("commitments: {}", each.join(", "))
            }
            Self::OverCommit { node_group, percent } => {
                let name = &group(*node_group).name;
                format!("{} may be requested of a node of `{name}`", describe_over_commit(percent))
            }
            Self::ScaleDown { empty_for } => {
                format!("empty nodes are given back after {empty_for} instead of {}", scenario.autoscaling.empty_for)
            }
            Self::SpotBeyond { node_group, on_demand, spot } => {
                let name = &group(*node_group).name;
                format!("spot nodes beyond {on_demand} of `{name}` at {} % of the price", spot.price_percent)
            }
            Self::Requested { tenant, flavor, requested } => {
                let (tenant, flavor) = (&scenario.tenants[tenant.usize()].name, &scenario.flavors[flavor.usize()]);
                format!("`{tenant}` asks for {requested} instead of {} as `{}`", flavor.requested, flavor.name)
            }
            Self::ServiceTimes { module, percent } => {
                format!("the {} takes {percent} % of its time", module.as_str())
            }
            Self::Failures { module, failures: None } => format!("no attempt of the {} fails", module.as_str()),
            Self::Failures { module, failures: Some(failures) } => {
                format!("{} in a million attempts of the {} fail", failures.per_million, module.as_str())
            }
            Self::PoolCapacity { pool, capacity } => describe_capacity(&scenario.fleet.pools[pool.usize()], *capacity),
            Self::PoolOverCommit { pool, percent } => {
                let name = &scenario.fleet.pools[pool.usize()].name;
                format!("{} may be requested of pool `{name}`", describe_over_commit(percent))
            }
        }
    }
}

fn nodes(count: u32) -> String {
    if count == 1 { "1 node".to_owned() } else { format!("{count} nodes") }
}

/// By how much a pool has more or less.
fn describe_capacity(pool: &CapacityPool, capacity: Resources) -> String {
    let (has, name) = (pool.capacity, &pool.name);
    let [more, less] = [(capacity, has), (has, capacity)].map(|(of, than)| of.saturating_sub(than));
    match (more.is_zero(), less.is_zero()) {
        (true, true) => format!("pool `{name}` as it is"),
        (false, true) => format!("{more} more of pool `{name}`"),
        (true, false) => format!("{less} less of pool `{name}`"),
        (false, false) => format!("{more} more and {less} less of pool `{name}`"),
    }
}

/// How much may be requested of something.
fn describe_over_commit(percent: &BTreeMap<Dimension, u32>) -> String {
    let each = percent.iter().map(|(dimension, percent)| format!("{percent} % of its {}", dimension.field()));
    let each: Vec<String> = each.collect();
    if each.is_empty() { "only what it has".to_owned() } else { each.join(" and ") }
}

/// What is promised, and at what price.
fn describe_commitment(CommitmentDiscount { name, covers, .. }: &CommitmentDiscount) -> String {
    match covers {
        Coverage::Machines { instance_type, count, rate } => {
            format!("{count} `{instance_type}` at {rate} an hour each (`{name}`)")
        }
        Coverage::Spend { rate, price_percent, .. } => {
            format!("{rate} an hour at {price_percent} % of the price (`{name}`)")
        }
    }
}

/// When nodes are ordered, after the name of their group.
fn describe_scaling(scaling: &Scaling) -> String {
    let waiting = scaling.on_pending.then(|| "when somebody waits".to_owned());
    let target = scaling.target_utilisation_percent.map(|percent| format!("to stay at {percent} % of use"));
    let schedule = (!scaling.schedule.is_empty()).then(|| describe_schedule(&scaling.schedule));
    let predicted = scaling.predicted.is_some().then(|| "as was forecast".to_owned());
    let reasons: Vec<String> = [waiting, target, schedule, predicted].into_iter().flatten().collect();
    format!("ordered {}", if reasons.is_empty() { "at no time".to_owned() } else { reasons.join(", and ") })
}

/// When how many nodes there are at the least: `for 4 nodes from 07:57 to 20:00 on Monday and Friday`.
fn describe_schedule(schedule: &[ScheduledNodes]) -> String {
    let each = schedule.iter().map(|ScheduledNodes { days, from, until, nodes }| {
        let days: Vec<String> = days.iter().map(|day| format!("{day:?}")).collect();
        let on = if days.is_empty() { String::new() } else { format!(" on {}", days.join(", ")) };
        let counted = if *nodes == 1 { "1 node".to_owned() } else { format!("{nodes} nodes") };
        format!("for {counted} from {from} to {until}{on}")
    });
    each.collect::<Vec<_>>().join(", and ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example;
    use crate::scenario::{Spot, Weekday};

    /// The nodes beyond some are a group of their own, which a later edit may name.
    #[test]
    fn an_edit_may_name_what_another_one_made() {
        let mut scenario = example::scenario();
        let made = NodeGroupIndex::from_usize(scenario.fleet.node_groups.len());
        let spot = Spot::new(40, None);
        let on_demand = scenario.fleet.node_groups[0].max.min(1);
        scenario.edits = vec![
            Edit::SpotBeyond { node_group: NodeGroupIndex(0), on_demand, spot },
            Edit::MaxNodes { node_group: made, max: 1 },
        ];
        assert!(scenario.check_edits(&scenario.edits).is_ok());
        let words = scenario.edits_in_words(&scenario.edits);
        let name = &scenario.fleet.node_groups[0].name;
        assert_eq!(words[1], format!("at most 1 node of `{name} spot`"));
    }

    #[test]
    fn a_schedule_says_its_times() {
        let hours = |days: &[Weekday], from: &str, until: &str, nodes| ScheduledNodes {
            days: days.to_vec(),
            from: from.parse().unwrap(),
            until: until.parse().unwrap(),
            nodes,
        };
        let schedule =
            [hours(&[], "07:57", "20:00", 4), hours(&[Weekday::Monday, Weekday::Friday], "22:00", "02:00", 1)];
        let words = describe_schedule(&schedule);
        assert_eq!(words, "for 4 nodes from 07:57 to 20:00, and for 1 node from 22:00 to 02:00 on Monday, Friday");
    }
}

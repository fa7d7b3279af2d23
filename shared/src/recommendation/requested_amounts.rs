//! Tenants that ask for more than they use.

use std::collections::BTreeMap;

use crate::control_plane::Billing;
use crate::request::{RequestLog, ResourceClass};
use crate::scenario::{Edit, Scenario};
use crate::trace::usage::UsageReading;
use crate::units::{Dimension, FlavorIndex, Instant, Resources, TenantIndex};

/// The level of the readings of vCPU that is asked for, and all of memory: as Autopilot does (Rzadca et al., EuroSys 2020,
/// S₉₅ and S_max), since who has too little vCPU is slower, and who has too little memory dies.
const VCPU_PERCENT: usize = 95;

/// What is asked for beyond that, in percent: the margin of Kubernetes' Vertical Pod Autoscaler
/// (`recommendation-margin-fraction` 0.15).
const MARGIN_PERCENT: u64 = 15;

/// Fewer readings say too little about a peak.
const LEAST_READINGS: usize = 24;

/// Less is not worth another flavor, in percent of what is asked for.
const LEAST_CUT_PERCENT: u64 = 10;

/// So many tenants and flavors are tried, those with the most readings first.
const MOST: usize = 5;

/// What a tenant's resources of a flavor used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Name of the tenant.
    pub tenant: String,
    /// Name of the flavor.
    pub flavor: String,
    /// Readings of vCPU, in thousandths.
    pub vcpu: Vec<u32>,
    /// Readings of memory, in MiB.
    pub memory: Vec<u32>,
}

/// Readings before `end` by the tenant and flavor of their resource; a name that is that of resources of several tenants
/// or flavors is left out.
pub fn usage_by_flavor(readings: &[UsageReading], log: &RequestLog, end: Instant) -> Vec<Usage> {
    let mut of_name: BTreeMap<&str, Option<(TenantIndex, FlavorIndex)>> = BTreeMap::new();
    for life in &log.lives {
        let this = (life.tenant, life.flavor);
        of_name
            .entry(&life.name)
            .and_modify(|known| *known = known.filter(|known| *known == this))
            .or_insert(Some(this));
    }
    let mut found: BTreeMap<(TenantIndex, FlavorIndex), Usage> = BTreeMap::new();
    for reading in readings.iter().filter(|reading| reading.at < end) {
        let Some(&Some((tenant, flavor))) = of_name.get(reading.resource.as_str()) else { continue };
        let usage = found.entry((tenant, flavor)).or_insert_with(|| Usage {
            tenant: log.tenants.name(tenant.0).to_owned(),
            flavor: log.flavors[flavor.usize()].name.clone(),
            vcpu: Vec::new(),
            memory: Vec::new(),
        });
        for &(dimension, amount) in &reading.used {
            match dimension {
                Dimension::Vcpu => usage.vcpu.push(amount),
                Dimension::Memory => usage.memory.push(amount),
                _ => {}
            }
        }
    }
    found.into_values().collect()
}

/// Asks for what is used, with a margin, where that is less than what is asked for.
pub(super) fn requested_amounts(scenario: &Scenario, used: &[Usage]) -> Vec<Edit> {
    if scenario.billing != Billing::Fleet {
        return Vec::new();
    }
    let mut found: Vec<(usize, Edit)> = used.iter().filter_map(|usage| smaller(scenario, usage)).collect();
    found.sort_by_key(|(readings, _)| core::cmp::Reverse(*readings));
    found.into_iter().map(|(_, edit)| edit).take(MOST).collect()
}

/// How many readings there are, and the edit.
fn smaller(scenario: &Scenario, usage: &Usage) -> Option<(usize, Edit)> {
    let tenant = scenario.tenants.iter().position(|tenant| tenant.name == usage.tenant)?;
    let mut alike = scenario
        .flavors
        .iter()
        .enumerate()
        .filter(|(_, flavor)| flavor.class == ResourceClass::Compute && flavor.name == usage.flavor);
    // A name with two shapes does not say which of them was used.
    let (Some((position, flavor)), None) = (alike.next(), alike.next()) else { return None };
    let mut requested = flavor.requested;
    let vcpu = level(&usage.vcpu, VCPU_PERCENT);
    let memory = level(&usage.memory, 100);
    for (dimension, used) in [(Dimension::Vcpu, vcpu), (Dimension::Memory, memory)] {
        requested[dimension] = used.map_or(requested[dimension], |used| requested[dimension].min(used.max(1)));
    }
    let readings = usage.vcpu.len().max(usage.memory.len());
    let worth = cuts_enough(flavor.requested, requested);
    let (tenant, flavor) = (TenantIndex::from_usize(tenant), FlavorIndex::from_usize(position));
    worth.then_some((readings, Edit::Requested { tenant, flavor, requested }))
}

fn cuts_enough(from: Resources, to: Resources) -> bool {
    let pairs = from.to_array().into_iter().zip(to.to_array());
    pairs.into_iter().any(|(from, to)| u64::from(from - to) * 100 >= u64::from(from) * LEAST_CUT_PERCENT && to < from)
}

/// The reading that so many percent do not pass, and the margin; none of too few.
fn level(readings: &[u32], percent: usize) -> Option<u32> {
    if readings.len() < LEAST_READINGS {
        return None;
    }
    let mut sorted = readings.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    let amount = (u64::from(sorted[rank - 1]) * (100 + MARGIN_PERCENT)).div_ceil(100);
    Some(u32::try_from(amount).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_of_readings_with_its_margin() {
        let readings: Vec<u32> = (1..=100).map(|i| 10 * i).collect();
        // The 95th of 100 is 950, the last 1,000; 15 % more is 1,092.5 and 1,150.
        assert_eq!(level(&readings, VCPU_PERCENT), Some(1_093));
        assert_eq!(level(&readings, 100), Some(1_150));
        assert_eq!(level(&readings[..LEAST_READINGS - 1], 100), None);
    }
}

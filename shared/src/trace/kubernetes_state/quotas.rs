//! ResourceQuotas: how much the tenants may hold.

use std::collections::BTreeMap;

use super::objects::{Metadata, ResourceQuota, read};
use super::quantity::Rounding;
use super::{ClusterState, Tenants, amounts};
use crate::input::InputError;
use crate::trace::quotas::{TenantQuota, UNLIMITED, unlimited};
use crate::units::{Dimension, Instant, Resources};

/// The least of the quotas of each namespace, by namespace.
pub(super) type ByNamespace = BTreeMap<String, Resources>;

/// Takes a quota in.
pub(super) fn take(kind: &str, value: &serde_json::Value, state: &mut ClusterState) -> Result<(), InputError> {
    let ResourceQuota { metadata, spec } = read(kind, value)?;
    if !spec.scopes.is_empty() || !spec.scope_selector.is_empty() {
        state.said.quotas_of_a_part.push(metadata.path());
        return Ok(());
    }
    let mut limit = unlimited();
    for (name, quantity) in &spec.hard {
        let Some(dimension) = dimension(name) else {
            *state.said.quota_limits_unknown.entry(name.clone()).or_default() += 1;
            continue;
        };
        let converted = quantity.in_units(dimension, Rounding::Down);
        let (units, rounded) = converted.map_err(|message| wrong(kind, &metadata, name, &message))?;
        limit[dimension] = limit[dimension].min(units);
        state.said.capacities_rounded += u64::from(rounded);
    }
    if limit != unlimited() {
        let known = state.quotas_by_namespace.entry(metadata.namespace().to_owned()).or_insert_with(unlimited);
        *known = least(*known, limit);
    }
    Ok(())
}

fn wrong(kind: &str, metadata: &Metadata, name: &str, message: &str) -> InputError {
    metadata.wrong(kind, &format!("spec.hard.{name}"), message)
}

/// The dimension that a line of a quota limits: of what is requested, with or without that word.
fn dimension(name: &str) -> Option<Dimension> {
    match name {
        "requests.storage" => Some(Dimension::Storage),
        "services.loadbalancers" => Some(Dimension::Addresses),
        _ => amounts::dimension(name.strip_prefix("requests.").unwrap_or(name)),
    }
}

fn least(a: Resources, b: Resources) -> Resources {
    let (a, b) = (a.to_array(), b.to_array());
    Resources::from_array(core::array::from_fn(|i| a[i].min(b[i])))
}

/// The quotas of tenants at `at`: a tenant of several namespaces may hold what they all may, and is not limited where one
/// of them is not.
pub(super) fn of_tenants(
    quotas: &ByNamespace,
    namespaces: impl Iterator<Item = String>,
    tenants: &Tenants<'_>,
    at: Instant,
) -> Vec<TenantQuota> {
    let mut sums: BTreeMap<String, Resources> = BTreeMap::new();
    for namespace in namespaces {
        let limit = quotas.get(&namespace).copied().unwrap_or_else(unlimited);
        let sum = sums.entry(tenants.of_namespace(&namespace, at)).or_insert(Resources::ZERO);
        let (a, b) = (sum.to_array(), limit.to_array());
        // Whatever is beyond what can be held is no limit.
        *sum = Resources::from_array(core::array::from_fn(|i| a[i].saturating_add(b[i])));
    }
    let limits = |limit: Resources| limit.to_array().iter().any(|&units| units != UNLIMITED);
    let quota = |(tenant, limit)| TenantQuota { line: 0, tenant, limit };
    sums.into_iter().filter(|(_, limit)| limits(*limit)).map(quota).collect()
}

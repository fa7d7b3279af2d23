//! Load balancers: live network.

use super::objects::{Service, read};
use super::{ClusterState, Tenants};
use crate::input::InputError;
use crate::request::ResourceClass;
use crate::units::{Dimension, Resources};

/// Takes a service in: one of the type `LoadBalancer` has an address of its own, others need nothing.
pub(super) fn take(
    kind: &str,
    value: &serde_json::Value,
    tenants: &Tenants<'_>,
    state: &mut ClusterState,
) -> Result<(), InputError> {
    let Service { metadata, spec, status } = read(kind, value)?;
    let said = &mut state.said;
    if spec.kind.as_deref() != Some("LoadBalancer") {
        said.services_inside += 1;
        return Ok(());
    }
    said.load_balancers += 1;
    // One that is still being made is going to have one.
    let addresses = (status.load_balancer.ingress.len() as u32).max(1);
    let requested = Resources::ZERO.with(Dimension::Addresses, addresses);
    let created = metadata.created(kind)?;
    state.requests.push(tenants.request("service", &metadata, created, (ResourceClass::Network, requested), said));
    Ok(())
}

//! Claims of persistent volumes: live storage.

use std::collections::BTreeMap;

use super::objects::{Claim, read};
use super::quantity::{Quantity, Rounding};
use super::{ClusterState, Tenants, owner};
use crate::input::InputError;
use crate::request::ResourceClass;
use crate::units::{Dimension, Resources};

/// Takes a claim in.
pub(super) fn take(
    kind: &str,
    value: &serde_json::Value,
    tenants: &Tenants<'_>,
    state: &mut ClusterState,
) -> Result<(), InputError> {
    const FIELD: &str = "spec.resources.requests.storage";
    let Claim { metadata, spec, status } = read(kind, value)?;
    let said = &mut state.said;
    let asked: Option<&Quantity> = spec.resources.requests.get("storage").filter(|quantity| !quantity.is_zero());
    let asked = asked.ok_or_else(|| metadata.wrong(kind, FIELD, "is missing or 0; expected a size such as 10Gi"))?;
    let converted = asked.in_units(Dimension::Storage, Rounding::Up);
    let (size, rounded) = converted.map_err(|message| metadata.wrong(kind, FIELD, &message))?;
    said.requests_rounded += u64::from(rounded);
    said.claims += 1;
    said.claims_unbound += u64::from(status.phase.as_deref() != Some("Bound"));
    let requested = Resources::ZERO.with(Dimension::Storage, size);
    let created = metadata.created(kind)?;
    let asked = (ResourceClass::Storage, requested);
    let mut request = tenants.request("persistentvolumeclaim", &metadata, created, asked, said);
    let labels: BTreeMap<&str, Option<String>> =
        BTreeMap::from([(owner::LABEL, owner::of(&metadata)), ("kubernetes/storage-class", spec.storage_class_name)]);
    request.labels.extend(labels.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    state.requests.push(request);
    Ok(())
}

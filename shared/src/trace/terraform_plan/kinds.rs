//! What the kinds of resources of Terraform's providers ask for.

use serde_json::{Map, Value};

use crate::request::ResourceClass;
use crate::units::{Dimension, Resources};

/// What one resource of a provider asks for, or one of its parts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Asked {
    /// Which part of the resource it is, where it is not the resource itself.
    pub(super) part: Option<String>,
    pub(super) class: ResourceClass,
    pub(super) flavor: Option<String>,
    pub(super) requested: Option<Resources>,
    pub(super) zone: Option<String>,
}

/// What is wrong with a field, and its name.
type Wrong = (String, String);

/// The fields of a machine that name its flavor and its zone.
const MACHINES: [(&str, &[&str], &str); 7] = [
    ("aws_instance", &["instance_type"], "availability_zone"),
    ("aws_spot_instance_request", &["instance_type"], "availability_zone"),
    ("google_compute_instance", &["machine_type"], "zone"),
    ("azurerm_linux_virtual_machine", &["size"], "zone"),
    ("azurerm_windows_virtual_machine", &["size"], "zone"),
    ("azurerm_virtual_machine", &["vm_size"], "zone"),
    ("openstack_compute_instance_v2", &["flavor_name", "flavor_id"], "availability_zone"),
];

/// The fields of a volume that say its GiB and its zone.
const VOLUMES: [(&str, &str, &str); 4] = [
    ("aws_ebs_volume", "size", "availability_zone"),
    ("google_compute_disk", "size", "zone"),
    ("azurerm_managed_disk", "disk_size_gb", "zone"),
    ("openstack_blockstorage_volume_v3", "size", "availability_zone"),
];

/// The lists of volumes that are made with a machine, and the field of their GiB.
const DEVICES: [(&str, &str); 3] =
    [("root_block_device", "volume_size"), ("ebs_block_device", "volume_size"), ("os_disk", "disk_size_gb")];

/// What has one address.
const ADDRESSES: [&str; 11] = [
    "aws_lb",
    "aws_alb",
    "aws_elb",
    "aws_eip",
    "google_compute_address",
    "google_compute_global_address",
    "google_compute_forwarding_rule",
    "google_compute_global_forwarding_rule",
    "azurerm_public_ip",
    "openstack_networking_floatingip_v2",
    "openstack_lb_loadbalancer_v2",
];

/// Why resources of a kind are not quoted, though they make machines.
pub(super) fn not_quoted(kind: &str) -> Option<&'static str> {
    match kind {
        "aws_autoscaling_group"
        | "google_compute_instance_group_manager"
        | "azurerm_linux_virtual_machine_scale_set"
        | "azurerm_windows_virtual_machine_scale_set" => {
            Some("how many machines it makes is decided later, by its own scaling")
        }
        "aws_eks_node_group" | "google_container_node_pool" | "azurerm_kubernetes_cluster_node_pool" => {
            Some("its machines are nodes of a fleet, which are edited in a scenario, not requested")
        }
        _ => None,
    }
}

/// What a resource asks for; nothing where its kind is not known.
///
/// # Errors
/// With the field that is wrong.
pub(super) fn asked(kind: &str, values: &Map<String, Value>) -> Result<Vec<Asked>, Wrong> {
    if let Some((_, flavor_fields, zone)) = MACHINES.iter().find(|(machine, ..)| *machine == kind) {
        let flavor = flavor_fields.iter().find_map(|field| text(values, field));
        let flavor = flavor.ok_or_else(|| {
            let message = "is not known before it is applied; expected the name of a type";
            (flavor_fields[0].to_owned(), message.to_owned())
        })?;
        let zone = text(values, zone);
        let machine = Asked {
            part: None,
            class: ResourceClass::Compute,
            flavor: Some(flavor),
            requested: None,
            zone: zone.clone(),
        };
        let mut all = vec![machine];
        all.extend(devices(values, zone.as_deref())?);
        return Ok(all);
    }
    if let Some((_, size, zone)) = VOLUMES.iter().find(|(volume, ..)| *volume == kind) {
        let gib = values.get(*size).filter(|size| !size.is_null());
        let gib = gib.ok_or_else(|| ((*size).to_owned(), "is not known before it is applied".to_owned()))?;
        let mut volume = volume(None, gibibytes(gib, size)?, text(values, zone).as_deref());
        if let Some(iops) = values.get("iops").and_then(Value::as_u64).and_then(|iops| u32::try_from(iops).ok()) {
            volume.requested = volume.requested.map(|requested| requested.with(Dimension::Iops, iops));
        }
        return Ok(vec![volume]);
    }
    if ADDRESSES.contains(&kind) {
        return Ok(vec![Asked {
            part: None,
            class: ResourceClass::Network,
            flavor: None,
            requested: Some(Resources::ZERO.with(Dimension::Addresses, 1)),
            zone: None,
        }]);
    }
    Ok(Vec::new())
}

/// The volumes that are made with a machine, where the plan says how large they are.
fn devices(values: &Map<String, Value>, zone: Option<&str>) -> Result<Vec<Asked>, Wrong> {
    let mut all = Vec::new();
    for (list, size) in DEVICES {
        for (number, device) in values.get(list).and_then(Value::as_array).into_iter().flatten().enumerate() {
            let Some(gib) = device.get(size).filter(|size| !size.is_null()) else { continue };
            let gib = gibibytes(gib, &format!("{list}[{number}].{size}"))?;
            all.push(volume(Some(format!("{list}-{number}")), gib, zone));
        }
    }
    Ok(all)
}

fn volume(part: Option<String>, gib: Resources, zone: Option<&str>) -> Asked {
    let zone = zone.map(str::to_owned);
    Asked { part, class: ResourceClass::Storage, flavor: None, requested: Some(gib), zone }
}

/// Whole GiB, as all providers have them.
pub(in crate::trace) fn gibibytes(value: &Value, field: &str) -> Result<Resources, Wrong> {
    let per_gib = u64::from(Dimension::Storage.per_written_unit());
    let amount = value.as_u64().and_then(|gib| u32::try_from(gib.checked_mul(per_gib)?).ok());
    let amount = amount.filter(|&amount| amount > 0);
    let amount = amount.ok_or_else(|| {
        let message = format!("is {value}; expected a whole number of GiB from 1 to {}", u64::from(u32::MAX) / per_gib);
        (field.to_owned(), message)
    })?;
    Ok(Resources::ZERO.with(Dimension::Storage, amount))
}

fn text(values: &Map<String, Value>, field: &str) -> Option<String> {
    values.get(field).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

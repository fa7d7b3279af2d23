//! What a record changes.

use std::collections::BTreeMap;

use serde_json::Value;

use super::record::Record;
use crate::input::InputError;
use crate::request::ResourceClass;
use crate::trace::events::Place;
use crate::trace::terraform_plan::gibibytes;
use crate::units::{Dimension, Instant, Resources};

/// A change of one resource, and the record that tells of it.
#[derive(Clone, Debug)]
pub(super) struct Changed {
    pub(super) place: Place,
    pub(super) event: String,
    pub(super) at: Instant,
    /// The account that has the resource.
    pub(super) account: String,
    /// As AWS calls it.
    pub(super) resource: String,
    pub(super) class: ResourceClass,
    pub(super) change: Change,
}

/// One change.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// It is there from now on.
    Created(Created),
    /// It was there before, and asks for what it asked for then.
    Started,
    /// It asks for something else.
    Resized(Shape),
    /// It holds nothing any more.
    Ended,
}

/// What is new, and what it asks for.
#[derive(Clone, Debug)]
pub(super) struct Created {
    pub(super) shape: Shape,
    pub(super) zone: Option<String>,
    /// What was made by one call has one name.
    pub(super) batch: Option<String>,
    pub(super) tags: BTreeMap<String, String>,
}

/// The name of a shape, or its amounts.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    Flavor(String),
    Amounts(Resources),
}

/// The changes that a record tells of; none where everything stays as it was.
///
/// # Errors
/// With the field that is wrong.
pub(super) fn of(place: Place, record: Record) -> Result<Vec<Changed>, InputError> {
    let account = record.account().map(str::to_owned).ok_or_else(|| {
        let message = "is missing, and so is userIdentity.accountId; expected the account that has the resource";
        InputError::field(0, "recipientAccountId", message)
    })?;
    let changes = match record.event_name.as_str() {
        "RunInstances" => run(&record)?,
        "TerminateInstances" | "StopInstances" => states(&record, &["running", "pending"], &Change::Ended)?,
        "StartInstances" => states(&record, &["stopped", "stopping"], &Change::Started)?,
        "ModifyInstanceAttribute" => retyped(&record)?,
        "CreateVolume" => vec![volume(&record)?],
        "ModifyVolume" => grown(&record)?,
        "DeleteVolume" => {
            let id = text(&record.request_parameters, "requestParameters", "volumeId")?;
            vec![(id.to_owned(), ResourceClass::Storage, Change::Ended)]
        }
        "CreateLoadBalancer" => balancers(&record)?,
        _ => vec![(balancer(&record)?, ResourceClass::Network, Change::Ended)],
    };
    let changed = |(resource, class, change)| Changed {
        place,
        event: record.event_id.clone(),
        at: record.event_time,
        account: account.clone(),
        resource,
        class,
        change,
    };
    Ok(changes.into_iter().map(changed).collect())
}

/// A resource as AWS calls it, its class, and what becomes of it.
type OfResource = (String, ResourceClass, Change);

fn run(record: &Record) -> Result<Vec<OfResource>, InputError> {
    const ITEMS: &str = "responseElements.instancesSet.items";
    let items = instances(record)?;
    let of_call = record.request_parameters.get("instanceType").and_then(Value::as_str);
    let asked = asked_tags(&record.request_parameters, "instance");
    let reservation = record.response_elements.get("reservationId").and_then(Value::as_str);
    let mut all = Vec::new();
    for (number, item) in items.iter().enumerate() {
        let within = format!("{ITEMS}[{number}]");
        let id = text(item, &within, "instanceId")?;
        let flavor = item.get("instanceType").and_then(Value::as_str).or(of_call).filter(|flavor| !flavor.is_empty());
        let flavor = flavor.ok_or_else(|| missing(&format!("{within}.instanceType"), "a type such as m5.large"))?;
        let zone = item.get("placement").and_then(|placement| placement.get("availabilityZone")?.as_str());
        let mut tags = asked.clone();
        tags.extend(tags_of(item.get("tagSet").and_then(|set| set.get("items"))));
        let created = Created {
            shape: Shape::Flavor(flavor.to_owned()),
            zone: zone.map(str::to_owned),
            batch: reservation.filter(|_| items.len() > 1).map(str::to_owned),
            tags,
        };
        all.push((id.to_owned(), ResourceClass::Compute, Change::Created(created)));
    }
    Ok(all)
}

/// The change of the instances that were in one of these states before the call; where nothing is said, they were.
fn states(record: &Record, before: &[&str], change: &Change) -> Result<Vec<OfResource>, InputError> {
    let mut all = Vec::new();
    for (number, item) in instances(record)?.iter().enumerate() {
        let id = text(item, &format!("responseElements.instancesSet.items[{number}]"), "instanceId")?;
        let state = item.get("previousState").and_then(|state| state.get("name")?.as_str());
        if state.is_none_or(|state| before.contains(&state)) {
            all.push((id.to_owned(), ResourceClass::Compute, change.clone()));
        }
    }
    Ok(all)
}

fn instances(record: &Record) -> Result<&Vec<Value>, InputError> {
    let items = record.response_elements.get("instancesSet").and_then(|set| set.get("items")?.as_array());
    items.ok_or_else(|| missing("responseElements.instancesSet.items", "the instances that the call was about"))
}

fn retyped(record: &Record) -> Result<Vec<OfResource>, InputError> {
    let parameters = &record.request_parameters;
    let Some(kind) = parameters.get("instanceType").filter(|kind| !kind.is_null()) else { return Ok(Vec::new()) };
    let flavor = kind.as_str().or_else(|| kind.get("value")?.as_str()).filter(|flavor| !flavor.is_empty());
    let flavor = flavor.ok_or_else(|| {
        let message = format!("is {kind}; expected a type such as m5.large");
        InputError::field(0, "requestParameters.instanceType.value", message)
    })?;
    let id = text(parameters, "requestParameters", "instanceId")?.to_owned();
    Ok(vec![(id, ResourceClass::Compute, Change::Resized(Shape::Flavor(flavor.to_owned())))])
}

fn volume(record: &Record) -> Result<OfResource, InputError> {
    const WITHIN: &str = "responseElements";
    let volume = &record.response_elements;
    let id = text(volume, WITHIN, "volumeId")?.to_owned();
    let mut tags = asked_tags(&record.request_parameters, "volume");
    tags.extend(tags_of(volume.get("tagSet").and_then(|set| set.get("items"))));
    let kind = volume.get("volumeType").and_then(Value::as_str);
    tags.extend(kind.map(|kind| ("aws/volume-type".to_owned(), kind.to_owned())));
    let shape = Shape::Amounts(amounts(volume, WITHIN, ["size", "iops"])?);
    let zone = volume.get("availabilityZone").and_then(Value::as_str).map(str::to_owned);
    Ok((id, ResourceClass::Storage, Change::Created(Created { shape, zone, batch: None, tags })))
}

fn grown(record: &Record) -> Result<Vec<OfResource>, InputError> {
    const WITHIN: &str = "responseElements.ModifyVolumeResponse.volumeModification";
    let response = record.response_elements.get("ModifyVolumeResponse").unwrap_or(&record.response_elements);
    let change = response.get("volumeModification").ok_or_else(|| missing(WITHIN, "what the volume becomes"))?;
    let id = text(change, WITHIN, "volumeId")?.to_owned();
    let target = amounts(change, WITHIN, ["targetSize", "targetIops"])?;
    let before = amounts(change, WITHIN, ["originalSize", "originalIops"]).ok();
    let stays = before == Some(target);
    Ok(if stays { Vec::new() } else { vec![(id, ResourceClass::Storage, Change::Resized(Shape::Amounts(target)))] })
}

/// Whole GiB, and operations per second where they are said.
fn amounts(volume: &Value, within: &str, [size, iops]: [&str; 2]) -> Result<Resources, InputError> {
    let gib = number(volume.get(size)).ok_or_else(|| missing(&format!("{within}.{size}"), "a whole number of GiB"))?;
    let gib =
        gibibytes(&gib, size).map_err(|(field, message)| InputError::field(0, format!("{within}.{field}"), message))?;
    let Some(operations) = number(volume.get(iops)) else { return Ok(gib) };
    let units = operations.as_u64().and_then(|units| u32::try_from(units).ok()).filter(|&units| units < u32::MAX);
    let units = units.ok_or_else(|| {
        let message = format!("is {operations}; expected a whole number of operations per second");
        InputError::field(0, format!("{within}.{iops}"), message)
    })?;
    Ok(gib.with(Dimension::Iops, units))
}

/// A number, which CloudTrail writes as a text here and there.
fn number(value: Option<&Value>) -> Option<Value> {
    let value = value.filter(|value| !value.is_null())?;
    let written = value.as_str().and_then(|text| text.trim().parse::<u64>().ok());
    Some(written.map_or_else(|| value.clone(), Value::from))
}

fn balancers(record: &Record) -> Result<Vec<OfResource>, InputError> {
    let created = |tags| {
        let shape = Shape::Amounts(Resources::ZERO.with(Dimension::Addresses, 1));
        Change::Created(Created { shape, zone: None, batch: None, tags })
    };
    let tags = tags_of(record.request_parameters.get("tags"));
    let Some(made) = record.response_elements.get("loadBalancers").and_then(Value::as_array) else {
        return Ok(vec![(balancer(record)?, ResourceClass::Network, created(tags))]);
    };
    let mut all = Vec::new();
    for (number, balancer) in made.iter().enumerate() {
        let arn = text(balancer, &format!("responseElements.loadBalancers[{number}]"), "loadBalancerArn")?;
        all.push((arn.to_owned(), ResourceClass::Network, created(tags.clone())));
    }
    Ok(all)
}

/// What a load balancer is called: its ARN; a classic one has a name, which is its own in its region.
fn balancer(record: &Record) -> Result<String, InputError> {
    let parameters = &record.request_parameters;
    if let Some(arn) = parameters.get("loadBalancerArn").and_then(Value::as_str).filter(|arn| !arn.is_empty()) {
        return Ok(arn.to_owned());
    }
    let name = text(parameters, "requestParameters", "loadBalancerName")?;
    Ok(format!("loadbalancer/{}/{name}", record.aws_region))
}

/// The tags that the call asked for, for resources of a kind.
fn asked_tags(parameters: &Value, kind: &str) -> BTreeMap<String, String> {
    let specifications = parameters.get("tagSpecificationSet").and_then(|set| set.get("items")?.as_array());
    let of_kind = |one: &&Value| one.get("resourceType").and_then(Value::as_str) == Some(kind);
    specifications.into_iter().flatten().filter(of_kind).flat_map(|one| tags_of(one.get("tags"))).collect()
}

/// Tags, each with its key and value; what is written otherwise is no tag.
fn tags_of(list: Option<&Value>) -> BTreeMap<String, String> {
    let tags = list.and_then(Value::as_array).into_iter().flatten();
    let pair = |tag: &Value| Some((tag.get("key")?.as_str()?.to_owned(), tag.get("value")?.as_str()?.to_owned()));
    tags.filter_map(pair).collect()
}

fn text<'v>(value: &'v Value, within: &str, field: &str) -> Result<&'v str, InputError> {
    let found = value.get(field).and_then(Value::as_str).filter(|text| !text.is_empty());
    found.ok_or_else(|| missing(&format!("{within}.{field}"), "a name"))
}

fn missing(field: &str, expected: &str) -> InputError {
    InputError::field(0, field, format!("is missing; expected {expected}"))
}

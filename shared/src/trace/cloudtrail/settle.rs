//! Changes with what is known of their resources.

use std::collections::BTreeMap;

use super::change::{Change, Changed, Created, Shape};
use super::{TrailChanges, TrailTenants};
use crate::request::{Operation, Request};
use crate::trace::events::{Events, Reason, Told};

/// What the ids of requests about a resource begin with.
pub(super) fn id_of_any(resource: &str) -> String {
    format!("aws/{resource}/")
}

pub(super) fn settle(
    read: TrailChanges,
    mut known: BTreeMap<String, Vec<Request>>,
    tenants: TrailTenants<'_>,
) -> Events {
    let TrailChanges { mut changes, mut events, .. } = read;
    // CloudTrail tells seconds: within one, what ends has been made before.
    changes.sort_by_key(|changed| (changed.at, !matches!(changed.change, Change::Created(_))));
    for changed in changes {
        let requests = known.entry(id_of_any(&changed.resource)).or_default();
        let Some((request, is_mapped)) = request(&changed, requests, tenants) else {
            events.ignore(Reason::UnknownResource);
            continue;
        };
        events.unmapped += u64::from(tenants.mapping.is_some() && !is_mapped);
        requests.push(request.clone());
        events.requests.push(Told { place: changed.place, event: changed.event, record: request });
    }
    events.valid()
}

/// The request that a change is, and whether a rule says whose; nothing where it is not known what it asks for.
fn request(changed: &Changed, known: &[Request], tenants: TrailTenants<'_>) -> Option<(Request, bool)> {
    let id = format!("{}{}", id_of_any(&changed.resource), changed.event);
    // The record itself may be known, where it comes again.
    let others: Vec<&Request> = known.iter().filter(|request| request.id != id).collect();
    let create = others.iter().find(|request| request.operation == Operation::Create);
    let (tenant, is_mapped) = match (&changed.change, create) {
        (Change::Created(created), _) => tenant(changed, &created.tags, tenants),
        // A resource stays with the tenant that it was created for.
        (_, Some(create)) => (create.tenant.clone(), true),
        (_, None) => tenant(changed, &BTreeMap::new(), tenants),
    };
    let empty = Request {
        id,
        at: changed.at,
        tenant,
        operation: Operation::Create,
        class: changed.class,
        resource: changed.resource.clone(),
        flavor: None,
        requested: None,
        zone: None,
        scheduling: None,
        batch: None,
        lifetime: None,
        labels: BTreeMap::new(),
    };
    let request = match &changed.change {
        Change::Created(created) => of_created(empty, created),
        Change::Started => {
            let shaped = |request: &&&Request| request.at <= changed.at && request.operation != Operation::Delete;
            let newest = others.iter().filter(shaped).max_by_key(|request| request.at)?;
            let (flavor, requested) = (newest.flavor.clone(), newest.requested);
            let (zone, labels) = create.map(|create| (create.zone.clone(), create.labels.clone())).unwrap_or_default();
            Request { flavor, requested, zone, labels, ..empty }
        }
        Change::Resized(shape) => with_shape(Request { operation: Operation::Resize, ..empty }, shape),
        Change::Ended => Request { operation: Operation::Delete, ..empty },
    };
    Some((request, is_mapped))
}

fn of_created(empty: Request, created: &Created) -> Request {
    let Created { shape, zone, batch, tags } = created.clone();
    with_shape(Request { zone, batch, labels: tags, ..empty }, &shape)
}

fn with_shape(request: Request, shape: &Shape) -> Request {
    match shape {
        Shape::Flavor(flavor) => Request { flavor: Some(flavor.clone()), ..request },
        Shape::Amounts(amounts) => Request { requested: Some(*amounts), ..request },
    }
}

fn tenant(changed: &Changed, tags: &BTreeMap<String, String>, tenants: TrailTenants<'_>) -> (String, bool) {
    let mapped = tenants.mapping.and_then(|mapping| mapping.tenant(&changed.account, tags, changed.at));
    let tagged = tenants.tag.and_then(|tag| tags.get(tag)).map(String::as_str).filter(|tenant| !tenant.is_empty());
    (mapped.or(tagged).unwrap_or(&changed.account).to_owned(), mapped.is_some())
}

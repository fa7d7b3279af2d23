//! A predicted stream in the primary's own wire format.

use super::{Tag, Tags};
use crate::request::{Flavor, IndexedRequest, Operation, Request, Tenant, Terms};

/// Marks ids, resources and tenants that exist only in a prediction.
const PREDICTED: &str = "p-";

/// What the indices of a stream stand for.
#[derive(Clone, Copy, Debug)]
pub struct RecordNames<'a> {
    /// Tenants by index.
    pub tenants: &'a [Tenant],
    /// Flavors by index.
    pub flavors: &'a [Flavor],
    /// Names of the resources that live when the stream begins, by index.
    pub live: &'a [String],
    /// Terms by index.
    pub terms: &'a [Terms],
    /// Terms and labels of those that are created.
    pub tags: &'a Tags,
    /// The tag of each resource by index, as [`tagged`](super::tagged) draws them.
    pub tagged: &'a [Tag],
}

/// The requests of a stream as they travel, in the same order.
///
/// Ids are `p-000000`, `p-000001`, …, new resources are called `p-` and their number, live ones keep their names. Where
/// a live one already has such a name (its create was predicted, too), new names begin with one more `p-`. Labels are those
/// of the tenant and, where they were drawn, the resource's own.
pub fn to_records<'a>(stream: &'a [IndexedRequest], names: RecordNames<'a>) -> impl Iterator<Item = Request> + 'a {
    let prefix = predicted_prefix(names.live);
    let record = move |(position, request): (usize, &IndexedRequest)| {
        let flavor = &names.flavors[request.flavor.usize()];
        let shaped = request.operation != Operation::Delete;
        let resource = request.resource.usize();
        let tag = names.tagged.get(resource).copied().unwrap_or_default();
        let terms = tag.terms.map(|terms| &names.terms[terms.usize()]);
        let mut labels = names.tenants[request.tenant.usize()].labels.clone();
        labels.extend(names.tags.labels(tag).cloned().unwrap_or_default());
        Request {
            id: format!("{PREDICTED}{position:06}"),
            at: request.at,
            tenant: names.tenants[request.tenant.usize()].name.clone(),
            operation: request.operation,
            class: flavor.class,
            resource: names.live.get(resource).cloned().unwrap_or_else(|| format!("{prefix}{resource:06}")),
            flavor: shaped.then(|| flavor.name.clone()),
            requested: shaped.then_some(flavor.requested),
            zone: terms.filter(|_| shaped).and_then(|terms| terms.zone.clone()),
            scheduling: terms.filter(|_| request.operation == Operation::Create).and_then(Terms::scheduling),
            batch: request.batch.map(|batch| format!("{PREDICTED}{:06}", batch.0)),
            lifetime: request.lifetime,
            labels,
        }
    };
    stream.iter().enumerate().map(record)
}

/// What the names of new resources begin with beside those that live: their number in six digits follows.
pub fn predicted_prefix(live: &[String]) -> String {
    prefix_beside(live.iter().map(String::as_str))
}

/// The names of so many tenants that nobody has seen, beside those that are known: `p-new-tenant-1` and so on.
pub fn newcomer_names<'a>(count: u32, known: impl Iterator<Item = &'a str> + Clone) -> impl Iterator<Item = String> {
    let prefix = prefix_beside(known);
    (1..=count).map(move |number| format!("{prefix}new-tenant-{number}"))
}

fn prefix_beside<'a>(names: impl Iterator<Item = &'a str> + Clone) -> String {
    let mut prefix = PREDICTED.to_owned();
    while names.clone().any(|name| name.starts_with(&prefix)) {
        prefix.push_str(PREDICTED);
    }
    prefix
}

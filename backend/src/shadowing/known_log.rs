//! The stored requests as one valid log.

use std::collections::BTreeMap;

use shared::api::Contradictions;
use shared::input::InputError;
use shared::request::{Catalogue, Operation, Request, RequestLog, RequestLogBuilder, ResourceClass};
use shared::units::Instant;

use super::{Beginning, Carried};

/// The log of requests that arrived one by one, and which of them contradict the others.
///
/// Each request was valid when it was accepted, but together they may not be: a create of a resource that lives, or a
/// delete of another class. The earlier one holds; the later one is left out, until what was missing has come in too. Who
/// lives in the beginning lives for the requests from then on.
///
/// # Errors
/// When a flavor is no longer in the catalogue.
pub fn known_log(
    requests: &[Request],
    catalogue: &Catalogue,
    beginning: Option<&Beginning>,
) -> Result<(RequestLog, Option<Contradictions>), InputError> {
    let mut live: Living<'_> = BTreeMap::new();
    let mut deleted: BTreeMap<(&str, &str), Instant> = BTreeMap::new();
    let mut to_begin = beginning;
    let mut builder = RequestLogBuilder::new(catalogue.clone());
    let mut contradictions: Option<Contradictions> = None;
    let mut in_order: Vec<&Request> = requests.iter().collect();
    in_order.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
    for (position, request) in in_order.into_iter().enumerate() {
        if let Some(beginning) = to_begin.take_if(|beginning| request.at >= beginning.at) {
            begin(beginning, &deleted, &mut live);
        }
        let resource = (request.tenant.as_str(), request.resource.as_str());
        let class = live.get(&resource).copied();
        let fits = match request.operation {
            Operation::Create => class.is_none(),
            Operation::Resize | Operation::Delete => class.is_none_or(|class| class == request.class),
        };
        if !fits {
            let found = contradictions.get_or_insert_with(|| Contradictions {
                count: 0,
                request: request.id.clone(),
                message: contradiction(request, class),
            });
            found.count += 1;
            continue;
        }
        match request.operation {
            Operation::Create => live.insert(resource, request.class),
            Operation::Delete => {
                deleted.insert(resource, request.at);
                live.remove(&resource)
            }
            Operation::Resize => class,
        };
        builder.push(position as u64 + 1, request.clone())?;
    }
    if let Some(Beginning { at, creates, carried, .. }) = beginning {
        builder.stand(*at, creates.iter().cloned())?;
        if let Some(Carried { keys, begun_batches, .. }) = carried.as_deref() {
            builder.go_on(keys.clone(), begun_batches.clone());
        }
    }
    Ok((builder.finish()?, contradictions))
}

/// Classes of what lives, by tenant and name.
type Living<'a> = BTreeMap<(&'a str, &'a str), ResourceClass>;

/// Adds who lives in the beginning: whom the log has not deleted by then since they were asked for.
fn begin<'a>(beginning: &'a Beginning, deleted: &BTreeMap<(&str, &str), Instant>, live: &mut Living<'a>) {
    for create in beginning.creates.iter().filter(|create| create.at < beginning.at) {
        let resource = (create.tenant.as_str(), create.resource.as_str());
        if deleted.get(&resource).is_none_or(|&at| at < create.at) {
            live.entry(resource).or_insert(create.class);
        }
    }
}

/// What a request says that cannot be beside the ones before it.
fn contradiction(request: &Request, lives_as: Option<ResourceClass>) -> String {
    let (tenant, resource) = (&request.tenant, &request.resource);
    match (request.operation, lives_as) {
        (Operation::Create, _) => {
            format!("creates `{resource}` of `{tenant}`, which lives already; send the delete that came before it")
        }
        (operation, class) => {
            let lives_as = class.map_or("", ResourceClass::as_str);
            let (operation, class) = (operation.as_str(), request.class.as_str());
            format!("is to {operation} `{resource}` of `{tenant}` as {class}, which was created as {lives_as}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_contradicts_the_log_is_counted_and_left_out() {
        let create = |id: &str, at: &str| -> Request {
            serde_json::from_str(&format!(
                r#"{{"id":"{id}","at":"2026-01-01T{at}Z","tenant":"acme","op":"create","class":"compute",
                    "resource":"vm","requested":{{"vcpu":2}}}}"#
            ))
            .unwrap()
        };
        let requests = [create("2", "01:00:00"), create("1", "00:00:00")];
        let (log, contradictions) = known_log(&requests, &Catalogue::default(), None).unwrap();
        let found = contradictions.unwrap();
        assert_eq!((log.requests.len(), found.count, found.request.as_str()), (1, 1, "2"));
        assert!(found.message.contains("`vm` of `acme`"), "{}", found.message);
        assert_eq!(&*log.ids[0], "1");
        // Who lives in the beginning cannot be created again after it, nor is it unknown to its delete.
        let creates = vec![create("s", "00:00:00")];
        let at = "2026-01-01T00:30:00Z".parse().unwrap();
        let beginning = Beginning { at, creates, too_large: Vec::new(), observations: Vec::new(), carried: None };
        let later = create("2", "01:00:00");
        let delete = create("3", "02:00:00").into_delete("2026-01-01T02:00:00Z".parse().unwrap());
        let (log, contradictions) = known_log(&[later, delete], &Catalogue::default(), Some(&beginning)).unwrap();
        assert_eq!((log.requests.len(), log.orphans, contradictions.unwrap().request.as_str()), (1, 0, "2"));
    }
}

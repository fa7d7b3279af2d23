//! The stored requests as one valid log.

use std::collections::BTreeMap;

use shared::api::Contradictions;
use shared::input::InputError;
use shared::request::{Catalogue, Operation, Request, RequestLog, RequestLogBuilder, ResourceClass};

/// The log of requests that arrived one by one, and which of them contradict the others.
///
/// Each request was valid when it was accepted, but together they may not be: a create of a resource that lives, or a
/// delete of another class. The earlier one holds; the later one is left out, until what was missing has come in too.
///
/// # Errors
/// When a flavor is no longer in the catalogue.
pub fn known_log(
    requests: &[Request],
    catalogue: &Catalogue,
) -> Result<(RequestLog, Option<Contradictions>), InputError> {
    let mut live: BTreeMap<(&str, &str), ResourceClass> = BTreeMap::new();
    let mut builder = RequestLogBuilder::new(catalogue.clone());
    let mut contradictions: Option<Contradictions> = None;
    let mut in_order: Vec<&Request> = requests.iter().collect();
    in_order.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
    for (position, request) in in_order.into_iter().enumerate() {
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
            Operation::Delete => live.remove(&resource),
            Operation::Resize => class,
        };
        builder.push(position as u64 + 1, request.clone())?;
    }
    Ok((builder.finish()?, contradictions))
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
        let (log, contradictions) = known_log(&requests, &Catalogue::default()).unwrap();
        let found = contradictions.unwrap();
        assert_eq!((log.requests.len(), found.count, found.request.as_str()), (1, 1, "2"));
        assert!(found.message.contains("`vm` of `acme`"), "{}", found.message);
        assert_eq!(&*log.ids[0], "1");
    }
}

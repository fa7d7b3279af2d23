//! The stored requests as one valid log.

use std::collections::BTreeMap;

use shared::input::InputError;
use shared::request::{Catalogue, Operation, Request, RequestLog, RequestLogBuilder, ResourceClass};

/// The log of requests that arrived one by one, and how many of them contradict the others.
///
/// Each request was valid when it was accepted, but together they may not be: a create of a resource that lives, or a
/// delete of another class. The earlier one holds; the later one is an anomaly and left out.
///
/// # Errors
/// When a flavor is no longer in the catalogue.
pub fn known_log(requests: &[Request], catalogue: &Catalogue) -> Result<(RequestLog, u64), InputError> {
    let mut live: BTreeMap<(&str, &str), ResourceClass> = BTreeMap::new();
    let mut builder = RequestLogBuilder::new(catalogue.clone());
    let mut anomalies = 0;
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
            anomalies += 1;
            continue;
        }
        match request.operation {
            Operation::Create => live.insert(resource, request.class),
            Operation::Delete => live.remove(&resource),
            Operation::Resize => class,
        };
        builder.push(position as u64 + 1, request.clone())?;
    }
    Ok((builder.finish()?, anomalies))
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
        let (log, anomalies) = known_log(&requests, &Catalogue::default()).unwrap();
        assert_eq!((log.requests.len(), anomalies), (1, 1));
        assert_eq!(&*log.ids[0], "1");
    }
}

//! `POST /v1/kubernetes/audit`: where the audit webhook of an API server points.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::HttpRequest;
use actix_web::web::{Data, Payload};
use shared::api::ForeignEventsAnswer;
use shared::request::{Observation, Operation, Request};
use shared::trace::kubernetes_audit::{AuditChanges, Extent, KnownPods};

use super::{Answer, App, Problem, body, foreign_events};
use crate::store::StoreError;

pub(super) async fn events(app: Data<App>, request: HttpRequest, payload: Payload) -> Answer<ForeignEventsAnswer> {
    let bytes = body::admitted(&app, &request, payload).await?;
    let mut changes = AuditChanges::default();
    changes.read(body::text(&bytes)?, app.foreign.mapping.as_ref()).map_err(Problem::input)?;
    let known = known_pods(&app, &changes).await?;
    foreign_events::take(&app, changes.settle(&known, Extent::Part)).await
}

/// What the log, and what the primary began with, know of the pods that events tell something about.
async fn known_pods(app: &App, changes: &AuditChanges) -> Result<KnownPods, StoreError> {
    let names: BTreeSet<String> = changes.bound().map(str::to_owned).collect();
    let names: Vec<String> = names.into_iter().collect();
    let config = app.board.config(&app.config);
    let (start, seen_at_start) =
        config.start.as_ref().map_or((&[][..], &[][..]), |start| (&start.creates[..], &start.observations[..]));
    let of_log = app.store.requests_beginning(names.clone()).await?;
    let mut creates = BTreeMap::new();
    for (name, requests) in names.into_iter().zip(&of_log) {
        let of_start = start.iter().filter(|create| create.id.starts_with(&name));
        let is_create = |request: &&Request| request.operation == Operation::Create;
        let all = of_start.chain(requests.iter().filter(is_create)).map(|create| (create.at, create.id.clone()));
        // Who lives from before what is kept of the log is in both.
        let all: Vec<_> = all.collect::<BTreeSet<_>>().into_iter().collect();
        creates.insert(name, all);
    }
    let ids: BTreeSet<&str> = changes.observed().chain(creates.values().flatten().map(|(_, id)| id.as_str())).collect();
    let ids: Vec<String> = ids.into_iter().map(str::to_owned).collect();
    let of_log = app.store.observations_of(ids.clone()).await?;
    let known = |observations: &mut dyn Iterator<Item = &Observation>| {
        observations
            .fold((false, false), |(node, ready), seen| (node || seen.node.is_some(), ready || seen.ready_at.is_some()))
    };
    let observed = ids.into_iter().zip(&of_log).map(|(id, seen)| {
        let before = seen_at_start.iter().filter(|seen| seen.request == id);
        let known = known(&mut before.chain(seen));
        (id, known)
    });
    Ok(KnownPods { observed: observed.collect(), creates })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use shared::api::paths;
    use shared::trace::events::Reason;

    use super::*;

    const VERBS: [&str; 8] = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];
    /// Groups, resources and their parts, of which some hold something.
    const RESOURCES: [(&str, &str, &str); 17] = [
        ("", "pods", ""),
        ("", "pods", "binding"),
        ("", "pods", "status"),
        ("", "pods", "resize"),
        ("", "pods", "eviction"),
        ("", "pods", "log"),
        ("", "persistentvolumeclaims", ""),
        ("", "persistentvolumeclaims", "status"),
        ("", "services", ""),
        ("", "services", "status"),
        ("", "services", "proxy"),
        ("", "nodes", "status"),
        ("", "secrets", ""),
        ("apps", "deployments", ""),
        ("apps", "replicasets", ""),
        ("batch", "jobs", ""),
        ("metrics.k8s.io", "pods", ""),
    ];

    fn deployed(file: &str) -> Value {
        let path = format!("{}/../deploy/kubernetes/{file}", env!("CARGO_MANIFEST_DIR"));
        serde_saphyr::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    /// The level at which a policy has a call logged: that of the first rule that matches.
    fn level<'p>(policy: &'p Value, verb: &str, (group, resource, part): (&str, &str, &str)) -> &'p str {
        let resource = if part.is_empty() { resource.to_owned() } else { format!("{resource}/{part}") };
        let holds = |list: &Value, wanted: &str| list.as_array().is_some_and(|all| all.iter().any(|one| one == wanted));
        let matches = |rule: &&Value| {
            let of_verb = rule["verbs"].is_null() || holds(&rule["verbs"], verb);
            let groups = rule["resources"].as_array();
            let of_resource = groups.is_none_or(|groups| {
                groups.iter().any(|found| found["group"] == group && holds(&found["resources"], &resource))
            });
            let of_anyone = ["users", "userGroups", "namespaces"].iter().all(|field| rule[*field].is_null());
            of_verb && of_resource && of_anyone
        };
        let rule = policy["rules"].as_array().unwrap().iter().find(matches);
        rule.map_or("None", |rule| rule["level"].as_str().unwrap())
    }

    /// Whether the importer looks at such a call at all.
    fn is_read(verb: &str, (group, resource, part): (&str, &str, &str)) -> bool {
        let about =
            json!({"apiGroup": group, "resource": resource, "subresource": part, "namespace": "n", "name": "x"});
        let event = json!({"auditID": "1", "stage": "ResponseComplete", "verb": verb, "objectRef": about,
                           "requestReceivedTimestamp": "2026-01-01T00:00:00Z"});
        let mut changes = AuditChanges::default();
        changes.read(&event.to_string(), None).unwrap();
        let ignored = changes.settle(&KnownPods::default(), Extent::Part).ignored;
        [Reason::Read, Reason::OtherCall, Reason::OtherResource].iter().all(|reason| !ignored.contains_key(reason))
    }

    #[test]
    fn the_policy_logs_every_call_that_is_read_and_no_other() {
        let policy = deployed("audit-policy.yaml");
        assert_eq!((&policy["kind"], &policy["apiVersion"]), (&json!("Policy"), &json!("audit.k8s.io/v1")));
        assert_eq!(policy["omitStages"], json!(["RequestReceived"]));
        let mut read = 0;
        for resource in RESOURCES {
            for verb in VERBS {
                let wanted = is_read(verb, resource);
                read += u32::from(wanted);
                let level = level(&policy, verb, resource);
                assert!(!wanted || level == "RequestResponse", "{verb} {resource:?} is logged at {level}");
                let holds =
                    resource.0.is_empty() && ["pods", "persistentvolumeclaims", "services"].contains(&resource.1);
                assert!(level == "None" || holds, "{verb} {resource:?} is logged for nothing");
            }
        }
        // Of each of the three create, update, patch, delete and deletecollection, and two ways to change the state; of pods
        // one way to bind and two to resize.
        assert_eq!(read, (5 + 1 + 2 + 2) + (5 + 2) + (5 + 2));
    }

    #[test]
    fn the_webhook_leads_to_the_path_that_is_served() {
        let webhook = deployed("audit-webhook.yaml");
        let server = webhook["clusters"][0]["cluster"]["server"].as_str().unwrap();
        assert!(server.ends_with(paths::KUBERNETES_AUDIT), "{server}");
        let context = &webhook["contexts"][0];
        assert_eq!(webhook["current-context"], context["name"]);
        assert_eq!(context["context"]["cluster"], webhook["clusters"][0]["name"]);
    }
}

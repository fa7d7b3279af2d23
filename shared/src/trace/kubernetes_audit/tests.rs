//! Events as an API server of version 1.31 writes them, with fewer fields.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::request::{Catalogue, Observation, Operation, Request, RequestLog, RequestLogBuilder};
use crate::trace::events::with_another_value;
use crate::trace::kubernetes_state::read_state;
use crate::trace::mapping::read_mapping;
use crate::units::{Dimension, Duration};

/// A call that ended well at `at` of 2026-11-01, about the pod `name` unless `rest` says otherwise.
fn event(at: &str, verb: &str, name: &str, rest: Value) -> Value {
    let mut event = json!({
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "RequestResponse", "auditID": format!("{verb}-{name}-{at}"),
        "stage": "ResponseComplete", "requestURI": "/api/v1/namespaces/shop/pods", "verb": verb,
        "objectRef": {"resource": "pods", "namespace": "shop", "name": name, "apiVersion": "v1"},
        "responseStatus": {"metadata": {}, "code": 200},
        "requestReceivedTimestamp": format!("2026-11-01T{at}Z"), "stageTimestamp": format!("2026-11-01T{at}Z"),
    });
    for (field, value) in rest.as_object().unwrap() {
        event[field] = value.clone();
    }
    event
}

/// A pod that was created at `created`, of the ReplicaSet or Job `owner`.
fn pod(name: &str, owner: &str, created: &str) -> Value {
    let (kind, hash) = owner.rsplit_once('-').map_or(("Job", None), |(_, hash)| ("ReplicaSet", Some(hash)));
    let mut labels = json!({"app": "web"});
    if let Some(hash) = hash {
        labels["pod-template-hash"] = hash.into();
    }
    json!({
        "kind": "Pod", "apiVersion": "v1",
        "metadata": {"name": name, "namespace": "shop", "creationTimestamp": format!("2026-11-01T{created}Z"),
            "labels": labels, "ownerReferences": [{"kind": kind, "name": owner}]},
        "spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}}}], "priority": 0},
        "status": {"phase": "Pending"},
    })
}

fn created(pod: &Value) -> Value {
    let name = pod["metadata"]["name"].as_str().unwrap();
    let at = &pod["metadata"]["creationTimestamp"].as_str().unwrap()[11..19];
    event(at, "create", name, json!({"responseObject": pod, "responseStatus": {"code": 201}}))
}

fn bound(at: &str, pod: &Value, node: &str) -> Value {
    let name = pod["metadata"]["name"].as_str().unwrap();
    let about = json!({"resource": "pods", "namespace": "shop", "name": name, "subresource": "binding"});
    let target = json!({"kind": "Binding", "target": {"kind": "Node", "name": node}});
    event(at, "create", name, json!({"objectRef": about, "requestObject": target, "responseStatus": {"code": 201}}))
}

/// What the kubelet says of a pod on `n-1`.
fn status(at: &str, pod: &Value, phase: &str, ready: Option<&str>) -> Value {
    let name = pod["metadata"]["name"].as_str().unwrap();
    let mut pod = pod.clone();
    pod["spec"]["nodeName"] = "n-1".into();
    pod["status"]["phase"] = phase.into();
    if let Some(ready) = ready {
        let since = format!("2026-11-01T{ready}Z");
        pod["status"]["conditions"] = json!([{"type": "Ready", "status": "True", "lastTransitionTime": since}]);
    }
    let about = json!({"resource": "pods", "namespace": "shop", "name": name, "subresource": "status"});
    event(at, "patch", name, json!({"objectRef": about, "responseObject": pod}))
}

/// The delete that gives a pod `seconds` to end by `by`.
fn deleted(at: &str, pod: &Value, seconds: i64, by: &str) -> Value {
    let mut pod = pod.clone();
    pod["metadata"]["deletionTimestamp"] = format!("2026-11-01T{by}Z").into();
    pod["metadata"]["deletionGracePeriodSeconds"] = seconds.into();
    event(at, "delete", pod["metadata"]["name"].as_str().unwrap(), json!({"responseObject": pod}))
}

fn lines(events: &[Value]) -> String {
    events.iter().map(|event| format!("{event}\n")).collect()
}

fn settled(events: &[Value], extent: Extent) -> Events {
    let mut changes = AuditChanges::default();
    changes.read(&lines(events), None).unwrap();
    changes.settle(&KnownPods::default(), extent)
}

fn log(events: &Events) -> RequestLog {
    let mut builder = RequestLogBuilder::new(Catalogue::default());
    for told in &events.requests {
        builder.push(told.place.line, told.record.clone()).unwrap();
    }
    builder.finish().unwrap()
}

fn at(time: &str) -> Instant {
    format!("2026-11-01T{time}Z").parse().unwrap()
}

/// One of each: what asks, and what it is called.
fn shown(events: &Events) -> Vec<String> {
    let of = |request: &Request| format!("{} {}", request.operation.as_str(), request.id);
    events.requests.iter().map(|told| of(&told.record)).collect()
}

/// A Deployment of 3 replicas, rolled out with one pod more at a time (maxSurge 1, maxUnavailable 0): each old pod is told
/// to end when a new one is ready, and is gone 6 s later; and a Job whose pod works for 40 minutes and is cleared away
/// long after. Until noon:
///
/// - a-1 from 08:00:00 to 10:00:36 is 7,236 s, a-2 to 10:01:06 is 7,266 s, a-3 to 10:01:36 is 7,296 s: 21,798 s;
/// - b-1 from 10:00:00 is 7,200 s, b-2 from 10:00:30 is 7,170 s, b-3 from 10:01:00 is 7,140 s: 21,510 s;
/// - together 43,308 s are 12.03 replica-hours; the Job's pod from 09:00:00 to 09:40:00 is 2,400 s.
#[test]
fn a_rollout_and_a_job_hold_what_a_hand_reckons() {
    let old: Vec<Value> = (1..=3).map(|i| pod(&format!("a-{i}"), "web-aaa", "08:00:00")).collect();
    let new = [("b-1", "10:00:00"), ("b-2", "10:00:30"), ("b-3", "10:01:00")];
    let new: Vec<Value> = new.iter().map(|(name, at)| pod(name, "web-bbb", at)).collect();
    let job = pod("report", "report", "09:00:00");
    // What makes pods holds nothing itself.
    let about = json!({"resource": "deployments", "namespace": "shop", "name": "web", "apiGroup": "apps"});
    let deployment =
        event("08:00:00", "create", "web", json!({"objectRef": about, "responseObject": {"kind": "Deployment"}}));
    let about = json!({"resource": "replicasets", "namespace": "shop", "name": "web-bbb", "apiGroup": "apps"});
    let replicas = event("10:00:00", "create", "web-bbb", json!({"objectRef": about}));
    let mut events = vec![deployment, replicas, created(&job), status("09:40:00", &job, "Succeeded", None)];
    events.push(deleted("11:00:00", &job, 0, "11:00:00"));
    events.extend(old.iter().chain(&new).map(created));
    let ends = [
        ("10:00:30", "10:01:00", "10:00:36"),
        ("10:01:00", "10:01:30", "10:01:06"),
        ("10:01:30", "10:02:00", "10:01:36"),
    ];
    for (pod, (told, by, gone)) in old.iter().zip(ends) {
        events.push(deleted(told, pod, 30, by));
        events.push(status(gone, pod, "Succeeded", None));
        // The kubelet deletes it for good.
        events.push(deleted(gone, pod, 0, by));
    }
    for extent in [Extent::Whole, Extent::Part] {
        let events = settled(&events, extent);
        assert_eq!((&events.refused, events.ends_inferred), (&vec![], 0));
        let log = log(&events);
        assert_eq!((log.lives.len(), log.orphans), (7, 0));
        let held = |revision: Option<&str>| -> i64 {
            let of = |life: &&crate::request::Life| {
                let labels = &log.label_sets[life.labels as usize];
                labels.get("kubernetes/revision").map(String::as_str) == revision
            };
            let length = |life: &crate::request::Life| life.deleted.unwrap_or(at("12:00:00")) - life.created;
            log.lives.iter().filter(of).map(|life| length(life).micros() / 1_000_000).sum()
        };
        assert_eq!((held(Some("aaa")), held(Some("bbb")), held(None)), (21_798, 21_510, 2_400));
        // Three deletes told to end, and each pod ended by its state, so that its last delete and the Job's say it again.
        assert_eq!((events.ignored[&Reason::Ending], events.ignored[&Reason::EndedBefore]), (3, 4));
        assert_eq!(events.ignored[&Reason::OtherResource], 2);
    }
}

#[test]
fn a_pod_is_what_a_state_import_calls_it() {
    let pod = pod("web-1", "web-aaa", "08:00:00");
    let of_state = read_state(&pod.to_string(), None).unwrap();
    let events = settled(&[created(&pod), status("08:00:09", &pod, "Running", Some("08:00:08"))], Extent::Part);
    assert_eq!(events.requests[0].record, of_state.requests[0]);
    let create = &events.requests[0].record;
    assert_eq!((create.id.as_str(), create.resource.as_str()), ("pod/shop/web-1@2026-11-01T08:00:00Z", "web-1"));
    assert_eq!(create.labels["kubernetes/owner"], "Deployment/web");
    assert_eq!(create.labels["kubernetes/revision"], "aaa");
    let seen = Observation {
        request: create.id.clone(),
        admitted: Some(true),
        node: Some("n-1".to_owned()),
        ready_at: Some(at("08:00:08")),
        ..Observation::default()
    };
    assert_eq!(events.observations[0].record, seen);
    // Who lives by a state import ends by an event.
    let ends = settled(&[deleted("09:00:00", &pod, 0, "09:00:00")], Extent::Part);
    let end = &ends.requests[0].record;
    assert_eq!(
        (end.operation, end.at, &end.resource),
        (Operation::Delete, at("09:00:00"), &of_state.requests[0].resource)
    );
    assert_eq!(end.id, format!("{}/delete", of_state.requests[0].id));
    let mapping = read_mapping("[[rule]]\ntenant = \"retail\"\nnamespace = \"shop\"\n").unwrap();
    let mut changes = AuditChanges::default();
    changes.read(&lines(&[created(&pod)]), Some(&mapping)).unwrap();
    let mapped = changes.settle(&KnownPods::default(), Extent::Part);
    assert_eq!(mapped.requests[0].record, read_state(&pod.to_string(), Some(&mapping)).unwrap().requests[0]);
}

#[test]
fn a_binding_tells_the_node_of_the_create_before_it() {
    let (first, again) = (pod("db-0", "db", "08:00:00"), pod("db-0", "db", "09:00:00"));
    let events = [
        created(&first),
        bound("08:00:01", &first, "n-1"),
        deleted("08:59:59.8", &first, 0, "08:59:59"),
        created(&again),
        bound("09:00:01", &again, "n-2"),
        bound("09:00:01", &pod("elsewhere", "db", "07:00:00"), "n-2"),
    ];
    let events = settled(&events, Extent::Part);
    let told: Vec<(&str, Option<&str>)> =
        events.observations.iter().map(|told| (told.record.request.as_str(), told.record.node.as_deref())).collect();
    let expected =
        [("pod/shop/db-0@2026-11-01T08:00:00Z", Some("n-1")), ("pod/shop/db-0@2026-11-01T09:00:00Z", Some("n-2"))];
    assert_eq!((told, events.ignored[&Reason::UnknownResource]), (expected.to_vec(), 1));
    assert_eq!(log(&events).lives.len(), 2);

    // What came in earlier is known from elsewhere.
    let pod = pod("db-0", "db", "08:00:00");
    let mut changes = AuditChanges::default();
    let all = [bound("08:00:01", &pod, "n-1"), status("08:00:09", &pod, "Running", Some("08:00:08"))];
    changes.read(&lines(&all), None).unwrap();
    assert_eq!(changes.bound().collect::<Vec<_>>(), ["pod/shop/db-0@"]);
    let id = "pod/shop/db-0@2026-11-01T08:00:00Z".to_owned();
    assert_eq!(changes.observed().collect::<Vec<_>>(), [&id]);
    let later = (at("08:30:00"), "pod/shop/db-0@2026-11-01T08:30:00Z".to_owned());
    let creates = BTreeMap::from([("pod/shop/db-0@".to_owned(), vec![later, (at("08:00:00"), id.clone())])]);
    let told = changes.clone().settle(&KnownPods { creates: creates.clone(), ..KnownPods::default() }, Extent::Part);
    assert_eq!(told.observations.len(), 2);
    assert!(told.observations.iter().all(|told| told.record.request == id));
    let observed = BTreeMap::from([(id, (true, true))]);
    let told = changes.settle(&KnownPods { creates, observed }, Extent::Part);
    assert_eq!((told.observations.len(), told.ignored[&Reason::NothingNew]), (0, 2));
}

/// The ends of what is on nodes follow one by one; what had no node ends with the collection.
#[test]
fn a_collection_ends_what_needs_no_time_to() {
    let (mut running, pending) = (pod("a", "web-aaa", "08:00:00"), pod("b", "web-aaa", "08:00:00"));
    running["spec"]["nodeName"] = "n-1".into();
    running["spec"]["terminationGracePeriodSeconds"] = 60.into();
    let all = json!({"kind": "PodList", "items": [running, pending]});
    let collection = event("09:00:00", "deletecollection", "", json!({"responseObject": all}));
    let creates = [created(&running), created(&pending)];
    let first = [&creates[..], std::slice::from_ref(&collection)].concat();
    let part = settled(&first, Extent::Part);
    assert_eq!(shown(&part)[2..], ["delete pod/shop/b@2026-11-01T08:00:00Z/delete"]);
    assert_eq!(part.ignored, BTreeMap::from([(Reason::Ending, 1)]));
    // Once the 60 s are over and these are all events, it has ended by then.
    let later = event("09:30:00", "get", "c", json!({}));
    let whole = settled(&[&first[..], &[later]].concat(), Extent::Whole);
    let last = &whole.requests[3].record;
    assert_eq!((last.id.as_str(), last.at), ("pod/shop/a@2026-11-01T08:00:00Z/delete", at("09:01:00")));
    assert_eq!((whole.ends_inferred, whole.requests.len()), (1, 4));
    let silent = event("09:00:00", "deletecollection", "", json!({"responseObject": {"kind": "Status"}}));
    assert_eq!(settled(&[silent], Extent::Part).ignored, BTreeMap::from([(Reason::NoItems, 1)]));
}

#[test]
fn claims_and_balancers_hold_until_their_last_finalizer_goes() {
    let claim = |resource: &str, kind: &str, spec: Value, finalizers: Value, deleted: bool, status: Value| {
        let mut metadata = json!({"name": "x", "namespace": "shop", "creationTimestamp": "2026-11-01T08:00:00Z"});
        metadata["finalizers"] = finalizers;
        if deleted {
            metadata["deletionTimestamp"] = "2026-11-01T09:00:00Z".into();
            metadata["deletionGracePeriodSeconds"] = 0.into();
        }
        let about = json!({"resource": resource, "namespace": "shop", "name": "x"});
        let object = json!({"kind": kind, "metadata": metadata, "spec": spec, "status": status});
        json!({"objectRef": about, "responseObject": object})
    };
    let of_claim = |size: &str, finalizers: Value, deleted: bool, status: Value| {
        let spec = json!({"resources": {"requests": {"storage": size}}});
        claim("persistentvolumeclaims", "PersistentVolumeClaim", spec, finalizers, deleted, status)
    };
    let protected = json!(["kubernetes.io/pvc-protection"]);
    let bound = json!({"phase": "Bound", "capacity": {"storage": "10Gi"}});
    let events = [
        event("08:00:00", "create", "x", of_claim("10Gi", protected.clone(), false, json!({"phase": "Pending"}))),
        // The volume is bound; nothing else changes.
        event("08:00:05", "patch", "x", of_claim("10Gi", protected.clone(), false, bound.clone())),
        // It is to grow by a half.
        event("08:30:00", "patch", "x", of_claim("15Gi", protected.clone(), false, bound.clone())),
        // Somebody else says something of it while it grows.
        event("08:30:10", "update", "x", of_claim("15Gi", protected.clone(), false, bound)),
        event("09:00:00", "delete", "x", of_claim("15Gi", protected, true, json!({}))),
        event("09:00:20", "update", "x", of_claim("15Gi", json!(null), true, json!({}))),
    ];
    let settled_claim = settled(&events, Extent::Part);
    let id = "persistentvolumeclaim/shop/x@2026-11-01T08:00:00Z";
    let expected = [format!("create {id}"), format!("resize {id}/resize/15360Mi"), format!("delete {id}/delete")];
    assert_eq!(shown(&settled_claim), expected);
    assert_eq!(settled_claim.requests[1].record.requested.unwrap()[Dimension::Storage], 15 * 1_024);
    assert_eq!(settled_claim.requests[2].record.at, at("09:00:20"));
    assert_eq!(log(&settled_claim).lives[0].deleted, Some(at("09:00:20")));

    let service = |kind: &str, finalizers: Value, deleted: bool| {
        claim("services", "Service", json!({"type": kind}), finalizers, deleted, json!({}))
    };
    let cleanup = json!(["service.kubernetes.io/load-balancer-cleanup"]);
    let events = [
        event("08:00:00", "create", "x", service("LoadBalancer", json!([]), false)),
        event("08:00:00", "create", "y", service("ClusterIP", json!([]), false)),
        event("09:00:00", "delete", "x", service("LoadBalancer", cleanup, true)),
        event("09:00:40", "patch", "x", service("LoadBalancer", json!([]), true)),
    ];
    let settled_service = settled(&events, Extent::Part);
    assert_eq!(log(&settled_service).lives[0].deleted, Some(at("09:00:40")));
    assert_eq!(settled_service.ignored, BTreeMap::from([(Reason::AsksForNothing, 1), (Reason::Ending, 1)]));
}

#[test]
fn what_says_nothing_is_ignored_with_its_reason() {
    let pod = pod("a", "web-aaa", "08:00:00");
    let check = |change: Value, reason: Reason| {
        let mut event = created(&pod);
        for (field, value) in change.as_object().unwrap() {
            event[field] = value.clone();
        }
        let events = settled(&[event], Extent::Part);
        assert_eq!((&events.ignored, events.requests.len()), (&BTreeMap::from([(reason, 1)]), 0), "{change}");
    };
    check(json!({"stage": "RequestReceived"}), Reason::NotComplete);
    check(json!({"responseStatus": {"code": 403}}), Reason::Failed);
    check(json!({"responseStatus": {"code": 409}}), Reason::Failed);
    check(json!({"requestURI": "/api/v1/namespaces/shop/pods?fieldManager=kubectl&dryRun=All"}), Reason::DryRun);
    check(json!({"verb": "watch"}), Reason::Read);
    check(json!({"objectRef": null}), Reason::OtherResource);
    check(json!({"objectRef": {"resource": "pods", "apiGroup": "metrics.k8s.io"}}), Reason::OtherResource);
    check(json!({"objectRef": {"resource": "pods", "subresource": "eviction"}}), Reason::OtherCall);
    let mut effortless = pod.clone();
    effortless["spec"]["containers"] = json!([{"name": "c"}]);
    check(json!({"responseObject": effortless}), Reason::AsksForNothing);
    check(json!({"verb": "delete", "requestObject": {"kind": "DeleteOptions", "dryRun": ["All"]}}), Reason::DryRun);
    let twice = settled(&[created(&pod), created(&pod)], Extent::Part);
    assert_eq!((twice.ignored[&Reason::Duplicate], twice.requests.len(), twice.events), (1, 1, 2));
}

#[test]
fn what_is_wrong_is_refused_by_itself_with_its_field() {
    let (other, pod) = (pod("b", "web-aaa", "08:00:00"), pod("a", "web-aaa", "08:00:00"));
    let check = |pointer: &str, value: Value, field: &str, part: &str| {
        let mut wrong = created(&pod);
        *wrong.pointer_mut(pointer).unwrap() = value;
        let events = settled(&[created(&other), wrong], Extent::Part);
        let [refusal] = &events.refused[..] else { panic!("{events:?}") };
        assert_eq!((refusal.event, refusal.line, events.requests.len()), (2, 2, 1));
        assert_eq!(refusal.field.as_deref(), Some(field), "{refusal:?}");
        assert!(refusal.message.contains(part), "{refusal:?}");
    };
    check("/apiVersion", "audit.k8s.io/v1beta1".into(), "apiVersion", "expected \"audit.k8s.io/v1\"");
    check("/requestReceivedTimestamp", "noon".into(), "requestReceivedTimestamp", "`noon`");
    check("/verb", 5.into(), "verb", "is the number 5");
    check(
        "/responseObject",
        Value::Null,
        "responseObject",
        "level RequestResponse, as deploy/kubernetes/audit-policy.yaml",
    );
    let cpu = "/responseObject/spec/containers/0/resources/requests/cpu";
    let field = "responseObject.Pod shop/a spec.containers[0].resources.requests.cpu";
    check(cpu, "much".into(), field, "is `much`; expected a quantity of Kubernetes");
    let created_at = "/responseObject/metadata/creationTimestamp";
    check(created_at, Value::Null, "responseObject.Pod shop/a metadata.creationTimestamp", "is missing");
    let nowhere = settled(&[bound("08:00:01", &pod, "")], Extent::Part);
    assert_eq!(nowhere.refused[0].field.as_deref(), Some("requestObject.target.name"));
    let mut changes = AuditChanges::default();
    changes.read("[5]", None).unwrap();
    assert_eq!(changes.events.refused[0].message, format!("is no object; {EXPECTED}"));
    let error = changes.read("{}\n{\"kind\":", None).unwrap_err();
    assert_eq!((error.line, error.message.starts_with("is no JSON: ")), (2, true), "{error}");
}

/// A name that is used again was free; one that only its name tells of ends by that.
#[test]
fn what_ends_unsaid_has_ended_before_its_name_is_used_again() {
    let (first, again) = (pod("db-0", "db", "08:00:00"), pod("db-0", "db", "09:00:00"));
    let whole = settled(&[created(&first), created(&again)], Extent::Whole);
    let id = "pod/shop/db-0@2026-11-01T08:00:00Z";
    assert_eq!(shown(&whole)[1], format!("delete {id}/delete"));
    assert_eq!((whole.requests[1].record.at, whole.ends_inferred), (at("09:00:00"), 1));
    assert_eq!(log(&whole).lives[0].deleted, Some(at("09:00:00")));
    let by_name =
        event("08:30:00", "delete", "db-0", json!({"responseObject": {"kind": "Status", "status": "Success"}}));
    let whole = settled(&[created(&first), by_name, created(&again)], Extent::Whole);
    assert_eq!(shown(&whole)[1], "delete pod/shop/db-0@delete-db-0-08:30:00/delete");
    assert_eq!((log(&whole).lives[0].deleted, whole.ends_inferred), (Some(at("08:30:00")), 0));
}

#[test]
fn the_same_events_come_to_the_same_in_any_order_and_form() {
    let pod = pod("a", "web-aaa", "08:00:00");
    let events = [
        created(&pod),
        bound("08:00:01", &pod, "n-1"),
        status("08:00:09", &pod, "Running", Some("08:00:08")),
        deleted("09:00:00", &pod, 0, "09:00:00"),
    ];
    let records = |events: Events| -> (Vec<Request>, Vec<Observation>) {
        let requests = events.requests.into_iter().map(|told| told.record).collect();
        (requests, events.observations.into_iter().map(|told| told.record).collect())
    };
    let forwards = records(settled(&events, Extent::Whole));
    let backwards: Vec<Value> = events.iter().rev().cloned().collect();
    assert_eq!(records(settled(&backwards, Extent::Whole)), forwards);
    let mut list = AuditChanges::default();
    let mut bare = events.to_vec();
    bare.iter_mut().for_each(|event| {
        let event = event.as_object_mut().unwrap();
        event.remove("kind");
        event.remove("apiVersion");
    });
    let posted = json!({"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "metadata": {}, "items": bare});
    list.read(&posted.to_string(), None).unwrap();
    assert_eq!(records(list.settle(&KnownPods::default(), Extent::Whole)), forwards);
    assert_eq!(forwards.0[1].at - forwards.0[0].at, Duration::HOUR);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), at in 0_usize..4_000, put in any::<u8>()) {
        let mut changes = AuditChanges::default();
        let _ = changes.read(&String::from_utf8_lossy(&bytes), None);
        // A byte of a good text is another one.
        let pod = pod("a", "web-aaa", "08:00:00");
        let events = [created(&pod), bound("08:00:01", &pod, "n"), deleted("09:00:00", &pod, 30, "09:00:30")];
        let mut text = lines(&events).into_bytes();
        let at = at % text.len();
        text[at] = put;
        let _ = changes.read(&String::from_utf8_lossy(&text), None);
        changes.settle(&KnownPods::default(), Extent::Whole);
    }

    /// Whatever a field holds, the event is taken, ignored or refused, and what is taken is a valid request.
    #[test]
    fn no_value_panics(place in 0_usize..1_000, put in 0_usize..9) {
        let pod = pod("a", "web-aaa", "08:00:00");
        let mut running = pod.clone();
        running["spec"]["nodeName"] = "n-1".into();
        let all = json!({"kind": "PodList", "items": [running]});
        let events = [
            created(&pod),
            bound("08:00:01", &pod, "n"),
            status("08:00:09", &pod, "Running", Some("08:00:08")),
            deleted("09:00:00", &pod, 30, "09:00:30"),
            event("09:00:00", "deletecollection", "", json!({"responseObject": all})),
        ];
        let mut changes = AuditChanges::default();
        let _ = changes.read(&with_another_value(&events, place, put), None);
        for told in changes.settle(&KnownPods::default(), Extent::Whole).requests {
            prop_assert!(told.record.validate(1).is_ok(), "{:?}", told.record);
        }
    }
}

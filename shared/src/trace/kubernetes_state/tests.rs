use serde_json::json;

use super::*;
use crate::request::Priority;
use crate::trace::mapping::read_mapping;
use crate::units::Dimension;

fn node(name: &str, rest: &str) -> String {
    format!(
        r#"{{"kind":"Node","metadata":{{"name":"{name}"{rest}}},"status":{{"allocatable":{{"cpu":"3920m","memory":"15634Mi"}}}}}}"#
    )
}

fn pod(name: &str, cpu: &str, rest: &str) -> String {
    format!(
        r#"{{"kind":"Pod","metadata":{{"name":"{name}","namespace":"shop","creationTimestamp":"2026-11-01T08:00:00Z"}},
            "spec":{{"containers":[{{"resources":{{"requests":{{"cpu":"{cpu}"}}}}}}]{rest}}}}}"#
    )
}

fn quota(namespace: &str, name: &str, hard: &str) -> String {
    format!(
        r#"{{"kind":"ResourceQuota","metadata":{{"name":"{name}","namespace":"{namespace}"}},"spec":{{"hard":{{{hard}}}}}}}"#
    )
}

#[test]
fn lists_single_objects_and_all_of_them_behind_each_other_are_read() {
    let (a, b, c) = (node("a", ""), pod("p", "1", ""), node("c", ""));
    let raw = c.replace(r#""kind":"Node","#, "");
    let check = |text: String| {
        let state = read_state(&text, None).unwrap();
        let names: Vec<&str> = state.nodes.iter().map(|node| node.name.as_str()).collect();
        assert_eq!((names, state.requests.len()), (vec!["a", "c"], 1), "{text}");
    };
    check(format!(r#"{{"apiVersion":"v1","items":[{c},{b},{a}],"kind":"List"}}"#));
    check(format!("{a}\n{b}{c}"));
    check(format!("[{a},{b}] [{c}]"));
    check(format!(r#"{{"kind":"List","items":[{a}]}} {{"kind":"List","items":[{b}]}} {c}"#));
    // As the API server itself writes a list of one kind: its items do not say theirs.
    check(format!(
        r#"{{"kind":"NodeList","items":[{raw}]}}{{"kind":"List","items":[{{"kind":"PodList","items":[{b}]}},{a}]}}"#
    ));
    let again = read_state(&format!("{a}{b}{a}{c}"), None).unwrap();
    assert_eq!((again.nodes.len(), again.said.duplicates), (2, 1));
}

#[test]
fn what_is_wrong_is_named_by_kind_name_and_field() {
    let check = |text: &str, field: Option<&str>, part: &str| {
        let error = read_state(text, None).unwrap_err().first();
        assert_eq!(error.field.as_deref(), field, "{error}");
        assert!(error.message.contains(part), "{error}");
    };
    let cpu = "Pod shop/p spec.containers[0].resources.requests.cpu";
    check(&pod("p", "many", ""), Some(cpu), "is `many`; expected a quantity of Kubernetes, such as 2, 500m");
    check(&pod("p", "-1", ""), Some(cpu), "not negative");
    check(
        &pod("p", "9e9", ""),
        Some("Pod shop/p spec.containers[].resources.requests.cpu"),
        "is `9000000000`; expected at most 4294967 vcpu",
    );
    let undated = pod("p", "1", "").replace("creationTimestamp", "created");
    check(&undated, Some("Pod shop/p metadata.creationTimestamp"), "is missing; expected an instant");
    let late = pod("p", "1", "").replace("2026-11-01T08:00:00Z", "yesterday");
    check(&late, Some("Pod shop/p metadata.creationTimestamp"), "`yesterday`");
    check(
        &pod("p", "1", "").replace(r#""containers":["#, r#""containers":{"a":["#).replace("}}}]", "}}}]}"),
        Some("Pod shop/p spec.containers"),
        "is an object; expected a list",
    );
    check(&node("n", "").replace("3920m", "0"), Some("Node n status.allocatable.cpu"), "is missing or 0");
    check(&node("n", "").replace("15634Mi", "15634MiB"), Some("Node n status.allocatable.memory"), "is `15634MiB`");
    let claim = r#"{"kind":"PersistentVolumeClaim","metadata":{"name":"c","namespace":"shop"},"spec":{}}"#;
    check(
        claim,
        Some("PersistentVolumeClaim shop/c spec.resources.requests.storage"),
        "is missing or 0; expected a size",
    );
    let limit = quota("shop", "q", r#""requests.cpu":"1e20""#);
    check(&limit, Some("ResourceQuota shop/q spec.hard.requests.cpu"), "expected at most");
    check(r#"{"metadata":{}}"#, None, "holds an object without `kind`; expected what `kubectl get nodes,pods,pvc");
    check("[1]", None, "holds no object");
    check(r#"{"kind":"List","items":[]}"#, None, "holds no object that is read");
    check("", None, "is empty; expected what `kubectl get");
    check("apiVersion: v1\nkind: List\n", None, "is YAML");
    check("NAME   STATUS\nn-1    Ready\n", None, "is no JSON; expected what `kubectl get");
    let error = read_state("{\"kind\":\"List\",\n\"items\":[{]}", None).unwrap_err().first();
    assert_eq!((error.line, error.message.starts_with("is no JSON: ")), (2, true), "{error}");
}

#[test]
fn every_wrong_object_is_named() {
    let text =
        [pod("p", "many", ""), node("n", "").replace("3920m", "0"), pod("q", "1", ""), pod("r", "-1", "")].concat();
    let InputProblems(problems) = read_state(&format!("{text}\n{{"), None).unwrap_err();
    let wrong: Vec<&str> = problems.iter().filter_map(|problem| problem.field.as_deref()).collect();
    let cpu = |pod: &str| format!("Pod shop/{pod} spec.containers[0].resources.requests.cpu");
    assert_eq!(wrong, [cpu("p"), "Node n status.allocatable.cpu".to_owned(), cpu("r")]);
    assert_eq!(problems.last().map(|last| last.message.starts_with("is no JSON: ")), Some(true), "and where it ends");
}

/// What its node began before the API server heard of it was asked for then, and has its id from when it heard; pods of one
/// owner are told apart by what they were made from.
#[test]
fn ids_say_when_an_object_was_created_and_labels_of_what_revision_it_is() {
    let mirror = pod("agent", "1", "")
        .replace(r#""namespace""#, r#""annotations":{"kubernetes.io/config.mirror":"x"},"namespace""#)
        .replace(r#""spec""#, r#""status":{"startTime":"2026-11-01T07:59:50Z"},"spec""#);
    let of = |kind: &str, owner: &str, hash: &str| {
        let metadata = format!(
            r#""labels":{{"{hash}":"7c9d"}},"ownerReferences":[{{"kind":"{kind}","name":"{owner}"}}],"namespace""#
        );
        pod(owner, "1", "").replace(r#""namespace""#, &metadata)
    };
    let dump =
        [mirror, of("ReplicaSet", "web-7c9d", "pod-template-hash"), of("DaemonSet", "log", "controller-revision-hash")];
    let state = read_state(&dump.concat(), None).unwrap();
    let agent = &state.requests[0];
    assert_eq!(
        (agent.id.as_str(), agent.at),
        ("pod/shop/agent@2026-11-01T08:00:00Z", "2026-11-01T07:59:50Z".parse().unwrap())
    );
    let revision = |name: &str| {
        let request = state.requests.iter().find(|request| request.resource == name).unwrap();
        (request.labels["kubernetes/owner"].clone(), request.labels["kubernetes/revision"].clone())
    };
    assert_eq!(revision("web-7c9d"), ("Deployment/web".to_owned(), "7c9d".to_owned()));
    assert_eq!(revision("log"), ("DaemonSet/log".to_owned(), "7c9d".to_owned()));
}

#[test]
fn what_holds_nothing_or_cannot_be_said_is_counted() {
    let finished =
        |phase: &str| pod(phase, "1", "").replacen("\"spec\"", &format!(r#""status":{{"phase":"{phase}"}},"spec""#), 1);
    let dump = [
        finished("Succeeded"),
        finished("Failed"),
        pod("effortless", "0", ""),
        pod("special", "1", r#","nodeSelector":{"disk":"ssd"}"#)
            .replace(r#""cpu":"1""#, r#""cpu":"1","example.com/fpga":"1""#),
        pod("fine", "500u", r#","nodeName":"n-1""#),
        r#"{"kind":"ConfigMap","metadata":{"name":"c"},"data":{"items":"x"}}"#.to_owned(),
        r#"{"kind":"Service","metadata":{"name":"s"},"spec":{"type":"ClusterIP"}}"#.to_owned(),
        node("cordoned", "").replace(r#""status""#, r#""spec":{"unschedulable":true},"status""#),
    ]
    .concat();
    let ClusterState { said, requests, nodes, .. } = read_state(&dump, None).unwrap();
    assert_eq!((said.pods_finished, said.pods_pending, said.pods_running, said.pods_with_rules), (2, 1, 1, 1));
    assert_eq!(said.pods_without_requests, ["shop/effortless"]);
    assert_eq!(said.resources_unknown, BTreeMap::from([("example.com/fpga".to_owned(), 1)]));
    assert_eq!((said.kinds_unknown.get("ConfigMap"), said.services_inside, requests.len()), (Some(&1), 1, 2));
    // Half of a milli-vCPU is rounded up.
    assert_eq!((said.requests_rounded, requests[0].requested.unwrap()[Dimension::Vcpu]), (1, 1));
    assert_eq!(
        (said.nodes_closed, said.nodes_without_type),
        (vec!["cordoned".to_owned()], vec!["cordoned".to_owned()])
    );
    assert_eq!(nodes[0].instance_type, "4vcpu-16gib");
}

#[test]
fn tenants_are_namespaces_or_what_a_mapping_says() {
    let mapping = read_mapping(
        "[[rule]]\ntenant = \"retail\"\nnamespace = \"shop\"\n[[rule]]\ntenant = \"retail\"\nnamespace = \"store\"\n",
    )
    .unwrap();
    let dump = [
        pod("p", "1", ""),
        pod("p", "2", "").replace("shop", "store"),
        quota("shop", "small", r#""cpu":"4","requests.memory":"8Gi","pods":"10""#),
        quota("shop", "smaller", r#""requests.cpu":"3""#),
        quota("store", "q", r#""requests.cpu":"1500m""#),
    ]
    .concat();
    let read = |mapping| read_state(&dump, mapping).unwrap();
    let (plain, mapped) = (read(None), read(Some(&mapping)));
    let resources = |state: &ClusterState| {
        state.requests.iter().map(|request| format!("{} {}", request.tenant, request.resource)).collect::<Vec<_>>()
    };
    assert_eq!(resources(&plain), ["shop p", "store p"]);
    assert_eq!(resources(&mapped), ["retail shop/p", "retail store/p"]);
    let limits = |state: &ClusterState| {
        let shown = |quota: &TenantQuota| {
            let of = |dimension| quota.limit[dimension];
            (quota.tenant.clone(), of(Dimension::Vcpu), of(Dimension::Memory))
        };
        state.quotas.iter().map(shown).collect::<Vec<_>>()
    };
    // The least of a namespace's quotas holds; of a tenant's namespaces they add up, and one without a limit has none.
    assert_eq!(limits(&plain), [("shop".to_owned(), 3_000, 8_192), ("store".to_owned(), 1_500, u32::MAX)]);
    assert_eq!(limits(&mapped), [("retail".to_owned(), 4_500, u32::MAX)]);
    assert_eq!(plain.said.quota_limits_unknown, BTreeMap::from([("pods".to_owned(), 1)]));
}

/// A number that a pod says itself holds; then its class, of the dump or of every cluster, then the default class.
#[test]
fn a_pod_is_as_urgent_as_its_class_says() {
    let class = |name: &str, value: i32, rest: &str| {
        format!(r#"{{"kind":"PriorityClass","metadata":{{"name":"{name}"}},"value":{value}{rest}}}"#)
    };
    let dump = [
        pod("own", "1", r#","priority":7,"priorityClassName":"high""#),
        pod("named", "1", r#","priorityClassName":"high""#),
        pod("system", "1", r#","priorityClassName":"system-cluster-critical""#),
        pod("unsaid", "1", ""),
        pod("unknown", "1", r#","priorityClassName":"gone""#),
        class("high", 1_000, ""),
        class("usual", 10, r#","globalDefault":true"#),
    ]
    .concat();
    let state = read_state(&dump, None).unwrap();
    let priority = |name: &str| {
        let request = state.requests.iter().find(|request| request.resource == name).unwrap();
        request.scheduling.as_ref().map(|scheduling| scheduling.priority.clone())
    };
    let number = |number| Some(Priority::Number(number));
    assert_eq!(
        (priority("own"), priority("named"), priority("system")),
        (number(7), number(1_000), number(2_000_000_000))
    );
    assert_eq!((priority("unsaid"), priority("unknown")), (number(10), None));
    assert_eq!((state.said.priorities_by_class, state.said.priorities_by_default), (2, 1));
    assert_eq!(state.said.priority_classes_unknown, BTreeMap::from([("gone".to_owned(), 1)]));
    assert_eq!(state.priority_classes, BTreeMap::from([("high".to_owned(), 1_000), ("usual".to_owned(), 10)]));
}

#[test]
fn the_order_of_the_dump_does_not_matter() {
    let objects = [pod("b", "1", ""), pod("a", "1", r#","nodeName":"n-1""#), node("n-2", ""), node("n-1", "")];
    let forwards = read_state(&objects.concat(), None).unwrap();
    let backwards = read_state(&objects.iter().rev().cloned().collect::<String>(), None).unwrap();
    assert_eq!(forwards.requests, backwards.requests);
    assert_eq!(forwards.observations, backwards.observations);
    assert_eq!(forwards.nodes, backwards.nodes);
    assert_eq!(forwards.observations[0].request, "pod/shop/a@2026-11-01T08:00:00Z");
}

#[test]
fn the_deployment_owns_and_not_its_replica_set() {
    let check = |kind: &str, name: &str, labels: &str, expected: &str| {
        let metadata =
            format!(r#"{{"name":"p","labels":{{{labels}}},"ownerReferences":[{{"kind":"{kind}","name":"{name}"}}]}}"#);
        assert_eq!(owner::of(&serde_json::from_str(&metadata).unwrap()).as_deref(), Some(expected));
    };
    check("ReplicaSet", "web-7c9d", r#""pod-template-hash":"7c9d""#, "Deployment/web");
    check("ReplicaSet", "web-7c9d", "", "ReplicaSet/web-7c9d");
    check("Job", "backup-29876543", "", "CronJob/backup");
    check("Job", "migrate-2", "", "Job/migrate-2");
    check("StatefulSet", "db", "", "StatefulSet/db");
}

/// Three pods of a Deployment of a list, two of a Job that needs no more, one of a StatefulSet with its claim; what is
/// made on every node, or later, is not known.
#[test]
fn a_manifest_is_what_its_objects_make() {
    let at: Instant = "2026-03-01T00:00:00Z".parse().unwrap();
    let template = json!({"metadata": {"labels": {"app": "x"}}, "spec": {"containers": [
        {"name": "c", "resources": {"requests": {"cpu": "250m", "memory": "1Gi"}}}
    ]}});
    let object = |kind: &str, spec: serde_json::Value| {
        let mut spec = spec;
        spec["template"] = template.clone();
        json!({"kind": kind, "metadata": {"name": kind.to_lowercase(), "namespace": "shop"}, "spec": spec})
    };
    let claims = json!([{"metadata": {"name": "disk"}, "spec": {"resources": {"requests": {"storage": "2Gi"}}}}]);
    let objects = vec![
        json!({"kind": "List", "items": [object("Deployment", json!({"replicas": 3}))]}),
        object("Job", json!({"parallelism": 5, "completions": 2})),
        object("StatefulSet", json!({"volumeClaimTemplates": claims})),
        object("DaemonSet", json!({})),
        json!({"kind": "Service", "metadata": {"name": "lb", "creationTimestamp": null}, "spec": {"type": "LoadBalancer"}}),
        json!({"apiVersion": "serving.knative.dev/v1", "kind": "Service", "metadata": {"name": "fn"}}),
        serde_json::Value::Null,
    ];
    let state = read_manifest(objects, at, None).unwrap();
    let mut names: Vec<&str> = state.requests.iter().map(|request| request.resource.as_str()).collect();
    names.sort_unstable();
    let expected = [
        "deployment-0",
        "deployment-1",
        "deployment-2",
        "job-0",
        "job-1",
        "persistentvolumeclaim/disk-statefulset-0",
        "service/lb",
        "statefulset-0",
    ];
    assert_eq!(names, expected);
    assert!(state.requests.iter().all(|request| request.at == at));
    let pod = state.requests.iter().find(|request| request.resource == "deployment-1").unwrap();
    assert_eq!((pod.tenant.as_str(), pod.labels["kubernetes/owner"].as_str()), ("shop", "Deployment/deployment"));
    assert_eq!(
        state.said.kinds_unknown,
        BTreeMap::from([("DaemonSet".to_owned(), 1), ("Service of serving.knative.dev/v1".to_owned(), 1)])
    );
    let wrong = |object: serde_json::Value| read_manifest(vec![object], at, None).unwrap_err().to_string();
    assert!(wrong(json!({"metadata": {}})).contains("without `kind`"));
    assert!(wrong(object("Deployment", json!({"replicas": 10_001}))).contains("at most 10000"));
    assert!(wrong(json!({"kind": "Deployment", "metadata": {"name": "d"}})).contains("spec.template.spec"));
}

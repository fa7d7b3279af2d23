//! Events of other control planes, as files are imported.

use std::io::Write;

use serde_json::{Value, json};

use crate::shadowplane::Folder;

/// A pod of a Deployment that was made at `created`, as the API server answers.
pub(crate) fn pod(name: &str, created: &str) -> Value {
    json!({
        "kind": "Pod", "apiVersion": "v1",
        "metadata": {"name": name, "namespace": "shop", "creationTimestamp": format!("2026-01-01T{created}Z"),
            "labels": {"pod-template-hash": "7c9d"}, "ownerReferences": [{"kind": "ReplicaSet", "name": "web-7c9d"}]},
        "spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": "2", "memory": "4Gi"}}}]},
    })
}

/// An audit event of a call that ended well.
pub(crate) fn event(at: &str, verb: &str, part: &str, object: &Value) -> Value {
    let name = &object["metadata"]["name"];
    json!({
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "RequestResponse", "stage": "ResponseComplete",
        "auditID": format!("{verb}-{part}-{name}"), "verb": verb, "requestURI": "/api/v1/namespaces/shop/pods",
        "objectRef": {"resource": "pods", "namespace": "shop", "name": name, "subresource": part},
        "responseStatus": {"code": 200}, "requestReceivedTimestamp": format!("2026-01-01T{at}Z"), "responseObject": object,
    })
}

/// The binding of a pod to a node.
pub(crate) fn binding(at: &str, pod: &Value, node: &str) -> Value {
    let mut binding = event(at, "create", "binding", pod);
    binding["requestObject"] = json!({"kind": "Binding", "target": {"kind": "Node", "name": node}});
    binding["responseObject"] = json!({"kind": "Status", "status": "Success"});
    binding
}

/// A record of CloudTrail.
pub(crate) fn record(at: &str, name: &str, parameters: Value, response: Value) -> Value {
    json!({
        "eventID": format!("{name}-{at}"), "eventTime": format!("2026-01-01T{at}Z"), "eventSource": "ec2.amazonaws.com",
        "eventName": name, "awsRegion": "eu-central-1", "readOnly": false, "recipientAccountId": "111122223333",
        "requestParameters": parameters, "responseElements": response,
    })
}

/// The record that makes an instance of a team.
pub(crate) fn run(at: &str, id: &str) -> Value {
    let item = json!({"instanceId": id, "instanceType": "own.large",
                      "tagSet": {"items": [{"key": "team", "value": "web"}]}});
    record(at, "RunInstances", json!({"instanceType": "own.large"}), json!({"instancesSet": {"items": [item]}}))
}

/// The record that changes an instance which ran, or did not.
pub(crate) fn change(at: &str, name: &str, id: &str, before: &str) -> Value {
    let item = json!({"instanceId": id, "previousState": {"name": before}});
    record(at, name, json!({}), json!({"instancesSet": {"items": [item]}}))
}

fn lines(events: &[Value]) -> String {
    events.iter().map(|event| format!("{event}\n")).collect()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    gzip.finish().unwrap()
}

fn assert_says(stderr: &str, parts: &[&str]) {
    for part in parts {
        assert!(stderr.contains(part), "expected `{part}` in: {stderr}");
    }
}

#[test]
fn an_audit_log_becomes_requests_and_observations() {
    let folder = Folder::new();
    let (a, b) = (pod("web-a", "08:00:00"), pod("web-b", "08:00:00"));
    let mut ended = a.clone();
    ended["status"] = json!({"phase": "Failed"});
    let mut wrong = event("08:00:00", "create", "", &pod("web-c", "08:00:00"));
    wrong["responseObject"]["spec"]["containers"][0]["resources"]["requests"]["cpu"] = "much".into();
    let first = [event("08:00:00", "create", "", &a), event("08:00:00", "create", "", &b), wrong];
    let later = [binding("08:00:02", &a, "n-1"), event("09:00:00", "patch", "status", &ended)];
    folder.write("audit-1.log", lines(&first));
    folder.write("audit-2.log.gz", gzip(&lines(&later)));
    let to = ["--observations", "seen.ndjson", "-o", "requests.ndjson"];
    let files = ["import", "kubernetes-audit", "audit-2.log.gz", "audit-1.log"];
    let answer = folder.run([&files[..], &to].concat());
    assert_eq!((answer.status, answer.stdout.as_str()), (0, ""), "{}", answer.stderr);
    assert_says(
        &answer.stderr,
        &[
            "5 events: 2 creates, 0 resizes, 1 delete and 1 observation; 1 refused",
            "audit-1.log: line 3: event 3 (create--\"web-c\"): field `responseObject.Pod shop/web-c \
             spec.containers[0].resources.requests.cpu`: is `much`; expected a quantity of Kubernetes",
        ],
    );
    let requests = folder.read("requests.ndjson");
    let shown: Vec<(String, String)> = requests
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|request| (request["id"].as_str().unwrap().to_owned(), request["at"].as_str().unwrap().to_owned()))
        .collect();
    let at = |id: &str, at: &str| (format!("pod/shop/{id}"), format!("2026-01-01T{at}Z"));
    let expected = [
        at("web-a@2026-01-01T08:00:00Z", "08:00:00"),
        at("web-b@2026-01-01T08:00:00Z", "08:00:00"),
        at("web-a@2026-01-01T08:00:00Z/delete", "09:00:00"),
    ];
    assert_eq!(shown, expected);
    let seen: Value = serde_json::from_str(folder.read("seen.ndjson").trim()).unwrap();
    assert_eq!((&seen["request"], &seen["node"]), (&"pod/shop/web-a@2026-01-01T08:00:00Z".into(), &"n-1".into()));
    // What is written is what the other commands take.
    folder.run(["check-data", "--requests", "requests.ndjson", "--observations", "seen.ndjson"]).success();

    let json = folder.run([&files[..], &to, &["--json"]].concat()).success();
    let summary: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&summary["creates"], &summary["deletes"], &summary["orphans"]), (&2.into(), &1.into(), &0.into()));
    assert_eq!((&summary["refused"][0]["file"], &summary["refused"][0]["event"]), (&"audit-1.log".into(), &3.into()));
}

#[test]
fn what_holds_nothing_to_import_says_why() {
    let folder = Folder::new();
    let pod = pod("web-a", "08:00:00");
    let import = |text: &str| folder.run_with_stdin(["import", "kubernetes-audit", "-"], text.as_bytes());
    import("").assert_failed(1, &["stdin: is empty; expected audit events"]);
    import("{}\n{").assert_failed(1, &["stdin: line 2: is no JSON"]);
    import("[1]").assert_failed(1, &["stdin: line 1: event 1: is no object; expected audit events"]);
    let read = event("08:00:00", "get", "", &pod).to_string();
    import(&read).assert_failed(1, &["there is nothing to import: 1 of calls that only read"]);
    let old = event("08:00:00", "create", "", &pod).to_string().replace("audit.k8s.io/v1", "audit.k8s.io/v1beta1");
    import(&old).assert_failed(1, &["field `apiVersion`: is \"audit.k8s.io/v1beta1\"; expected \"audit.k8s.io/v1\""]);
    let late = event("08:00:00", "create", "", &pod)
        .to_string()
        .replace("\"2026-01-01T08:00:00Z\"", "\"9026-01-01T08:00:00Z\"");
    import(&late).assert_failed(1, &["event 1 (create--\"web-a\"): field `at`: is 9026", "between 1970 and 2200"]);
    folder.run(["import", "kubernetes-audit"]).assert_failed(2, &["<FILE>..."]);
    folder.write("audit.log", lines(&[event("08:00:00", "create", "", &pod)]));
    let same = ["import", "kubernetes-audit", "audit.log", "-o", "x.ndjson", "--observations", "x.ndjson"];
    folder.run(same).assert_failed(2, &["name one file"]);
    assert_eq!(folder.files(), ["audit.log"]);
}

#[test]
fn trail_files_become_requests_of_tagged_tenants() {
    let folder = Folder::new();
    let records = json!({ "Records": [run("08:00:00", "i-1"), run("08:10:00", "i-2")] });
    folder.write("trail-1.json.gz", gzip(&records.to_string()));
    let denied = json!({"errorCode": "Client.UnauthorizedOperation"});
    let mut failed = run("08:20:00", "i-3");
    failed["errorCode"] = denied["errorCode"].clone();
    let later = [
        change("09:00:00", "StopInstances", "i-1", "running"),
        failed,
        record("09:30:00", "CreateVolume", json!({}), json!({"volumeId": "vol-1", "size": "much"})),
        run("08:00:00", "i-1"),
    ];
    folder.write("trail-2.ndjson", lines(&later));
    let answer = folder.run(["import", "cloudtrail", "trail-1.json.gz", "trail-2.ndjson", "--tenant-tag", "team"]);
    assert_says(
        &answer.stderr,
        &[
            "6 events: 2 creates, 0 resizes, 1 delete and 0 observations; 1 refused",
            "ignored: 1 that were there before, 1 of calls that were refused or failed",
            "trail-2.ndjson: line 3: event 3 (CreateVolume-09:30:00): field `responseElements.size`: is \"much\"",
        ],
    );
    let shown: Vec<String> = answer
        .success()
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|request| format!("{} {} {} {}", request["tenant"], request["op"], request["resource"], request["flavor"]))
        .collect();
    let expected =
        [r#""web" "create" "i-1" "own.large""#, r#""web" "create" "i-2" "own.large""#, r#""web" "delete" "i-1" null"#];
    assert_eq!(shown, expected);
    folder.write("mapping.toml", "[[rule]]\ntenant = \"acme\"\naccount = \"111122223333\"\n");
    let mapped = ["import", "cloudtrail", "trail-1.json.gz", "--mapping", "mapping.toml"];
    assert!(folder.run(mapped).success().lines().all(|line| line.contains(r#""tenant":"acme""#)));
    folder.write("digest.json", "{\"digestPublicKeyFingerprint\":\"x\"}");
    folder.run(["import", "cloudtrail", "digest.json"]).assert_failed(1, &["event 1: field `eventID`: is missing"]);
}

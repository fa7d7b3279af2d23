//! Events of other control planes coming in.

use serde_json::{Value, json};

use super::server::Server;
use crate::foreign_events::{binding, change, event, pod, record, run};
use crate::shadowplane::Folder;

const JSON: &str = "application/json";

fn counts(answer: &Value) -> [u64; 5] {
    let count = |field: &str| answer[field].as_u64().unwrap_or_else(|| panic!("no {field} in {answer}"));
    ["events", "requests", "observations", "duplicates"]
        .map(count)
        .into_iter()
        .chain([answer["refused"].as_array().unwrap().len() as u64])
        .collect::<Vec<_>>()
        .try_into()
        .unwrap()
}

fn list(events: &[Value]) -> Vec<u8> {
    json!({"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "metadata": {}, "items": events})
        .to_string()
        .into_bytes()
}

#[test]
fn an_audit_webhook_may_send_everything_twice() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let post = |events: &[Value]| {
        let reply = server.post("/v1/kubernetes/audit", JSON, &list(events));
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.json()
    };
    let pod = pod("web-a", "08:00:00");
    let mut wrong = event("08:00:00", "create", "", &crate::foreign_events::pod("web-b", "08:00:00"));
    wrong["requestReceivedTimestamp"] = "noon".into();
    let deployment = json!({"kind": "Deployment", "metadata": {"name": "web"}});
    let mut owner = event("08:00:00", "create", "", &deployment);
    owner["objectRef"] = json!({"resource": "deployments", "apiGroup": "apps", "namespace": "shop", "name": "web"});
    let first = [owner, event("08:00:00", "create", "", &pod), wrong];
    let answer = post(&first);
    assert_eq!(counts(&answer), [3, 1, 0, 0, 1], "{answer}");
    assert_eq!(answer["ignored"], json!({"other_resource": 1}));
    let refusal = &answer["refused"][0];
    assert_eq!((&refusal["event"], &refusal["field"]), (&3.into(), &"requestReceivedTimestamp".into()), "{answer}");
    assert!(refusal["message"].as_str().unwrap().contains("`noon`"), "{answer}");
    assert_eq!(counts(&post(&first)), [3, 0, 0, 1, 1]);

    // The node comes in another batch; the log knows whose it is.
    let mut running = pod.clone();
    running["spec"]["nodeName"] = "n-1".into();
    running["status"] = json!({"phase": "Running",
        "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T08:00:08Z"}]});
    let second = [binding("08:00:01", &pod, "n-1"), event("08:00:09", "patch", "status", &running)];
    assert_eq!(counts(&post(&second)), [2, 0, 2, 0, 0]);
    let again = post(&second);
    assert_eq!((counts(&again), &again["ignored"]), ([2, 0, 0, 0, 0], &json!({"nothing_new": 2})));
    let unknown = post(&[binding("08:00:01", &crate::foreign_events::pod("db-0", "07:00:00"), "n-1")]);
    assert_eq!(unknown["ignored"], json!({"unknown_resource": 1}));

    // Told to end, ended, and gone: it ends once.
    let mut told = running.clone();
    told["metadata"]["deletionTimestamp"] = "2026-01-01T09:00:30Z".into();
    told["metadata"]["deletionGracePeriodSeconds"] = 30.into();
    let mut ended = told.clone();
    ended["status"]["phase"] = "Succeeded".into();
    let mut gone = ended.clone();
    gone["metadata"]["deletionGracePeriodSeconds"] = 0.into();
    let ending = post(&[event("09:00:00", "delete", "", &told)]);
    assert_eq!((counts(&ending), &ending["ignored"]), ([1, 0, 0, 0, 0], &json!({"ending": 1})));
    assert_eq!(counts(&post(&[event("09:00:10", "patch", "status", &ended)])), [1, 1, 0, 0, 0]);
    assert_eq!(counts(&post(&[event("09:00:11", "delete", "", &gone)])), [1, 0, 0, 1, 0]);
    let status = server.get("/v1/status").json();
    assert_eq!((&status["requests"], &status["observations"]), (&2.into(), &2.into()), "{status}");
    // The same pod, as a dump of the cluster has it, is in the log already.
    folder.write("state.json", pod.to_string());
    folder.run(["import", "kubernetes-state", "state.json", "-o", "state"]).success();
    let requests = folder.read("state/requests.ndjson");
    let answer = server.post("/v1/requests", "application/x-ndjson", requests.as_bytes()).json();
    assert_eq!((&answer["accepted"], &answer["duplicates"]), (&0.into(), &1.into()), "{answer}");
}

#[test]
fn whatever_cannot_be_read_or_run_is_said() {
    let folder = Folder::new();
    folder.write("nodes.csv", "node,vcpu,memory_gib,instance_type\nn-1,1,2,r1\n");
    folder.write("prices.csv", "instance_type,price_per_hour,currency\nr1,2,EUR\n");
    let path = |file: &str| folder.path.join(file).to_str().unwrap().to_owned();
    let server = Server::start(&folder, &["--inventory", &path("nodes.csv"), "--prices", &path("prices.csv")]);
    for path in ["/v1/kubernetes/audit", "/v1/aws/cloudtrail"] {
        let wrong = |body: &[u8], part: &str| {
            let reply = server.post(path, JSON, body);
            assert_eq!(
                (reply.status, reply.content_type.as_str()),
                (400, "application/problem+json"),
                "{}",
                reply.body
            );
            assert!(reply.body.contains(part), "no `{part}` in {}", reply.body);
        };
        wrong(b"", "is empty; expected");
        wrong(b"{\"items\":[", "is no JSON: it ends inside a list");
        wrong("[".repeat(10_000).as_bytes(), "is no JSON");
        wrong(&[b'{', 0xff], "UTF-8");
        assert_eq!(counts(&server.post(path, JSON, b"[]").json()), [0, 0, 0, 0, 0]);
    }
    // Nothing that is refused is worth sending again.
    let pod = pod("web-a", "08:00:00");
    let reply = server.post("/v1/kubernetes/audit", JSON, &list(&[event("08:00:00", "create", "", &pod)]));
    assert_eq!((reply.status, counts(&reply.json())), (200, [1, 0, 0, 0, 1]), "{}", reply.body);
    assert!(reply.body.contains("2 vcpu, 4 memory_gib, which no node can ever hold"), "{}", reply.body);
    let reply = server.post("/v1/aws/cloudtrail", JSON, run("08:00:00", "i-1").to_string().as_bytes());
    let refusal = &reply.json()["refused"][0];
    assert_eq!((reply.status, &refusal["field"]), (200, &"flavor".into()), "{}", reply.body);
    assert!(refusal["message"].as_str().unwrap().contains("`own.large` is unknown"), "{}", reply.body);
    assert_eq!(server.get("/v1/status").json()["requests"], 0);
}

#[test]
fn records_of_a_trail_find_what_they_are_about() {
    let folder = Folder::new();
    folder.write(
        "prices.csv",
        "instance_type,price_per_hour,currency,vcpu,memory_gib\nown.large,0.1,EUR,2,8\nown.xlarge,0.2,EUR,4,16\n",
    );
    let prices = folder.path.join("prices.csv");
    let arguments = ["--billing", "per-resource", "--prices", prices.to_str().unwrap(), "--tenant-tag", "team"];
    let server = Server::start(&folder, &arguments);
    let post = |body: Value| {
        let reply = server.post("/v1/aws/cloudtrail", JSON, body.to_string().as_bytes());
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.json()
    };
    let sent = |record: Value| json!({"version": "0", "detail-type": "AWS API Call via CloudTrail", "detail": record});
    assert_eq!(counts(&post(sent(run("08:00:00", "i-1")))), [1, 1, 0, 0, 0]);
    assert_eq!(counts(&post(sent(run("08:00:00", "i-1")))), [1, 0, 0, 1, 0]);
    assert_eq!(counts(&post(sent(change("09:00:00", "StopInstances", "i-1", "running")))), [1, 1, 0, 0, 0]);
    let retype = json!({"instanceId": "i-1", "instanceType": {"value": "own.xlarge"}});
    let retype = record("09:30:00", "ModifyInstanceAttribute", retype, json!({"_return": true}));
    let start = change("10:00:00", "StartInstances", "i-1", "stopped");
    let answer = post(json!({ "Records": [start, retype] }));
    assert_eq!(counts(&answer), [2, 2, 0, 0, 0], "{answer}");
    let nobody = post(sent(change("10:00:00", "StartInstances", "i-9", "stopped")));
    assert_eq!(nobody["ignored"], json!({"unknown_resource": 1}));
    let other = post(json!({"detail-type": "EC2 Instance State-change Notification", "detail": {}}));
    assert_eq!(other["ignored"], json!({"other_call": 1}));
    // The same start, as it stands in the log: of the tenant that the tag of the first record names, of the newest type.
    let expected = r#"{"id":"aws/i-1/StartInstances-10:00:00","at":"2026-01-01T10:00:00Z","tenant":"web","op":"create",
        "class":"compute","resource":"i-1","flavor":"own.xlarge","labels":{"team":"web"}}"#
        .replace('\n', "");
    let answer = server.post("/v1/requests", "application/x-ndjson", expected.as_bytes()).json();
    assert_eq!(answer["duplicates"], 1, "{answer}");
    assert_eq!(server.get("/v1/status").json()["requests"], 4);
}

//! Quotes of manifests, plans and requests, as somebody who reviews a change sees them.

use serde_json::{Value, json};

use crate::shadowplane::Folder;

/// Two machines of 4 vCPU and 16 GiB, at 0.2 USD an hour, of which the first is a quarter full.
fn cluster() -> Folder {
    let folder = Folder::new();
    folder.write("nodes.csv", "node,vcpu,memory_gib,instance_type\nn-1,4,16,m\nn-2,4,16,m\n");
    folder.write("prices.csv", "instance_type,price_per_hour,currency\nm,0.2,USD\n");
    folder.write("quotas.csv", "tenant,vcpu\nshop,4\n");
    folder.write(
        "live.ndjson",
        r#"{"id":"1","at":"2026-03-01T00:00:00Z","tenant":"shop","op":"create","class":"compute","resource":"old","requested":{"vcpu":1,"memory_gib":4}}"#,
    );
    folder
}

const PRIMARY: [&str; 10] = [
    "--start",
    "live.ndjson",
    "--inventory",
    "nodes.csv",
    "--prices",
    "prices.csv",
    "--quotas",
    "quotas.csv",
    "--at",
    "2026-03-02T00:00:00Z",
];

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 4
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        resources: {requests: {cpu: 1, memory: 4Gi}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: data}
spec:
  template:
    spec:
      containers:
      - name: db
        resources: {requests: {cpu: 500m, memory: 1Gi}}
  volumeClaimTemplates:
  - metadata: {name: disk}
    spec: {resources: {requests: {storage: 10Gi}}}
";

fn quote(folder: &Folder, options: &[&str]) -> Value {
    let told = folder.run([&["quote", "--json"], &PRIMARY[..], options].concat()).success();
    serde_json::from_str(&told).unwrap()
}

/// The quota of 4 vCPU, of which one is taken, lets three of the four pods in: 0.05 an hour each, less the
/// nano-unit that splitting it over vCPU and GiB rounds down.
#[test]
fn a_manifest_is_quoted_with_what_its_objects_make() {
    let folder = cluster();
    folder.write("web.yaml", DEPLOYMENT);
    let found = quote(&folder, &["-f", "web.yaml", "--for", "1d"]);
    let requests = found["requests"].as_array().unwrap();
    let names: Vec<&str> = requests.iter().map(|line| line["resource"].as_str().unwrap()).collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, ["db-0", "persistentvolumeclaim/disk-db-0", "web-0", "web-1", "web-2", "web-3"]);
    let line = |name: &str| &requests[names.iter().position(|other| *other == name).unwrap()];
    let pods = || requests.iter().filter(|line| line["resource"].as_str().unwrap().starts_with("web-"));
    let ready: Vec<&Value> = pods().filter(|line| line["state"] == "ready").collect();
    assert!(ready.len() == 3 && ready.iter().all(|line| line["price_per_hour"] == "0.049999999"), "{found}");
    let refused = pods().find(|line| line["state"] == "refused").unwrap();
    assert_eq!(refused["reason"], "quota");
    assert_eq!(line("db-0")["tenant"], "data");
    let fix = &found["fixes"][0];
    assert_eq!(fix["request"], refused["id"]);
    assert!(fix["fix"]["changes"][0].as_str().unwrap().contains("shop"), "{fix}");
    assert_eq!(found["left_out"][0][0], "ConfigMap (1)");
    // The machines are there anyway.
    let workload = found["bill"]["requested"]["amount"].as_str().unwrap().parse::<f64>().unwrap();
    let idle = found["bill"]["idle"]["amount"].as_str().unwrap().parse::<f64>().unwrap();
    let volume = line("persistentvolumeclaim/disk-db-0")["cost"]["amount"].as_str().unwrap().parse::<f64>().unwrap();
    assert!(volume > 0.0 && (workload + idle - volume).abs() < 1e-5, "{found}");

    let text = folder.run([&["quote"], &PRIMARY[..], &["-f", "web.yaml", "--for", "1d"]].concat()).success();
    for said in ["## Quote: +", "6 requests: 1 gets nothing", " and 2 more like it | shop", "**refused: quota**"] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let failed =
        folder.run([&["quote"], &PRIMARY[..], &["-f", "web.yaml", "--for", "1d", "--fail-on-refusal"]].concat());
    assert_eq!((failed.status, failed.stdout), (1, text));
    assert!(failed.stderr.contains("error: 1 request gets nothing"), "{}", failed.stderr);
}

/// What lives is given back by its name, and a machine of another shape is not known to the fleet.
#[test]
fn a_plan_is_quoted_for_the_tenant_that_is_named() {
    let folder = cluster();
    let change = |address: &str, actions: Value, before: Value, after: Value| json!({"address": address, "mode": "managed", "type": "aws_instance", "change": {"actions": actions, "before": before, "after": after}});
    let machine = |kind: &str| json!({"id": "old", "instance_type": kind});
    let plan = json!({"format_version": "1.2", "resource_changes": [
        change("aws_instance.old", json!(["delete"]), machine("m"), Value::Null),
        change("aws_instance.new", json!(["create"]), Value::Null, machine("m")),
        {"address": "aws_autoscaling_group.a", "type": "aws_autoscaling_group", "change": {"actions": ["create"], "after": {}}},
    ]});
    folder.write("plan.json", plan.to_string());
    // What is given back counts against the quota until it is.
    folder.write("quotas.csv", "tenant,vcpu\nshop,5\n");
    let found = quote(&folder, &["-f", "plan.json", "--tenant", "shop", "--for", "10h"]);
    let (old, new) = (&found["requests"][0], &found["requests"][1]);
    assert_eq!((&old["op"], &old["state"]), (&"delete".into(), &"released".into()));
    assert_eq!((&new["op"], &new["flavor"], &new["state"]), (&"create".into(), &"m".into(), &"ready".into()));
    assert_eq!(found["left_out"][0][0], "aws_autoscaling_group.a");
    folder.run([&["quote"], &PRIMARY[..], &["-f", "plan.json"]].concat()).assert_failed(2, &["--tenant"]);
}

#[test]
fn what_is_wrong_with_a_file_is_named() {
    let folder = cluster();
    let check = |content: &str, said: &[&str]| {
        folder.write("asked", content);
        folder.run([&["quote"], &PRIMARY[..], &["-f", "asked"]].concat()).assert_failed(1, said);
    };
    check("", &["asked", "is empty"]);
    check("a: [1\n", &["asked", "line 1", "is no YAML"]);
    check("{\"tenant\": \n", &["asked", "is no JSON"]);
    check("[1]", &["asked", "holds no object"]);
    check("kind: Deployment\nmetadata: {name: web}\n", &["asked", "Deployment web spec.template.spec", "is missing"]);
    check("kind: ConfigMap\nmetadata: {name: c}\n", &["asked", "holds no object that is read", "Deployment"]);
    let plan = r#"{"format_version":"1.2","resource_changes":[{"address":"r","type":"aws_iam_role","change":{"actions":["create"],"after":{}}}]}"#;
    folder.write("asked", plan);
    let nothing = folder.run([&["quote"], &PRIMARY[..], &["-f", "asked", "--tenant", "shop"]].concat()).success();
    assert!(nothing.contains("nothing to quote") && nothing.contains("- r: nothing is known"), "{nothing}");
    check("kind: Deployment\nmetadata: {name: w}\nspec: {replicas: -1}\n", &["spec.replicas", "-1"]);
    check(
        r#"{"tenant":"shop","requested":{"vcpu":5}}"#,
        &["asked", "request `q-1`", "no machine and no pool can ever hold"],
    );
    check(r#"{"tenant":"shop","op":"delete","resource":"gone"}"#, &["asked", "`gone` lives"]);
    let at = ["quote", "-f", "asked", "--for", "0d"];
    folder.write("asked", r#"{"tenant":"shop","requested":{"vcpu":1}}"#);
    folder.run(at).assert_failed(2, &["--for"]);
    folder.run(["quote"]).assert_failed(2, &["--file"]);
}

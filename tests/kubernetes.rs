//! From a Kubernetes cluster to a shadow that goes on from what runs there, as a user does it.

use serde_json::Value;

use crate::shadowplane::Folder;

/// Where an example file is.
fn example(file: &str) -> String {
    tests::root().join("tests/scenarios/kubernetes").join(file).to_str().expect("a UTF-8 path").to_owned()
}

/// The example, imported into the folder `state`.
fn imported() -> Folder {
    let folder = Folder::new();
    folder.run(["import", "kubernetes-state", &example("state.json"), "-o", "state/"]).success();
    folder
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("one JSON object a line")).collect()
}

/// The record whose field is this, or else holds it.
fn of<'v>(all: &'v [Value], field: &str, part: &str) -> &'v Value {
    let holds = |value: &&Value| value[field].as_str().is_some_and(|text| text.contains(part));
    let found = all.iter().find(|value| value[field] == part).or_else(|| all.iter().find(holds));
    found.unwrap_or_else(|| panic!("no {field} with {part} in {all:?}"))
}

#[test]
fn a_cluster_becomes_an_inventory_quotas_and_live_resources() {
    let folder = imported();
    assert_eq!(
        std::fs::read_dir(folder.path.join("state")).unwrap().count(),
        4,
        "inventory, quotas, requests, observations"
    );
    // 15,013,420 Ki are 14,661.5 MiB, of which 14,661 are whole: 14.3173828125 GiB; 76,224,326,324 bytes are 72,693.2 MiB.
    assert_eq!(
        folder.read("state/inventory.csv"),
        "node,vcpu,memory_gib,gpu,local_disk_gib,instance_type,zone\n\
         n-a,3.92,14.3173828125,0,70.9892578125,m5.xlarge,eu-1a\n\
         n-b,3.92,14.3173828125,0,70.9892578125,m5.xlarge,eu-1b\n\
         n-gpu,3.92,14,1,70.9892578125,g4dn.xlarge,eu-1a\n"
    );
    assert_eq!(folder.read("state/quotas.csv"), "tenant,vcpu,memory_gib,gpu,storage_gib\nlab,,,2,\nshop,6,16,,100\n");
    let (requests, seen) =
        (lines(&folder.read("state/requests.ndjson")), lines(&folder.read("state/observations.ndjson")));
    assert_eq!((requests.len(), seen.len()), (9, 7));
    let amounts = |resource: &str| of(&requests, "resource", resource)["requested"].clone();
    // 0.5 + 0.25 and 0.1 of the restartable init container; 1 Gi + 300 M + 128 Mi are 1,438.1 MiB, up to 1,439.
    assert_eq!(amounts("k2x8p"), serde_json::json!({"vcpu": 0.85, "memory_gib": 1439.0 / 1024.0}));
    // The init container asks for more vCPU than the container, the container for more memory.
    assert_eq!(amounts("db-0"), serde_json::json!({"vcpu": 2, "memory_gib": 4}));
    // 2 + 0.25 and 6 Gi + 120 Mi of overhead.
    assert_eq!(amounts("train-0"), serde_json::json!({"vcpu": 2.25, "memory_gib": 6264.0 / 1024.0, "gpu": 1}));
    assert_eq!(amounts("persistentvolumeclaim/data-db-0"), serde_json::json!({"storage_gib": 10}));
    let owner = |resource: &str| of(&requests, "resource", resource)["labels"]["kubernetes/owner"].clone();
    assert_eq!((owner("k2x8p"), owner("kube-proxy")), ("Deployment/web".into(), "DaemonSet/kube-proxy".into()));
    assert_eq!(of(&requests, "resource", "node-agent")["labels"]["kubernetes/pod"], "mirror");
    let scheduling = |resource: &str| of(&requests, "resource", resource)["scheduling"].clone();
    let apart = serde_json::json!({"group": "shop/app=web", "anti_affinity": {"node": ["shop/app=web"]}});
    assert_eq!(
        (scheduling("k2x8p"), scheduling("kube-proxy")),
        (apart, serde_json::json!({"priority": 2_000_001_000}))
    );
    assert_eq!(amounts("service/web"), serde_json::json!({"addresses": 1}));
    // The node began what the API server mirrors 14 seconds before that heard of it.
    assert_eq!(of(&requests, "resource", "node-agent")["at"], "2026-10-01T06:00:46Z");
    let train = of(&seen, "request", "train-0");
    assert_eq!((&train["node"], &train["ready_at"]), (&"n-gpu".into(), &"2026-11-01T06:01:00Z".into()));
    assert!(of(&seen, "request", "train-1")["node"].is_null(), "it is pending");
}

/// A pod that only names its class has the class's number, and the classes themselves are names for later requests.
#[test]
fn priority_classes_are_numbers_of_pods_and_names_for_requests() {
    let folder = Folder::new();
    let pod = |name: &str, class: &str| {
        format!(
            r#"{{"kind":"Pod","metadata":{{"name":"{name}","namespace":"shop","creationTimestamp":"2026-11-01T08:00:00Z"}},
                "spec":{{"priorityClassName":"{class}","containers":[{{"resources":{{"requests":{{"cpu":"1"}}}}}}]}}}}"#
        )
    };
    let class = r#"{"kind":"PriorityClass","metadata":{"name":"checkout"},"value":5000}"#;
    folder.write("state.json", [&*pod("a", "checkout"), &*pod("b", "lost"), class].concat());
    let import = folder.run(["import", "kubernetes-state", "state.json", "-o", "state"]);
    for said in
        ["1 name of priorities", "as urgent as the priority class that they name says: 1 pod", "their class lost"]
    {
        assert!(import.stderr.contains(said), "expected `{said}` in: {}", import.stderr);
    }
    assert_eq!(folder.read("state/priority-classes.csv"), "name,priority\ncheckout,5000\n");
    let requests = lines(&folder.read("state/requests.ndjson"));
    assert_eq!(of(&requests, "resource", "a")["scheduling"], serde_json::json!({"priority": 5_000}));
    assert!(of(&requests, "resource", "b")["scheduling"].is_null());
    let create = |id: &str, class: &str| {
        format!(
            r#"{{"id":"{id}","at":"2026-11-02T08:00:00Z","tenant":"shop","op":"create","class":"compute","resource":"{id}","requested":{{"vcpu":1}},"scheduling":{{"priority":"{class}"}}}}"#
        )
    };
    let delete =
        r#"{"id":"d","at":"2026-11-02T09:00:00Z","tenant":"shop","op":"delete","class":"compute","resource":"c"}"#;
    folder.write("requests.ndjson", [&*create("c", "checkout"), delete].join("\n"));
    let shadow =
        ["shadow", "--requests", "requests.ndjson", "--priority-classes", "state/priority-classes.csv", "--runs", "1"];
    folder.run(shadow).success();
    folder.write(
        "requests.ndjson",
        [&*create("c", "checkout"), &*create("e", "lost"), &*create("f", "gone"), delete].join("\n"),
    );
    folder
        .run(shadow)
        .assert_failed(1, &["requests.ndjson", "`gone` (line 3), `lost` (line 2)", "scheduling.priority"]);
}

#[test]
fn the_shadow_goes_on_from_what_runs() {
    let folder = imported();
    let (tomorrow, prices) = (example("tomorrow.ndjson"), example("prices.csv"));
    let shadow = ["shadow", "--requests", &tomorrow, "--prices", &prices, "--inventory", "state/inventory.csv"];
    let start = ["--start", "state/requests.ndjson", "--observations", "state/observations.ndjson"];
    let options = ["--quotas", "state/quotas.csv", "--runs", "1", "--check", "--plans", "plans", "--json"];
    let run = |more: &[&str]| -> Value {
        let answer = folder.run([&shadow[..], more, &options].concat()).success();
        serde_json::from_str(&answer).expect("--json prints JSON")
    };
    let answer = run(&start);
    let begun = &answer["start"];
    // Seven pods, a volume and a load balancer; all pods but the pending one were seen on a node.
    let count = |field: &str| begun[field].as_u64().unwrap();
    assert_eq!((count("live"), count("on_observed_nodes"), count("pending"), count("nodes")), (9, 6, 1, 3), "{begun}");
    assert_eq!((&begun["anomalies"], &begun["left_out"]), (&serde_json::json!([]), &serde_json::json!([])));
    // An hour of 2 · 0.20 + 0.60 of nodes, 0.002 of the volume and 0.008 of the load balancer.
    let total = &answer["cost"]["mean"];
    assert_eq!((total["amount"].as_str(), total["currency"].as_str()), (Some("1.010000"), Some("EUR")), "{total}");
    // 3.7 of 6 vCPU are held by shop, the report makes it 4.7, and the import would make it 6.2.
    assert_eq!(answer["refused"][0]["reason"], "quota", "{}", answer["refused"]);
    let plans = lines(&folder.read("plans"));
    let place = |resource: &str| of(&plans, "resource", resource)["node"].as_str().map(str::to_owned);
    assert_eq!(
        (place("k2x8p"), place("q7tzr"), place("db-0")),
        (Some("n-a".into()), Some("n-b".into()), Some("n-a".into()))
    );
    let state = |resource: &str| of(&plans, "resource", resource)["state"].as_str().unwrap().to_owned();
    assert_eq!(
        (state("q7tzr"), state("train-0"), state("db-0")),
        ("released".into(), "released".into(), "ready".into())
    );
    // It waited for the GPU that the other gives back at 00:55.
    assert_eq!((state("train-1"), place("train-1")), ("ready".into(), Some("n-gpu".into())));
    assert_eq!(of(&plans, "resource", "import")["reason"], "quota");

    // Without observations the policy places them; without a start there is nothing that could end.
    assert_eq!(run(&start[..2])["start"]["on_observed_nodes"], 0);
    folder.run([&shadow[..], &options].concat()).assert_failed(1, &["no request deletes anything"]);
}

#[test]
fn what_does_not_fit_the_dump_is_listed() {
    let folder = imported();
    let requests = folder.read("state/requests.ndjson").lines().next().unwrap().replace("2026-10-01", "2026-12-01");
    let late = requests.replace("kube-proxy-w4c2m", "late");
    let huge = late.replace("late", "huge").replace("0.1", "100").replace("2026-12-01", "2026-10-01");
    folder.write("start.ndjson", format!("{}{late}\n{huge}\n", folder.read("state/requests.ndjson")));
    let train = r#"{"request":"pod/lab/train-0@2026-11-01T06:00:00Z","node":"gone"}"#;
    let nobody = r#"{"request":"nobody","node":"n-a"}"#;
    folder.write("seen.ndjson", format!("{train}\n{nobody}\n"));
    let tomorrow = example("tomorrow.ndjson");
    let shadow = ["shadow", "--requests", &tomorrow, "--inventory", "state/inventory.csv", "--start", "start.ndjson"];
    let options = ["--observations", "seen.ndjson", "--runs", "1", "--json"];
    let answer: Value = serde_json::from_str(&folder.run([&shadow[..], &options].concat()).success()).unwrap();
    let reasons: Vec<&str> =
        answer["start"]["left_out"].as_array().unwrap().iter().map(|left| left["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["created only later", "larger than any machine"]);
    let kinds: Vec<(&str, u64)> = answer["start"]["anomalies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|anomaly| (anomaly["kind"].as_str().unwrap(), anomaly["line"].as_u64().unwrap()))
        .collect();
    assert_eq!(kinds, [("unknown_node", 1), ("unknown_request", 2)]);
}

#[test]
fn what_is_wrong_is_named_and_nothing_is_written() {
    let folder = Folder::new();
    let dump = std::fs::read_to_string(example("state.json")).expect("the example is in the checkout");
    let check = |from: &str, to: &str, parts: &[&str]| {
        assert!(dump.contains(from));
        folder.write("state.json", dump.replace(from, to));
        folder.run(["import", "kubernetes-state", "state.json", "-o", "state"]).assert_failed(1, parts);
        assert_eq!(folder.files(), ["state.json"]);
    };
    check(
        "\"3920m\"",
        "\"3,92\"",
        &["state.json: ", "Node n-a status.allocatable.cpu", "is `3,92`; expected a quantity"],
    );
    check("\"250m\"", "\"1.4.2\"", &["Pod shop/web-7c9d5-k2x8p spec.containers[1].resources.requests.cpu"]);
    check(
        "\"10Gi\" } }, \"storageC",
        "\"0\" } }, \"storageC",
        &["PersistentVolumeClaim shop/data-db-0", "expected a size"],
    );
    check(
        "\"requests.cpu\": \"6\"",
        "\"requests.cpu\": \"-6\"",
        &["ResourceQuota shop/compute spec.hard.requests.cpu", "not negative"],
    );
    check("\"kind\": \"List\"", "\"kind\": ", &["is no JSON", "line"]);
    folder.write("state.json", &dump);
    folder.run(["import", "kubernetes-state", "state.json", "-o", "."]).assert_failed(2, &["holds `state.json`"]);
    folder.run(["import", "kubernetes-state", "state.json"]).assert_failed(2, &["--output"]);
    let wrong = [
        ("tenant,vcpu\nshop,1\nshop,2\n", "line 3: field `tenant`: `shop` has a quota on line 2 already"),
        ("tenant,vcpu\nshop,all\n", "line 2: field `vcpu`: is `all`"),
        ("namespace,vcpu\nshop,1\n", "--as quotas"),
    ];
    for (quotas, part) in wrong {
        folder.write("quotas.csv", quotas);
        folder.run(["check-data", "--quotas", "quotas.csv"]).assert_failed(1, &["quotas.csv: ", part]);
        let tomorrow = example("tomorrow.ndjson");
        folder.run(["shadow", "--requests", &tomorrow, "--quotas", "quotas.csv"]).assert_failed(1, &[part]);
    }
    let tomorrow = example("tomorrow.ndjson");
    let alone = ["shadow", "--requests", &tomorrow, "--observations", "seen"];
    folder.run(alone).assert_failed(2, &["--observations has no effect without --start or --origin"]);
}

#[test]
fn a_part_of_a_dump_says_what_it_lacks_and_where_that_comes_from() {
    let folder = Folder::new();
    let pod = r#"{"kind":"Pod","metadata":{"name":"p","namespace":"shop","creationTimestamp":"2026-11-01T08:00:00Z"},
                  "spec":{"containers":[{"resources":{"requests":{"cpu":"1"}}}]}}"#;
    let answer = folder.run_with_stdin(["import", "kubernetes-state", "-", "-o", "state"], pod.as_bytes());
    assert_eq!((answer.status, answer.stdout.as_str()), (0, ""), "{}", answer.stderr);
    for part in ["no nodes, so that there is no inventory: kubectl get nodes -o json", "kubectl get resourcequotas -A"]
    {
        assert!(answer.stderr.contains(part), "expected `{part}` in:\n{}", answer.stderr);
    }
    let json = folder.run_with_stdin(["import", "kubernetes-state", "-", "-o", "state", "--json"], pod.as_bytes());
    let summary: Value = serde_json::from_str(&json.success()).unwrap();
    assert_eq!((summary["requests"].as_u64(), summary["lacks"].as_array().unwrap().len()), (Some(1), 4));
}

#[test]
fn quotas_of_tenants_that_nobody_knows_are_said() {
    let folder = Folder::new();
    folder.write("quotas.csv", "Project;Cores\nshop;4\nshopp;4\n");
    let columns = ["--column", "tenant=Project", "--column", "vcpu=Cores", "-o", "ours.csv"];
    folder.run([&["import", "csv", "quotas.csv", "--as", "quotas"][..], &columns].concat()).success();
    assert_eq!(folder.read("ours.csv"), "tenant,vcpu\nshop,4\nshopp,4\n");
    let create = r#"{"id":"1","at":"2026-11-02T00:00:00Z","tenant":"shop","op":"create","class":"compute","resource":"a","requested":{"vcpu":1}}"#;
    let delete =
        r#"{"id":"2","at":"2026-11-02T01:00:00Z","tenant":"shop","op":"delete","class":"compute","resource":"a"}"#;
    folder.write("tomorrow.ndjson", format!("{create}\n{delete}\n"));
    let answer = folder.run(["shadow", "--requests", "tomorrow.ndjson", "--quotas", "ours.csv", "--runs", "1"]);
    assert!(
        answer.stderr.contains("quotas of 1 tenant that no request names, and that limit nobody: shopp"),
        "{}",
        answer.stderr
    );
    let checked = folder.run(["check-data", "--requests", "tomorrow.ndjson", "--quotas", "ours.csv"]).success();
    assert!(checked.contains("unknown tenants: 1 of 2 have no request: shopp"), "{checked}");
}

//! Data coming in: `import` and `check-data`, as a user calls them.

use std::fs::File;
use std::io::Read;
use std::process::{Command, Stdio};

use shared::request::{Catalogue, RequestLog, RequestLogBuilder, read_requests};

use crate::shadowplane::Folder;

const FLAVORS: &str = "flavor,vcpu,mem_gib\na,1,0.75\n";
const SERVERS: [&str; 16] = [
    "--column",
    "id=ID",
    "--column",
    "resource=ID",
    "--column",
    "tenant=Project",
    "--column",
    "flavor=Flavor",
    "--column",
    "vcpu=VCPUs",
    "--column",
    "memory_gib=Memory MiB/1024",
    "--column",
    "at=Created At",
    "--column",
    "end=Deleted At",
];

fn openstack(file: &str) -> String {
    tests::root().join("tests/scenarios/openstack").join(file).to_str().expect("a UTF-8 path").to_owned()
}

fn log(text: &str) -> RequestLog {
    let mut builder = RequestLogBuilder::new(Catalogue::default());
    read_requests(text, &mut builder).expect("the import wrote requests");
    builder.finish().expect("the import wrote a log")
}

/// Refused as bad data, with file, line and field, and nothing written.
fn check_refused(folder: &Folder, arguments: &[&str], parts: &[&str]) {
    let before = folder.files();
    folder.run(arguments).assert_failed(1, parts);
    assert_eq!(folder.files(), before, "nothing half written");
}

#[test]
fn an_openstack_cloud_in_the_first_hour() {
    let folder = Folder::new();
    let servers = openstack("servers.csv");
    let import = ["import", "csv", &servers, "--as", "requests", "-o", "requests.ndjson"];
    let answer = folder.run(import.iter().chain(&SERVERS));
    assert_eq!((answer.status, answer.stdout.as_str()), (0, ""), "{}", answer.stderr);
    // 445 servers in the file, 4 of them without an end.
    let log = log(&folder.read("requests.ndjson"));
    assert_eq!((log.lives.len(), log.requests.len()), (445, 445 + 441));

    let hypervisors = openstack("hypervisors.csv");
    let answer = folder.run([
        "import",
        "csv",
        &hypervisors,
        "--as",
        "inventory",
        "--column",
        "node=Hypervisor Hostname",
        "--column",
        "vcpu=vCPUs",
        "--column",
        "memory_gib=Memory MB/1024",
        "--column",
        "instance_type='r740'",
        "-o",
        "nodes.csv",
    ]);
    assert_eq!(answer.status, 0, "{}", answer.stderr);
    assert!(folder.read("nodes.csv").starts_with("node,vcpu,memory_gib,instance_type\ncompute-01,48,192,r740\n"));

    let prices = openstack("prices.csv");
    let files = ["--requests", "requests.ndjson", "--inventory", "nodes.csv", "--prices", &prices, "--json"];
    let answer = folder.run(["check-data"].iter().chain(&files));
    let report: serde_json::Value = serde_json::from_str(&answer.stdout).expect("--json prints JSON");
    let found: Vec<&str> =
        report["findings"].as_array().unwrap().iter().map(|finding| finding["kind"].as_str().unwrap()).collect();
    assert_eq!((answer.status, found), (0, vec!["never deleted", "unpriced", "currency"]));
}

#[test]
fn wrong_lines_are_named_and_nothing_is_written() {
    let folder = Folder::new();
    folder.write("flavors.csv", FLAVORS);
    folder.write("vms.csv", "t_s,batch,flavor\n300,0,a\n300,0,z\n");
    let azure = |file| ["import", "azure-vm", file, "--flavors", "flavors.csv", "-o", "out.ndjson"];
    check_refused(&folder, &azure("vms.csv"), &["vms.csv: line 3: field `flavor`: `z`", "--flavors"]);
    check_refused(&folder, &azure("missing.csv"), &["missing.csv"]);
    folder.write("odd.csv", "t_s,batch,flavor\n300,0,a\n450,0,a\n");
    check_refused(&folder, &azure("odd.csv"), &["odd.csv: line 3: field `t_s`: is 450", "300 or 600"]);

    folder.write("servers.csv", "Start;Project;VCPUs\n2026-01-01 00:00:00;shop;2\nsoon;shop;2\n");
    let csv = |kind| ["import", "csv", "servers.csv", "--as", kind, "-o", "out"];
    let columns = ["--column", "at=Start", "--column", "tenant=Project", "--column", "vcpu=VCPUs"];
    let requests = [&csv("requests")[..], &columns[..]].concat();
    check_refused(&folder, &requests, &["servers.csv: line 3: field `at`: `soon`", "2026-11-01"]);
    check_refused(&folder, &csv("requests"), &["field `at`", "--column at=SOURCE"]);

    let wrong = [
        ("inventory", "node,vcpu,memory_gib,instance_type\nn,-1,4,t\n", "line 2: field `vcpu`"),
        ("prices", "instance_type,price_per_hour,currency\na,1,USD\na,2,USD\n", "line 3: field `instance_type`"),
        ("sensors", "at,sensor,scope,value\n2026-01-01T00:00:00Z,cpu_load,n,high\n", "line 2: field `value`"),
        ("requests", "{\"id\":\"1\"}\n", "line 1: field `at`: is missing"),
        (
            "requests",
            "at,tenant\n",
            "line 1: is no JSON; expected one JSON object in braces a line; `shadowplane import",
        ),
        ("requests", "5\n", "line 1: is 5; expected one JSON object"),
        ("observations", "{\"request\":\"1\",\"admited\":true}\n", "line 1: field `admited`"),
        (
            "mapping",
            "[[rule]]\ntenant = 1\n",
            "line 2: field `rule[0].tenant`: is the number 1; expected a text in quotes",
        ),
        ("mapping", "\n[[rule]]\ntenant = \"a\"\n", "line 2: field `rule[0].tenant`: matches everything"),
        ("events", "name,start,end\nx,noon,noon\n", "line 2: field `start`: `noon`"),
    ];
    for (kind, content, expected) in wrong {
        folder.write("wrong", content);
        check_refused(&folder, &["check-data", &format!("--{kind}"), "wrong"], &["wrong: ", expected]);
    }
    for (kind, content, expected) in &wrong[..3] {
        folder.write("wrong", content);
        check_refused(&folder, &["import", "csv", "wrong", "--as", kind, "-o", "out"], &["wrong: ", expected]);
    }
}

#[test]
fn wrong_usage_is_told_from_wrong_data() {
    let folder = Folder::new();
    let check = |arguments: &[&str], part: &str| {
        let answer = folder.run(arguments);
        assert_eq!(answer.status, 2, "{arguments:?}: {}", answer.stderr);
        assert!(answer.stderr.contains(part), "{arguments:?}: {}", answer.stderr);
    };
    check(&["check-data"], "--requests");
    check(&["import", "csv", "-", "--as", "bills"], "expected one of requests, inventory");
    check(&["import", "csv", "-", "--as", "sensors", "--column", "att=x"], "no such column");
    check(&["import", "csv", "-", "--as", "sensors", "--column", "at"], "NAME=SOURCE");
    check(&["import", "csv", "-", "--as", "sensors", "--column", "at=x/0"], "divides by zero");
    check(&["import", "csv", "-", "--as", "sensors", "--zone", "Mars"], "no time zone");
    check(&["import", "azure-vm", "-", "--flavors", "f", "--tenants", "0"], "--tenants");
    assert_eq!(folder.run(["import", "csv", "--help"]).status, 0);
}

#[test]
fn stdin_and_compressed_files_give_the_same() {
    let folder = Folder::new();
    let servers = std::fs::read(openstack("servers.csv")).expect("the example is in the checkout");
    let import = |file: &str, stdin: &[u8]| {
        let answer = folder.run_with_stdin(["import", "csv", file, "--as", "requests"].iter().chain(&SERVERS), stdin);
        assert_eq!(answer.status, 0, "{}", answer.stderr);
        answer.stdout
    };
    let plain = import("-", &servers);
    assert_eq!(plain.lines().count(), 886);
    for compressor in ["gzip", "zstd"] {
        let Ok(mut child) = Command::new(compressor).arg("-c").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()
        else {
            tests::skipped(&format!("{compressor} is not installed"));
            continue;
        };
        let mut input = child.stdin.take().expect("a pipe");
        std::io::copy(&mut File::open(openstack("servers.csv")).expect("the example"), &mut input).expect("copied");
        drop(input);
        let compressed = child.wait_with_output().expect("the compressor ends").stdout;
        folder.write("servers", &compressed);
        assert_eq!(import("servers", b""), plain, "{compressor}");
        assert_eq!(import("-", &compressed), plain, "{compressor} from stdin");
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let servers = openstack("servers.csv");
    let mut child = Command::new(tests::shadowplane())
        .args(["import", "csv", &servers, "--as", "requests"].iter().chain(&SERVERS))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("shadowplane starts");
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut said).expect("stderr is text");
    assert_eq!((child.wait().expect("it ends").code(), said.as_str()), (Some(0), ""));
}

#[test]
fn our_own_requests_are_mapped_ordered_and_freed_of_duplicates() {
    let folder = Folder::new();
    let line = |id: &str, at: &str, op: &str| {
        let shape = if op == "create" { r#","flavor":"m5.large""# } else { "" };
        format!(r#"{{"id":"{id}","at":"{at}","tenant":"ns","op":"{op}","class":"compute","resource":"vm"{shape}}}"#)
    };
    let (create, delete) = (line("1", "2026-01-01T00:00:00Z", "create"), line("2", "2026-01-02T00:00:00Z", "delete"));
    folder.write("mapping.toml", "[[rule]]\ntenant = \"acme\"\nnamespace = \"ns\"\n");
    let answer = folder.run_with_stdin(
        ["import", "ndjson", "-", "--mapping", "mapping.toml", "--json", "-o", "out"],
        format!("{delete}\n{create}\n{create}\n").as_bytes(),
    );
    assert_eq!(folder.read("out"), format!("{create}\n{delete}\n").replace("\"ns\"", "\"acme\""));
    let summary: serde_json::Value = serde_json::from_str(&answer.stdout).expect("--json prints JSON");
    assert_eq!(summary["duplicates"], 1);
}

#[test]
fn what_data_lack_is_found() {
    let folder = Folder::new();
    let mut requests = String::new();
    // A create every five minutes for three days, but none from 06:00 to 18:00 on the second: 144 bins in which, at
    // two thirds of a create a bin (the mean of three days), 96 are missed.
    for bin in (0..3 * 288).filter(|bin| !(288 + 72..288 + 216).contains(bin)) {
        let (day, hour, minute) = (1 + bin / 288, bin % 288 / 12, bin % 12 * 5);
        requests.push_str(&format!(
            "{{\"id\":\"{bin}\",\"at\":\"2026-01-0{day}T{hour:02}:{minute:02}:00Z\",\"tenant\":\"shop\",\
             \"op\":\"create\",\"class\":\"compute\",\"resource\":\"vm-{bin}\",\
             \"requested\":{{\"vcpu\":96,\"memory_gib\":8}}}}\n"
        ));
    }
    requests.push_str("{\"id\":\"d\",\"at\":\"2026-01-01T00:00:00Z\",\"tenant\":\"shop\",\"op\":\"delete\",\"class\":\"compute\",\"resource\":\"old\"}\n");
    folder.write("requests.ndjson", requests);
    folder.write("mapping.toml", "[[rule]]\ntenant = \"acme\"\nnamespace = \"ns\"\n");
    let answer = folder.run(["check-data", "--requests", "requests.ndjson", "--mapping", "mapping.toml"]);
    assert_eq!(answer.status, 0, "{}", answer.stderr);
    for part in [
        "mid-life start: 1 request to delete",
        "no deletes: none of 720",
        "gaps: no creates from 2026-01-02T06:00:00Z for 12h",
        "no such node: 720 creates of 96 vcpu",
        "unmapped: 720 resources of shop",
        "assumed: no inventory",
        "assumed: no price file: AWS EC2",
        "assumed: no price of `vcpu` itself: 0.031611 USD an hour, OpenCost's default prices",
    ] {
        assert!(answer.stdout.contains(part), "expected `{part}` in:\n{}", answer.stdout);
    }
}

#[test]
fn a_real_trace_becomes_a_log() {
    let Some(data) = tests::real_data("azure-vm-v1") else { return };
    let folder = Folder::new();
    let file = |name: &str| data.join(name).to_str().expect("a UTF-8 path").to_owned();
    let import = |seed: &str, to: &str| {
        let answer = folder.run([
            "import",
            "azure-vm",
            &file("dev.csv.gz"),
            "--flavors",
            &file("flavors.csv"),
            "--lifetimes",
            &file("lifetime_bins.csv"),
            "--tenants",
            "40",
            "--epoch",
            "2026-01-01T00:00:00Z",
            "--seed",
            seed,
            "-o",
            to,
        ]);
        assert_eq!(answer.status, 0, "{}", answer.stderr);
        folder.read(to)
    };
    let first = import("1", "first");
    assert_eq!(first, import("1", "again"), "the same seed gives the same bytes");
    assert_ne!(first, import("2", "other"), "another seed gives others");
    // SOURCES.md: 259,159 creations.
    let log = log(&first);
    assert_eq!((log.lives.len(), log.orphans, log.tenants.len()), (259_159, 0, 40));
}

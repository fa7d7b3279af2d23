//! A key that is limited to some tenants: nothing that it is answered names, counts or sums up another one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use shared::example;
use shared::request::write_line;
use shared::units::{Duration, Window};

use super::keys::{described, key};
use super::server::{Reply, Server};
use crate::shadowplane::Folder;

const OWN: &str = "acme-own";
const OTHER: &str = "globex-other";
const DAYS: i64 = 3;

/// Some days of the example, as if half of its tenants were the one and half the other.
fn record(folder: &Folder) {
    let window = Window { start: example::START, end: example::START + Duration::DAY * DAYS + Duration::HOUR };
    let mut text = String::new();
    for mut request in example::requests_between(example::SEED, window) {
        if request.flavor.as_deref() == Some("gpu") {
            continue;
        }
        request.tenant = if request.tenant.len() % 2 == 0 { OWN } else { OTHER }.to_owned();
        write_line(&mut text, &request);
    }
    folder.write("requests.ndjson", text);
    let event = |name: &str, tenant: &str| format!("{name},2026-06-05T10:00:00Z,2026-06-05T12:00:00Z,{tenant}\n");
    let events = [event("own launch", OWN), event(OTHER, OTHER), event(&format!("sale of {OTHER}"), "")];
    folder.write("events.csv", format!("name,start,end,tenant\n{}", events.concat()));
    let budgets = format!("own,111.11,USD,week,{OWN}\n{OTHER},222.22,USD,week,{OTHER}\nall,333.33,USD,week,\n");
    folder.write("budgets.csv", format!("name,amount,currency,period,tenant\n{budgets}"));
}

/// What is asked of a path besides nothing.
fn queries(path: &str) -> &'static [&'static str] {
    match path {
        "/v1/metrics/predicted" => &[
            "?metric=creates&within=30m",
            "?metric=creates&tenant=acme-own",
            "?metric=creates&tenant=globex-other",
            "?metric=creates&tenant=nobody",
            "?metric=cost",
            "?metric=live",
            "?metric=nodes",
        ],
        "/v1/demand" | "/v1/forecasts" => &["?tenant=acme-own", "?tenant=globex-other", "?tenant=nobody"],
        "/v1/reports/allocation" => &["?by=tenant", "?by=module", "?by=flavor", "?by=class"],
        "/v1/reports/variance" => {
            &["?by=tenant", "?by=tenant,flavor", "?by=label:team,tenant", "?by=zone", "?by=module,class"]
        }
        "/v1/reports/statement" => &[
            "?by=tenant,flavor",
            "?by=tenant,node_group&resolution=day",
            "?by=label:team,tenant",
            "?by=tenant,label:nothing",
            "?by=flavor",
            "?by=zone,class",
            "?by=tenant&idle=proportional",
            "?by=tenant&idle=peak",
            "?by=tenant&shared=uniform",
            "?by=tenant&shared=proportional",
        ],
        "/v1/events" => &["?from=2026-06-01T00:00:00Z&to=2026-08-01T00:00:00Z"],
        "/v1/anomalies" => &[
            "?from=2026-06-01T00:00:00Z&to=2026-08-01T00:00:00Z",
            "?from=2000-01-01T00:00:00Z&to=2000-01-02T00:00:00Z",
        ],
        _ => &[],
    }
}

/// Every amount of money in an answer that is not 0; `own` are those that stand with a tenant's name.
fn amounts(value: &Value, is_own: bool, own: &mut BTreeSet<String>, others: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            let named = |value: Option<&Value>| value.and_then(Value::as_str).is_some_and(|name| name == OWN);
            let of_groups = fields.get("groups").and_then(|groups| groups.get("tenant"));
            let is_own = is_own || named(fields.get("name")) || named(fields.get("tenant")) || named(of_groups);
            if let Some(amount) = fields.get("amount").and_then(Value::as_str)
                && amount.parse::<f64>().unwrap() != 0.0
            {
                if is_own {
                    own.insert(amount.to_owned())
                } else {
                    others.insert(amount.to_owned())
                };
            }
            fields.values().for_each(|value| amounts(value, is_own, own, others));
        }
        Value::Array(values) => values.iter().for_each(|value| amounts(value, is_own, own, others)),
        _ => {}
    }
}

fn of(reply: &Reply) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut own, mut others) = (BTreeSet::new(), BTreeSet::new());
    amounts(&reply.json(), false, &mut own, &mut others);
    (own, others)
}

/// The amounts of the totals of windows, which are sums of the rows beside them.
fn totals_of_windows(answer: &Value) -> BTreeSet<String> {
    let totals = answer["windows"].as_array().into_iter().flatten().map(|window| &window["total"]);
    let (mut named, mut unnamed) = (BTreeSet::new(), BTreeSet::new());
    totals.for_each(|total| amounts(total, true, &mut named, &mut unnamed));
    named
}

struct World {
    server: Server,
    admin: String,
    viewer: String,
    operator: String,
    _folder: Folder,
}

/// Days of both, closed, with all that can be known of them.
fn world() -> World {
    let folder = Folder::new();
    record(&folder);
    let admin = key(&folder, &["--role", "admin"]);
    let [viewer, operator] = ["viewer", "operator"].map(|role| key(&folder, &["--role", role, "--tenant", OWN]));
    let path = |file: &str| folder.path.join(file).to_str().unwrap().to_owned();
    let (requests, events, budgets) = (path("requests.ndjson"), path("events.csv"), path("budgets.csv"));
    let arguments =
        ["--replay", &requests, "--events", &events, "--budgets", &budgets, "--speed", "1e12", "--runs", "2"];
    let server = Server::start_with_keys(&folder, &arguments);
    let end = (example::START + Duration::DAY * DAYS + Duration::HOUR).to_string();
    loop {
        let status = server.ask_with(&admin, "GET", "/v1/status", "").json();
        if status["now"] == end.as_str() && status["horizons"][0]["origin"].is_string() {
            return World { server, admin, viewer, operator, _folder: folder };
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}

/// Of either tenant, and of everyone, the requests that the first closed day's variance comes from; the path of those that
/// are the key's own.
fn bisections(server: &Server, admin: &str) -> String {
    let reports = server.ask_with(admin, "GET", "/v1/reports/allocation", "").json();
    let day = reports["windows"][0]["report"]["window"]["start"].clone();
    let order = |tenant: Value| {
        let body = serde_json::json!({"day": day, "tenant": tenant}).to_string();
        let reply = server.ask_with(admin, "POST", "/v1/bisections", &body);
        assert_eq!(reply.status, 202, "{}", reply.body);
        let path = reply.location.unwrap();
        loop {
            let run = server.ask_with(admin, "GET", &path, "").json();
            if run["job"]["finished_at"].is_string() {
                assert_eq!(run["job"]["state"], "succeeded", "{run}");
                return path;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    };
    order(OTHER.into());
    order(Value::Null);
    order(OWN.into())
}

#[test]
fn no_route_tells_a_limited_key_of_another_tenant() {
    let World { server, admin, viewer, operator, .. } = world();
    let bisection = bisections(&server, &admin);
    let described = described(&server);
    let mut told_admin = BTreeSet::new();
    let mut answered: BTreeMap<String, u32> = BTreeMap::new();
    for (method, path, who) in &described {
        let limited = who.contains("limited to some tenants is answered what is of these alone");
        for query in [""].iter().chain(queries(path)) {
            let address = format!("{}{query}", path.replace("/v1/bisections/none", &bisection));
            for (role, key) in [("viewer", &viewer), ("operator", &operator)] {
                let reply = server.ask_with(key, method, &address, "[]");
                let said = format!("{role} {method} {address}: {} {} {}", reply.status, reply.headers, reply.body);
                assert!(!reply.body.contains(OTHER) && !reply.headers.contains(OTHER), "{said}");
                assert!(reply.status < 500 || reply.status == 503, "{said}");
                let is_open = who == "Without a key.";
                assert!(limited || is_open || reply.status == 403, "{said}");
                if method != "GET" || reply.status != 200 || is_open {
                    continue;
                }
                *answered.entry(path.clone()).or_default() += 1;
                // Whatever is money in it is one of the tenant's own amounts of the answer to everything.
                let whole = server.ask_with(&admin, "GET", &address, "");
                let ((own, others), (shown, rest)) = (of(&whole), of(&reply));
                let rows: BTreeSet<String> = shown.union(&rest).cloned().collect();
                let sum = reply.json()["total"]["total"]["amount"].as_str().map(str::to_owned);
                let part = |name: &str| reply.json()["total"][name]["amount"].as_str().map(str::to_owned);
                let sums: BTreeSet<String> = sum
                    .into_iter()
                    .chain(["workload", "idle", "shared", "overhead"].iter().filter_map(|name| part(name)))
                    .chain(totals_of_windows(&reply.json()))
                    .collect();
                for amount in rows {
                    assert!(own.contains(&amount) || sums.contains(&amount), "{amount} in {said}\n{}", whole.body);
                    assert!(!others.contains(&amount) || own.contains(&amount), "{amount} in {said}");
                }
            }
            if method == "GET" && server.ask_with(&admin, "GET", &address, "").body.contains(OTHER) {
                told_admin.insert(path.clone());
            }
        }
    }
    // It could have failed: everything is told to those who may know.
    for path in [
        "/metrics",
        "/v1/status",
        "/v1/reports/allocation",
        "/v1/reports/variance",
        "/v1/reports/statement",
        "/v1/events",
        "/v1/budgets",
        "/v1/bisections",
    ] {
        assert!(told_admin.contains(path), "{path}: {told_admin:?}");
    }
    let limited = described.iter().filter(|(method, _, who)| method == "GET" && who.contains("of these alone"));
    for (_, path, _) in limited {
        assert!(answered.contains_key(path), "{path} tells a limited key nothing at all: {answered:?}");
    }
}

#[test]
fn a_limited_key_is_answered_what_is_of_its_tenants() {
    let World { server, admin, viewer, .. } = world();
    let get = |key: &str, path: &str| {
        let reply = server.ask_with(key, "GET", path, "");
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
        reply.json()
    };
    let same = |path: &str, more: &str| {
        let whole = get(&admin, &format!("{path}{more}tenant={OWN}"));
        assert_eq!(get(&viewer, path), whole, "the only tenant need not be named");
        assert_ne!(get(&admin, path), whole, "{path}");
    };
    same("/v1/demand", "?");
    same("/v1/forecasts?horizon=1d", "&");
    same("/v1/metrics/predicted?metric=creates", "&");
    let status = get(&viewer, "/v1/status");
    assert_eq!(status["tenants"], serde_json::json!([OWN]));
    assert_eq!(status["now"], get(&admin, "/v1/status")["now"]);

    let windows = get(&viewer, "/v1/reports/allocation")["windows"].clone();
    let whole = get(&admin, "/v1/reports/allocation")["windows"].clone();
    assert!(
        !windows.as_array().unwrap().is_empty() && windows.as_array().unwrap().len() == whole.as_array().unwrap().len()
    );
    for (own, whole) in windows.as_array().unwrap().iter().zip(whole.as_array().unwrap()) {
        let rows = own["rows"].as_array().unwrap();
        assert_eq!(rows.len(), 1, "{own}");
        let of_whole = whole["report"]["rows"].as_array().unwrap().iter().find(|row| row["name"] == OWN).unwrap();
        assert_eq!((&rows[0]["actual"], &rows[0]["predicted"]), (&of_whole["actual"], &of_whole["predicted"]));
    }
    let amount = |value: &Value| value["amount"].as_str().unwrap().parse::<f64>().unwrap();
    let statement = get(&viewer, "/v1/reports/statement?by=tenant,flavor&resolution=day");
    let rows = statement["rows"].as_array().unwrap();
    let sum: f64 = rows.iter().map(|row| amount(&row["total"])).sum();
    assert!(rows.len() > 2 && sum > 0.0 && (amount(&statement["total"]["total"]) - sum).abs() < 1e-9, "{statement}");
    assert!(
        sum < amount(&get(&admin, "/v1/reports/statement?by=tenant,flavor&resolution=day")["total"]["total"]) * 0.9
    );
    let names = |value: &Value, field: &str| -> BTreeSet<String> {
        value.as_array().unwrap().iter().map(|of| of[field].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&get(&viewer, "/v1/budgets")["budgets"], "budget"), ["own".to_owned()].into());
    assert_eq!(names(&get(&viewer, "/v1/events"), "name"), ["own launch".to_owned()].into());
    assert_eq!(names(&get(&admin, "/v1/events"), "name").len(), 3);
    let anomalies = get(&viewer, "/v1/anomalies")["windows"].clone();
    assert_eq!(anomalies.as_array().unwrap().len(), whole.as_array().unwrap().len(), "{anomalies}");
}

#[test]
fn a_limited_key_bisects_the_variance_of_its_tenants() {
    let World { server, admin, viewer, operator, .. } = world();
    let own = bisections(&server, &admin);
    let day = server.ask_with(&admin, "GET", &own, "").json()["order"]["day"].clone();
    let runs = server.ask_with(&viewer, "GET", "/v1/bisections", "").json();
    let runs = runs.as_array().unwrap();
    assert!(runs.len() == 1 && runs[0]["order"]["tenant"] == OWN, "{runs:?}");
    let all = server.ask_with(&admin, "GET", "/v1/bisections", "").json();
    for run in all.as_array().unwrap().iter().filter(|run| run["order"]["tenant"] != OWN) {
        let path = format!("/v1/bisections/{}", run["job"]["id"].as_str().unwrap());
        for method in ["GET", "DELETE"] {
            let reply = server.ask_with(&operator, method, &path, "");
            assert_eq!(reply.status, 404, "{method} {}", reply.body);
        }
    }
    // The only tenant need not be named, and another cannot be.
    let order = |key: &str, order: Value| server.ask_with(key, "POST", "/v1/bisections", &order.to_string());
    let ordered = order(&operator, serde_json::json!({"day": day}));
    assert_eq!((ordered.status, &ordered.json()["order"]["tenant"]), (202, &OWN.into()), "{}", ordered.body);
    assert_eq!(order(&operator, serde_json::json!({"day": day, "tenant": OTHER})).status, 403);
    assert_eq!(order(&viewer, serde_json::json!({"day": day})).status, 403, "it takes an operator");
}

fn create(id: &str, tenant: &str) -> String {
    format!(
        r#"{{"id":"{id}","at":"2026-01-01T00:00:00Z","tenant":"{tenant}","op":"create","class":"compute","resource":"{id}","requested":{{"vcpu":2}}}}"#
    )
}

/// The answer to one line, without its id, which is what was sent.
fn line(server: &Server, key: &str, path: &str, body: &str) -> Value {
    let reply = server.ask_with(key, "POST", path, body).json();
    let mut line = reply["lines"][0].clone();
    line.as_object_mut().unwrap().remove("id");
    line
}

#[test]
fn a_limited_key_sends_only_what_is_of_its_tenants_and_learns_of_no_id() {
    let folder = Folder::new();
    let operator = key(&folder, &["--role", "operator"]);
    let limited = key(&folder, &["--role", "operator", "--tenant", OWN, "--tenant", "second"]);
    let server = Server::start_with_keys(&folder, &[]);
    let send = |key: &str, id: &str, tenant: &str| line(&server, key, "/v1/requests", &create(id, tenant));
    let refused = |answer: &Value, field: &str| {
        assert_eq!((&answer["outcome"], &answer["field"]), (&"refused".into(), &field.into()), "{answer}");
        assert!(!answer.to_string().contains(OTHER), "{answer}");
    };
    assert_eq!(send(&limited, &format!("{OWN}/1"), OWN)["outcome"], "accepted");
    assert_eq!(send(&limited, &format!("{OWN}/1"), OWN)["outcome"], "duplicate");
    assert_eq!(send(&limited, "second/1", "second")["outcome"], "accepted");
    refused(&send(&limited, &format!("{OWN}/2"), OTHER), "tenant");
    refused(&send(&limited, &format!("{OWN}/2"), "second"), "id");
    // Other lines of the same body are taken.
    let body = [create("x", OTHER), create(&format!("{OWN}/3"), OWN)].join("\n");
    let mixed = server.ask_with(&limited, "POST", "/v1/requests", &body);
    assert_eq!((&mixed.json()["accepted"], &mixed.json()["refused"]), (&1.into(), &1.into()), "{}", mixed.body);

    // What another tenant's id is makes no difference.
    assert_eq!(send(&operator, "r-taken", OTHER)["outcome"], "accepted");
    let taken = send(&limited, "r-taken", OWN);
    refused(&taken, "id");
    assert_eq!(taken, send(&limited, "r-free", OWN));
    // Nor can anybody take one of the tenant's own.
    let stranger = send(&operator, &format!("{OWN}/9"), OTHER);
    assert_eq!((&stranger["outcome"], &stranger["field"]), (&"refused".into(), &"id".into()), "{stranger}");
    assert_eq!(send(&operator, &format!("{OWN}/9"), OWN)["outcome"], "accepted", "for the tenant itself");

    let observe = |id: &str| {
        line(&server, &limited, "/v1/observations", &format!(r#"{{"request":"{id}","admitted":true,"node":"n-1"}}"#))
    };
    assert_eq!(observe(&format!("{OWN}/1"))["outcome"], "accepted");
    let of_other = observe("r-taken");
    refused(&of_other, "request");
    assert_eq!(of_other, observe("r-free"));

    // Ids from before there was a key are not told apart either.
    assert_eq!(send(&operator, "late/1", OTHER)["outcome"], "accepted");
    let late = key(&folder, &["--role", "operator", "--tenant", "late"]);
    let taken = send(&late, "late/1", "late");
    refused(&taken, "id");
    assert_eq!(taken, send(&late, "late/2", "late"));
}

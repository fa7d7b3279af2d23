//! The demo from outside: forecasts, shadow runs, costs, and the close of a day.

use super::server::Server;
use crate::shadowplane::Folder;

#[test]
fn the_demo_forecasts_runs_shadows_and_explains_a_day() {
    let folder = Folder::new();
    // A virtual day in a little more than ten seconds.
    folder.write("budgets.csv", "name,amount,currency,period\na cent,0.01,USD,week\n");
    let budgets = folder.path.join("budgets.csv");
    let server = Server::start(&folder, &["--demo", "--speed", "7200", "--budgets", budgets.to_str().unwrap()]);
    server.wait_for("/readyz", |reply| reply.status == 200);
    let forecast = server.wait_for("/v1/forecasts?horizon=1d", |reply| reply.body.contains("\"ready\"")).json();
    assert_eq!((forecast["state"].as_str(), forecast["bins"].as_array().unwrap().len()), (Some("ready"), 288));
    let bin = &forecast["bins"][144];
    let level = |i: usize| bin["quantiles"][i].as_f64().unwrap();
    assert!((0..6).all(|i| level(i) <= level(i + 1)) && level(6) > 0.0, "{bin}");
    assert_eq!(server.get("/v1/forecasts?horizon=1h&tenant=ci").json()["bins"].as_array().unwrap().len(), 12);

    let order = br#"{"horizon":"6h","runs":3,"seed":5,"edits":[{"scale_demand":{"tenant":null,"percent":200}}]}"#;
    let reply = server.post("/v1/shadow-runs", "application/json", order);
    assert_eq!(reply.status, 202, "{}", reply.body);
    let location = reply.location.clone().unwrap();
    let done = |reply: &super::server::Reply| reply.json()["job"]["state"] == "succeeded";
    let run = server.wait_for(&location, done).json();
    assert_eq!(run["outcome"]["digest"].as_str().unwrap().len(), 64);
    assert_eq!(run["outcome"]["runs"], 3);
    assert_eq!(run["job"]["progress"], serde_json::json!({"done": 3, "total": 3}));
    let scenario = server.get(&format!("/v1/scenarios/{}", run["scenario"].as_str().unwrap())).json();
    assert_eq!(scenario["digest"], run["outcome"]["digest"]);
    let saved = server.post("/v1/scenarios", "application/json", scenario.to_string().as_bytes());
    assert_eq!((saved.status, &saved.json()["hash"]), (201, &run["scenario"]));
    assert_eq!(server.delete(&location).status, 409, "it has ended");

    // Each edit is one of many; together they ask for 10¹⁰ times as much.
    let edits = serde_json::json!([{"scale_demand": {"tenant": null, "percent": 10_000}}]);
    let edits: Vec<_> = std::iter::repeat_n(edits[0].clone(), 5).collect();
    let order = serde_json::json!({"horizon": "1h", "runs": 1, "edits": edits}).to_string();
    let location = server.post("/v1/shadow-runs", "application/json", order.as_bytes()).location.unwrap();
    let over = |reply: &super::server::Reply| reply.json()["job"]["finished_at"].is_string();
    let job = server.wait_for(&location, over).json()["job"].clone();
    assert_eq!(job["state"], "failed", "{job}");
    assert!(job["failure"].as_str().unwrap().contains("requests"), "{job}");

    let closed = |reply: &super::server::Reply| !reply.json()["windows"].as_array().unwrap().is_empty();
    let report = server.wait_for("/v1/reports/allocation?by=tenant", closed).json();
    let window = &report["windows"][0]["report"];
    let money = |value: &serde_json::Value| -> f64 { value["amount"].as_str().unwrap().parse().unwrap() };
    let causes: f64 = window["causes"].as_array().unwrap().iter().map(|cause| money(&cause["amount"])).sum();
    // Six decimals each, and six causes.
    assert!((causes - money(&window["variance"])).abs() < 1e-5, "{window}");
    let rows: f64 = window["rows"].as_array().unwrap().iter().map(|row| money(&row["actual"])).sum();
    assert!((rows - money(&window["total"]["actual"])).abs() < 1e-5, "{window}");
    let anomalies = server.wait_for("/v1/anomalies", closed).json();
    let day = &anomalies["windows"][0];
    assert_eq!((&day["window"], &day["level_percent"]), (&window["window"], &99.into()), "{day}");
    // The total, tenants, classes and modules; each that is out says why.
    assert!(day["judged"].as_u64().unwrap() >= 10, "{day}");
    let out = day["anomalies"].as_array().unwrap();
    assert!(out.iter().all(|anomaly| anomaly["cause"].is_string() && anomaly["first"].is_object()), "{day}");
    assert!(
        server.get("/v1/anomalies?from=2001-01-01T00:00:00Z&to=2001-02-01T00:00:00Z").body.contains("none_in_window")
    );
    // The example's own service times are others than those that are assumed of it, and observed.
    let calibrated = server.wait_for("/v1/calibrations", |reply| !reply.json()["until"].is_null()).json();
    let scheduler = calibrated["service_times"].as_array().unwrap().iter().find(|of| of["module"] == "scheduler");
    let scheduler = scheduler.expect("its times were observed");
    assert_eq!(scheduler["verdict"], "adopted", "{scheduler}");
    assert!(scheduler["error_after"].as_f64() < scheduler["error_before"].as_f64(), "{scheduler}");
    assert_eq!(calibrated["not_observed"], serde_json::json!([]));
    let boot = &calibrated["boot_times"][0];
    assert_eq!((&boot["node_group"], &boot["assumed"]), (&"general".into(), &"2m".into()), "{boot}");
    assert!(boot["observations"].as_u64() >= Some(1), "{boot}");
    let ratio = &calibrated["over_commit"][0];
    assert_eq!((&ratio["dimension"], &ratio["assumed_percent"]), (&"vcpu".into(), &100.into()), "{ratio}");
    let outlook = server.wait_for("/v1/budgets", |reply| reply.body.contains("sure_percent")).json();
    let budget = &outlook["budgets"][0];
    let states = ["breached", "will_breach"].map(serde_json::Value::from);
    assert!(budget["budget"] == "a cent" && states.contains(&budget["state"]), "{outlook}");
    let costs = server.get("/v1/costs").json();
    let both = |bin: &&serde_json::Value| !bin["actual"].is_null() && !bin["predicted"].is_null();
    assert!(costs["bins"].as_array().unwrap().iter().filter(both).count() >= 12, "{costs}");
    // Both columns, and why they are the same after so few days.
    let corrected = server.get("/v1/costs/corrected").json();
    for series in corrected["series"].as_array().unwrap() {
        assert!(series["said"].as_str().unwrap().starts_with("not used"), "{series}");
        assert_eq!(series["predicted"], series["corrected"]);
    }
    assert_eq!(corrected["series"][0]["kind"], "total");
    let ledger = |query: &str| server.get(&format!("/v1/ledger?{query}")).json();
    let first = ledger("limit=1");
    assert_eq!((first["entries"].as_array().unwrap().len(), &first["next"]), (1, &1.into()));
    let next = ledger("after=1&limit=1000");
    assert_eq!(next["entries"][0]["previous"], first["entries"][0]["hash"], "page follows page");
    assert!(next["next"].is_null());
    let scores = server.get("/v1/scorecard").json();
    let count = |name: &str| scores[name].as_u64().unwrap();
    // On a fast clock a day may be over before it is written down, which is said.
    assert!(count("forecast") >= 1 && count("judged") + count("late") >= 1, "{scores}");
    assert!(!server.get("/v1/decisions").json()["decisions"].as_array().unwrap().is_empty());
    assert!(!server.get("/v1/models").json()["models"].as_array().unwrap().is_empty());
}

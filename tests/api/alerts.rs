//! What lasts, as a real Alertmanager hears of it.

use std::process::{Child, Command, Stdio};

use serde_json::Value;
use shared::units::{Duration, Instant};

use super::server::Server;
use crate::receiver::{Received, Receiver};
use crate::shadowplane::Folder;

/// An Alertmanager that sends what it hears of to a receiver; ended when it is dropped.
struct Alertmanager {
    child: Child,
    address: String,
    agent: ureq::Agent,
    _folder: Folder,
}

impl Alertmanager {
    /// None where there is none on this machine.
    fn start(receiver: &Receiver) -> Option<Self> {
        let program = tests::peer("SHADOWPLANE_ALERTMANAGER_BIN", "prometheus-alertmanager")?;
        let folder = Folder::new();
        folder.write(
            "alertmanager.yml",
            format!(
                "route:\n  receiver: test\n  group_by: ['...']\n  group_wait: 0s\n  group_interval: 1s\n\
                 receivers:\n- name: test\n  webhook_configs:\n  - url: {}\n    send_resolved: true\n",
                receiver.url()
            ),
        );
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut command = Command::new(program);
        command.arg("--config.file").arg(folder.path.join("alertmanager.yml"));
        command.arg("--storage.path").arg(folder.path.join("data"));
        command.args(["--cluster.listen-address=", &format!("--web.listen-address={address}")]);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let agent = ureq::Agent::new_with_defaults();
        let this = Self { child, address: format!("http://{address}"), agent, _folder: folder };
        for _ in 0..200 {
            if this.agent.get(format!("{}/-/ready", this.address)).call().is_ok() {
                return Some(this);
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        panic!("the Alertmanager does not become ready");
    }

    /// The alerts that it holds for active.
    fn alerts(&self) -> Vec<Value> {
        let mut response = self.agent.get(format!("{}/api/v2/alerts", self.address)).call().unwrap();
        let text = response.body_mut().read_to_string().unwrap();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Two and a half days in which two tenants have a small machine each, hour by hour; and `ci` forty of them on the second
/// morning, for ten hours.
fn requests() -> String {
    let line = |id: &str, at: Instant, tenant: &str, op: &str| {
        let requested = if op == "create" { r#","requested":{"vcpu":2,"memory_gib":8}"# } else { "" };
        format!(
            r#"{{"id":"{id}/{op}","at":"{at}","tenant":"{tenant}","op":"{op}","class":"compute","resource":"{id}"{requested}}}"#
        )
    };
    let start: Instant = "2026-06-01T00:00:00Z".parse().unwrap();
    let mut lines: Vec<(Instant, String)> = Vec::new();
    let mut add = |id: String, tenant: &str, from: Instant, hours: i64| {
        lines.push((from, line(&id, from, tenant, "create")));
        let end = from + Duration::HOUR * hours;
        lines.push((end, line(&id, end, tenant, "delete")));
    };
    for hour in 0..60 {
        let from = start + Duration::HOUR * hour + Duration::from_minutes(3);
        ["ci", "shop"].iter().for_each(|tenant| add(format!("{tenant}-{hour}"), tenant, from, 1));
    }
    let morning = start + Duration::HOUR * 25;
    (0..40).for_each(|number| add(format!("many-{number}"), "ci", morning + Duration::from_seconds(number), 10));
    lines.sort();
    lines.into_iter().map(|(_, line)| line + "\n").collect()
}

/// Forty machines of 2 of the 64 vCPU of an m5.16xlarge (3.072 USD an hour) for ten hours are 38.40 USD: the budget of
/// 20 USD a day is passed on that day, and nothing of it is spent yet when the next one begins.
#[test]
fn an_alertmanager_hears_what_lasts_and_when_it_is_over() {
    let receiver = Receiver::start();
    let Some(alertmanager) = Alertmanager::start(&receiver) else { return };
    let folder = Folder::new();
    folder.write("requests.ndjson", requests());
    folder.write("budgets.csv", "name,amount,currency,period,tenant\nci by day,20,USD,day,ci\n");
    let path = |file: &str| folder.path.join(file).to_str().unwrap().to_owned();
    let (requests, budgets) = (path("requests.ndjson"), path("budgets.csv"));
    // Two hours a second: what lasts for some hours is there when it is looked.
    let arguments = ["--replay", &requests, "--speed", "7200", "--runs", "4", "--recommend", "on-order"];
    // One that nobody listens at keeps the other from nothing.
    let to = format!("http://127.0.0.1:9,{}", alertmanager.address);
    let more = ["--budgets", &budgets, "--alertmanager", &to, "--external-url", "https://shadow.example/"];
    let server = Server::start(&folder, &[&arguments[..], &more].concat());

    let of_budget = |alert: &Value, status: &str| {
        alert["labels"]["budget"] == "ci by day"
            && alert["labels"]["severity"] == "critical"
            && alert["status"] == status
    };
    let told = |received: &[Received], status: &str| {
        let alerts = received.iter().flat_map(|of| of.json()["alerts"].as_array().cloned().unwrap_or_default());
        alerts.into_iter().find(|alert| of_budget(alert, status))
    };
    // Here the status has more to say than one word.
    let active = || {
        let labels = |alert: &Value| (alert["labels"]["budget"].clone(), alert["labels"]["severity"].clone());
        let wanted = ("ci by day".into(), "critical".into());
        alertmanager.alerts().into_iter().find(|alert| labels(alert) == wanted && alert["status"]["state"] == "active")
    };
    let begun = std::time::Instant::now();
    let alert = loop {
        if let Some(alert) = active() {
            break alert;
        }
        assert!(begun.elapsed().as_secs() < 300, "{:?}", alertmanager.alerts());
        std::thread::sleep(std::time::Duration::from_millis(200));
    };
    assert_eq!(alert["labels"]["tenant"], "ci", "{alert}");
    assert_eq!(alert["labels"]["alertname"], "ShadowplaneBudgetAtRisk");
    assert_eq!(alert["annotations"]["page"], "https://shadow.example/v1/budgets");
    let summary = alert["annotations"]["summary"].as_str().unwrap();
    assert!(summary.contains("the budget `ci by day` of 20.00 USD") && summary.contains("is passed"), "{summary}");

    let received = receiver.wait_for(|received| told(received, "resolved").is_some());
    assert!(told(&received, "firing").is_some(), "{received:?}");
    assert_eq!(active(), None, "what is over is not active");
    let metrics = server.get("/metrics").body;
    let value = |name: &str, url: &str| -> f64 {
        let of = format!("{name}{{alertmanager=\"{url}\"}} ");
        let line = metrics.lines().find(|line| line.starts_with(&of)).unwrap_or_else(|| panic!("no {of} in {metrics}"));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    assert!(value("shadowplane_alertmanager_alerts_total", &alertmanager.address) > 0.0);
    assert!(value("shadowplane_alertmanager_failures_total", "http://127.0.0.1:9") > 0.0);
    assert_eq!(value("shadowplane_alertmanager_alerts_total", "http://127.0.0.1:9"), 0.0);
    assert!(metrics.contains("shadowplane_alerts{alert=\"ShadowplaneBudgetAtRisk\"}"), "{metrics}");
}

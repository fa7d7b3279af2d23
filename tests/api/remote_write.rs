//! A real Prometheus that sends what it scrapes, and a sender that does what none would.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use shared::units::{Duration, Instant};
use tests::remote_write::{HEADERS, Sample, Series, body};

use super::keys::key;
use super::server::{Reply, Server};
use crate::shadowplane::Folder;

/// Of the Prometheus itself, which has something new to tell at each scrape.
const GAUGE: &str = "process_resident_memory_bytes";
const COUNTER: &str = "prometheus_tsdb_head_samples_appended_total";

/// What becomes of both; the series of the counter that has another type stays at 0.
const MAPPING: &str = r#"
[[rule]]
metric = "process_resident_memory_bytes"
matchers = ['job=~"self|other"']
sensor = "memory_mib"
scope = "{instance}"
scale = 9.5367431640625e-7

[[rule]]
metric = "prometheus_tsdb_head_samples_appended_total"
matchers = ['type!="histogram"']
rate = true
sensor = "samples_per_s"
"#;

/// A Prometheus; killed when it is dropped.
struct Prometheus {
    child: Child,
    address: String,
}

impl Prometheus {
    fn start(program: &std::path::Path, folder: &Folder) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = format!("127.0.0.1:{port}");
        folder.write("prometheus.yml", folder.read("prometheus.yml").replace("SELF", &address));
        let mut command = Command::new(program);
        command.current_dir(&folder.path).args(["--config.file=prometheus.yml", "--storage.tsdb.path=tsdb"]);
        command.args(["--web.enable-lifecycle", &format!("--web.listen-address={address}")]);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        Self { child, address: format!("http://{address}") }
    }

    fn ask(&self, path: &str) -> Option<String> {
        let mut reply = ureq::get(format!("{}{path}", self.address)).call().ok()?;
        reply.body_mut().read_to_string().ok()
    }

    /// Every sample of a metric, by the labels of its series.
    fn samples(&self, metric: &str) -> BTreeMap<String, Vec<(f64, f64)>> {
        let Some(answer) = self.ask(&format!("/api/v1/query?query={metric}%5B1h%5D")) else { return BTreeMap::new() };
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let sample = |pair: &Value| (pair[0].as_f64().unwrap(), pair[1].as_str().unwrap().parse().unwrap());
        let series = answer["data"]["result"].as_array().unwrap().iter();
        let samples = |one: &Value| one["values"].as_array().unwrap().iter().map(sample).collect();
        series.map(|one| (one["metric"].to_string(), samples(one))).collect()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The mean of readings, each at seconds after 1970, per bin of five minutes.
fn means(readings: impl IntoIterator<Item = (f64, f64)>) -> BTreeMap<i64, f64> {
    let mut bins: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
    for (at, value) in readings {
        bins.entry((at / 300.0).floor() as i64 * 300).or_default().push(value);
    }
    bins.into_iter().map(|(at, values)| (at, values.iter().sum::<f64>() / values.len() as f64)).collect()
}

/// What the service has of a sensor, by the starts of its bins.
fn stored(server: &Server, key: &str, sensor: &str) -> BTreeMap<i64, f64> {
    let means = server.ask_with(key, "GET", &format!("/v1/sensors?sensor={sensor}"), "").json();
    let at = |mean: &Value| mean["at"].as_str().unwrap().parse::<Instant>().unwrap().micros() / 1_000_000;
    means.as_array().unwrap().iter().map(|mean| (at(mean), mean["value"].as_f64().unwrap())).collect()
}

fn is_about(found: &BTreeMap<i64, f64>, expected: &BTreeMap<i64, f64>) -> bool {
    // Sums in another order differ in their last digits.
    let close =
        |(at, value): (&i64, &f64)| found.get(at).is_some_and(|found| (found - value).abs() <= 1e-9 * value.abs());
    found.len() == expected.len() && expected.iter().all(close)
}

/// What a Prometheus scrapes arrives, and comes to what its own API says of the same samples.
#[test]
fn a_prometheus_sends_what_it_scrapes() {
    let Some(program) = tests::peer("SHADOWPLANE_PROMETHEUS_BIN", "prometheus") else { return };
    let folder = Folder::new();
    folder.write("mapping.toml", MAPPING);
    let mapping = folder.path.join("mapping.toml");
    let [operator, viewer] = ["operator", "viewer"].map(|role| key(&folder, &["--role", role]));
    let server = Server::start_with_keys(&folder, &["--prometheus-mapping", mapping.to_str().unwrap()]);
    folder.write("key", &operator);
    let sending = format!(
        "global: {{scrape_interval: 1s}}\nremote_write:\n  - url: {}/v1/prometheus/write\n    authorization: \
         {{credentials_file: key}}\n    queue_config: {{batch_send_deadline: 1s}}\n",
        server.address
    );
    let scraping = "scrape_configs:\n  - job_name: self\n    static_configs: [{targets: [SELF]}]\n";
    folder.write("prometheus.yml", format!("{sending}{scraping}"));
    let prometheus = Prometheus::start(&program, &folder);
    let patience = std::time::Instant::now();
    let wait = |wanted: &dyn Fn() -> bool, what: &str| {
        while !wanted() {
            assert!(patience.elapsed().as_secs() < 120, "{what} never was");
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
    };
    let scraped = || prometheus.samples(GAUGE).values().any(|samples| samples.len() >= 8);
    wait(&scraped, "a scrape");
    // No more is scraped, so that nothing changes while it is compared; every series ends with a stale marker, as its job is
    // there still.
    folder.write("prometheus.yml", format!("{sending}{}", scraping.replace("SELF", "")));
    ureq::post(format!("{}/-/reload", prometheus.address)).send_empty().unwrap();

    let gauge =
        || means(prometheus.samples(GAUGE).into_values().flatten().map(|(at, value)| (at, value / 1_048_576.0)));
    // Instants are whole milliseconds, which seconds as the API has them only come near to.
    let span = |pair: &[(f64, f64)]| ((pair[1].0 * 1e3).round() - (pair[0].0 * 1e3).round()) / 1e3;
    let grown = |samples: Vec<(f64, f64)>| -> Vec<(f64, f64)> {
        samples.windows(2).map(|pair| (pair[1].0, (pair[1].1 - pair[0].1) / span(pair))).collect()
    };
    let counter = || {
        let of_type = prometheus.samples(COUNTER).into_iter().filter(|(labels, _)| !labels.contains("\"histogram\""));
        means(of_type.flat_map(|(_, samples)| grown(samples)))
    };
    let same = |sensor: &str, expected: BTreeMap<i64, f64>| {
        !expected.is_empty() && is_about(&stored(&server, &viewer, sensor), &expected)
    };
    wait(&|| same("memory_mib", gauge()), "the same memory");
    wait(&|| same("samples_per_s", counter()), "the same rate");
    assert!(counter().values().all(|rate| *rate > 0.0), "{:?}", counter());
    let of = |outcome: &str| -> f64 {
        let metrics = server.ask_with(&viewer, "GET", "/metrics", "").body;
        let name = format!("shadowplane_remote_write_samples{{outcome=\"{outcome}\"}} ");
        metrics.lines().find_map(|line| line.strip_prefix(name.as_str())).unwrap().parse().unwrap()
    };
    wait(&|| of("stale") > 0.0, "the end of a series");
    let samples = |metric| prometheus.samples(metric).values().map(Vec::len).sum::<usize>() as f64;
    assert!(of("taken") >= samples(GAUGE) && of("unmapped") > 0.0, "{} taken", of("taken"));
    for refused in ["out_of_order", "same_instant", "too_old", "too_far_ahead", "wrong_labels", "too_many_series"] {
        assert_eq!(of(refused), 0.0, "{refused}");
    }
    // Bodies are no changes that somebody made.
    let audit = server.ask_with(&key(&folder, &["--role", "admin"]), "GET", "/v1/audit", "");
    assert!(!audit.body.contains("/v1/prometheus/write"), "{}", audit.body);
}

/// A sample of the mapped gauge so many seconds from now.
fn sample(seconds: i64, value: f64) -> Sample {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
    Sample { value, timestamp: now + seconds * 1_000 }
}

fn memory(samples: Vec<Sample>) -> Series {
    Series::new(&[("__name__", GAUGE), ("instance", "a"), ("job", "other")], samples)
}

fn send(server: &Server, series: Vec<Series>) -> Reply {
    server.ask("POST", "/v1/prometheus/write", &HEADERS, &body(series).unwrap())
}

/// What can never be accepted is told with 400, as a sender tries 429 and 5xx again for ever; the rest is stored.
#[test]
fn what_cannot_be_accepted_is_told_and_the_rest_survives_a_kill() {
    let folder = Folder::new();
    folder.write("mapping.toml", MAPPING);
    let mapping = folder.path.join("mapping.toml");
    let arguments = ["--prometheus-mapping", mapping.to_str().unwrap()];
    let server = Server::start(&folder, &arguments);
    let first = vec![memory(vec![sample(-2, 1_048_576.0), sample(-1, 3_145_728.0)])];
    assert_eq!(send(&server, first.clone()).status, 204);
    let again = send(&server, vec![memory(vec![first[0].samples[1]])]);
    assert_eq!((again.status, again.body.as_str()), (204, ""), "it was not answered, and comes again");
    let odd = send(&server, vec![memory(vec![sample(-60, 9.0), sample(0, 8_388_608.0)])]);
    assert_eq!((odd.status, &odd.json()["type"]), (400, &"urn:shadowplane:problem:samples-refused".into()), "{odd:?}");
    let detail = odd.json()["detail"].as_str().unwrap().to_owned();
    for part in
        ["1 of 2 samples", "1 out_of_order", "the rest is stored", r#"{instance="a", job="other"}"#, "older than"]
    {
        assert!(detail.contains(part), "no `{part}` in {detail}");
    }
    // No sample was added to a bin yet, or all of them: after a kill they count once either way.
    server.kill();
    let server = Server::start(&folder, &arguments);
    // 1, 3 and 8 MiB; a new bin may have begun between them.
    let possible = [4.0, 1.0 + 5.5, 2.0 + 8.0];
    let sum = |reply: &Reply| -> f64 {
        reply.json().as_array().unwrap().iter().map(|mean| mean["value"].as_f64().unwrap()).sum()
    };
    server.wait_for("/v1/sensors?sensor=memory_mib", |reply| possible.contains(&sum(reply)));
    let old = Instant::from_micros(sample(0, 0.0).timestamp * 1_000) - Duration::DAY * 32;
    assert_eq!(server.get(&format!("/v1/sensors?from={old}")).json()["field"], "from");
}

#[test]
fn a_body_of_another_kind_is_told_what_is_expected() {
    let folder = Folder::new();
    folder.write("mapping.toml", MAPPING);
    let mapping = folder.path.join("mapping.toml");
    let server = Server::start(&folder, &["--prometheus-mapping", mapping.to_str().unwrap(), "--body-bytes", "1000"]);
    let check = |headers: &[(&str, &str)], body: &[u8], status: u16, part: &str| {
        let reply = server.ask("POST", "/v1/prometheus/write", headers, body);
        assert_eq!((reply.status, reply.content_type.as_str()), (status, "application/problem+json"), "{}", reply.body);
        assert!(reply.body.contains(part), "no `{part}` in {}", reply.body);
    };
    let [kind, packed, version] = HEADERS;
    check(&[("Content-Type", "application/json"), packed], b"{}", 415, "send remote write 1.0");
    let of_2_0 = "application/x-protobuf;proto=io.prometheus.write.v2.Request";
    check(&[("Content-Type", of_2_0), packed], b"", 415, "send remote write 1.0");
    check(&[kind, ("Content-Encoding", "gzip"), version], b"", 415, "snappy block");
    check(&HEADERS, b"none", 400, "is no snappy block");
    check(&HEADERS, &body(vec![memory(vec![sample(0, 1.0); 500])]).unwrap(), 413, "more than 1000 bytes");
    let without = Folder::new();
    let server = Server::start(&without, &[]);
    let reply = send(&server, vec![memory(vec![sample(0, 1.0)])]);
    assert_eq!(reply.status, 404);
    assert!(reply.body.contains("--prometheus-mapping"), "{}", reply.body);
}

#[test]
fn a_mapping_is_checked_without_a_service() {
    let folder = Folder::new();
    folder.write("mapping.toml", MAPPING.replace("rate = true", "rate = \"yes\""));
    let check = || folder.run(["serve", "--check-config", "--prometheus-mapping", "mapping.toml"]);
    check().assert_failed(1, &["mapping.toml: line 12", "rule[1].rate"]);
    folder.write("mapping.toml", MAPPING);
    assert!(check().success().contains("good"));
}

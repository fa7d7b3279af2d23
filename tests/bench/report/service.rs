//! The same questions over HTTP: a service with a month of a million creates, which a client on the same machine asks.

#![expect(clippy::print_stdout, reason = "figures for whoever runs it")]

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration as Span, Instant as Stopwatch, SystemTime};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use shared::allocation::StatementSettings;
use shared::random::{Draws, Purpose};
use shared::units::{Duration, Instant};
use ureq::Agent;

use crate::questions::{ROWS_MAX, questions, say};

const CREATES: u64 = 1_000_000;
const TENANTS: u64 = 1_000;
const TEAMS: u64 = 8;
const FLAVORS: [&str; 4] = ["m5.large", "m5.xlarge", "c5.large", "r5.large"];
const DAYS: i64 = 30;
/// Two hours in the mean.
const LIFETIME_US: f64 = 7.2e9;
/// Requests of one body.
const BATCH: usize = 20_000;
/// How long an answer may take: the first statement runs the month.
const PATIENCE: Span = Span::from_secs(300);

/// A service in a folder of its own; both are gone when it is dropped.
struct Service {
    child: Child,
    folder: PathBuf,
    address: String,
    agent: Agent,
}

/// Posts a month, has it added up, and asks.
pub(crate) fn ask() -> Result<()> {
    let service = Service::start()?;
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let end = Instant::from_micros(since_epoch.as_micros() as i64).floor(Duration::HOUR) - Duration::HOUR;
    let mut requests = month(end);
    requests.sort_unstable();
    let began = Stopwatch::now();
    for batch in requests.chunks(BATCH) {
        let lines: Vec<&str> = batch.iter().map(|(_, line)| line.as_str()).collect();
        let reply = service.agent.post(format!("{}/v1/requests", service.address)).send(lines.join("\n"))?;
        ensure!(reply.status() == 200, "a batch was answered with {}", reply.status());
    }
    println!("http_requests_per_s {:.0}", requests.len() as f64 / began.elapsed().as_secs_f64());
    let began = Stopwatch::now();
    let first = service.get("/v1/reports/statement?by=tenant")?.context("there are few tenants")?;
    println!("http_first_s {:.1}", began.elapsed().as_secs_f64());
    let first: Value = serde_json::from_str(&first)?;
    let end: Instant = first["window"]["end"].as_str().context("a statement has a window")?.parse()?;
    let mut milliseconds = Vec::new();
    for StatementSettings { window, resolution, by, idle, shared } in questions(end, [1, 7, DAYS - 1])? {
        let by: Vec<String> = by.iter().map(ToString::to_string).collect();
        let path = format!(
            "/v1/reports/statement?by={}&resolution={}&idle={}&shared={}&from={}&to={}",
            by.join(","),
            resolution.as_str(),
            idle.as_str(),
            shared.as_str(),
            window.start,
            window.end
        );
        let began = Stopwatch::now();
        let answer = service.get(&path)?;
        let elapsed = began.elapsed().as_secs_f64() * 1e3;
        // Whole or cut short, an answer has the groups of each row.
        if answer.is_some_and(|text| text.matches("\"groups\":").count() <= ROWS_MAX) {
            milliseconds.push(elapsed);
        }
    }
    say("http", milliseconds)
}

/// Creates and deletes as lines, each with its time.
fn month(end: Instant) -> Vec<(Instant, String)> {
    let (start, length) = (end - Duration::DAY * DAYS, (Duration::DAY * DAYS).micros());
    let mut lines = Vec::new();
    for number in 0..CREATES {
        let draws = Draws::new(1, 0, Purpose::Example, number);
        let at = start + Duration::from_micros(draws.below(0, length as u64) as i64);
        let until = at + Duration::from_micros((draws.exponential(1) * LIFETIME_US) as i64);
        let tenant = draws.below(2, TENANTS);
        let flavor = FLAVORS[draws.below(3, FLAVORS.len() as u64) as usize];
        let mut line =
            format!(r#"{{"id":"c{number}","at":"{at}","tenant":"t{tenant}","op":"create","class":"compute","#);
        let team = tenant % TEAMS;
        let _ = write!(line, r#""resource":"v{number}","flavor":"{flavor}","labels":{{"team":"g{team}"}}}}"#);
        lines.push((at, line));
        if until < end {
            let line = format!(
                r#"{{"id":"d{number}","at":"{until}","tenant":"t{tenant}","op":"delete","class":"compute","resource":"v{number}"}}"#
            );
            lines.push((until, line));
        }
    }
    lines
}

impl Service {
    fn start() -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("shadowplane-bench-report-{}", std::process::id()));
        let mut command = Command::new(tests::shadowplane());
        command
            .args(["serve", "--no-keys", "--listen", "127.0.0.1:0", "--recommend", "on-order", "--data"])
            .arg(&folder);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut lines = BufReader::new(child.stdout.take().context("it has an output")?).lines();
        let first = lines.next().context("the service says where it listens")??;
        let address = first.strip_prefix("listening on ").context("the service says where it listens")?.to_owned();
        // Keeps the pipe open, or the service could not print its next line.
        std::thread::spawn(move || lines.for_each(drop));
        let config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE)).build();
        Ok(Self { child, folder, address, agent: config.into() })
    }

    /// A body; none where it was refused for its size.
    fn get(&self, path: &str) -> Result<Option<String>> {
        let mut reply = self.agent.get(format!("{}{path}", self.address)).call()?;
        let text = reply.body_mut().with_config().limit(100 << 20).read_to_string()?;
        match reply.status().as_u16() {
            200 => Ok(Some(text)),
            400 if text.contains(" rows; expected") => Ok(None),
            status => anyhow::bail!("{path}: {status} {text}"),
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // What cannot be ended or removed is for whoever runs this to see.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

//! How many requests a second are acknowledged through JetStream and folded into PostgreSQL, with every role a process on this
//! machine, beside a bare publish of the same bytes. `cargo xtask bench cluster` runs it.

#![expect(clippy::print_stdout, reason = "figures for `cargo xtask bench cluster`")]

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Error, Result, ensure};
use async_nats::jetstream::context::Context;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream;
use async_nats::{ConnectOptions, ServerAddr};
use serde_json::Value;
use tests::nats::Nats;
use tests::postgres::Postgres;
use ureq::Agent;

/// Requests of a body.
const BATCH: usize = 1_000;
/// So many bodies are sent, by so many senders at once.
const BODIES: usize = 600;
const SENDERS: usize = 4;
const TENANTS: usize = 1_000;
/// So many requests are published one by one, and so many of them at once.
const SINGLE: usize = 100_000;
const WINDOW: usize = 2_000;

/// What the kernel counts processor time in: a hundredth of a second.
const TICKS_PER_S: f64 = 100.0;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// A process of the service; it ends with its handle.
struct Service {
    child: Child,
    address: String,
}

impl Service {
    fn start(arguments: &[&str]) -> Result<Self> {
        let mut command = Command::new(tests::shadowplane());
        command.args(["serve", "--no-keys", "--listen", "127.0.0.1:0"]).args(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut lines = BufReader::new(child.stdout.take().context("it has an output")?).lines();
        let first = lines.next().context("the service says where it listens")??;
        let address = first.strip_prefix("listening on ").context("the service says where it listens")?.to_owned();
        // Keeps the pipe open, or the service could not print its next line.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self { child, address })
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn main() -> Result<()> {
    let bodies = bodies()?;
    for (servers, name) in [(1, "one"), (3, "three")] {
        let nats = Nats::new(servers).context("there is no nats-server")?;
        let bare = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?
            .block_on(bare(&nats, servers, &bodies))?;
        let [bare, single] = bare;
        println!("bare_{name}_per_s {bare:.0}\nsingle_{name}_per_s {single:.0}");
        measure(&nats, servers, name, &bodies, bare)?;
    }
    Ok(())
}

/// Prints what the service does, and what of the processors each of its processes takes.
fn measure(nats: &Nats, servers: usize, name: &str, bodies: &[String], bare: f64) -> Result<()> {
    let postgres = Postgres::new().map_err(Error::msg)?;
    let (store, url, replicas) = (postgres.database(), nats.url(), servers.to_string());
    let common = ["--store", &store, "--nats", &url, "--nats-replicas", &replicas, "--recommend", "on-order"];
    let projector = Service::start(&[&common[..], &["--log", "nats"]].concat())?;
    let ingest = Service::start(&[&common[..], &["--role", "ingest"]].concat())?;
    let agent: Agent =
        Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE)).build().into();
    let all = (bodies.len() * BATCH) as f64;
    let postmaster = postmaster(&postgres).context("PostgreSQL has a first process")?;
    let used = || {
        let of_nats: f64 = nats.ids().into_iter().map(processor).sum();
        [processor(ingest.child.id()), of_nats, processor(projector.child.id()), family(postmaster)]
    };
    let (before, begun) = (used(), Instant::now());
    std::thread::scope(|scope| -> Result<()> {
        let senders = (0..SENDERS).map(|sender| {
            let (agent, ingest) = (&agent, &ingest);
            scope.spawn(move || {
                bodies.iter().skip(sender).step_by(SENDERS).try_for_each(|body| post(agent, ingest, body))
            })
        });
        let senders: Vec<_> = senders.collect();
        senders.into_iter().try_for_each(|sender| sender.join().unwrap_or_else(|_| anyhow::bail!("a sender panicked")))
    })?;
    let acknowledged = all / begun.elapsed().as_secs_f64();
    loop {
        let text = agent.get(format!("{}/v1/status", projector.address)).call()?.body_mut().read_to_string()?;
        let status: Value = serde_json::from_str(&text)?;
        if status["requests"] == all as u64 {
            break;
        }
        ensure!(begun.elapsed() < PATIENCE, "not all is folded: {status}");
        std::thread::sleep(Duration::from_millis(50));
    }
    let folded = all / begun.elapsed().as_secs_f64();
    let after = used();
    println!("acknowledged_{name}_per_s {acknowledged:.0}\nfolded_{name}_per_s {folded:.0}");
    let database = store.rsplit('/').next().unwrap_or_default();
    let size = postgres.rows("postgres", &format!("SELECT pg_database_size('{database}')::text"));
    let size: f64 = size.first().context("it has a size")?.parse()?;
    println!("stored_{name}_bytes {:.0}", size / all);
    println!("acknowledged_to_bare_{name} {:.3}", acknowledged / bare);
    for (role, (after, before)) in ["ingest", "nats", "projector", "postgres"].iter().zip(after.iter().zip(before)) {
        println!("{role}_{name}_per_core_s {:.0}", all / (after - before).max(1.0 / TICKS_PER_S));
    }
    Ok(())
}

fn post(agent: &Agent, ingest: &Service, body: &str) -> Result<()> {
    loop {
        let mut reply = agent.post(format!("{}/v1/requests", ingest.address)).send(body)?;
        let text = reply.body_mut().read_to_string()?;
        if ![429, 503].contains(&reply.status().as_u16()) {
            ensure!(reply.status() == 200 && text.contains("\"refused\":0"), "{}: {text:.300}", reply.status());
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Requests a second that are published bare: bodies as they are, each a message, as many at once as there are senders; and each
/// request a message with its id, [`WINDOW`] at once.
async fn bare(nats: &Nats, servers: usize, bodies: &[String]) -> Result<[f64; 2]> {
    let server: ServerAddr = nats.url().split(',').next().unwrap_or_default().parse()?;
    let (user, password) = server.username().zip(server.password()).context("the server asks who it is")?;
    let options = ConnectOptions::with_user_and_password(user.to_owned(), password.to_owned());
    let context = async_nats::jetstream::new(options.connect(&server).await?);
    let config = stream::Config {
        name: "bare".to_owned(),
        subjects: vec!["bare".to_owned()],
        num_replicas: servers,
        ..Default::default()
    };
    context.create_stream(config).await?;
    let whole = published(&context, bodies.iter().map(String::as_str), SENDERS).await?;
    let lines: Vec<&str> = bodies.iter().flat_map(|body| body.lines()).take(SINGLE).collect();
    let single = published(&context, lines.iter().copied(), WINDOW).await?;
    context.delete_stream("bare").await?;
    Ok([whole * BATCH as f64, single])
}

/// Messages a second, so many at once.
async fn published<'b>(context: &Context, messages: impl Iterator<Item = &'b str>, at_once: usize) -> Result<f64> {
    let (begun, mut count, mut open) = (Instant::now(), 0_u32, VecDeque::new());
    for message in messages {
        let publish = PublishMessage::build().message_id(count.to_string()).payload(message.to_owned().into());
        open.push_back(context.send_publish("bare", publish).await?);
        count += 1;
        if open.len() == at_once
            && let Some(oldest) = open.pop_front()
        {
            oldest.await?;
        }
    }
    for acknowledged in open {
        acknowledged.await?;
    }
    Ok(f64::from(count) / begun.elapsed().as_secs_f64())
}

/// Requests of the last day, in order.
fn bodies() -> Result<Vec<String>> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros() as i64;
    let (day, all) = (86_400_000_000_i64, (BODIES * BATCH) as i64);
    let mut bodies = Vec::with_capacity(BODIES);
    for first in (0..BODIES * BATCH).step_by(BATCH) {
        let mut body = String::new();
        for number in first..first + BATCH {
            let at = shared::units::Instant::from_micros(now - day + day / all * number as i64);
            let tenant = number * 7_919 % TENANTS;
            writeln!(
                body,
                r#"{{"id":"r-{number:09}","at":"{at}","tenant":"t{tenant}","op":"create","class":"compute","resource":"vm-{number}","flavor":"m5.large"}}"#
            )?;
        }
        bodies.push(body);
    }
    Ok(bodies)
}

/// The process that all others of a server are children of.
fn postmaster(postgres: &Postgres) -> Option<u32> {
    let child = postgres.rows("postgres", "SELECT pid::text FROM pg_stat_activity WHERE backend_type = 'checkpointer'");
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.first()?)).ok()?;
    stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}

/// Seconds of a processor that a process has used; none of one that is gone.
fn processor(id: u32) -> f64 {
    used(id, 11..13).unwrap_or(0.0)
}

/// The same with its children, those that have ended too.
fn family(id: u32) -> f64 {
    let own = used(id, 11..15).unwrap_or(0.0);
    let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
    own + children.split_whitespace().filter_map(|child| child.parse().ok()).map(processor).sum::<f64>()
}

/// Some of the times in `/proc/ID/stat`, counted behind the program's name.
fn used(id: u32, fields: std::ops::Range<usize>) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(") ")?;
    let times = rest.split(' ').skip(fields.start).take(fields.len());
    Some(times.filter_map(|time| time.parse::<f64>().ok()).sum::<f64>() / TICKS_PER_S)
}

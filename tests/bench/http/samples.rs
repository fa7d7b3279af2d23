//! Samples by remote write, as a Prometheus with several shards sends them.

#![expect(clippy::print_stdout, reason = "figures for `cargo xtask bench http`")]

use std::time::{Instant as Stopwatch, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use tests::remote_write::{HEADERS, Sample, Series, body};

use crate::service::Service;

/// Nodes that are scraped, and of how many series each of them tells.
const NODES: usize = 1_000;
const SERIES: usize = 20;
/// A body holds as many samples as a Prometheus sends at once, 2,000, each of another series.
const NODES_PER_BODY: usize = 100;
const SCRAPES: i64 = 60;
const SENDERS: usize = 4;
const MAPPING: &str = "[[rule]]\nmetric = \"node_load1\"\nsensor = \"cpu_load\"\nscope = \"{instance}\"\n\
    [[rule]]\nmetric = \"node_cpu_seconds_total\"\nmatchers = ['mode!=\"idle\"']\nrate = true\nsensor = \"cpu_used\"\nscope = \"{instance}\"\n";

/// What a sender sends, scrape by scrape; its nodes are nobody else's.
fn bodies(sender: usize, now: i64) -> Result<Vec<Vec<u8>>> {
    let nodes: Vec<usize> = (0..NODES).filter(|node| node % SENDERS == sender).collect();
    let mut all = Vec::new();
    for scrape in 0..SCRAPES {
        let timestamp = now - (SCRAPES - scrape) * 15_000;
        for nodes in nodes.chunks(NODES_PER_BODY) {
            let series =
                nodes.iter().flat_map(|&node| (0..SERIES).map(move |number| series(node, number, scrape, timestamp)));
            all.push(body(series.collect())?);
        }
    }
    Ok(all)
}

fn series(node: usize, number: usize, scrape: i64, timestamp: i64) -> Series {
    let (instance, cpu) = (format!("node-{node}.example.internal:9100"), number.to_string());
    let samples = vec![Sample { value: (scrape * 15) as f64 + node as f64, timestamp }];
    let name = if number == 0 { "node_load1" } else { "node_cpu_seconds_total" };
    let labels = [
        ("__name__", name),
        ("cluster", "production"),
        ("cpu", &cpu),
        ("env", "prod"),
        ("instance", &instance),
        ("job", "node"),
        ("mode", "user"),
        ("zone", "eu-1a"),
    ];
    Series::new(&labels, samples)
}

/// Sends them all; prints how many samples were stored a second.
pub(crate) fn send() -> Result<()> {
    let service = Service::start("samples", &[("mapping.toml", MAPPING)])?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() as i64;
    let made: Result<Vec<_>> = (0..SENDERS).map(|sender| bodies(sender, now)).collect();
    let made = made?;
    let begun = Stopwatch::now();
    std::thread::scope(|scope| -> Result<()> {
        let service = &service;
        let senders: Vec<_> = made
            .iter()
            .map(|bodies| scope.spawn(move || bodies.iter().try_for_each(|body| post(service, body))))
            .collect();
        senders.into_iter().try_for_each(|sender| sender.join().unwrap_or_else(|_| anyhow::bail!("a sender panicked")))
    })?;
    let samples = (NODES * SERIES) as f64 * SCRAPES as f64;
    println!("samples_per_s {:.0}", samples / begun.elapsed().as_secs_f64());
    let mut reply = service.agent.get(format!("{}/metrics", service.address)).call()?;
    let metrics = reply.body_mut().read_to_string()?;
    let taken =
        metrics.lines().find_map(|line| line.strip_prefix("shadowplane_remote_write_samples{outcome=\"taken\"} "));
    let taken: f64 = taken.context("the service counts what it takes")?.parse()?;
    ensure!(taken == samples, "{taken} of {samples} samples were taken");
    println!("samples_peak_mib {:.0}", service.peak_mib()?);
    Ok(())
}

fn post(service: &Service, body: &[u8]) -> Result<()> {
    let request = service.agent.post(format!("{}/v1/prometheus/write", service.address));
    let request = HEADERS.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let mut reply = request.send(body)?;
    ensure!(reply.status() == 204, "{}: {}", reply.status(), reply.body_mut().read_to_string()?);
    Ok(())
}

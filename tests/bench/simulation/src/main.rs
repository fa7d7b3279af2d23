//! How fast requests go through the control plane, beside a bare skeleton of the same; how much a live resource and a fork
//! take. One thread; ours and the skeleton take turns, and the fastest turn of each counts.

mod peer;
mod skeleton;
mod workload;

use std::fs;
use std::hint::black_box;
use std::process::Command;
use std::time::Instant as Clock;

use anyhow::{Context, Result, bail, ensure};
use shared::quote::{self, QuoteBase, read_order};
use shared::request::Catalogue;
use shared::scenario::PlacementPolicy;
use shared::simulation::{Run, RunOptions, simulate};

use workload::{Size, Workload};

const TURNS: usize = 5;
const LIVE: Size = Size { nodes: 5_000, live: 40_000, requests: 1_000_000, slower: 1 };
const PEER_REQUESTS: usize = 200_000;
const COPIES: usize = 16;
const FORKS: usize = 200;
const QUOTES: usize = 200;

/// Each part in a process of its own, so that no memory that an earlier one gave back hides what the next one takes.
const PARTS: [&str; 7] = ["speed", "peer", "scale", "hosts", "memory", "forks", "quotes"];

fn main() -> Result<()> {
    let Some(part) = std::env::args().nth(1) else {
        let program = std::env::current_exe().context("this program has no path")?;
        for part in PARTS {
            let status = Command::new(&program).arg(part).status().context("this program cannot be started again")?;
            ensure!(status.success(), "the part `{part}` fails: {status}");
        }
        return Ok(());
    };
    match part.as_str() {
        "turn" => turn()?,
        "speed" => speed(),
        "peer" => nexosim()?,
        "scale" => scale(),
        "hosts" => hosts(),
        "memory" => memory()?,
        "forks" => forks(),
        "quotes" => quotes()?,
        other => bail!("there is no part `{other}`, only {} and turn", PARTS.join(", ")),
    }
    Ok(())
}

/// One turn of ours alone, for a profiler: `turn POLICY NODES REQUESTS`, all at the rate of the others.
fn turn() -> Result<()> {
    const USAGE: &str = "expected `turn POLICY NODES REQUESTS`";
    let words: Vec<String> = std::env::args().skip(2).collect();
    let [policy, nodes, requests] = words.as_slice() else { bail!(USAGE) };
    let placement = PlacementPolicy::ALL.into_iter().find(|known| known.as_str() == policy).context(USAGE)?;
    let (nodes, requests): (u32, u32) = (nodes.parse().context(USAGE)?, requests.parse().context(USAGE)?);
    let size = Size { nodes, live: nodes * 8, requests, slower: i64::from(nodes.div_ceil(500)) };
    let workload = Workload::new(size, placement);
    let mut run = Run::new(&workload.valid, RunOptions::default());
    let time = seconds(|| run.play(&workload.requests, workload.valid.scenario().window.end));
    println!("turn_us {:.3}", time / workload.requests.len() as f64 * 1e6);
    println!("turn_digest {}", run.outcome().digest);
    Ok(())
}

/// Requests a second through nexosim.
fn nexosim() -> Result<()> {
    let workload = Workload::new(LIVE, PlacementPolicy::FirstFit);
    let mut result = Ok(());
    let time = seconds(|| result = peer::run(&workload, PEER_REQUESTS));
    result?;
    println!("nexosim_requests_per_s {:.0}", PEER_REQUESTS as f64 / time);
    Ok(())
}

/// Requests a second through all seven modules, ours and the skeleton's.
fn speed() {
    let workload = Workload::new(LIVE, PlacementPolicy::FirstFit);
    let (mut ours, mut bare) = (f64::INFINITY, f64::INFINITY);
    let (mut events, mut creates) = (0, 0);
    for _ in 0..TURNS {
        ours = ours.min(seconds(|| {
            let outcome = simulate(&workload.valid, &workload.requests, RunOptions::default());
            (events, creates) = (outcome.events, outcome.creates);
        }));
        bare = bare.min(seconds(|| {
            black_box(skeleton::run(&workload));
        }));
    }
    let requests = workload.requests.len() as f64;
    let done = skeleton::run(&workload);
    println!("requests_per_s {:.0}", requests / ours);
    println!("creates_per_s {:.0}", creates as f64 / ours);
    println!("transitions_per_s {:.0}", events as f64 / ours);
    println!("transitions_per_request {:.3}", events as f64 / requests);
    println!("skeleton_requests_per_s {:.0}", requests / bare);
    println!("skeleton_transitions_per_request {:.3}", done.events as f64 / requests);
    println!("share_of_skeleton {:.3}", bare / ours);
}

/// A request among 50,000 nodes ÷ one among 500, at the same rate and density. Few and many take turns, so that what else
/// the machine does slows both.
fn scale() {
    for policy in PlacementPolicy::ALL {
        let small = Size { nodes: 500, live: 4_000, requests: 400_000, slower: 1 };
        let large = Size { nodes: 50_000, live: 400_000, slower: 100, ..small };
        let workloads = [small, large].map(|size| Workload::new(size, policy));
        let mut fastest = [f64::INFINITY; 2];
        for _ in 0..TURNS {
            for (fastest, workload) in fastest.iter_mut().zip(&workloads) {
                // What it takes to begin with so many resources, and to hash the plans of all that live at the end, is not
                // that of a request.
                let mut run = Run::new(&workload.valid, RunOptions::default());
                let time = seconds(|| run.play(&workload.requests, workload.valid.scenario().window.end));
                *fastest = fastest.min(time / workload.requests.len() as f64);
            }
        }
        let ([few, many], name) = (fastest, policy.as_str());
        println!("{name}_500_nodes_us {:.3}", few * 1e6);
        println!("{name}_50000_nodes_us {:.3}", many * 1e6);
        println!("{name}_slowdown {:.3}", many / few);
    }
}

/// 50,000 requests on 20,000 hosts with 40,000 VMs, the start included.
fn hosts() {
    let size = Size { nodes: 20_000, live: 40_000, requests: 50_000, slower: 1 };
    for (name, policy) in [("first_fit", PlacementPolicy::FirstFit), ("worst_fit", PlacementPolicy::WorstFit)] {
        let workload = Workload::new(size, policy);
        let turn = |_| {
            seconds(|| {
                simulate(&workload.valid, &workload.requests, RunOptions::default());
            })
        };
        println!("hosts_{name}_s {:.4}", (0..TURNS).map(turn).fold(f64::INFINITY, f64::min));
    }
}

/// Bytes of resident memory a live resource, nodes and everything else of a run included.
fn memory() -> Result<()> {
    let workload = Workload::new(Size { requests: 100_000, ..LIVE }, PlacementPolicy::FirstFit);
    let run = || {
        let mut run = Run::new(&workload.valid, RunOptions::default());
        run.play(&workload.requests, workload.valid.scenario().window.end);
        run
    };
    let first = run();
    let before = resident()?;
    let copies: Vec<Run<'_>> = (0..COPIES).map(|_| run()).collect();
    let bytes = (resident()? - before) as f64;
    let live = f64::from(first.live()) * copies.len() as f64;
    println!("bytes_per_live {:.1}", bytes / live);
    Ok(())
}

/// Bytes of this process that are in memory.
fn resident() -> Result<i64> {
    let status = fs::read_to_string("/proc/self/status").context("only Linux says what a process takes")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib = line.trim().trim_end_matches(" kB").parse::<i64>().context("VmRSS is a number of kB")?;
    Ok(kib * 1_024)
}

/// Milliseconds of a fork of a run with its first write, the median.
fn forks() {
    let workload = Workload::new(Size { requests: 100_000, ..LIVE }, PlacementPolicy::FirstFit);
    let mut base = Run::new(&workload.valid, RunOptions::default());
    let mut times: Vec<f64> = (0..FORKS)
        .map(|i| {
            // Between two forks the original goes on.
            let (before, next) = (&workload.requests[i..=i], &workload.requests[i + 1..=i + 1]);
            base.play(before, next[0].at);
            let mut fork = None;
            let time = seconds(|| {
                base.share();
                let mut copy = base.clone();
                copy.set_run(1);
                copy.play(next, next[0].at + shared::units::Duration::from_micros(1));
                fork = Some(copy);
            });
            drop(fork);
            time * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!("fork_ms {:.4}", times[FORKS / 2]);
    println!("fork_ms_max {:.4}", times[FORKS - 1]);
}

/// Milliseconds of a quote over thirty days, of which 99 in a hundred are less.
fn quotes() -> Result<()> {
    let workload = Workload::new(Size { requests: 100, ..LIVE }, PlacementPolicy::FirstFit);
    let of = workload.valid.scenario();
    let names = (0..of.start.live.len()).map(|i| format!("vm-{i}")).collect();
    let (base, flavor) = (QuoteBase::new(of, names, &[]), &of.flavors[0]);
    let order = |i: usize| {
        let mut line = serde_json::Map::new();
        line.insert("tenant".to_owned(), of.tenants[i % of.tenants.len()].name.clone().into());
        line.insert("flavor".to_owned(), flavor.name.clone().into());
        line.insert("requested".to_owned(), serde_json::to_value(flavor.requested)?);
        line.insert("count".to_owned(), 10.into());
        Ok::<_, anyhow::Error>(vec![line])
    };
    let mut times = Vec::with_capacity(QUOTES);
    for i in 0..QUOTES {
        let order = order(i)?;
        let clock = Clock::now();
        let quoted = base.quote(read_order(order, base.at(), 0)?.requests, quote::LENGTH, &Catalogue::default())?;
        times.push(clock.elapsed().as_secs_f64() * 1e3);
        ensure!(quoted.quote.requests.iter().all(|line| line.ready_after_s.is_some()), "a request gets nothing");
    }
    times.sort_by(f64::total_cmp);
    println!("quote_p50_ms {:.3}", times[QUOTES / 2]);
    println!("quote_p99_ms {:.3}", times[QUOTES * 99 / 100]);
    Ok(())
}

fn seconds(task: impl FnOnce()) -> f64 {
    let clock = Clock::now();
    task();
    clock.elapsed().as_secs_f64()
}

//! `cargo xtask bench simulation`.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use super::figures::Target::{AtLeast, AtMost, None};
use super::figures::{Row, judge};
use crate::workspace::Workspace;
use crate::{process, setup};

const ROWS: [Row; 35] = [
    ("requests a second, 5,000 nodes, 40,000 live VMs", "requests_per_s", AtLeast(400_000.0)),
    ("  creates among them", "creates_per_s", None),
    ("  transitions a second", "transitions_per_s", None),
    ("  transitions a request", "transitions_per_request", None),
    ("requests a second of the bare skeleton", "skeleton_requests_per_s", None),
    ("  ours ÷ the skeleton's", "share_of_skeleton", AtLeast(0.7)),
    ("requests a second of nexosim, stages alone", "nexosim_requests_per_s", None),
    ("requests a second of SimPy, stages alone", "simpy_requests_per_s", None),
    ("first fit: µs a request, 500 nodes", "first_fit_500_nodes_us", None),
    ("first fit: µs a request, 50,000 nodes", "first_fit_50000_nodes_us", None),
    ("  slowdown", "first_fit_slowdown", AtMost(1.5)),
    ("best fit: µs a request, 500 nodes", "best_fit_500_nodes_us", None),
    ("best fit: µs a request, 50,000 nodes", "best_fit_50000_nodes_us", None),
    ("  slowdown", "best_fit_slowdown", AtMost(1.5)),
    ("worst fit: µs a request, 500 nodes", "worst_fit_500_nodes_us", None),
    ("worst fit: µs a request, 50,000 nodes", "worst_fit_50000_nodes_us", None),
    ("  slowdown", "worst_fit_slowdown", AtMost(1.5)),
    ("dot product: µs a request, 500 nodes", "dot_product_500_nodes_us", None),
    ("dot product: µs a request, 50,000 nodes", "dot_product_50000_nodes_us", None),
    ("  slowdown", "dot_product_slowdown", None),
    ("least allocated: µs a request, 500 nodes", "least_allocated_500_nodes_us", None),
    ("least allocated: µs a request, 50,000 nodes", "least_allocated_50000_nodes_us", None),
    ("  slowdown", "least_allocated_slowdown", None),
    ("most allocated: µs a request, 500 nodes", "most_allocated_500_nodes_us", None),
    ("most allocated: µs a request, 50,000 nodes", "most_allocated_50000_nodes_us", None),
    ("  slowdown", "most_allocated_slowdown", None),
    ("fragmentation-aware, GPUs: µs a request, 500 nodes", "fragmentation_aware_500_nodes_us", None),
    ("fragmentation-aware, GPUs: µs a request, 50,000 nodes", "fragmentation_aware_50000_nodes_us", None),
    ("  slowdown", "fragmentation_aware_slowdown", None),
    ("s: 20k hosts, 40k VMs, 50k requests, first fit", "hosts_first_fit_s", AtMost(0.2)),
    ("s: the same, worst fit", "hosts_worst_fit_s", AtMost(0.2)),
    ("bytes a live resource", "bytes_per_live", AtMost(200.0)),
    ("ms: quote of ten creates over 30 days, 40,000 live VMs", "quote_p50_ms", None),
    ("  99 in a hundred", "quote_p99_ms", AtMost(20.0)),
    ("ms: fork of 40,000 live resources and first write", "fork_ms", AtMost(0.5)),
];

/// Sets up SimPy, builds, times, and prints a table; fails when a target is missed.
pub(super) fn run(workspace: &mut Workspace, _: &[String]) -> Result<ExitCode> {
    let python = setup::simpy(workspace)?;
    let target = workspace.release.with_file_name("bench-simulation");
    let manifest = workspace.root.join("tests/bench/simulation/Cargo.toml");
    let mut build = workspace.cargo(&["build", "--quiet", "--release", "--locked", "--manifest-path"]);
    process::run(build.arg(&manifest).arg("--target-dir").arg(&target))?;
    let program = target.join("release").join(format!("bench-simulation{}", std::env::consts::EXE_SUFFIX));
    let mut answer = printed_by(&mut workspace.command(program))?;
    let script = workspace.root.join("tests/bench/simulation/simpy_peer.py");
    answer += &printed_by(workspace.command(python).arg(script))?;
    let met = judge(&ROWS, &answer)?;
    println!("\n{}", if met { "every target is met" } else { "a target is missed" });
    Ok(if met { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn printed_by(command: &mut Command) -> Result<String> {
    let line = process::display(command);
    println!("bench: {line}");
    let printed = process::output(command).with_context(|| format!("`{line}` fails; run it to see why"))?;
    Ok(printed + "\n")
}

//! `cargo xtask bench workers`.

use std::process::ExitCode;

use anyhow::{Context, Result};

use super::figures::Target::{AtLeast, None};
use super::figures::{Row, judge};
use crate::workspace::Workspace;
use crate::{process, setup};

const ROWS: [Row; 6] = [
    ("runs a second, by a thread of one process", "thread_1_runs_per_s", None),
    ("runs a second, by two threads of it", "thread_2_runs_per_s", None),
    ("  the one ÷ the other", "threads_2_to_1", None),
    ("runs a second, by a worker with one thread", "worker_1_runs_per_s", None),
    ("runs a second, by two workers", "worker_2_runs_per_s", None),
    ("  the one ÷ the other", "workers_2_to_1", AtLeast(1.7)),
];

/// Builds, measures, and prints a table; fails when a target is missed.
pub(super) fn run(workspace: &mut Workspace, arguments: &[String]) -> Result<ExitCode> {
    let nats = setup::peers(workspace)?.nats.context("it needs nats-server, which could not be had")?;
    process::run(&mut workspace.cargo(&["build", "--quiet", "--release", "--bin", "shadowplane"]))?;
    let mut command = workspace.cargo(&["bench", "--quiet", "--profile", "release", "--bench", "workers", "--"]);
    command.args(arguments).env("SHADOWPLANE_NATS_SERVER_BIN", nats).env("SHADOWPLANE_BIN", workspace.shadowplane());
    let answer = process::output(&mut command).context("it fails; run it to see why")?;
    Ok(if judge(&ROWS, &answer)? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

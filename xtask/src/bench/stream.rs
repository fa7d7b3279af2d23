//! `cargo xtask bench stream`.

use std::process::ExitCode;

use anyhow::{Context, Result};

use super::figures::Target::{AtLeast, AtMost};
use super::figures::{Row, judge};
use crate::process;
use crate::workspace::Workspace;

const ROWS: [Row; 4] = [
    ("requests sampled from the table, a second", "table_requests_per_s", AtLeast(1e6)),
    ("creates drawn from the direct model, a second", "direct_creates_per_s", AtLeast(5e4)),
    ("nats a token, table", "table_nll", AtMost(0.64)),
    ("nats a token, direct model", "direct_nll", AtMost(0.64)),
];

/// Builds, measures, and prints a table; fails when a target is missed.
pub(super) fn run(workspace: &mut Workspace, arguments: &[String]) -> Result<ExitCode> {
    let trace = super::azure_vm(workspace, "stream", arguments)?;
    let mut command = workspace.cargo(&["bench", "--quiet", "--profile", "release", "--bench", "stream", "--"]);
    let answer = process::output(command.arg(&trace)).context("it fails; run it to see why")?;
    let met = judge(&ROWS, &answer)?;
    Ok(if met { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

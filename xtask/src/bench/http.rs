//! `cargo xtask bench http`.

use std::process::ExitCode;

use anyhow::{Context, Result};

use super::figures::Target::{AtLeast, AtMost, None};
use super::figures::{Row, judge};
use crate::process;
use crate::workspace::Workspace;

const ROWS: [Row; 9] = [
    ("requests a second, bodies that a bare handler reads", "ok_requests_per_s", None),
    ("requests a second, inserted into SQLite by hand", "raw_requests_per_s", None),
    ("requests a second, stored by the service", "ingest_requests_per_s", AtLeast(150_000.0)),
    ("  ÷ those inserted by hand", "ingest_to_raw", AtLeast(0.5)),
    ("  ÷ those of the bare handler", "ingest_to_ok", None),
    ("MiB that it has had at most", "ingest_peak_mib", AtMost(512.0)),
    ("s: until it answers after a kill, with all of them", "restart_s", AtMost(3.0)),
    ("samples a second by remote write, stored", "samples_per_s", AtLeast(250_000.0)),
    ("MiB that it has had at most", "samples_peak_mib", AtMost(512.0)),
];

/// Builds, measures, and prints a table; fails when a target is missed.
pub(super) fn run(workspace: &mut Workspace, arguments: &[String]) -> Result<ExitCode> {
    process::run(&mut workspace.cargo(&["build", "--quiet", "--release", "--bin", "shadowplane"]))?;
    let mut command = workspace.cargo(&["bench", "--quiet", "--profile", "release", "--bench", "http", "--"]);
    let answer = process::output(command.args(arguments)).context("it fails; run it to see why")?;
    let met = judge(&ROWS, &answer)?;
    Ok(if met { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

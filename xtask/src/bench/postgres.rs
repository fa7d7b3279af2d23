//! `cargo xtask bench postgres`.

use std::process::ExitCode;

use anyhow::{Context, Result};

use super::figures::Target::None;
use super::figures::{Row, judge};
use crate::workspace::Workspace;
use crate::{process, setup};

const ROWS: [Row; 6] = [
    ("requests a second, stored in batches of 1,000", "store_1000_per_s", None),
    ("rows a second, by a bare COPY of as many at once", "copy_1000_per_s", None),
    ("  the one ÷ the other", "store_to_copy_1000", None),
    ("requests a second, stored in batches of 10,000", "store_10000_per_s", None),
    ("rows a second, by a bare COPY of as many at once", "copy_10000_per_s", None),
    ("  the one ÷ the other", "store_to_copy_10000", None),
];

/// Builds, measures, and prints a table.
pub(super) fn run(workspace: &mut Workspace, arguments: &[String]) -> Result<ExitCode> {
    let postgres = setup::peers(workspace)?.postgres.context("it needs PostgreSQL, which could not be had")?;
    let mut command = workspace.cargo(&["bench", "--quiet", "--profile", "release", "--bench", "postgres", "--"]);
    command.args(arguments).env("SHADOWPLANE_POSTGRES_BIN", postgres);
    let answer = process::output(&mut command).context("it fails; run it to see why")?;
    judge(&ROWS, &answer)?;
    Ok(ExitCode::SUCCESS)
}

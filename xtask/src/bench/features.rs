//! `cargo xtask bench features`.

use std::process::ExitCode;

use anyhow::Result;

use crate::process;
use crate::workspace::Workspace;

/// Builds and runs what prints its own table.
pub(super) fn run(workspace: &mut Workspace, _: &[String]) -> Result<ExitCode> {
    process::run(&mut workspace.cargo(&["bench", "--quiet", "--profile", "release", "--bench", "features"]))?;
    Ok(ExitCode::SUCCESS)
}

//! `cargo xtask bench wasm`.

use std::process::ExitCode;

use anyhow::Result;

use crate::workspace::Workspace;
use crate::{dashboard, process, setup};

/// Builds the dashboard, and runs what opens it in Chromium and prints its own table.
pub(super) fn run(workspace: &mut Workspace, arguments: &[String]) -> Result<ExitCode> {
    let trace = super::azure_vm(workspace, "wasm", arguments)?;
    let browser = setup::browser(workspace)?;
    dashboard::build(workspace)?;
    let mut command = workspace.cargo(&["bench", "--quiet", "--profile", "release", "--bench", "wasm", "--"]);
    command.env("SHADOWPLANE_DIST", workspace.dist());
    command.env("CHROMEDRIVER", &browser.driver).env("CHROMIUM", &browser.program);
    process::run(command.arg(trace))?;
    Ok(ExitCode::SUCCESS)
}

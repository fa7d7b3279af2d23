//! Format and lints of every crate.

use anyhow::{Context, Result};

use crate::process;
use crate::steps::Steps;
use crate::workspace::Workspace;

/// Checks the format and runs clippy, in the profiles that are built anyway, so that build scripts and derive macros
/// are compiled once.
pub(crate) fn run(workspace: &Workspace, steps: &mut Steps) -> Result<()> {
    steps.time("format", || {
        process::run(&mut workspace.cargo(&["fmt", "--all", "--check"])).context("`cargo fmt --all` repairs the format")
    })?;
    steps.time("clippy, native", || {
        let native = ["clippy", "--release", "--workspace", "--exclude", "frontend", "--all-targets"];
        process::run(workspace.cargo(&native).args(["--", "-D", "warnings"]))
    })?;
    steps.time("clippy, browser", || {
        let browser =
            ["clippy", "--profile", "wasm", "--target", "wasm32-unknown-unknown", "-p", "frontend", "--all-features"];
        process::run(workspace.cargo(&browser).args(["--", "-D", "warnings"]))
    })
}

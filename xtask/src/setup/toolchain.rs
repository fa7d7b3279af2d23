//! What rustup brings: the target of the browser, the formatter and the linter.

use std::path::Path;

use anyhow::{Result, bail};

use super::{found, install};
use crate::process;
use crate::workspace::Workspace;

const TARGET: &str = "wasm32-unknown-unknown";

/// The standard library for the browser.
pub(super) fn wasm_target(workspace: &Workspace) -> Result<()> {
    let mut rustc = workspace.command("rustc");
    rustc.args(["--print", "target-libdir", "--target", TARGET]);
    // The folder's name is printed whether or not the target is installed.
    if let Some(folder) = process::output(&mut rustc).filter(|folder| Path::new(folder).is_dir()) {
        found(TARGET, folder);
        return Ok(());
    }
    add(workspace, TARGET, "the dashboard runs in browsers as WebAssembly", &["target", "add", TARGET])
}

/// The formatter and the linter, which a minimal toolchain lacks.
pub(super) fn components(workspace: &Workspace) -> Result<()> {
    for (name, subcommand, why) in
        [("rustfmt", "fmt", "the format of the code is checked"), ("clippy", "clippy", "the code is linted")]
    {
        match process::output(&mut workspace.cargo(&[subcommand, "--version"])) {
            Some(version) => found(name, version),
            None => add(workspace, name, why, &["component", "add", name])?,
        }
    }
    Ok(())
}

fn add(workspace: &Workspace, what: &str, why: &str, arguments: &[&str]) -> Result<()> {
    if workspace.program("rustup").is_none() {
        bail!(
            "{what} is missing ({why}), and rustup, which would install it, is not on PATH\n\
             install rustup from https://rustup.rs and run this, then start again:\n\n    rustup {}",
            arguments.join(" ")
        );
    }
    install(what, why, workspace.command("rustup").args(arguments))
}

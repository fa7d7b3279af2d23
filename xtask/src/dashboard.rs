//! Builds the dashboard with trunk, when what it is made of has changed.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::workspace::Workspace;
use crate::{process, stamp};

/// All that the dashboard is made of, besides the compiler.
const INPUTS: [&str; 7] = ["frontend", "shared", "www", "Cargo.toml", "Cargo.lock", "Trunk.toml", ".cargo/config.toml"];

/// Builds it into `dist/`, or leaves it alone when neither its inputs nor the files in there have changed.
pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    let stamp_file = stamp_file(workspace);
    if fs::read_to_string(&stamp_file).is_ok_and(|old| stamp(workspace).is_ok_and(|new| old == new)) {
        println!("dashboard: unchanged");
        return Ok(());
    }
    println!("dashboard: building it into {}", workspace.dist().display());
    // trunk refuses every NO_COLOR but `true` and `false`, although the convention is that any value counts.
    let mut trunk = workspace.command("trunk");
    trunk.args(["build", "--release", "--offline"]).env_remove("NO_COLOR");
    process::run(&mut trunk)?;
    let new = stamp(workspace)?;
    fs::write(&stamp_file, new).with_context(|| format!("cannot write {}", stamp_file.display()))
}

fn stamp_file(workspace: &Workspace) -> PathBuf {
    workspace.release.join("dashboard.stamp")
}

/// What was built, by which compiler, into what.
fn stamp(workspace: &Workspace) -> Result<String> {
    let compiler = process::output(workspace.command("rustc").arg("--version")).context("rustc is not on PATH")?;
    let inputs = stamp::hash(&workspace.root, &INPUTS)?;
    let outputs = stamp::hash(&workspace.root, &["dist"])?;
    Ok(format!("{compiler}\ninputs {inputs:016x}\noutputs {outputs:016x}\n"))
}

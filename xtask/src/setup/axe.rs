//! axe-core, which looks for what keeps people out of a page. It is under the MPL, and so is fetched and not carried along.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::{found, install};
use crate::workspace::{Workspace, cargo_home};

const VERSION: &str = "4.10.3";
/// npm installs nothing else under this version.
const INTEGRITY: &str =
    "sha512-Xm7bpRXnDSX2YE2YFfBk2FnF0ep6tmG7xPh8iHee8MIcrgq762Nkce856dYtJYLkuIoYZvGfTs/PbZhideTcEg==";
const WHY: &str = "the browser tests look for barriers on every page with it";

/// Finds its script, or has npm fetch it. Where it cannot be had, that is said, and is no failure.
pub(super) fn set_up(workspace: &Workspace) -> Option<PathBuf> {
    match fetched(workspace) {
        Ok(script) => {
            found("axe-core", script.display());
            Some(script)
        }
        Err(why) => {
            println!("set-up: axe-core: {why:#}; its tests are skipped");
            None
        }
    }
}

fn fetched(workspace: &Workspace) -> Result<PathBuf> {
    let folder = cargo_home()?.join("shadowplane-tools").join(format!("axe-core-{VERSION}"));
    let script = folder.join("node_modules/axe-core/axe.min.js");
    if script.is_file() {
        return Ok(script);
    }
    let npm = workspace.program("npm").context("npm is missing: install Node.js")?;
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let dependencies = format!(r#"{{"axe-core":"{VERSION}"}}"#);
    let package = format!(r#"{{"private":true,"dependencies":{dependencies}}}"#);
    let lock = format!(
        r#"{{"lockfileVersion":3,"packages":{{"":{{"dependencies":{dependencies}}},"node_modules/axe-core":{{"version":"{VERSION}","integrity":"{INTEGRITY}"}}}}}}"#
    );
    for (name, text) in [("package.json", package), ("package-lock.json", lock)] {
        fs::write(folder.join(name), text).with_context(|| format!("cannot write {name}"))?;
    }
    let mut command = workspace.command(npm);
    install("axe-core", WHY, command.current_dir(&folder).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))?;
    Ok(script)
}

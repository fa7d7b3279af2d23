//! Servers of other projects that tests are run against.

use std::fs;

use anyhow::Result;

use super::browser::is_like;
use super::{found, install};
use crate::process;
use crate::workspace::Workspace;

/// Programs, and the packages of Debian and Ubuntu that have them.
const PEERS: [(&str, &str); 1] = [("prometheus", "prometheus")];
const WHY: &str = "tests have it send what it scrapes";

/// Finds them, or installs them where that takes no more than apt; tests without one of them are skipped, and say so.
pub(super) fn set_up(workspace: &Workspace) -> Result<()> {
    for (program, package) in PEERS {
        if let Some(path) = workspace.program(program) {
            found(program, path.display());
            continue;
        }
        let system = fs::read_to_string("/etc/os-release").unwrap_or_default();
        let has_apt = is_like(&system, "debian") && workspace.program("apt-get").is_some();
        if !has_apt || process::output(workspace.command("id").arg("-u")).as_deref() != Some("0") {
            println!("set-up: {program}: missing, and not installed here ({WHY}); those tests are skipped");
            continue;
        }
        install("lists of packages", &format!("to find {program}"), workspace.command("apt-get").arg("update"))?;
        let mut apt = workspace.command("apt-get");
        apt.args(["install", "--yes", "--no-install-recommends", package]).env("DEBIAN_FRONTEND", "noninteractive");
        install(program, WHY, &mut apt)?;
    }
    Ok(())
}

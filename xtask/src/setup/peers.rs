//! Programs of others that the service is tested with: Alertmanager, Prometheus and its promtool, as Debian packages them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{found, install};
use crate::process;
use crate::workspace::Workspace;

/// What the tests use; none where it is not to be had, and they are skipped.
pub(crate) struct Peers {
    /// Hears of what lasts.
    pub(crate) alertmanager: Option<PathBuf>,
    /// Sends what it scrapes.
    pub(crate) prometheus: Option<PathBuf>,
    /// Reads metrics.
    pub(crate) promtool: Option<PathBuf>,
}

/// Finds them, or gets them where that takes no more than apt.
pub(super) fn set_up(workspace: &Workspace) -> Result<Peers> {
    Ok(Peers {
        alertmanager: alertmanager(workspace)?,
        prometheus: unpacked(workspace, "prometheus")?,
        promtool: unpacked(workspace, "promtool")?,
    })
}

/// It reads templates from where its package puts them, so that it has to be installed. Where systemd runs, its daemon would
/// begin to run with that, which is for the person to decide.
fn alertmanager(workspace: &Workspace) -> Result<Option<PathBuf>> {
    const NAME: &str = "prometheus-alertmanager";
    if let Some(path) = workspace.program(NAME) {
        found(NAME, path.display());
        return Ok(Some(path));
    }
    let is_root = process::output(workspace.command("id").arg("-u")).as_deref() == Some("0");
    if workspace.program("apt-get").is_none() || !is_root || Path::new("/run/systemd/system").is_dir() {
        println!("set-up: {NAME}: it is missing, and the test that sends alerts to it is skipped; to have it:");
        println!("    sudo apt-get install {NAME}    # it then listens on port 9093");
        return Ok(None);
    }
    let mut apt = workspace.command("apt-get");
    apt.args(["install", "--yes", "--no-install-recommends", NAME]).env("DEBIAN_FRONTEND", "noninteractive");
    install(NAME, "a test sends alerts to it", &mut apt)?;
    Ok(workspace.program(NAME))
}

/// A program of the package `prometheus`, which is unpacked below the build output and not installed: its daemon would begin
/// to run where systemd does.
fn unpacked(workspace: &Workspace, program: &str) -> Result<Option<PathBuf>> {
    let folder = workspace.release.with_file_name("peers");
    let file = folder.join("usr/bin").join(program);
    let there = || workspace.program(program).or_else(|| Some(file.clone()).filter(|path| path.is_file()));
    if let Some(path) = there() {
        found(program, path.display());
        return Ok(Some(path));
    }
    if ["apt-get", "dpkg-deb"].iter().any(|tool| workspace.program(tool).is_none()) {
        println!("set-up: {program}: it is missing, and its tests are skipped until it is on PATH");
        return Ok(None);
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut download = workspace.command("apt-get");
    install(program, "it is tested with", download.args(["download", "prometheus"]).current_dir(&folder))?;
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            install(program, "to unpack it", workspace.command("dpkg-deb").arg("-x").arg(&path).arg(&folder))?;
            fs::remove_file(path)?;
        }
    }
    Ok(there())
}

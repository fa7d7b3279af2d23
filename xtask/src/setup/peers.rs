//! Programs of others that the service is tested with: Alertmanager, Prometheus and its promtool, PostgreSQL and NATS, as
//! Debian packages them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{found, install, postgres};
use crate::process;
use crate::workspace::Workspace;

const ALERTMANAGER: &str = "prometheus-alertmanager";
const PROMETHEUS: &str = "prometheus";
const PROMTOOL: &str = "promtool";
const POSTGRES: &str = "postgresql";
const NATS: &str = "nats-server";

/// What the tests use; none where it is not to be had, and they are skipped.
pub(crate) struct Peers {
    /// Hears of what lasts.
    pub(crate) alertmanager: Option<PathBuf>,
    /// Sends what it scrapes.
    pub(crate) prometheus: Option<PathBuf>,
    /// Reads metrics.
    pub(crate) promtool: Option<PathBuf>,
    /// Keeps the state of a service: the folder of its programs.
    pub(crate) postgres: Option<PathBuf>,
    /// Holds what workers take.
    pub(crate) nats: Option<PathBuf>,
    /// Looks for barriers on pages: a script, from elsewhere.
    pub(crate) axe: Option<PathBuf>,
}

/// Finds them, or gets them where that takes no more than apt. Whatever cannot be had is said, and is no failure.
pub(super) fn set_up(workspace: &Workspace) -> Result<Peers> {
    let missing = |peers: &Peers| {
        [&peers.alertmanager, &peers.prometheus, &peers.promtool, &peers.postgres, &peers.nats]
            .iter()
            .any(|it| it.is_none())
    };
    let mut peers = find(workspace);
    if missing(&peers) && workspace.program("apt-get").is_some() {
        if is_root(workspace) {
            said(install("lists of packages", "to find peers", workspace.command("apt-get").arg("update")));
        }
        if peers.alertmanager.is_none() && is_root(workspace) && !has_systemd() {
            said(install_alertmanager(workspace));
        }
        if peers.prometheus.is_none() || peers.promtool.is_none() {
            said(unpack(workspace, PROMETHEUS, "tests have it send what it scrapes", &[PROMETHEUS.to_owned()]));
        }
        if peers.postgres.is_none() {
            said(unpack(workspace, POSTGRES, "tests keep the state of services there", &postgres::packages(workspace)));
        }
        if peers.nats.is_none() {
            said(unpack(workspace, NATS, "tests have workers take their work from it", &[NATS.to_owned()]));
        }
        peers = find(workspace);
    }
    for (name, path) in [
        (ALERTMANAGER, &peers.alertmanager),
        (PROMETHEUS, &peers.prometheus),
        (PROMTOOL, &peers.promtool),
        (POSTGRES, &peers.postgres),
        (NATS, &peers.nats),
    ] {
        match path {
            Some(path) => found(name, path.display()),
            None => println!("set-up: {name}: it is missing, and its tests are skipped until it is on PATH"),
        }
    }
    Ok(peers)
}

fn find(workspace: &Workspace) -> Peers {
    let unpacked = |name: &str| {
        let places = ["usr/bin", "usr/sbin"].map(|place| folder(workspace).join(place).join(name));
        places.into_iter().find(|path| path.is_file())
    };
    let anywhere = |name: &str| workspace.program(name).or_else(|| unpacked(name));
    Peers {
        alertmanager: workspace.program(ALERTMANAGER),
        prometheus: anywhere(PROMETHEUS),
        promtool: anywhere(PROMTOOL),
        nats: anywhere(NATS),
        postgres: postgres::find(workspace, &folder(workspace)),
        axe: None,
    }
}

/// It reads templates from where its package puts them, so that it has to be installed. Where systemd runs, its daemon would
/// begin to run with that, which is for the person to decide.
fn install_alertmanager(workspace: &Workspace) -> Result<()> {
    let mut apt = workspace.command("apt-get");
    apt.args(["install", "--yes", "--no-install-recommends", ALERTMANAGER]).env("DEBIAN_FRONTEND", "noninteractive");
    install(ALERTMANAGER, "a test sends alerts to it", &mut apt)
}

/// Unpacks packages below the build output and installs none of them, so that no daemon begins to run.
fn unpack(workspace: &Workspace, what: &str, why: &str, packages: &[String]) -> Result<()> {
    let folder = folder(workspace);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut download = workspace.command("apt-get");
    install(what, why, download.arg("download").args(packages).current_dir(&folder))?;
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            install(what, "to unpack it", workspace.command("dpkg-deb").arg("-x").arg(&path).arg(&folder))?;
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

fn folder(workspace: &Workspace) -> PathBuf {
    workspace.release.with_file_name("peers")
}

fn is_root(workspace: &Workspace) -> bool {
    process::output(workspace.command("id").arg("-u")).as_deref() == Some("0")
}

fn has_systemd() -> bool {
    Path::new("/run/systemd/system").is_dir()
}

fn said(tried: Result<()>) {
    if let Err(error) = tried {
        println!("set-up: {error:#}");
    }
}

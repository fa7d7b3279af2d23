//! What a machine needs beyond git, a C compiler and rustup's cargo.
//!
//! A step that finds what it is for says where; one that does not installs it and says why; one that cannot says which
//! command the person has to run, and stops.

mod axe;
mod browser;
mod cargo_tool;
mod peers;
mod postgres;
mod python;
mod toolchain;

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, anyhow};

pub(crate) use browser::Browser;
use cargo_tool::CargoTool;
pub(crate) use peers::Peers;
pub(crate) use python::{forecast_peers, schemathesis, simpy, torch};

use crate::workspace::Workspace;
use crate::{lockfile, process};

pub(crate) const DETAILS: &str = "\
Looks for each of these, reuses what is there in the right version, and installs the rest:
    clippy, rustfmt                 rustup components, for lint and test
    wasm32-unknown-unknown          rustup target, for the dashboard
    trunk, wasm-bindgen             for the dashboard; installed into a folder of their own below
                                    $CARGO_HOME/shadowplane-tools, so that none of yours is replaced
    Chromium and its driver         for the browser tests; installed only by root on Debian and Ubuntu
    Alertmanager, Prometheus,       for tests of alerts, metrics and remote write, of state on a server and of workers, on
    PostgreSQL, nats-server         Debian and Ubuntu: the first is installed only by root and where no systemd would start it, the
                                    others are unpacked below target/; without them these tests are skipped
Nothing is done the second time.";

/// What every command together needs.
pub(crate) fn everything(workspace: &mut Workspace) -> Result<(Browser, Peers)> {
    toolchain::components(workspace)?;
    let browser = browser(workspace)?;
    Ok((browser, Peers { axe: axe::set_up(workspace), ..peers::set_up(workspace)? }))
}

/// Programs of others that the service is tested with.
pub(crate) fn peers(workspace: &Workspace) -> Result<Peers> {
    peers::set_up(workspace)
}

/// The dashboard's tools, and a browser to open it in.
pub(crate) fn browser(workspace: &mut Workspace) -> Result<Browser> {
    dashboard(workspace)?;
    browser::set_up(workspace)
}

/// What lint needs: the tools, and the target that the frontend is checked for.
pub(crate) fn lint(workspace: &Workspace) -> Result<()> {
    toolchain::components(workspace)?;
    toolchain::wasm_target(workspace)
}

/// What the dashboard is built with.
pub(crate) fn dashboard(workspace: &mut Workspace) -> Result<()> {
    toolchain::wasm_target(workspace)?;
    let path = workspace.root.join("Cargo.lock");
    let locked = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let wasm_bindgen = lockfile::version(&locked, "wasm-bindgen").context("Cargo.lock names no wasm-bindgen")?;
    cargo_tool::set_up(workspace, &CargoTool::trunk())?;
    cargo_tool::set_up(workspace, &CargoTool::wasm_bindgen(wasm_bindgen))
}

/// What scenario files are changed with.
pub(crate) fn cargo_fuzz(workspace: &mut Workspace) -> Result<()> {
    cargo_tool::set_up(workspace, &CargoTool::cargo_fuzz())
}

/// Says that a step found what it is for.
fn found(what: &str, place: impl std::fmt::Display) {
    println!("set-up: {what}: {place}");
}

/// Says what is installed and why, installs it, or says what the person has to run.
fn install(what: &str, why: &str, command: &mut Command) -> Result<()> {
    let line = process::display(command);
    println!("set-up: {what}: installing it ({why})\n    {line}");
    process::run(command).map_err(|error| {
        anyhow!("{what} could not be installed: {error:#}\nrun this yourself, then start again:\n\n    {line}")
    })
}

//! `cargo xtask test`: what CI runs, on any machine.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result};

use crate::setup::{Browser, Peers};
use crate::steps::Steps;
use crate::tally::Tally;
use crate::workspace::Workspace;
use crate::{dashboard, lint, process, setup};

pub(crate) const DETAILS: &str = "\
Installs what is missing (as `run` does, and Chromium with its driver, axe-core, Alertmanager, promtool, PostgreSQL and nats-server), lints, builds, and
runs the tests of every crate, of the command line, of the API and of the browser. It ends with the duration of each step
and one line, `N passed, N failed, N skipped`, and with an exit code other than 0 when anything failed.

With filters only the tests run that have one of them in their name, and nothing is linted:
    cargo xtask test placement autoscaling

Tests on real traces read SHADOWPLANE_TRACES, or ../shared/data beside the checkout, and are skipped without.";

/// Sets up, lints, builds and tests.
pub(crate) fn run(workspace: &mut Workspace, filters: &[String]) -> Result<ExitCode> {
    let mut steps = Steps::default();
    let (browser, peers) = steps.time("set-up", || setup::everything(workspace))?;
    if filters.is_empty() {
        lint::run(workspace, &mut steps)?;
    }
    steps.time("dashboard", || dashboard::build(workspace))?;
    steps.time("service and tests, compiling", || process::run(&mut in_one_build(workspace, "build", &["--bins"])))?;
    let tally = steps.time("tests", || run_tests(workspace, &browser, &peers, filters))?;
    steps.print();
    println!("\n{tally}");
    Ok(if tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The service and every test of the native crates, which are the default members, by invocations that name no package:
/// cargo then builds each dependency once, with the features that all of them ask for. There are no doc tests.
fn in_one_build(workspace: &Workspace, verb: &str, arguments: &[&str]) -> Command {
    let mut command = workspace.cargo(&[verb, "--release", "--tests"]);
    command.args(arguments);
    command
}

/// Runs them, shows their output as it comes, and sums up their results.
fn run_tests(workspace: &Workspace, browser: &Browser, peers: &Peers, filters: &[String]) -> Result<Tally> {
    let mut command = in_one_build(workspace, "test", &["--no-fail-fast", "--"]);
    command.args(filters.iter().filter(|filter| *filter != "--"));
    command.env("SHADOWPLANE_BIN", workspace.shadowplane()).env("SHADOWPLANE_DIST", workspace.dist());
    command.env("CHROMEDRIVER", &browser.driver).env("CHROMIUM", &browser.program);
    let peers = [
        ("SHADOWPLANE_ALERTMANAGER_BIN", &peers.alertmanager),
        ("SHADOWPLANE_PROMETHEUS_BIN", &peers.prometheus),
        ("SHADOWPLANE_PROMTOOL_BIN", &peers.promtool),
        ("SHADOWPLANE_POSTGRES_BIN", &peers.postgres),
        ("SHADOWPLANE_NATS_SERVER_BIN", &peers.nats),
        ("SHADOWPLANE_AXE", &peers.axe),
    ];
    command.envs(peers.into_iter().filter_map(|(variable, path)| Some((variable, path.as_ref()?))));
    let data = workspace.root.join("../shared/data");
    if std::env::var_os("SHADOWPLANE_TRACES").is_none() && data.is_dir() {
        command.env("SHADOWPLANE_TRACES", data);
    }
    let mut child = command.stdout(Stdio::piped()).spawn().context("cannot start the tests")?;
    let mut output = BufReader::new(child.stdout.take().context("the tests have no output")?);
    let mut tally = Tally::default();
    let mut line = Vec::new();
    while output.read_until(b'\n', &mut line).context("cannot read the output of the tests")? > 0 {
        std::io::stdout().write_all(&line).context("cannot show the output of the tests")?;
        tally.read(&String::from_utf8_lossy(&line));
        line.clear();
    }
    let status = child.wait().context("cannot wait for the tests")?;
    if !status.success() && tally.failed == 0 {
        println!("a test binary ended before it could report ({status}), which counts as one failure");
        tally.failed = 1;
    }
    Ok(tally)
}

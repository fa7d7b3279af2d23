//! `cargo xtask proof`: what is checked briefly in every test, at length.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::process;
use crate::workspace::Workspace;

pub(crate) const DETAILS: &str = "\
queueing    mean waits of M/M/1, M/M/4 and M/D/1 at loads of 0.5, 0.8 and 0.95, each within 1 % of theory; takes minutes
simulation  the invariants of runs on 10,000 random scenarios each: determinism, capacity, conservation, isolation,
            save and restore, Little's law, and the index of nodes against a scan";

/// Random scenarios of each invariant.
const CASES: &str = "10000";

/// Says which there are, where the argument is none of them.
pub(crate) fn check(arguments: &[String]) -> Result<(), String> {
    match arguments {
        [one] if one == "queueing" || one == "simulation" => Ok(()),
        _ => Err("say which: queueing or simulation".to_owned()),
    }
}

/// Builds and runs the one that is named.
pub(crate) fn run(workspace: &mut Workspace, arguments: &[String]) -> Result<ExitCode> {
    // No package is named, so that dependencies are those that everything else is built from.
    let mut command = workspace.cargo(&["test", "--release"]);
    match arguments.first().map(String::as_str) {
        Some("queueing") => {
            command.args(["--test", "integration", "--", "--include-ignored", "--nocapture", "proofs::queueing"])
        }
        Some("simulation") => {
            command.args(["--lib", "--", "simulation::tests", "placement::tests", "pages::tests"]);
            command.env("PROPTEST_CASES", CASES)
        }
        _ => bail!("no such proof"),
    };
    process::run(&mut command)?;
    Ok(ExitCode::SUCCESS)
}

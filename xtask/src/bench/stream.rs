//! `cargo xtask bench stream`.

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::process;
use crate::workspace::Workspace;

/// What is printed, under which name, and the target: at least, or at most.
const FIGURES: [(&str, &str, Target); 4] = [
    ("requests sampled from the table, a second", "table_requests_per_s", Target::AtLeast(1e6)),
    ("creates drawn from the direct model, a second", "direct_creates_per_s", Target::AtLeast(5e4)),
    ("nats a token, table", "table_nll", Target::AtMost(0.64)),
    ("nats a token, direct model", "direct_nll", Target::AtMost(0.64)),
];

#[derive(Clone, Copy)]
enum Target {
    AtLeast(f64),
    AtMost(f64),
}

impl Target {
    fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
        }
    }
}

/// Builds, measures, and prints a table; fails when a target is missed.
pub(super) fn run(workspace: &mut Workspace, arguments: &[String]) -> Result<ExitCode> {
    let trace = super::azure_vm(workspace, "stream", arguments)?;
    let mut command = workspace.cargo(&["bench", "--quiet", "--profile", "release", "--bench", "stream", "--"]);
    let answer = process::output(command.arg(&trace)).context("it fails; run it to see why")?;
    let mut met = true;
    for (what, name, target) in FIGURES {
        let value = figure(&answer, name)?;
        let (sign, bound) = match target {
            Target::AtLeast(least) => ("≥", least),
            Target::AtMost(most) => ("≤", most),
        };
        println!("{what:<48}{value:>14}  {sign} {bound}{}", if target.is_met(value) { "" } else { "  missed" });
        met &= target.is_met(value);
    }
    Ok(if met { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn figure(answer: &str, name: &str) -> Result<f64> {
    let lines = answer.lines().filter_map(|line| line.split_once(' '));
    let value = lines.filter(|(found, _)| *found == name).map(|(_, value)| value).next_back();
    value.and_then(|value| value.parse().ok()).with_context(|| format!("no figure `{name}` in: {answer}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_and_held_against_their_targets() {
        let answer = "table_nll 0.6108\ntable_requests_per_s 2155265\n";
        assert_eq!(figure(answer, "table_nll").unwrap(), 0.6108);
        assert!(figure(answer, "nll").is_err());
        assert!(Target::AtLeast(1e6).is_met(2e6) && !Target::AtLeast(1e6).is_met(9e5));
        assert!(Target::AtMost(0.64).is_met(0.61) && !Target::AtMost(0.64).is_met(0.65));
    }
}

//! `cargo xtask bench lstm`.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::workspace::Workspace;
use crate::{process, setup};

/// Turns that ours and torch take; the shortest of each counts, so that a machine with other work disturbs neither.
const TURNS: usize = 3;

/// Targets of the ratios to torch.
const TRAINING_STEP_MAX: f64 = 0.9;
const INFERENCE_MAX: f64 = 0.5;
/// Targets of a default training, in seconds and MiB, and of a forecast, in milliseconds.
const TRAINING_S_MAX: f64 = 180.0;
const PEAK_MIB_MAX: f64 = 1024.0;
const FORECAST_MS_MAX: f64 = 200.0;

/// Sets up torch, builds, times, and prints a table; fails when a target is missed.
pub(super) fn run(workspace: &mut Workspace, _: &[String]) -> Result<ExitCode> {
    let python = setup::torch(workspace)?;
    process::run(&mut ours(workspace, &["--no-run"], None))?;
    let mut best = [Figures::default(), Figures::default()];
    for _ in 0..TURNS {
        best[0].keep_less(&Figures::of(&mut ours(workspace, &[], Some("kernel")))?);
        best[1].keep_less(&Figures::of(&mut torch(workspace, &python))?);
    }
    let product = Figures::of(&mut ours(workspace, &[], Some("product")))?;
    let [ours, torch] = best;
    println!("\n{:<44}{:>10}{:>10}{:>10}  target", "one thread", "ours", "torch", "ratio");
    let mut met = true;
    for (what, name, most) in [
        ("training step, ms", "training_step_ms", TRAINING_STEP_MAX),
        ("inference of one sequence, ms", "inference_ms", INFERENCE_MAX),
    ] {
        let (ours, torch) = (ours.get(name)?, torch.get(name)?);
        println!("{what:<44}{ours:>10.3}{torch:>10.3}{:>10.3}  ≤ {most}", ours / torch);
        met &= ours / torch <= most;
    }
    println!("\n{:<44}{:>10}{:>32}", "100 series of a month of 5-minute bins", "", "target");
    for (what, name, most) in [
        ("default training, s", "training_s", TRAINING_S_MAX),
        ("selection with its backtest, s", "selection_s", TRAINING_S_MAX),
        ("most memory, MiB", "peak_mib", PEAK_MIB_MAX),
        ("forecast of a day, LSTM, ms", "forecast_ms", FORECAST_MS_MAX),
        ("forecast of a day, ensemble, ms", "selected_forecast_ms", FORECAST_MS_MAX),
    ] {
        let Ok(value) = product.get(name) else { continue };
        println!("{what:<44}{value:>10.1}{:>23}{most}", "≤ ");
        met &= value <= most;
    }
    println!("\n{}", if met { "every target is met" } else { "a target is missed" });
    Ok(if met { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Our side; no package is named, so that dependencies are those that everything else is built from.
fn ours(workspace: &Workspace, options: &[&str], part: Option<&str>) -> Command {
    let mut command = workspace.cargo(&["bench", "--quiet", "--profile", "release", "--bench", "lstm"]);
    command.args(options).args(part.map(|part| ["--", part]).into_iter().flatten());
    // burn's matrix products would use both cores.
    command.env("RAYON_NUM_THREADS", "1");
    command
}

fn torch(workspace: &Workspace, python: &Path) -> Command {
    let script: PathBuf = workspace.root.join("tests/bench/lstm_torch.py");
    let mut command = workspace.command(python);
    command.arg(script);
    command
}

/// What a program printed, a line `name value` each.
#[derive(Debug, Default, PartialEq)]
struct Figures(Vec<(String, f64)>);

impl Figures {
    /// Runs a program for its figures.
    fn of(command: &mut Command) -> Result<Self> {
        let line = process::display(command);
        println!("bench: {line}");
        let printed = process::output(command).with_context(|| format!("`{line}` fails; run it to see why"))?;
        Ok(Self::read(&printed))
    }

    fn read(printed: &str) -> Self {
        let figure = |line: &str| {
            let (name, value) = line.split_once(' ')?;
            Some((name.to_owned(), value.parse().ok()?))
        };
        Self(printed.lines().filter_map(figure).collect())
    }

    fn get(&self, name: &str) -> Result<f64> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| *value).with_context(|| format!("the benchmark printed no `{name}`"))
    }

    /// Keeps the lesser of each figure.
    fn keep_less(&mut self, other: &Self) {
        for (name, value) in &other.0 {
            match self.0.iter_mut().find(|(known, _)| known == name) {
                Some((_, best)) => *best = best.min(*value),
                None => self.0.push((name.clone(), *value)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lesser_of_each_figure_is_kept() {
        let mut best = Figures::default();
        for printed in ["version 2.15.0+cpu\na_ms 3.5\nb_ms 1", "a_ms 4.5\nb_ms 0.5\n"] {
            best.keep_less(&Figures::read(printed));
        }
        assert_eq!(best.get("a_ms").unwrap(), 3.5);
        assert_eq!(best.get("b_ms").unwrap(), 0.5);
        assert!(best.get("c_ms").is_err());
    }
}

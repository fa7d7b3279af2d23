//! `cargo xtask bench forecast`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};

use crate::workspace::Workspace;
use crate::{process, run, setup};

/// What of ours is compared, what is timed beside it, and augurs' two as peers.
const MODELS: &str = "auto,seasonal-naive,one-day-median,recent-level,local-trend,smoothed-level,hour-mean,boosted-trees,lstm,damped-trend,mstl";
/// What of ours is shown beside what the product would use.
const SHOWN: [&str; 2] = ["boosted_trees", "lstm"];

/// Origins of the comparison, and of the validation before it.
const ORIGINS: [(&str, &str); 2] = [("", "20"), ("before", "10")];

/// Writes the series, has the peers and our program forecast them, and compares; fails when a target is missed. What the
/// peers said is kept for the next time.
pub(super) fn run(workspace: &mut Workspace, arguments: &[String]) -> Result<ExitCode> {
    let data = arguments.first().map_or_else(|| workspace.root.join("../shared/data"), PathBuf::from);
    ensure!(
        data.join("azure-vm-v1").is_dir() && data.join("nab").is_dir(),
        "{} has no folders azure-vm-v1 and nab; say where they are: cargo xtask bench forecast DATA",
        data.display()
    );
    let python = setup::forecast_peers(workspace)?;
    run::build_backend(workspace)?;
    let folder = workspace.release.with_file_name("bench-forecast");
    process::run(script(workspace, &python, "forecast_peers.py").arg("series").arg(&data).arg(&folder))?;
    process::run(script(workspace, &python, "forecast_peers.py").arg("answers").arg(&folder))?;
    for (part, origins) in ORIGINS {
        forecast(workspace, &folder.join(part), origins)?;
    }
    let mut compare = script(workspace, &python, "forecast_compare.py");
    let status = compare.arg(&folder).args(SHOWN).status().context("Python cannot be started")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Answers of `shadowplane backtest` for every series of a folder, in its folder `ours`.
fn forecast(workspace: &Workspace, folder: &Path, origins: &str) -> Result<()> {
    let ours = folder.join("ours");
    fs::create_dir_all(&ours).with_context(|| format!("cannot make {}", ours.display()))?;
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut series: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    series.retain(|path| path.extension().is_some_and(|extension| extension == "csv"));
    series.sort();
    for path in series {
        let mut command = workspace.command(workspace.shadowplane());
        command.args(["backtest", "--models", MODELS, "--origins", origins, "--json", "--series"]).arg(&path);
        println!("bench: {}", process::display(&command));
        let answer = process::output(&mut command).context("it fails; run it to see why")?;
        let to = ours.join(path.with_extension("json").file_name().unwrap_or_default());
        fs::write(&to, answer).with_context(|| format!("cannot write {}", to.display()))?;
    }
    Ok(())
}

/// One of Python's, on one thread, as ours is timed.
fn script(workspace: &Workspace, python: &Path, name: &str) -> Command {
    let mut command = workspace.command(python);
    command.env("OMP_NUM_THREADS", "1").env("OPENBLAS_NUM_THREADS", "1");
    command.arg("-B").arg(workspace.root.join("tests/bench").join(name));
    command
}

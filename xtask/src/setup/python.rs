//! Python with the peers that benchmarks are compared with, and what asks the API, in an environment of its own.

use std::path::PathBuf;

use anyhow::{Result, bail};

use super::{found, install};
use crate::process;
use crate::workspace::Workspace;

const WHY: &str = "the LSTM is compared with it";
/// What forecasts are compared with, beside torch.
const PEERS: [&str; 3] = ["statsforecast", "lightgbm", "scikit-learn"];
/// Of one version, so that ratios of different days can be compared.
const TORCH: &str = "torch==2.15.0";
/// Torch complains without.
const NUMPY: &str = "numpy";
/// What the simulation is compared with.
const SIMPY: &str = "simpy==4.1.1";
/// What asks the API for whatever its description allows.
const SCHEMATHESIS: &str = "schemathesis==4.32.5";
/// Where builds without CUDA are; they win over PyPI's of the same version.
const CPU_BUILDS: &str = "https://download.pytorch.org/whl/cpu";

/// The interpreter of the environment, whatever it has.
fn environment(workspace: &Workspace, why: &str) -> Result<PathBuf> {
    let environment = workspace.release.with_file_name("bench-python");
    let folder = if cfg!(windows) { "Scripts" } else { "bin" };
    let python = environment.join(folder).join(format!("python{}", std::env::consts::EXE_SUFFIX));
    if python.is_file() {
        return Ok(python);
    }
    let Some(system) = ["python3", "python"].into_iter().find_map(|name| workspace.program(name)) else {
        bail!(
            "Python is missing ({why})\ninstall it and start again, for example with:\n\n    apt-get install python3-venv"
        );
    };
    let mut venv = workspace.command(system);
    install("a Python environment", "so that nothing of yours changes", venv.args(["-m", "venv"]).arg(&environment))?;
    Ok(python)
}

/// The interpreter of an environment that has torch.
pub(crate) fn torch(workspace: &Workspace) -> Result<PathBuf> {
    let python = environment(workspace, WHY)?;
    let version = process::output(workspace.command(&python).args(["-c", "import torch; print(torch.__version__)"]));
    if let Some(version) = version {
        found("torch", format!("{version} of {}", python.display()));
        return Ok(python);
    }
    let mut pip = workspace.command(&python);
    pip.args(["-m", "pip", "install", "--retries", "1", "--extra-index-url", CPU_BUILDS, TORCH, NUMPY]);
    install("torch", WHY, &mut pip)?;
    Ok(python)
}

/// The interpreter of an environment that has SimPy.
pub(crate) fn simpy(workspace: &Workspace) -> Result<PathBuf> {
    const WHY: &str = "the simulation is compared with it";
    let python = environment(workspace, WHY)?;
    let version = process::output(workspace.command(&python).args(["-c", "import simpy; print(simpy.__version__)"]));
    if let Some(version) = version {
        found("simpy", format!("{version} of {}", python.display()));
        return Ok(python);
    }
    let mut pip = workspace.command(&python);
    install("simpy", WHY, pip.args(["-m", "pip", "install", SIMPY]))?;
    Ok(python)
}

/// The program of an environment that has schemathesis.
pub(crate) fn schemathesis(workspace: &Workspace) -> Result<PathBuf> {
    const WHY: &str = "it asks the API for whatever its description allows";
    let python = environment(workspace, WHY)?;
    let program = python.with_file_name(format!("schemathesis{}", std::env::consts::EXE_SUFFIX));
    if let Some(version) = process::output(workspace.command(&program).arg("--version")) {
        found("schemathesis", version);
        return Ok(program);
    }
    let mut pip = workspace.command(&python);
    install("schemathesis", WHY, pip.args(["-m", "pip", "install", SCHEMATHESIS]))?;
    Ok(program)
}

/// The same with everything that forecasts are compared with.
pub(crate) fn forecast_peers(workspace: &Workspace) -> Result<PathBuf> {
    let python = torch(workspace)?;
    let version = "import statsforecast, lightgbm, sklearn; print(statsforecast.__version__, lightgbm.__version__)";
    if let Some(versions) = process::output(workspace.command(&python).args(["-c", version])) {
        found("statsforecast, lightgbm", versions);
        return Ok(python);
    }
    let mut pip = workspace.command(&python);
    pip.args(["-m", "pip", "install"]).args(PEERS);
    install("statsforecast, lightgbm", "forecasts are compared with them", &mut pip)?;
    Ok(python)
}

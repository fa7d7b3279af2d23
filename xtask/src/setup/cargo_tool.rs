//! Tools that cargo builds from crates.io, each version in a folder of its own.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::{found, install};
use crate::process;
use crate::workspace::{Workspace, cargo_home};

/// A program of a crate, in one version.
pub(super) struct CargoTool {
    package: &'static str,
    program: &'static str,
    version: String,
    why: &'static str,
    /// How this version is known to build.
    arguments: &'static [&'static str],
}

impl CargoTool {
    /// The newest trunk that the Rust of this workspace compiles.
    pub(super) fn trunk() -> Self {
        Self {
            package: "trunk",
            program: "trunk",
            version: "0.21.14".to_owned(),
            why: "it bundles the dashboard; this takes some minutes",
            arguments: &["--locked", "--no-default-features", "--features", "rustls"],
        }
    }

    /// wasm-bindgen works on modules of its own version only.
    pub(super) fn wasm_bindgen(version: &str) -> Self {
        Self {
            package: "wasm-bindgen-cli",
            program: "wasm-bindgen",
            version: version.to_owned(),
            why: "it writes the JavaScript around the WebAssembly, and has to be of Cargo.lock's version; this takes \
                  some minutes",
            // Not `--locked`: its own lock file asks for a version that is gone from crates.io.
            arguments: &["--bin", "wasm-bindgen"],
        }
    }

    /// libFuzzer, driven from cargo; it works with a stable Rust where no sanitizer is wanted.
    pub(super) fn cargo_fuzz() -> Self {
        Self {
            package: "cargo-fuzz",
            program: "cargo-fuzz",
            version: "0.13.1".to_owned(),
            why: "it looks for scenario files that break something; this takes some minutes",
            arguments: &["--locked"],
        }
    }

    /// `cargo install`, in the profile that compiles twice as fast: these tools do little work.
    fn install(&self, workspace: &Workspace, root: &Path) -> Command {
        let mut command = workspace.cargo(&["install", self.package, "--version", &self.version]);
        command.args(self.arguments).args(["--profile", "dev", "--root"]).arg(root);
        command.env("CARGO_PROFILE_DEV_DEBUG", "0");
        command
    }

    /// Whether a program says that it is of this version, as in `trunk 0.21.14`.
    fn is(&self, workspace: &Workspace, program: impl AsRef<OsStr>) -> bool {
        process::output(workspace.command(program).arg("--version"))
            .is_some_and(|line| line.split_whitespace().nth(1) == Some(self.version.as_str()))
    }
}

/// Finds the tool on PATH or in its folder, or installs it there; leaves one of another version where it is.
pub(super) fn set_up(workspace: &mut Workspace, tool: &CargoTool) -> Result<()> {
    let what = format!("{} {}", tool.program, tool.version);
    if let Some(program) = workspace.program(tool.program).filter(|program| tool.is(workspace, program)) {
        found(&what, program.display());
        return Ok(());
    }
    let root = cargo_home()?.join("shadowplane-tools").join(format!("{}-{}", tool.package, tool.version));
    let program = root.join("bin").join(format!("{}{}", tool.program, std::env::consts::EXE_SUFFIX));
    if tool.is(workspace, &program) {
        found(&what, program.display());
    } else {
        install(&what, tool.why, &mut tool.install(workspace, &root))?;
    }
    workspace.put_on_path(root.join("bin"))
}

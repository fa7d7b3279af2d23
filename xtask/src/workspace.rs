//! Where things are: the checkout, the build output, and the tools put in front of PATH.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

/// The checkout and the environment in which its tools run.
pub(crate) struct Workspace {
    /// The folder of the workspace's Cargo.toml.
    pub(crate) root: PathBuf,
    /// Where cargo puts release builds.
    pub(crate) release: PathBuf,
    /// What children find as PATH.
    path: OsString,
}

impl Workspace {
    /// Finds it from what `cargo run` tells its child, so that it works from any folder of the checkout.
    pub(crate) fn find() -> Result<Self> {
        let manifest =
            env::var_os("CARGO_MANIFEST_DIR").context("run this as `cargo xtask`, which tells it where it is")?;
        let root = Path::new(&manifest).parent().context("the package xtask is not in a workspace")?.to_path_buf();
        // xtask itself was built there, whatever target folder the person has configured.
        let program = env::current_exe().context("cannot tell where xtask was built")?;
        let release = program.parent().context("xtask is not in a folder")?.to_path_buf();
        Ok(Self { root, release, path: env::var_os("PATH").unwrap_or_default() })
    }

    /// Puts a folder of tools in front of PATH for every later child.
    pub(crate) fn put_on_path(&mut self, folder: PathBuf) -> Result<()> {
        let folders = std::iter::once(folder).chain(env::split_paths(&self.path).collect::<Vec<_>>());
        self.path = env::join_paths(folders).context("a folder of PATH cannot be passed on")?;
        Ok(())
    }

    /// A command of the program of that name, in the root of the workspace.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).env("PATH", &self.path);
        command
    }

    /// A command of the cargo that runs us.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(arguments);
        command
    }

    /// The first program of that name on PATH.
    pub(crate) fn program(&self, name: &str) -> Option<PathBuf> {
        let file = format!("{name}{}", env::consts::EXE_SUFFIX);
        env::split_paths(&self.path).map(|folder| folder.join(&file)).find(|path| path.is_file())
    }

    /// The built command and service.
    pub(crate) fn shadowplane(&self) -> PathBuf {
        self.release.join(format!("shadowplane{}", env::consts::EXE_SUFFIX))
    }

    /// Where the dashboard is built to; Trunk.toml says the same.
    pub(crate) fn dist(&self) -> PathBuf {
        self.root.join("dist")
    }
}

/// The folder that rustup and cargo keep their things in.
pub(crate) fn cargo_home() -> Result<PathBuf> {
    if let Some(home) = env::var_os("CARGO_HOME") {
        return Ok(home.into());
    }
    let home = env::home_dir().context("neither CARGO_HOME nor a home folder is set")?;
    Ok(home.join(".cargo"))
}

//! The PostgreSQL server that tests begin and end, as Debian packages it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::process;
use crate::workspace::Workspace;

/// The package that depends on the release's server.
const PACKAGE: &str = "postgresql";

/// What the server does without: it compiles nothing while it answers, and that library is as large as all the others.
const LEFT_OUT: &str = "libllvm";

/// Where its programs are: on PATH, where Debian puts them, or unpacked below `unpacked`.
pub(super) fn find(workspace: &Workspace, unpacked: &Path) -> Option<PathBuf> {
    let on_path = || Some(workspace.program("initdb")?.parent()?.to_owned()).filter(|folder| is_whole(folder));
    on_path()
        .or_else(|| newest(Path::new("/usr/lib/postgresql")))
        .or_else(|| newest(&unpacked.join("usr/lib/postgresql")))
}

/// The packages that are not installed of those that it needs.
pub(super) fn packages(workspace: &Workspace) -> Vec<String> {
    let mut simulate = workspace.command("apt-get");
    simulate.args(["install", "--simulate", "--no-install-recommends", PACKAGE]);
    let output = process::output(&mut simulate).unwrap_or_default();
    let names = output.lines().filter_map(|line| line.strip_prefix("Inst ")?.split(' ').next());
    names.filter(|name| !name.starts_with(LEFT_OUT)).map(str::to_owned).collect()
}

fn newest(folder: &Path) -> Option<PathBuf> {
    let versions = fs::read_dir(folder).ok()?.filter_map(|version| Some(version.ok()?.path().join("bin")));
    versions.filter(|folder| is_whole(folder)).max()
}

fn is_whole(folder: &Path) -> bool {
    ["initdb", "pg_ctl", "postgres"].iter().all(|program| folder.join(program).is_file())
}

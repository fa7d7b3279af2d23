//! Where the integration tests find what they test: the checkout, the built program and dashboard, the real traces; and a
//! browser to look at the dashboard with.
//!
//! `cargo xtask test` builds all of it and says where it is in the environment; a plain `cargo test -p tests` looks
//! where a release build puts it.

pub mod azure;
pub mod driver;
pub mod files;
pub mod nats;
pub mod postgres;
pub mod remote_write;

use std::env;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The folder of the workspace's Cargo.toml.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package is in the workspace")
}

/// The `shadowplane` program.
pub fn shadowplane() -> PathBuf {
    let program = format!("target/release/shadowplane{}", env::consts::EXE_SUFFIX);
    built("SHADOWPLANE_BIN", &program)
}

/// The folder of the built dashboard.
pub fn dashboard() -> PathBuf {
    built("SHADOWPLANE_DIST", "dist")
}

/// A file or folder of the real traces, which are no part of the checkout: without it the test says so, is counted as
/// skipped, and has to return.
pub fn real_data(path: &str) -> Option<PathBuf> {
    let folder = env::var_os("SHADOWPLANE_TRACES").map_or_else(|| root().join("../shared/data"), PathBuf::from);
    let path = folder.join(path);
    if path.exists() {
        return Some(path);
    }
    skipped(&format!("needs {} (SHADOWPLANE_TRACES says where the traces are)", path.display()));
    None
}

/// A program that is tested with, from the environment or on PATH, which `cargo xtask test` sets up: without it the test says
/// so, is counted as skipped, and has to return.
pub fn peer(variable: &str, program: &str) -> Option<PathBuf> {
    let on_path = || {
        let folders = env::var_os("PATH")?;
        env::split_paths(&folders).map(|folder| folder.join(program)).find(|path| path.is_file())
    };
    let found = env::var_os(variable).map(PathBuf::from).or_else(on_path);
    if found.is_none() {
        skipped(&format!("needs {program} ({variable} says where it is)"));
    }
    found
}

/// Says that a test, or a part of it, did not run, and why.
pub fn skipped(why: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    // Past the harness's capture, which shows only what failing tests print: `cargo xtask test` counts these lines.
    let line = format!("[skipped] {test}: {why}\n");
    std::io::stdout().write_all(line.as_bytes()).expect("standard output can be written to");
}

fn built(variable: &str, path: &str) -> PathBuf {
    let path = env::var_os(variable).map_or_else(|| root().join(path), PathBuf::from);
    assert!(path.exists(), "{} is not built: run `cargo xtask build` or `cargo xtask test`", path.display());
    path
}

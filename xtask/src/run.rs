//! `cargo xtask run`: the demo, from nothing.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::workspace::Workspace;
use crate::{dashboard, process, setup};

pub(crate) const DETAILS: &str = "\
Installs what is missing (the WebAssembly target, trunk, wasm-bindgen), builds the dashboard and the service, and
starts `shadowplane serve --demo` with its database in ./data. Ctrl-C stops it.

What follows `--` goes to `serve`; a --listen, --data or --dashboard in there replaces ours, and --replay or --config
replaces the demo, which alone needs no key in ./data and no --no-keys:
    cargo xtask run -- --listen 0.0.0.0:9000 --no-keys=anywhere";

/// What `serve` is told unless the person says otherwise.
const DEFAULTS: [(&str, &str); 3] = [("--data", "./data"), ("--listen", "127.0.0.1:8080"), ("--dashboard", "dist")];

/// Only what follows `--` is passed on, so that a misspelt option of ours is not taken for one of `serve`.
pub(crate) fn check(arguments: &[String]) -> Result<(), String> {
    match arguments.first() {
        Some(first) if first != "--" => Err(format!("unexpected argument `{first}`; those of `serve` follow `--`")),
        _ => Ok(()),
    }
}

/// Sets up, builds, and becomes the service.
pub(crate) fn run(workspace: &mut Workspace, arguments: &[String]) -> Result<ExitCode> {
    setup::dashboard(workspace)?;
    dashboard::build(workspace)?;
    build_backend(workspace)?;
    let arguments = serve_arguments(arguments.get(1..).unwrap_or_default());
    if let Some(address) = option(&arguments, "--listen") {
        println!("Shadowplane starts on http://{address} (Ctrl-C stops it)");
    }
    let mut serve = workspace.command(workspace.shadowplane());
    serve.args(arguments);
    become_child(&mut serve)
}

/// Builds `target/release/shadowplane`; cargo knows what has changed.
///
/// No package is named, so that cargo unites the features of all that the tests are built from: dependencies are then
/// compiled once for both, and the service that runs is the one that was tested.
pub(crate) fn build_backend(workspace: &Workspace) -> Result<()> {
    process::run(&mut workspace.cargo(&["build", "--release", "--bin", "shadowplane"]))
}

/// The arguments of `serve`: ours where the person gave none, then the person's.
fn serve_arguments(given: &[String]) -> Vec<String> {
    let mut arguments = vec!["serve".to_owned()];
    let configured = option(given, "--config").is_some();
    if !configured && option(given, "--replay").is_none() && !given.iter().any(|argument| argument == "--demo") {
        arguments.push("--demo".to_owned());
    }
    for (name, value) in DEFAULTS {
        // A configuration file says where to listen and keep data; only where we built the dashboard it cannot know.
        let ours = !configured || name == "--dashboard";
        if ours && option(given, name).is_none() {
            arguments.extend([name.to_owned(), value.to_owned()]);
        }
    }
    arguments.extend_from_slice(given);
    arguments
}

/// The value of `--name value` or `--name=value`.
fn option<'a>(arguments: &'a [String], name: &str) -> Option<&'a str> {
    arguments.iter().enumerate().find_map(|(index, argument)| {
        let rest = argument.strip_prefix(name)?;
        if rest.is_empty() { arguments.get(index + 1).map(String::as_str) } else { rest.strip_prefix('=') }
    })
}

/// Replaces this process, so that Ctrl-C and every other signal reach the service and nothing in between.
#[cfg(unix)]
fn become_child(command: &mut Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt;

    let error = command.exec();
    Err(error).with_context(|| format!("cannot start `{}`", process::display(command)))
}

/// Waits for the service; the console sends Ctrl-C to both.
#[cfg(not(unix))]
fn become_child(command: &mut Command) -> Result<ExitCode> {
    process::run(command)?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(given: &[&str]) -> String {
        serve_arguments(&given.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()).join(" ")
    }

    #[test]
    fn the_demo_is_the_default() {
        assert_eq!(line(&[]), "serve --demo --data ./data --listen 127.0.0.1:8080 --dashboard dist");
    }

    #[test]
    fn what_the_person_says_replaces_ours() {
        let expected = "serve --demo --data ./data --dashboard dist --listen 0.0.0.0:9000";
        assert_eq!(line(&["--listen", "0.0.0.0:9000"]), expected);
        assert_eq!(line(&["--listen=0.0.0.0:9000"]), expected.replace("--listen ", "--listen="));
    }

    #[test]
    fn a_replay_or_a_configuration_replaces_the_demo() {
        let replay = "serve --data ./data --listen 127.0.0.1:8080 --dashboard dist --replay log.ndjson";
        assert_eq!(line(&["--replay", "log.ndjson"]), replay);
        assert_eq!(line(&["--config", "site.toml"]), "serve --dashboard dist --config site.toml");
    }

    #[test]
    fn the_address_is_read_in_both_forms() {
        let arguments = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(option(&arguments("serve --listen a:1"), "--listen"), Some("a:1"));
        assert_eq!(option(&arguments("serve --listen=a:2"), "--listen"), Some("a:2"));
        assert_eq!(option(&arguments("serve --listening a:3"), "--listen"), None);
    }

    #[test]
    fn arguments_of_serve_follow_two_dashes() {
        assert!(check(&["--listen".to_owned()]).is_err());
        assert!(check(&["--".to_owned(), "--listen".to_owned()]).is_ok());
    }
}

//! The table of commands: what `cargo xtask` lists, and what it calls.

use std::process::ExitCode;

use anyhow::Result;

use crate::steps::Steps;
use crate::workspace::Workspace;
use crate::{bench, dashboard, lint, proof, run, setup, test};

/// One command of `cargo xtask`.
pub(crate) struct Command {
    /// What is typed.
    name: &'static str,
    /// The name and its arguments.
    pub(crate) usage: &'static str,
    /// One line for the list.
    summary: &'static str,
    /// What `--help` adds.
    details: &'static str,
    /// Says what is wrong with the arguments; checked before anything is done.
    pub(crate) check: fn(&[String]) -> Result<(), String>,
    /// Does it.
    pub(crate) run: fn(&mut Workspace, &[String]) -> Result<ExitCode>,
}

const COMMANDS: [Command; 7] = [
    Command {
        name: "run",
        usage: "run [-- ARGUMENTS OF serve]",
        summary: "set up, build and start the demo on http://127.0.0.1:8080",
        details: run::DETAILS,
        check: run::check,
        run: run::run,
    },
    Command {
        name: "test",
        usage: "test [FILTER …]",
        summary: "set up, lint, build and pass every test, browser tests included; what CI runs",
        details: test::DETAILS,
        check: |_| Ok(()),
        run: test::run,
    },
    Command {
        name: "bench",
        usage: "bench lstm | forecast [DATA] | features | cluster | http [MILLIONS] | report | simulation | stream [DATA] | wasm",
        summary: "set figures of ours beside those of peers, which it installs into an environment of its own",
        details: bench::DETAILS,
        check: bench::check,
        run: bench::run,
    },
    Command {
        name: "proof",
        usage: "proof queueing | simulation | money | scenarios [SECONDS] | ingest | cluster | loop | api",
        summary: "check at length what every test checks briefly: queues against theory, invariants on random scenarios",
        details: proof::DETAILS,
        check: proof::check,
        run: proof::run,
    },
    Command {
        name: "setup",
        usage: "setup",
        summary: "install what the other commands need and this machine lacks",
        details: setup::DETAILS,
        check: none,
        run: |workspace, _| {
            setup::everything(workspace)?;
            Ok(ExitCode::SUCCESS)
        },
    },
    Command {
        name: "build",
        usage: "build",
        summary: "build the dashboard into dist/ and target/release/shadowplane",
        details: "The dashboard is left alone when nothing that it is made of has changed.",
        check: none,
        run: |workspace, _| {
            setup::dashboard(workspace)?;
            dashboard::build(workspace)?;
            run::build_backend(workspace)?;
            Ok(ExitCode::SUCCESS)
        },
    },
    Command {
        name: "lint",
        usage: "lint",
        summary: "check the format and run clippy on every crate, natively and for the browser",
        details: "Any warning fails it. `cargo fmt --all` repairs the format.",
        check: none,
        run: |workspace, _| {
            setup::lint(workspace)?;
            let mut steps = Steps::default();
            lint::run(workspace, &mut steps)?;
            steps.print();
            Ok(ExitCode::SUCCESS)
        },
    },
];

const EXAMPLES: &str = "examples:
    cargo xtask run                             the demo, with its database in ./data
    cargo xtask run -- --listen 0.0.0.0:9000    the same, for everyone, on another port
    cargo xtask test                            everything that CI checks
    cargo xtask test placement                  only the tests with `placement` in their name
    cargo xtask test --help                     more on one command";

/// The command of that name.
pub(crate) fn find(name: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.name == name)
}

/// Prints every command with one line each.
pub(crate) fn list() {
    println!("usage: cargo xtask COMMAND\n\ncommands:");
    for command in &COMMANDS {
        println!("    {:<8}{}", command.name, command.summary);
    }
    println!("\n{EXAMPLES}");
}

impl Command {
    /// Prints what `--help` shows.
    pub(crate) fn help(&self) {
        println!("{}\n\nusage: cargo xtask {}\n\n{}", self.summary, self.usage, self.details);
    }
}

fn none(arguments: &[String]) -> Result<(), String> {
    match arguments.first() {
        None => Ok(()),
        Some(argument) => Err(format!("unexpected argument `{argument}`")),
    }
}

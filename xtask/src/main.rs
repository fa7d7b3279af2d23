//! Set-up and every developer command; `cargo xtask` alone lists them.
//!
//! It uses nothing of the other crates, so that it builds in seconds on a fresh machine and can then set up what they
//! need.

#![expect(clippy::print_stdout, reason = "a command for people, who read its standard output")]

mod bench;
mod commands;
mod dashboard;
mod lint;
mod lockfile;
mod process;
mod proof;
mod run;
mod setup;
mod stamp;
mod steps;
mod tally;
mod test;
mod workspace;

use std::process::ExitCode;

use workspace::Workspace;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = arguments.split_first() else {
        commands::list();
        return ExitCode::SUCCESS;
    };
    if matches!(name.as_str(), "help" | "--help" | "-h") {
        commands::list();
        return ExitCode::SUCCESS;
    }
    let Some(command) = commands::find(name) else {
        eprintln!("error: there is no command `{name}`; `cargo xtask` lists those there are");
        return ExitCode::from(2);
    };
    if rest.iter().take_while(|argument| *argument != "--").any(|argument| argument == "--help" || argument == "-h") {
        command.help();
        return ExitCode::SUCCESS;
    }
    if let Err(problem) = (command.check)(rest) {
        eprintln!("error: {problem}\n\nusage: cargo xtask {}", command.usage);
        return ExitCode::from(2);
    }
    match Workspace::find().and_then(|mut workspace| (command.run)(&mut workspace, rest)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

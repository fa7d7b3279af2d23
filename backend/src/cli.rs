//! The command line: one file a command.

mod assumptions;
mod backtest;
mod backup;
mod bill_file;
mod budget_file;
mod check_data;
mod config;
mod database;
mod demand;
mod diff;
mod error;
mod explain;
mod fleet_file;
mod forecast;
mod import;
mod keys;
mod ledger;
mod predict;
mod price_file;
mod queue_options;
mod quote;
mod report;
mod scenario_file;
mod selection_table;
mod serve;
mod shadow;
mod snapshot;
mod source;
mod start;
mod store_files;
mod worker;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use shared::forecast::Progress;
use shared::input::plain_words;

pub use error::CliError;

/// Runs a shadow of a control plane on the requests that are about to come: what will they cost, where will they
/// land, and what will break.
///
/// Input files may be `-` for stdin and may be compressed with gzip or zstd. Exit status: 0 success, 1 the data is bad
/// (the message names file, line and field), 2 wrong usage.
#[derive(Debug, Parser)]
#[command(name = "shadowplane", version)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Clone, Debug, clap::Args)]
pub struct Global {
    /// Print the answer as JSON
    #[arg(long, global = true)]
    pub json: bool,
}

/// Every command's `Args` has `run(&self, &Global) -> Result<(), CliError>`.
#[derive(Debug, Subcommand)]
enum Command {
    Import(import::Args),
    CheckData(check_data::Args),
    Forecast(forecast::Args),
    Predict(predict::Args),
    Backtest(backtest::Args),
    Shadow(Box<shadow::Args>),
    Snapshot(snapshot::Args),
    Diff(diff::Args),
    Explain(explain::Args),
    Quote(Box<quote::Args>),
    Report(report::Args),
    Ledger(ledger::Args),
    Keys(keys::Args),
    Serve(Box<serve::Args>),
    Worker(worker::Args),
    Backup(backup::BackupArgs),
    Restore(backup::RestoreArgs),
    Config(Box<config::Args>),
}

/// Runs the command that `arguments` ask for (the first is the program's name) and says how the process should end.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if let Some(message) = stdin_named_twice(&arguments) {
        return error::report(Err(CliError::Usage(message)));
    }
    // A number below zero is a wrong value, not an unknown option.
    let command = Cli::command().mut_subcommands(|command| command.allow_negative_numbers(true));
    let parsed = command.try_get_matches_from(arguments);
    let parsed = parsed.and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, matches)));
    let (cli, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            print(&error);
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let outcome = match &cli.command {
        Command::Import(args) => args.run(&cli.global),
        Command::CheckData(args) => args.run(&cli.global),
        Command::Forecast(args) => args.run(&cli.global),
        Command::Predict(args) => args.run(&cli.global),
        Command::Backtest(args) => args.run(&cli.global),
        Command::Shadow(args) => args.run(&cli.global),
        Command::Snapshot(args) => args.run(&cli.global),
        Command::Diff(args) => args.run(&cli.global),
        Command::Explain(args) => args.run(&cli.global),
        Command::Quote(args) => args.run(&cli.global),
        Command::Report(args) => args.run(&cli.global),
        Command::Ledger(args) => args.run(&cli.global),
        Command::Keys(args) => args.run(&cli.global),
        Command::Serve(args) => args.run(&cli.global),
        Command::Worker(args) => args.run(&cli.global),
        Command::Backup(args) => args.run(&cli.global),
        Command::Restore(args) => args.run(&cli.global),
        Command::Config(args) => match (Cli::command().find_subcommand("config"), matches.subcommand_matches("config"))
        {
            (Some(command), Some(matches)) => args.run(&cli.global, command, matches),
            _ => unreachable!("the command that was given is one that there is"),
        },
    };
    error::report(outcome)
}

/// Options whose `-` is stdout.
const OUTPUTS: [&str; 5] = ["--output", "--plans", "--save-scenario", "--save-model", "--to"];

/// What is wrong where more than one option is to be read from stdin.
fn stdin_named_twice(arguments: &[OsString]) -> Option<String> {
    let is_input = |option: &&str| option.starts_with("--") && !OUTPUTS.contains(option);
    let words: Vec<&str> = arguments.iter().filter_map(|word| word.to_str()).collect();
    let apart = words.windows(2).filter(|pair| pair[1] == "-").map(|pair| pair[0]);
    let joined = words.iter().filter_map(|word| word.strip_suffix("=-"));
    let named: Vec<&str> = apart.chain(joined).filter(is_input).collect();
    (named.len() > 1)
        .then(|| format!("{} both read stdin (`-`), which is there once; save one as a file", named.join(" and ")))
}

/// Help goes to stdout, a usage error to stderr, where what was expected is said in plain words.
fn print(error: &clap::Error) {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    // A closed pipe loses nothing that matters.
    let _ = match cause.as_deref().and_then(|cause| Some((cause, plain_words(cause)?))) {
        None => error.print(),
        Some((cause, plain)) => {
            let rendered = error.render();
            let text = if io::stderr().is_terminal() { rendered.ansi().to_string() } else { rendered.to_string() };
            write!(io::stderr(), "{}", text.replace(cause, plain))
        }
    };
}

/// One line on where a training or a backtest is.
fn progress_line(progress: Progress) -> String {
    match progress {
        Progress::Training { model, step, max_steps, validation } => {
            let loss = validation.map_or(String::new(), |loss| format!(", validation loss {loss:.4}"));
            format!("training of {}: step {step} of at most {max_steps}{loss}", model.as_str())
        }
        Progress::Backtest { model, origin, origins } => {
            format!("backtest of {}: origin {} of {origins}", model.as_str(), origin + 1)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// clap checks this in debug builds alone.
    #[test]
    fn no_command_has_an_option_twice() {
        fn check(command: &clap::Command) {
            let mut seen = BTreeSet::new();
            for argument in command.get_arguments() {
                assert!(seen.insert(argument.get_id()), "{}: {}", command.get_name(), argument.get_id());
            }
            let mut longs = BTreeSet::new();
            for long in command.get_arguments().filter_map(clap::Arg::get_long) {
                assert!(longs.insert(long), "{}: --{long}", command.get_name());
            }
            command.get_subcommands().for_each(check);
        }
        check(&Cli::command());
    }
}

//! How a command fails, and what the process says about it.

use std::io;
use std::process::ExitCode;

use shared::input::{InputError, InputProblems};
use shared::trace::csv::Kind;

/// Why a command did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// An input is wrong: exit status 1.
    #[error("{file}: {error}")]
    Input {
        /// As it was named on the command line; `stdin` for `-`.
        file: String,
        /// Line, field, and what was expected.
        error: InputError,
    },
    /// The data do not allow an answer, though no single place is wrong: exit status 1.
    #[error("{0}")]
    Data(String),
    /// The options contradict each other or one is missing: exit status 2.
    #[error("{0}")]
    Usage(String),
    /// Whoever read our output has seen enough: silent, exit status 0.
    #[error("the reader of the output has gone")]
    BrokenPipe,
    /// The machine refused: exit status 1.
    #[error("{0:#}{remedy}", remedy = remedy(.0))]
    Other(#[from] anyhow::Error),
}

/// What is wrong with several inputs, so that all of it is mended at once.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<CliError>);

impl Problems {
    /// What was read; where it is wrong, nothing, and why is kept.
    pub(super) fn hear<T>(&mut self, read: Result<T, CliError>) -> Option<T> {
        read.map_err(|problem| self.0.push(problem)).ok()
    }

    /// Whether nothing was wrong.
    ///
    /// # Errors
    /// With all that was; with that alone that no input is to blame for, where there is such.
    pub(super) fn none(self) -> Result<(), CliError> {
        let Self(mut problems) = self;
        let of_input = |problem: &CliError| matches!(problem, CliError::Input { .. } | CliError::Data(_));
        if let Some(position) = problems.iter().position(|problem| !of_input(problem)) {
            return Err(problems.swap_remove(position));
        }
        match <[_; 1]>::try_from(problems) {
            Ok([only]) => Err(only),
            Err(none) if none.is_empty() => Ok(()),
            Err(several) => {
                let lines: Vec<String> = several.iter().map(CliError::to_string).collect();
                Err(CliError::Data(lines.join("\n")))
            }
        }
    }
}

impl CliError {
    /// Names the file of a wrong place.
    pub fn in_file(file: impl Into<String>) -> impl FnOnce(InputError) -> Self {
        let file = file.into();
        move |error| Self::Input { file, error }
    }

    /// Names the file of every wrong place.
    pub(super) fn all_in_file(file: impl Into<String>) -> impl FnOnce(InputProblems) -> Self {
        let file = file.into();
        move |problems| match <[_; 1]>::try_from(problems.0) {
            Ok([error]) => Self::Input { file, error },
            Err(several) => Self::Data(format!("{file}: {}", InputProblems(several))),
        }
    }

    /// Names the file of a wrong place in a table of ours; where its columns are others', says how they become ours.
    pub(super) fn in_table<E: Into<InputProblems>>(file: &str, kind: Kind) -> impl FnOnce(E) -> Self {
        let file = file.to_owned();
        move |error| {
            let mut problems: InputProblems = error.into();
            for error in problems.0.iter_mut().filter(|error| error.line == 1 && error.field.is_some()) {
                let kind = kind.as_str();
                let remedy = format!("; `shadowplane import csv {file} --as {kind}` maps columns of other names");
                error.message.push_str(&remedy);
            }
            Self::all_in_file(file)(problems)
        }
    }
}

/// What a person can do where the machine refused.
fn remedy(error: &anyhow::Error) -> &'static str {
    let kind = error.chain().find_map(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind);
    match kind {
        Some(io::ErrorKind::NotFound) => "; check the path: the file, or the folder that it is to be in, is not there",
        Some(io::ErrorKind::PermissionDenied) => "; choose a path that you may use, or have its owner permit it",
        Some(io::ErrorKind::NotADirectory) => "; a part of the path is a file: name a folder there",
        Some(io::ErrorKind::AlreadyExists) => "; a file of that name is in the way: choose another, or move it",
        Some(io::ErrorKind::IsADirectory) => "; it is a folder: name a file in it",
        Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => "; make room, or choose another disk",
        Some(io::ErrorKind::ReadOnlyFilesystem) => "; choose a path that can be written",
        Some(io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof) => "; the file may be cut off: bring it anew",
        _ => "",
    }
}

impl From<io::Error> for CliError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::BrokenPipe,
            _ => Self::Other(error.into()),
        }
    }
}

/// Says on stderr what went wrong, and which exit status stands for it.
pub(super) fn report(outcome: Result<(), CliError>) -> ExitCode {
    match outcome {
        Ok(()) | Err(CliError::BrokenPipe) => ExitCode::SUCCESS,
        Err(error @ CliError::Usage(_)) => {
            eprintln!("error: {error}\n\nFor more information, try '--help'.");
            ExitCode::from(2)
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(1)
        }
    }
}

//! Writing answers: to stdout, or to a file that is there whole or not at all.

use std::borrow::Cow;
use std::fmt;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Serialize;

use crate::cli::CliError;
use crate::input;

const BUFFER: usize = 1 << 18;

/// Writes `content` to stdout.
///
/// # Errors
/// [`CliError::BrokenPipe`] when the reader has gone, which the process keeps silent about.
pub fn print(content: &str) -> Result<(), CliError> {
    let mut out = io::stdout().lock();
    out.write_all(content.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// Writes `content` to the file `to`, or to stdout where there is none or it is `-`.
///
/// # Errors
/// As [`write_lines`].
pub fn write(to: Option<&str>, content: &str) -> Result<(), CliError> {
    write_lines(to, |out| out.write_all(content.as_bytes()))
}

/// Writes what `lines` writes to the file `to`, or to stdout where there is none or it is `-`.
///
/// A file is written beside its place, synchronised and renamed, so that a crash leaves the old one or the new one.
/// What is no regular file, such as a pipe or `/dev/null`, is written in place.
///
/// # Errors
/// When the file cannot be written, or is one that was read; nothing is changed then.
pub fn write_lines(to: Option<&str>, lines: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), CliError> {
    let Some(path) = to.filter(|&path| path != "-") else {
        let mut out = io::BufWriter::with_capacity(BUFFER, io::stdout().lock());
        lines(&mut out)?;
        out.flush()?;
        return Ok(());
    };
    if input::was_read(path) {
        let message = format!("{path} is an input of this command, which the output would replace; name another file");
        return Err(CliError::Usage(message));
    }
    let in_place = fs::metadata(path).is_ok_and(|existing| !existing.is_file() && !existing.is_dir());
    let written = if in_place {
        fs::File::create(path).and_then(|file| fill(&file, lines))
    } else {
        replace(Path::new(path), lines)
    };
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(CliError::BrokenPipe),
        other => other.with_context(|| format!("cannot write {path}")).map_err(CliError::from),
    }
}

/// Whether two paths of outputs are one.
pub fn is_same(a: &str, b: &str) -> bool {
    let absolute = |path| std::path::absolute(path).unwrap_or_else(|_| PathBuf::from(path));
    absolute(a) == absolute(b)
}

/// Writes one JSON object a line.
///
/// # Errors
/// As [`write_lines`].
pub fn write_records<T: Serialize>(to: Option<&str>, records: impl Iterator<Item = T>) -> Result<(), CliError> {
    write_lines(to, |out| {
        let mut line = String::new();
        for record in records {
            line.clear();
            shared::request::write_line(&mut line, &record);
            out.write_all(line.as_bytes())?;
        }
        Ok(())
    })
}

/// Prints `answer` as JSON.
///
/// # Errors
/// As [`print`].
pub fn print_json(answer: &impl Serialize) -> Result<(), CliError> {
    let mut text = serde_json::to_string_pretty(answer).context("the answer is no JSON")?;
    text.push('\n');
    print(&text)
}

/// `1 create`, `2 creates`.
pub fn counted(count: impl Copy + fmt::Display + PartialEq<u64>, singular: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {singular}{ending}")
}

/// A name as it may stand in a table: line breaks and other control characters are written as escapes.
pub fn in_line(name: &str) -> Cow<'_, str> {
    if !name.chars().any(char::is_control) {
        return Cow::Borrowed(name);
    }
    let escaped = name.chars().map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() });
    Cow::Owned(escaped.collect())
}

/// A few names, and how many more there are.
pub fn some<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 5;
    let names: Vec<_> = names.into_iter().map(in_line).collect();
    let shown = names[..names.len().min(SHOWN)].join(", ");
    if names.len() > SHOWN { format!("{shown} and {} more", names.len() - SHOWN) } else { shown }
}

/// Says on stderr what to know before an answer is believed.
pub fn warn(message: &str) {
    progress_done();
    eprintln!("warning: {message}");
}

/// Shows how far a long step has come, when stderr is a terminal.
pub fn progress(message: &str) {
    if io::stderr().is_terminal() {
        eprint!("\r\x1b[K{message}");
    }
}

/// Clears what [`progress`] has shown.
pub fn progress_done() {
    progress("");
}

fn fill(file: &fs::File, lines: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = io::BufWriter::with_capacity(BUFFER, file);
    lines(&mut out)?;
    out.flush()
}

fn replace(path: &Path, lines: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    // A link goes on pointing where it pointed.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let temporary = beside(&path);
    let written = fs::File::create_new(&temporary).and_then(|file| {
        fill(&file, lines)?;
        file.sync_all()
    });
    let outcome = written.and_then(|()| fs::rename(&temporary, &path));
    if outcome.is_err() {
        // The write has failed already; what is left of it may be gone or not ours to remove.
        let _ = fs::remove_file(&temporary);
    }
    outcome
}

/// A name in the same folder, since only there a rename cannot be half done.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_line() {
        assert_eq!(in_line("a\nb\u{1b}[31m"), "a\\nb\\u{1b}[31m");
        assert_eq!(in_line("Größe"), "Größe");
        assert_eq!((counted(1_u64, "run").as_str(), counted(0_u64, "run").as_str()), ("1 run", "0 runs"));
    }

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let directory = std::env::temp_dir().join(format!("shadowplane-output-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let path = directory.join("out.ndjson");
        for content in ["first", "second"] {
            write(path.to_str(), content).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
        }
        assert!(write(directory.to_str(), "a folder is no file").is_err());
        assert!(write(directory.join("missing/out").to_str(), "no such folder").is_err());
        let half = write_lines(path.to_str(), |out| {
            out.write_all(b"half")?;
            Err(io::Error::other("the machine refused"))
        });
        assert!(half.is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "second");
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
        fs::remove_dir_all(directory).unwrap();
    }
}

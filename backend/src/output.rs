//! Writing answers: to stdout, or to a file that is there whole or not at all.

use std::borrow::Cow;
use std::fmt;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Serialize;
use shared::units::{Money, rounded_parts};

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

/// Writes files into the folder `to`, which is there with all of them or not at all.
///
/// A folder that is there already is replaced as a whole, if it holds nothing but files of these `names`.
///
/// # Errors
/// When the folder holds something else, or cannot be written; nothing is changed then.
pub fn write_folder(to: &str, names: &[&str], files: &[(&str, &str)]) -> Result<(), CliError> {
    // A slash at the end of the name of a folder is no part of it.
    let folder: PathBuf = Path::new(to).components().collect();
    let old = fs::symlink_metadata(&folder).is_ok();
    if old {
        let entries = fs::read_dir(&folder).with_context(|| format!("cannot write {to}"))?;
        for entry in entries {
            let name = entry.with_context(|| format!("cannot read {to}"))?.file_name();
            if !names.iter().any(|known| name == *known) {
                let name = in_line(&name.to_string_lossy()).into_owned();
                return Err(CliError::Usage(format!(
                    "{to} holds `{name}`, which is no file of such a folder and would be lost; name another folder"
                )));
            }
            if input::was_read(&folder.join(&name).to_string_lossy()) {
                let message = format!("{to} holds an input of this command, which would be lost; name another folder");
                return Err(CliError::Usage(message));
            }
        }
    }
    let (new, aside) = (beside(&folder), beside(&folder).with_extension("old"));
    let written = write_files(&new, files).and_then(|()| {
        if old {
            fs::rename(&folder, &aside)?;
        }
        fs::rename(&new, &folder).inspect_err(|_| {
            // The old one goes back to its place; the error that is told is the first one.
            let _ = fs::rename(&aside, &folder);
        })
    });
    // What is left of either is of no use to anybody.
    let _ = fs::remove_dir_all(if written.is_ok() { &aside } else { &new });
    written.with_context(|| format!("cannot write {to}")).map_err(CliError::from)
}

fn write_files(folder: &Path, files: &[(&str, &str)]) -> io::Result<()> {
    fs::create_dir(folder)?;
    for (name, content) in files {
        let file = fs::File::create_new(folder.join(name))?;
        fill(&file, |out| out.write_all(content.as_bytes()))?;
        file.sync_all()?;
    }
    Ok(())
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

/// A name for a column of a table that is `width` wide: in one line, and cut with an ellipsis where it is longer.
pub fn cut(name: &str, width: usize) -> String {
    let name = in_line(name);
    if name.chars().count() <= width {
        return name.into_owned();
    }
    name.chars().take(width - 1).chain(['…']).collect()
}

/// A name for a cell of a table in Markdown, where it stands as it is and cannot end its cell.
pub fn cell(name: &str) -> String {
    let mut cell = String::new();
    for character in in_line(name).chars() {
        match character {
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '~' => cell.extend(['\\', character]),
            '<' => cell.push_str("&lt;"),
            '&' => cell.push_str("&amp;"),
            other => cell.push(other),
        }
    }
    cell
}

/// An amount with its sign and two decimals.
pub fn signed(money: &Money) -> String {
    let rounded = money.rounded();
    if rounded.is_zero() { "0.00".to_owned() } else { format!("{rounded:+.2}") }
}

/// What was predicted on average, what came, and the variance, as tables show them: the first and the last add up to
/// what came.
pub fn compared(mean: Money, actual: Money, variance: Money) -> [Money; 3] {
    let parts = rounded_parts(actual, &[mean, variance]);
    [parts[0], actual, parts[1]]
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

/// Shows something to know to a person.
pub fn note(message: &str) {
    progress_done();
    eprintln!("note: {message}");
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
        assert_eq!(cell("a|b `c` <d>\n_e_"), "a\\|b \\`c\\` &lt;d>\\\\n\\_e\\_");
        assert_eq!((counted(1_u64, "run").as_str(), counted(0_u64, "run").as_str()), ("1 run", "0 runs"));
    }

    #[test]
    fn a_folder_is_replaced_whole_or_left_as_it_is() {
        let directory = std::env::temp_dir().join(format!("shadowplane-folder-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let (to, names) = (directory.join("state/"), ["a", "b"]);
        let to = to.to_str().unwrap();
        let files = || {
            let entries = fs::read_dir(to).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
            let mut names: Vec<String> = entries.collect();
            names.sort();
            names
        };
        write_folder(to, &names, &[("a", "1"), ("b", "2")]).unwrap();
        assert_eq!(files(), ["a", "b"]);
        write_folder(to, &names, &[("b", "3")]).unwrap();
        assert_eq!(
            (files(), fs::read_to_string(directory.join("state/b")).unwrap().as_str()),
            (vec!["b".to_owned()], "3")
        );
        fs::write(directory.join("state/notes"), "mine").unwrap();
        let refused = write_folder(to, &names, &[("a", "4")]).unwrap_err().to_string();
        assert!(refused.contains("holds `notes`"), "{refused}");
        assert_eq!(files(), ["b", "notes"]);
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1, "nothing is left beside it");
        fs::remove_dir_all(directory).unwrap();
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

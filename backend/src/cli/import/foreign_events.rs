//! What is written and said of events of other control planes.

use std::collections::BTreeMap;

use serde::Serialize;
use shared::input::InputError;
use shared::request::{Operation, write_line};
use shared::trace::events::{Events, Reason, Refusal};

use super::report;
use crate::cli::{CliError, Global};
use crate::{input, output};

/// So many of the events that are wrong are said one by one.
const REFUSALS_SHOWN: usize = 10;

/// Where requests and observations go.
#[derive(Clone, Copy)]
pub(super) struct Outputs<'a> {
    /// To stdout unless given.
    pub(super) requests: Option<&'a str>,
    /// Nowhere unless given.
    pub(super) observations: Option<&'a str>,
}

/// Events that are wrong, with the file that they are in.
#[derive(Default, Serialize)]
#[serde(transparent)]
pub(super) struct Refused(Vec<InFile>);

#[derive(Serialize)]
struct InFile {
    file: String,
    #[serde(flatten)]
    refusal: Refusal,
}

/// What was imported.
#[derive(Serialize)]
struct Summary {
    events: u64,
    creates: u64,
    resizes: u64,
    deletes: u64,
    observations: u64,
    orphans: u64,
    ends_inferred: u64,
    unmapped: u64,
    ignored: BTreeMap<Reason, u64>,
    refused: Refused,
}

/// The text of each file in turn.
pub(super) fn each_file(
    files: &[String],
    mut read: impl FnMut(&str) -> Result<Vec<Refusal>, InputError>,
) -> Result<Refused, CliError> {
    let mut refused = Vec::new();
    for file in files {
        let text = input::read_text(file)?;
        let name = input::name(file);
        let of_file = read(&text).map_err(CliError::in_file(name))?;
        refused.extend(of_file.into_iter().map(|refusal| InFile { file: name.to_owned(), refusal }));
    }
    Ok(Refused(refused))
}

/// Writes what events say, and says what became of them.
pub(super) fn write(
    global: &Global,
    to: Outputs<'_>,
    events: &Events,
    mut refused: Refused,
    files: &[String],
) -> Result<(), CliError> {
    let names = files.iter().map(|file| input::name(file)).collect::<Vec<_>>().join(", ");
    // What cannot be a request is seen once all files are read.
    let late = events.refused.get(refused.0.len()..).unwrap_or_default();
    refused.0.extend(late.iter().map(|refusal| InFile { file: names.clone(), refusal: refusal.clone() }));
    if to.observations.is_some_and(|observations| output::is_same(to.requests.unwrap_or("-"), observations)) {
        let message = "-o and --observations name one file; expected two, as requests and observations are apart";
        return Err(CliError::Usage(message.to_owned()));
    }
    if events.requests.is_empty() && events.observations.is_empty() {
        if let Some(InFile { file, refusal }) = refused.0.first() {
            return Err(CliError::in_file(file)(refusal.to_error()));
        }
        return Err(CliError::Data(format!("there is nothing to import: {}", ignored(events))));
    }
    let (lines, orphans) = match events.requests.is_empty() {
        true => (None, 0),
        false => {
            let (lines, orphans) = events.lines().map_err(CliError::in_file(names))?;
            (Some(lines), orphans)
        }
    };
    if let Some(file) = to.observations {
        let mut text = String::new();
        events.observations.iter().for_each(|told| write_line(&mut text, &told.record));
        output::write(Some(file), &text)?;
    }
    output::write_lines(to.requests, |out| {
        lines.iter().flat_map(|lines| lines.iter()).try_for_each(|line| out.write_all(line.as_bytes()))
    })?;
    for InFile { file, refusal } in refused.0.iter().take(REFUSALS_SHOWN) {
        output::warn(&format!("{file}: {}", refusal.to_error()));
    }
    let summary = Summary::new(events, refused, orphans);
    let sentence = summary.sentence(events, to.observations.is_some());
    report(global, to.requests, &summary, &sentence)
}

impl Summary {
    fn new(events: &Events, refused: Refused, orphans: u64) -> Self {
        let count = |operation| events.requests.iter().filter(|told| told.record.operation == operation).count() as u64;
        Self {
            events: events.events,
            creates: count(Operation::Create),
            resizes: count(Operation::Resize),
            deletes: count(Operation::Delete),
            observations: events.observations.len() as u64,
            orphans,
            ends_inferred: events.ends_inferred,
            unmapped: events.unmapped,
            ignored: events.ignored.clone(),
            refused,
        }
    }

    fn sentence(&self, events: &Events, observations_are_written: bool) -> String {
        let of = |count: u64, singular: &str| output::counted(count, singular);
        let mut text = format!(
            "{}: {}, {}, {} and {}; {} refused",
            of(self.events, "event"),
            of(self.creates, "create"),
            of(self.resizes, "resize"),
            of(self.deletes, "delete"),
            of(self.observations, "observation"),
            self.refused.0.len()
        );
        if self.refused.0.len() > REFUSALS_SHOWN {
            text += &format!(", the first {REFUSALS_SHOWN} of which are listed");
        }
        let mut note = |count: u64, note: &str| {
            if count > 0 {
                text += &format!("\n{note}: {count}");
            }
        };
        let unwritten = if observations_are_written { 0 } else { self.observations };
        note(unwritten, "observations that are not written, as --observations names no file");
        note(self.orphans, "deletes and resizes of what these files do not create");
        note(self.ends_inferred, "ends that no event told, of what had no time or no name left");
        note(self.unmapped, "matched by no rule");
        if !events.ignored.is_empty() {
            text += &format!("\nignored: {}", ignored(events));
        }
        text
    }
}

/// How many events were ignored, by reason.
fn ignored(events: &Events) -> String {
    if events.ignored.is_empty() {
        return "no events".to_owned();
    }
    let of = |(reason, count): (&Reason, &u64)| format!("{count} {}", reason.sentence());
    events.ignored.iter().map(of).collect::<Vec<_>>().join(", ")
}

//! Events that other control planes tell of themselves: one by one, and what became of each.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::collector::{Collector, Lines};
use crate::input::{InputError, no_json_because};
use crate::request::{Observation, Request};

/// Where an event stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line on which its document begins, counted from 1.
    pub line: u64,
    /// Which event of the input it is, counted from 1.
    pub event: u64,
}

/// Why an event, or a part of it, says nothing of what is asked for or held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = IgnoredReason))]
pub enum Reason {
    /// The event was there before.
    Duplicate,
    /// It tells of a call that has not ended.
    NotComplete,
    /// The call was refused or failed.
    Failed,
    /// The call was only tried out.
    DryRun,
    /// The call changed nothing.
    Read,
    /// The call was about something that holds nothing.
    OtherResource,
    /// The call changed nothing that is asked for or held.
    OtherCall,
    /// What it is about asks for nothing.
    AsksForNothing,
    /// What it is about was told to end and still holds what it has; a later event says when it has ended.
    Ending,
    /// The end was told by an earlier event.
    EndedBefore,
    /// Everything that it says was known.
    NothingNew,
    /// It is about something whose create is not known.
    UnknownResource,
    /// It deletes all of a collection and does not say what was in it.
    NoItems,
}

impl Reason {
    /// What the events of the reason are, in words.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Duplicate => "that were there before",
            Self::NotComplete => "of calls that had not ended",
            Self::Failed => "of calls that were refused or failed",
            Self::DryRun => "of dry runs",
            Self::Read => "of calls that only read",
            Self::OtherResource => "about what holds nothing",
            Self::OtherCall => "that change nothing that is asked for or held",
            Self::AsksForNothing => "about what asks for nothing",
            Self::Ending => "about what was told to end and had not ended yet",
            Self::EndedBefore => "about what had ended before",
            Self::NothingNew => "that say nothing new",
            Self::UnknownResource => "about what no create is known of",
            Self::NoItems => "that delete a collection without saying what was in it",
        }
    }
}

/// An event that says something that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = EventRefusal))]
pub struct Refusal {
    /// Which event of the input it is, counted from 1.
    pub event: u64,
    /// The line on which its document begins, counted from 1.
    pub line: u64,
    /// The event's own id, where it says one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The field that is to blame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What was wrong and what would have been right.
    pub message: String,
}

impl Refusal {
    /// The refusal of the event at a place.
    pub fn new(place: Place, id: Option<String>, error: InputError) -> Self {
        let Place { line, event } = place;
        Self { event, line, id, field: error.field, message: error.message }
    }

    /// The same as what is wrong with an input.
    pub fn to_error(&self) -> InputError {
        let id = self.id.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
        let field = self.field.as_ref().map(|field| format!("field `{field}`: ")).unwrap_or_default();
        InputError::line(self.line, format!("event {}{id}: {field}{}", self.event, self.message))
    }
}

/// What events say, in our terms.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Events {
    /// How many events there were.
    pub events: u64,
    /// Requests in order of time, each with the event that it comes from.
    pub requests: Vec<Told<Request>>,
    /// Observations in the same order, each with the event that it comes from.
    pub observations: Vec<Told<Observation>>,
    /// Events of which nothing was taken, by reason.
    pub ignored: BTreeMap<Reason, u64>,
    /// Events that are wrong, in the order of the input.
    pub refused: Vec<Refusal>,
    /// Requests that no rule of the mapping matched.
    pub unmapped: u64,
    /// Ends that no event told, though they must have been: something else has the name, or the time to end was over.
    pub ends_inferred: u64,
}

/// A record, and the event that it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Told<T> {
    /// Where the event stands.
    pub place: Place,
    /// The event's own id.
    pub event: String,
    /// The record.
    pub record: T,
}

impl Events {
    pub(super) fn ignore(&mut self, reason: Reason) {
        *self.ignored.entry(reason).or_default() += 1;
    }

    /// The same, where a request that cannot be one, such as of the year 9999, is a refusal of the event that it comes from.
    pub(super) fn valid(mut self) -> Self {
        for told in core::mem::take(&mut self.requests) {
            match told.record.validate(told.place.line) {
                Ok(()) => self.requests.push(told),
                Err(error) => self.refused.push(Refusal::new(told.place, Some(told.event), error)),
            }
        }
        self
    }

    /// The requests as lines in order of time, checked as a whole; and how many are about resources that none of them
    /// created.
    ///
    /// # Errors
    /// Where there are none, or lives contradict each other.
    pub fn lines(&self) -> Result<(Lines, u64), InputError> {
        let mut collector = Collector::new();
        for told in &self.requests {
            let pushed = collector.push(told.place.line, told.record.clone());
            pushed.map_err(|error| Refusal::new(told.place, Some(told.event.clone()), error).to_error())?;
        }
        let (lines, log) = collector.finish()?;
        Ok((lines, log.orphans))
    }
}

/// Gives every event of `text` to `take`: documents behind each other, each of which is an event, a list of them in
/// brackets, or an object that `list` takes the list out of.
///
/// What is no object is given as what is wrong with it.
///
/// # Errors
/// When the text is no JSON, with its line.
pub(super) fn each_event(
    text: &str,
    expected: &str,
    list: impl Fn(&mut Value) -> Option<Vec<Value>>,
    mut take: impl FnMut(Place, Result<Value, InputError>),
) -> Result<(), InputError> {
    let mut documents = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let (mut line, mut counted, mut event) = (1, 0, 0);
    loop {
        // Where the next document begins, behind what is blank before it.
        let blank = text[documents.byte_offset()..].find(|c: char| !c.is_ascii_whitespace()).unwrap_or(0);
        let start = documents.byte_offset() + blank;
        line += text.as_bytes()[counted..start].iter().filter(|&&byte| byte == b'\n').count() as u64;
        counted = start;
        let Some(document) = documents.next() else { break };
        let mut document = document.map_err(|error| no_json(text, &error, expected))?;
        let events = match &mut document {
            Value::Array(items) => core::mem::take(items),
            other => list(other).unwrap_or_else(|| vec![other.take()]),
        };
        for value in events {
            event += 1;
            let object =
                if value.is_object() { Ok(value) } else { Err(InputError::whole(format!("is no object; {expected}"))) };
            take(Place { line, event }, object);
        }
    }
    if text.trim().is_empty() { Err(InputError::whole(format!("is empty; {expected}"))) } else { Ok(()) }
}

fn no_json(text: &str, error: &serde_json::Error, expected: &str) -> InputError {
    let wrong = no_json_because(error);
    if text.trim_start().starts_with(['{', '[']) {
        return wrong;
    }
    InputError::line(wrong.line.max(1), format!("is no JSON; {expected}"))
}

/// Events in which one of all values is another one, of whatever type.
#[cfg(test)]
pub(super) fn with_another_value(events: &[Value], place: usize, put: usize) -> String {
    fn count(value: &Value) -> usize {
        1 + match value {
            Value::Array(items) => items.iter().map(count).sum(),
            Value::Object(fields) => fields.values().map(count).sum::<usize>(),
            _ => 0,
        }
    }
    fn replace(value: &mut Value, place: &mut usize, put: &Value) {
        if *place == 0 {
            *value = put.clone();
        }
        *place = place.wrapping_sub(1);
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| replace(item, place, put)),
            Value::Object(fields) => fields.values_mut().for_each(|field| replace(field, place, put)),
            _ => {}
        }
    }
    let odd = [
        serde_json::json!(null),
        serde_json::json!(-1),
        serde_json::json!(1e300),
        serde_json::json!(i64::MAX),
        serde_json::json!(""),
        serde_json::json!("9999-12-31T23:59:59Z"),
        serde_json::json!([]),
        serde_json::json!([{}]),
        serde_json::json!({}),
    ];
    let mut events = Value::Array(events.to_vec());
    let mut place = place % count(&events);
    replace(&mut events, &mut place, &odd[put % odd.len()]);
    events.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str) -> Result<Vec<(u64, u64)>, InputError> {
        let mut places = Vec::new();
        let list = |value: &mut Value| value.get_mut("items").and_then(Value::as_array_mut).map(core::mem::take);
        let take = |Place { line, event }, object: Result<Value, InputError>| {
            places.push((line, if object.is_ok() { event } else { 0 }));
        };
        each_event(text, "expected events", list, take)?;
        Ok(places)
    }

    #[test]
    fn events_are_found_in_lines_lists_and_documents() {
        let check = |text: &str, expected: &[(u64, u64)]| assert_eq!(places(text).as_deref(), Ok(expected), "{text}");
        check("{}\n{}\n", &[(1, 1), (2, 2)]);
        check("\n\n {}{}\n[{},\n{}]\n{\"items\":[{}]}", &[(3, 1), (3, 2), (4, 3), (4, 4), (6, 5)]);
        check("{\"items\":[]}", &[]);
        check("[]", &[]);
        // What is no object is an event all the same, and a wrong one.
        check("{}\n[1,{}]\n\"x\"", &[(1, 1), (2, 0), (2, 3), (3, 0)]);
    }

    #[test]
    fn what_is_no_event_is_named_with_its_line() {
        let check = |text: &str, line: u64, part: &str| {
            let error = places(text).unwrap_err();
            assert!(error.line == line && error.message.contains(part), "{error}");
        };
        check("", 0, "is empty; expected events");
        check(" \n", 0, "is empty");
        check("at,verb", 1, "is no JSON; expected events");
        check("{}\n{\"a\":", 2, "is no JSON");
        // Deeper than what is read; nothing overflows.
        check(&"[".repeat(100_000), 1, "is no JSON");
    }
}

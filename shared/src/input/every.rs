//! Everything that is wrong with a JSON document, and not only what is wrong first.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use serde_path_to_error::{Path, Segment};

use super::{Format, InputError, InputProblems, field_and_message, from_json};

/// Most fields that are named: each costs some readings of the whole document.
const NAMED_MAX: usize = 100;
/// Most bytes that are read again in all, so that a long document does not take minutes to be refused.
const BYTES_MAX: usize = 512 << 20;

/// Longest list that is guessed.
const LENGTH_MAX: usize = 100;

/// What was found in a document that cannot be read.
#[derive(Debug)]
pub struct Wrong<T> {
    /// Each with its field, in the order in which they are read; never none.
    pub errors: Vec<InputError>,
    /// What could be read with guesses in the place of what is wrong, where such guesses were found for everything.
    pub guessed: Option<T>,
}

/// Reads a JSON document again that could not be read: after each wrong field with a guess in its place.
///
/// `first` is what was wrong with it; a document without anything wrong in it has that alone.
pub fn every_wrong_field<T: DeserializeOwned>(text: &str, first: InputError) -> Wrong<T> {
    let Wrong { mut errors, guessed } = found_in_turn(text, first);
    // A map whose key is wrong has no name for what it holds.
    let fields = errors.iter_mut().filter_map(|error| error.field.as_mut());
    fields.for_each(|field| field.truncate(field.trim_end_matches(".?").len()));
    Wrong { errors, guessed }
}

fn found_in_turn<T: DeserializeOwned>(text: &str, first: InputError) -> Wrong<T> {
    let read = serde_json::from_str::<Value>(text).ok().map(|document| (read::<T>(&document), document));
    let Some((Err(mut stopped), mut document)) = read else { return Wrong { errors: vec![first], guessed: None } };
    // It knows the line, too.
    let mut errors = vec![first];
    let mut readings = BYTES_MAX / text.len().max(1);
    while errors.len() < NAMED_MAX {
        match mended(document, stopped, &errors, &mut readings) {
            None => break,
            Some((_, Ok(guessed))) => return Wrong { errors, guessed: Some(guessed) },
            Some((changed, Err(next))) => {
                errors.push(next.error.clone());
                (document, stopped) = (changed, next);
            }
        }
    }
    Wrong { errors, guessed: None }
}

/// The document with a guess in the place of what is wrong, and what is said of it then: it can be read, or something else
/// is wrong with it.
///
/// What is missing may have fields itself: where no single guess will do, those that bring out what is wrong inside of what
/// is guessed are followed by guesses for that, and those after which something else is said by what that names.
fn mended<T: DeserializeOwned>(
    mut document: Value,
    mut stopped: Stopped,
    errors: &[InputError],
    readings: &mut usize,
) -> Option<(Value, Result<T, Stopped>)> {
    let mut passed = Vec::new();
    loop {
        passed.push(stopped.error.clone());
        let (mut deeper, mut other) = (None, None);
        for guess in guesses(&stopped, &document) {
            let Some(changed) = stopped.without(&document, guess) else { continue };
            *readings = readings.checked_sub(1)?;
            match read::<T>(&changed) {
                // A guess after which something is wrong where something was wrong already is no better.
                Err(next) if errors.iter().any(|error| next.is_inside(error)) => {
                    if passed.iter().all(|error| error.field != next.error.field) {
                        deeper.get_or_insert((changed, next));
                    } else if !passed.contains(&next.error) {
                        other.get_or_insert((changed, next));
                    }
                }
                read => return Some((changed, read)),
            }
        }
        (document, stopped) = deeper.or(other)?;
    }
}

/// What is wrong with the elements of a list that could not be read: with each, what is wrong first.
///
/// `first` is what was wrong with the whole; where it is no list, that alone.
pub fn every_wrong_element<T: DeserializeOwned>(text: &str, first: InputError) -> InputProblems {
    let Ok(elements) = serde_json::from_str::<Vec<Value>>(text) else { return first.into() };
    let wrong = |(position, element): (usize, Value)| {
        let InputError { field, message, .. } = from_json::<T>(element).err()?;
        let field = field.map_or_else(|| format!("[{position}]"), |field| format!("[{position}].{field}"));
        Some(InputError { line: 0, field: Some(field), message })
    };
    let problems: Vec<InputError> = elements.into_iter().enumerate().filter_map(wrong).collect();
    // The first knows the line, too.
    if problems.len() < 2 { first.into() } else { InputProblems(problems) }
}

/// Where reading stopped.
struct Stopped {
    error: InputError,
    /// The keys and positions that lead to it.
    way: Vec<Step>,
}

enum Step {
    Key(String),
    Position(usize),
}

impl Stopped {
    /// The document with a guess in the place of what is wrong; none where it has no place.
    fn without(&self, document: &Value, guess: Guess) -> Option<Value> {
        let mut changed = document.clone();
        let (last, before) = self.way.split_last()?;
        let place = before.iter().try_fold(&mut changed, |place, step| match step {
            Step::Key(key) => place.get_mut(key),
            Step::Position(position) => place.get_mut(*position),
        })?;
        match (guess, last, place) {
            (Guess::Nothing, Step::Key(key), Value::Object(fields)) => drop(fields.remove(key)?),
            (Guess::Nothing, ..) => return None,
            (Guess::Value(value), Step::Key(key), Value::Object(fields)) => drop(fields.insert(key.clone(), value)),
            (Guess::Value(value), Step::Position(position), Value::Array(values)) => {
                *values.get_mut(*position)? = value
            }
            (Guess::Value(_), ..) => return None,
        }
        Some(changed)
    }

    /// The list that is wrong, as long as it is expected to be.
    fn of_right_length(&self, document: &Value) -> Option<Value> {
        let there = self.way.iter().try_fold(document, |place, step| match step {
            Step::Key(key) => place.get(key),
            Step::Position(position) => place.get(*position),
        });
        let mut elements = there?.as_array()?.clone();
        let (_, expected) = self.error.message.split_once("expected ")?;
        let length = expected.split(|c: char| !c.is_ascii_digit()).find_map(|digits| digits.parse().ok())?;
        let more = elements.first().cloned().unwrap_or_else(|| json!({}));
        elements.resize(usize::min(length, LENGTH_MAX), more);
        Some(Value::Array(elements))
    }

    /// Whether it is about a field that was wrong, or about one inside of it.
    fn is_inside(&self, wrong: &InputError) -> bool {
        let (Some(field), Some(wrong)) = (&self.error.field, &wrong.field) else { return true };
        field
            .strip_prefix(wrong.trim_end_matches(".?"))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    }
}

enum Guess {
    /// The field is left out.
    Nothing,
    Value(Value),
}

/// What might stand there; the names that are expected come last.
fn guesses(stopped: &Stopped, document: &Value) -> impl Iterator<Item = Guess> {
    let texts = ["0", "1s", "2026-01-01T00:00:00Z", "UTC", "USD"].map(Value::from);
    let others = [Value::from(1), Value::from(0), Value::from(false), json!([]), Value::Null, json!({})];
    let expected = stopped.error.message.split_once("expected ").map_or("", |(_, expected)| expected);
    let names: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
    // A choice may have something to say of itself.
    let with_more = names.iter().flat_map(|name| ["1s".into(), 1.into(), json!({})].map(|more| json!({ *name: more })));
    let choices: Vec<Value> = names.iter().map(|name| Value::from(*name)).chain(with_more).collect();
    let values = stopped.of_right_length(document).into_iter().chain(texts).chain(others).chain(choices);
    // Without a field that is needed, others would be read first, and it would be named once more.
    let nothing = stopped.error.message.starts_with("is unknown").then_some(Guess::Nothing);
    nothing.into_iter().chain(values.map(Guess::Value))
}

fn read<T: DeserializeOwned>(document: &Value) -> Result<T, Stopped> {
    serde_path_to_error::deserialize(document).map_err(|error| {
        let path = error.path().to_string();
        let (field, message) = field_and_message(Format::Json, &path, &error.inner().to_string());
        let mut way = way(document, error.path());
        // A field that is missing or unknown is named by the message, and the path leads to what it is a field of.
        let behind =
            field.as_deref().and_then(|field| field.strip_prefix(path.trim_end_matches(".?").trim_matches('.')));
        if let Some(name) = behind.map(|name| name.trim_start_matches('.')).filter(|name| !matches!(*name, "" | "?")) {
            way.push(Step::Key(name.to_owned()));
        }
        Stopped { error: InputError { line: 0, field, message }, way }
    })
}

/// A path as steps in a document; names of choices are steps where they are keys.
fn way(document: &Value, path: &Path) -> Vec<Step> {
    let (mut steps, mut place) = (Vec::new(), Some(document));
    for segment in path {
        let step = match segment {
            Segment::Seq { index } => Step::Position(*index),
            Segment::Map { key } => Step::Key(key.clone()),
            Segment::Enum { variant } if place.is_some_and(|place| place.get(variant).is_some()) => {
                Step::Key(variant.clone())
            }
            Segment::Enum { .. } | Segment::Unknown => continue,
        };
        place = place.and_then(|place| match &step {
            Step::Key(key) => place.get(key),
            Step::Position(position) => place.get(*position),
        });
        steps.push(step);
    }
    steps
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::input::parse_json_object;
    use crate::units::{Duration, Rate};

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        inner: Vec<Inner>,
        #[serde(default)]
        label: Option<String>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        rate: Rate,
        wait: Duration,
        kind: Kind,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        Plain,
        Bound(u32),
    }

    fn wrong(text: &str) -> Wrong<Outer> {
        every_wrong_field(text, parse_json_object::<Outer>(text).unwrap_err())
    }

    #[test]
    fn every_wrong_field_is_named_once() {
        let text = r#"{"label": 5, "inner": [
            {"rate": "-1", "wait": "soon", "kind": "odd", "size": 1},
            {"wait": "1s", "kind": {"bound": "many"}},
            {"rate": "1", "wait": "1s", "kind": {"even": 2}},
            {"rate": "x", "wait": "1s", "kind": "plain"}
        ]}"#;
        let Wrong { errors, guessed } = wrong(text);
        let mut fields: Vec<&str> = errors.iter().filter_map(|error| error.field.as_deref()).collect();
        fields.sort_unstable();
        let expected = [
            "inner[0].kind",
            "inner[0].rate",
            "inner[0].size",
            "inner[0].wait",
            "inner[1].kind.bound",
            "inner[1].rate",
            "inner[2].kind",
            "inner[3].rate",
            "label",
        ];
        assert_eq!(fields, expected);
        let Outer { inner, label } = guessed.unwrap();
        assert_eq!((inner.len(), label.as_deref()), (4, Some("0")), "the first guess that can be read");
        assert_eq!((inner[0].rate, inner[0].wait), (Rate::ZERO, Duration::from_seconds(1)));
        assert!(matches!(inner[0].kind, Kind::Plain));
        assert!(matches!(inner[1].kind, Kind::Bound(1)));
    }

    /// What has fields itself is guessed with them, and they are not named beside it.
    #[test]
    fn missing_parts_hide_nothing() {
        let Wrong { errors, guessed } =
            wrong(r#"{"label": 5, "inner": [5, {"rate": "-1", "wait": "1s", "kind": {}}]}"#);
        let mut fields: Vec<&str> = errors.iter().filter_map(|error| error.field.as_deref()).collect();
        // Whether fields are read as they stand, or by name, is up to the features of serde_json.
        fields[2..].sort_unstable();
        assert_eq!(fields, ["label", "inner[0]", "inner[1].kind", "inner[1].rate"]);
        assert_eq!(guessed.unwrap().inner.len(), 2);
    }

    /// A wrong key hides nothing, and what is guessed for the map is named nowhere.
    #[test]
    fn a_wrong_key_of_a_map_is_one_problem() {
        #[derive(Debug, Deserialize)]
        struct Percents {
            of: std::collections::BTreeMap<crate::units::Dimension, u32>,
            wait: Duration,
        }
        for map in [r#"{"foo": 100}"#, r#"{"vcpu": "150"}"#] {
            let text = format!(r#"{{"of": {map}, "wait": "soon"}}"#);
            let Wrong { errors, guessed } =
                every_wrong_field::<Percents>(&text, parse_json_object::<Percents>(&text).unwrap_err());
            assert_eq!(errors.len(), 2, "{errors:?}");
            let Percents { of, wait } = guessed.unwrap();
            assert!(of.is_empty() && wait == Duration::from_seconds(1), "{of:?} {wait}");
        }
    }

    #[test]
    fn a_document_that_is_none_has_one_error() {
        let Wrong { errors, guessed } = wrong(r#"{"inner": ["#);
        assert_eq!((errors.len(), guessed.is_none()), (1, true));
    }

    #[test]
    fn a_long_document_is_read_again_a_few_times_at_most() {
        let one_reading = |document: Value| {
            let stopped = read::<Outer>(&document).unwrap_err();
            let errors = [stopped.error.clone()];
            mended::<Outer>(document, stopped, &errors, &mut 1).is_some()
        };
        assert!(one_reading(json!({ "label": 5, "inner": [] })), "the first guess is a text");
        assert!(!one_reading(json!({ "inner": 5 })), "a list is guessed later");
    }
}

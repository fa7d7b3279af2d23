//! The objects of a dump, one by one: lists of one kind or of many, single objects, and any of these behind each other.

use core::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::input::{InputError, no_json_because};

/// What becomes of an object: its kind, where it or its list says so, and all of it.
pub(super) type Take<'t> = dyn FnMut(&str, Value) -> Result<(), InputError> + 't;

/// Gives every object of `text` to `take`, in the order of the text, holding one at a time.
///
/// # Errors
/// When the text is no JSON, holds something that is no object of Kubernetes, or `take` objects.
pub(super) fn each_object(text: &str, take: &mut Take<'_>) -> Result<(), InputError> {
    let mut documents = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    let mut start = 0;
    while let Some(document) = documents.next() {
        document.map_err(|error| no_json(text, &error))?;
        let end = documents.byte_offset();
        let mut reading = Reading { take: &mut *take, wrong: None };
        let mut deserializer = serde_json::Deserializer::from_str(&text[start..end]);
        let read = Document(&mut reading).deserialize(&mut deserializer);
        if let Some(wrong) = reading.wrong {
            return Err(wrong);
        }
        read.map_err(|error| no_json(text, &error))?;
        start = end;
    }
    if start == 0 { Err(InputError::whole(format!("is empty; {EXPECTED}"))) } else { Ok(()) }
}

pub(super) const EXPECTED: &str =
    "expected what `kubectl get nodes,pods,pvc,services,resourcequotas,priorityclasses -A -o json` prints";

fn no_json(text: &str, error: &serde_json::Error) -> InputError {
    let line = error.line() as u64;
    let start = text.trim_start();
    if start.starts_with("apiVersion:") || start.starts_with("---") {
        return InputError::line(1, format!("is YAML; {EXPECTED}"));
    }
    if !start.starts_with(['{', '[']) {
        return InputError::line(line.max(1), format!("is no JSON; {EXPECTED}"));
    }
    no_json_because(error)
}

/// Where objects go, and what was wrong with the one that ended the reading.
struct Reading<'r, 't> {
    take: &'r mut Take<'t>,
    wrong: Option<InputError>,
}

impl Reading<'_, '_> {
    /// Takes an object, or the items of a list; `kind` is what a list says of items that do not say it themselves.
    fn object<E: Error>(&mut self, kind: Option<&str>, value: Value) -> Result<(), E> {
        let taken = self.taken(kind, value);
        taken.map_err(|wrong| {
            self.wrong = Some(wrong);
            E::custom("an object is wrong")
        })
    }

    fn taken(&mut self, kind: Option<&str>, mut value: Value) -> Result<(), InputError> {
        let own = value.get("kind").and_then(Value::as_str).map(str::to_owned);
        let Some(kind) = own.as_deref().or(kind) else {
            let found = if value.is_object() { "an object without `kind`" } else { "no object" };
            return Err(InputError::whole(format!("holds {found}; {EXPECTED}")));
        };
        match value.get_mut("items").map(Value::take) {
            Some(Value::Array(items)) if kind.ends_with("List") => {
                let of_items = item_kind(kind);
                items.into_iter().try_for_each(|item| self.taken(of_items, item))
            }
            _ => (self.take)(kind, value),
        }
    }
}

/// The kind of the items of a list of one kind: a `PodList` holds pods, a `List` anything.
fn item_kind(list: &str) -> Option<&str> {
    list.strip_suffix("List").filter(|kind| !kind.is_empty())
}

/// One document: a list whose items are read one at a time, or a single object.
struct Document<'d, 'r, 't>(&'d mut Reading<'r, 't>);

impl<'de> DeserializeSeed<'de> for Document<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Document<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of Kubernetes or a list of them")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (mut object, mut is_list) = (Map::new(), false);
        while let Some(key) = map.next_key::<String>()? {
            if key == "items" {
                let kind = object.get("kind").and_then(Value::as_str).map(str::to_owned);
                is_list = true;
                map.next_value_seed(Items { reading: self.0, kind: kind.as_deref().and_then(item_kind) })?;
            } else {
                object.insert(key, map.next_value()?);
            }
        }
        if is_list { Ok(()) } else { self.0.object(None, Value::Object(object)) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, sequence: A) -> Result<(), A::Error> {
        Items { reading: self.0, kind: None }.visit_seq(sequence)
    }
}

/// The items of a list.
struct Items<'d, 'k, 'r, 't> {
    reading: &'d mut Reading<'r, 't>,
    kind: Option<&'k str>,
}

impl<'de> DeserializeSeed<'de> for Items<'_, '_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Items<'_, '_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        while let Some(item) = sequence.next_element::<Value>()? {
            self.reading.object(self.kind, item)?;
        }
        Ok(())
    }
}

//! Known events: what the calendar says will move demand, in the future too.

use serde::{Deserialize, Serialize};

use super::csv_fields::instant;
use crate::input::{InputError, Numbered, Table};
use crate::units::{Duration, Instant, Window};

/// Something in the calendar that moves demand: a launch, a holiday, a batch night.
///
/// In JSON it is an object with the fields of the CSV: `name`, `start`, `end`, and where wanted `tenant` and `repeat`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Record", into = "Record")]
pub struct KnownEvent {
    /// What people call it; the same name is the same kind of event.
    pub name: String,
    /// When it happens first.
    pub window: Window,
    /// Whose demand it moves; everyone's where none.
    pub tenant: Option<String>,
    /// How it comes again.
    pub repeat: Option<Repeat>,
}

/// A known event as it is written.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
struct Record {
    /// What people call it; the same name is the same kind of event.
    name: String,
    /// First instant of its first occurrence.
    start: Instant,
    /// First instant after it.
    end: Instant,
    /// Whose demand it moves; everyone's where none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tenant: Option<String>,
    /// How it comes again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    repeat: Option<Repeat>,
}

/// Why there is no such event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("field `{field}`: {message}")]
struct WrongEvent {
    field: &'static str,
    message: String,
}

impl TryFrom<Record> for KnownEvent {
    type Error = WrongEvent;

    fn try_from(Record { name, start, end, tenant, repeat }: Record) -> Result<Self, WrongEvent> {
        let window = Window { start, end };
        let wrong = |field, message| Err(WrongEvent { field, message });
        if name.is_empty() {
            return wrong("name", "is empty; give the event a name".to_owned());
        }
        if end <= start {
            return wrong("end", format!("`{end}` is not after the start; an event ends after it starts"));
        }
        if let Some(repeat) = repeat.filter(|repeat| window.length() > repeat.period()) {
            let (length, repeat) = (window.length(), repeat.as_str());
            return wrong("repeat", format!("is {repeat}, but the event lasts {length}, longer than that allows"));
        }
        Ok(Self { name, window, tenant, repeat })
    }
}

impl From<KnownEvent> for Record {
    fn from(KnownEvent { name, window: Window { start, end }, tenant, repeat }: KnownEvent) -> Self {
        Self { name, start, end, tenant, repeat }
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for KnownEvent {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        Record::schema()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for KnownEvent {
    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>)>) {
        Record::schemas(schemas);
    }
}

/// How an event comes again, for ever: after 24 h or 168 h, whatever the clocks do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Repeat {
    /// Every 24 hours.
    Daily,
    /// Every seven days.
    Weekly,
}

impl KnownEvent {
    /// Whether the event, or one of its repetitions, touches a window.
    pub fn touches(&self, window: Window) -> bool {
        let first = self.window;
        let Some(repeat) = self.repeat else {
            return first.start < window.end && window.start < first.end;
        };
        let period = repeat.period();
        if window.end <= first.start {
            return false;
        }
        // The last repetition that starts before the window ends.
        let times = ((window.end - first.start).micros() - 1).div_euclid(period.micros());
        window.start < first.end + period * times
    }
}

impl KnownEvent {
    /// The occurrences that touch a window, in order.
    pub fn occurrences_in(&self, window: Window) -> impl Iterator<Item = Window> + use<> {
        let (first, period) = (self.window, self.repeat.map(Repeat::period));
        // The first one that may end after the window starts, and those after it.
        let skipped = period.map_or(0, |period| (window.start - first.end).micros().div_euclid(period.micros()).max(0));
        let at = move |times: i64| {
            let later = period.map_or(Duration::ZERO, |period| period * times);
            Window { start: first.start + later, end: first.end + later }
        };
        let times = skipped..if period.is_some() { i64::MAX } else { 1 };
        times.map(at).skip_while(move |one| one.end <= window.start).take_while(move |one| one.start < window.end)
    }
}

impl Repeat {
    /// As it is written.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
        }
    }

    fn period(self) -> Duration {
        match self {
            Self::Daily => Duration::DAY,
            Self::Weekly => Duration::DAY * 7,
        }
    }
}

/// Reads known events, each with its line, from CSV with the header `name,start,end[,tenant][,repeat]`.
///
/// # Errors
/// At the first wrong line: an unknown column, an instant that is none, an end that is not after its start, a
/// repetition that is neither `daily` nor `weekly` or is shorter than the event.
pub fn read_known_events(text: &str) -> Result<Vec<(u64, KnownEvent)>, InputError> {
    known_event_rows(text)?.into_iter().map(|(line, event)| Ok((line, event?))).collect()
}

/// As [`read_known_events`], but each row right or wrong.
///
/// # Errors
/// When the header is wrong.
pub fn known_event_rows(text: &str) -> Result<Vec<Numbered<KnownEvent>>, InputError> {
    let table = Table::open(text, None)?;
    table.expect_only(&["name", "start", "end", "tenant", "repeat"])?;
    let (name, start, end) = (table.column("name")?, table.column("start")?, table.column("end")?);
    let (tenant, repetition) = (table.find("tenant"), table.find("repeat"));
    Ok(table.rows(|row| {
        let line = row.line;
        let record = Record {
            name: row.get(name).to_owned(),
            start: instant(line, "start", row.get(start))?,
            end: instant(line, "end", row.get(end))?,
            tenant: row.optional(tenant).map(str::to_owned),
            repeat: row.optional(repetition).map(|text| repeat(line, text)).transpose()?,
        };
        KnownEvent::try_from(record).map_err(|WrongEvent { field, message }| InputError::field(line, field, message))
    }))
}

fn repeat(line: u64, text: &str) -> Result<Repeat, InputError> {
    let known = [Repeat::Daily, Repeat::Weekly].into_iter().find(|repeat| repeat.as_str() == text);
    known.ok_or_else(|| {
        let message = format!("`{text}` is no repetition; write daily or weekly, or leave it empty");
        InputError::field(line, "repeat", message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_repeat_for_ever_and_never_before_their_start() {
        let text = "name,start,end,repeat\nbatch night,2026-01-01T22:00:00Z,2026-01-01T23:00:00Z,daily\n";
        let (_, event) = &read_known_events(text).unwrap()[0];
        let bin_at = |start: &str| {
            let start = start.parse().unwrap();
            Window { start, end: start + Duration::HOUR }
        };
        assert!(event.touches(bin_at("2026-01-01T22:30:00Z")));
        assert!(event.touches(bin_at("2027-06-05T22:00:00Z")));
        assert!(!event.touches(bin_at("2027-06-05T23:00:00Z")), "the end does not belong to it");
        assert!(!event.touches(bin_at("2025-12-31T22:00:00Z")));
    }

    #[test]
    fn occurrences_are_those_that_touch_a_window() {
        let event = KnownEvent {
            name: "night".to_owned(),
            window: Window {
                start: "2026-01-01T23:00:00Z".parse().unwrap(),
                end: "2026-01-02T01:00:00Z".parse().unwrap(),
            },
            tenant: None,
            repeat: Some(Repeat::Daily),
        };
        let days = |from: &str, to: &str| {
            let window = Window { start: from.parse().unwrap(), end: to.parse().unwrap() };
            let found: Vec<String> =
                event.occurrences_in(window).map(|one| one.start.to_string()[8..10].to_owned()).collect();
            assert_eq!(event.touches(window), !found.is_empty());
            found
        };
        // The night of the 5th reaches into the window, that of the 6th begins in it.
        assert_eq!(days("2026-01-06T00:59:00Z", "2026-01-06T23:01:00Z"), ["05", "06"]);
        assert_eq!(days("2026-01-06T01:00:00Z", "2026-01-06T23:00:00Z"), [""; 0]);
        assert_eq!(days("2025-12-01T00:00:00Z", "2026-01-03T00:00:00Z"), ["01", "02"]);
        let once = KnownEvent { repeat: None, ..event.clone() };
        let ever = Window { start: Instant::from_micros(0), end: "2030-01-01T00:00:00Z".parse().unwrap() };
        assert_eq!(once.occurrences_in(ever).collect::<Vec<_>>(), [event.window]);
    }

    #[test]
    fn what_is_wrong_is_named_with_line_and_field() {
        let check = |row: &str, field: &str, part: &str| {
            let error = read_known_events(&format!("name,start,end,tenant,repeat\n{row}\n")).unwrap_err();
            assert_eq!((error.line, error.field.as_deref()), (2, Some(field)), "{error}");
            assert!(error.message.contains(part), "{error}");
        };
        check("x,yesterday,2026-01-01T00:00:00Z,,", "start", "RFC 3339");
        check("x,2026-01-02T00:00:00Z,2026-01-01T00:00:00Z,,", "end", "not after");
        check("x,2026-01-01T00:00:00Z,2026-01-02T00:00:00Z,,hourly", "repeat", "daily or weekly");
        check(",2026-01-01T00:00:00Z,2026-01-02T00:00:00Z,,", "name", "empty");
        let error = read_known_events("name,start,finish\n").unwrap_err();
        assert_eq!((error.line, error.field.as_deref()), (1, Some("finish")));
    }
}

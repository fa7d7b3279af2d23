//! Known events: what the calendar says will move demand, in the future too.

use serde::{Deserialize, Serialize};

use super::csv_fields::instant;
use crate::input::{InputError, Row, Table};
use crate::units::{Duration, Window};

/// Something in the calendar that moves demand: a launch, a holiday, a batch night.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KnownEvent {
    /// What people call it; the same name is the same kind of event.
    pub name: String,
    /// When it happens first.
    pub window: Window,
    /// Whose demand it moves; everyone's where none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// How it comes again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<Repeat>,
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

impl Repeat {
    fn period(self) -> Duration {
        match self {
            Self::Daily => Duration::DAY,
            Self::Weekly => Duration::DAY * 7,
        }
    }
}

/// Reads known events from CSV with the header `name,start,end[,tenant][,repeat]`.
///
/// # Errors
/// At the first wrong line: an unknown column, an instant that is none, an end that is not after its start, a
/// repetition that is neither `daily` nor `weekly` or is shorter than the event.
pub fn read_known_events(text: &str) -> Result<Vec<KnownEvent>, InputError> {
    let mut table = Table::open(text, None)?;
    table.expect_only(&["name", "start", "end", "tenant", "repeat"])?;
    let (name, start, end) = (table.column("name")?, table.column("start")?, table.column("end")?);
    let (tenant, repetition) = (table.find("tenant"), table.find("repeat"));
    let (mut events, mut row) = (Vec::new(), Row::default());
    while table.next(&mut row)? {
        let line = row.line;
        if row.get(name).is_empty() {
            return Err(InputError::field(line, "name", "is empty; give the event a name"));
        }
        let window =
            Window { start: instant(line, "start", row.get(start))?, end: instant(line, "end", row.get(end))? };
        if window.end <= window.start {
            let message = format!("`{}` is not after the start; an event ends after it starts", row.get(end));
            return Err(InputError::field(line, "end", message));
        }
        let repeat = repeat(line, row.optional(repetition).unwrap_or_default(), window)?;
        let tenant = row.optional(tenant).map(str::to_owned);
        events.push(KnownEvent { name: row.get(name).to_owned(), window, tenant, repeat });
    }
    Ok(events)
}

fn repeat(line: u64, text: &str, window: Window) -> Result<Option<Repeat>, InputError> {
    let repeat = match text {
        "" => return Ok(None),
        "daily" => Repeat::Daily,
        "weekly" => Repeat::Weekly,
        other => {
            let message = format!("`{other}` is no repetition; write daily or weekly, or leave it empty");
            return Err(InputError::field(line, "repeat", message));
        }
    };
    if window.length() > repeat.period() {
        let message = format!("the event lasts {}, longer than `{text}` allows", window.length());
        return Err(InputError::field(line, "repeat", message));
    }
    Ok(Some(repeat))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_repeat_for_ever_and_never_before_their_start() {
        let text = "name,start,end,repeat\nbatch night,2026-01-01T22:00:00Z,2026-01-01T23:00:00Z,daily\n";
        let event = &read_known_events(text).unwrap()[0];
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

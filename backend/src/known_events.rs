//! Known events from files and bodies: our CSV, or iCalendar, whose recurrences a library expands.

mod icalendar;

use shared::features::{KnownEvent, TimeZone, read_known_events};
use shared::input::InputError;
use shared::units::Window;

pub use self::icalendar::{IcsEvent, split};

/// Whether a text is a calendar (RFC 5545).
pub fn is_icalendar(text: &str) -> bool {
    text.trim_start().get(..15).is_some_and(|start| start.eq_ignore_ascii_case("BEGIN:VCALENDAR"))
}

/// Reads known events, each with its line: iCalendar, whose events come as often as they touch `window`, or CSV. Times without a zone are
/// local to `zone`.
///
/// # Errors
/// At the first wrong place.
pub fn read(text: &str, zone: &TimeZone, window: Window) -> Result<Vec<(u64, KnownEvent)>, InputError> {
    if !is_icalendar(text) {
        return read_known_events(text);
    }
    let mut occurrences = Vec::new();
    for event in IcsEvent::read_all(text)? {
        let found = event.occurrences(zone, window)?;
        occurrences.extend(found.into_iter().map(|occurrence| (event.line(), occurrence)));
    }
    Ok(occurrences)
}

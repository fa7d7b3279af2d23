use super::*;
use crate::known_events::{is_icalendar, read};

fn calendar(events: &[&str]) -> String {
    let events: String = events.iter().map(|event| format!("BEGIN:VEVENT\r\n{event}\r\nEND:VEVENT\r\n")).collect();
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\n{events}END:VCALENDAR\r\n")
}

fn window(start: &str, end: &str) -> Window {
    Window { start: start.parse().unwrap(), end: end.parse().unwrap() }
}

/// Starts and ends in a year of which they are, in Berlin where nothing else is said.
fn spans(events: &[&str]) -> Vec<(String, String)> {
    let zone = "Europe/Berlin".parse().unwrap();
    let year = window("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
    let read = read(&calendar(events), &zone, year).unwrap();
    read.iter().map(|(_, event)| (event.window.start.to_string(), event.window.end.to_string())).collect()
}

fn span(start: &str, end: &str) -> (String, String) {
    (start.to_owned(), end.to_owned())
}

#[test]
fn what_recurs_keeps_its_local_time() {
    // Clocks go forward in Berlin on 2026-03-29: nine o'clock is 08:00 UTC before and 07:00 after.
    let meeting = "SUMMARY:batch\r\nDTSTART;TZID=Europe/Berlin:20260323T090000\r\nDURATION:PT90M\r\n\
                   RRULE:FREQ=WEEKLY;COUNT=2";
    let expected =
        [span("2026-03-23T08:00:00Z", "2026-03-23T09:30:00Z"), span("2026-03-30T07:00:00Z", "2026-03-30T08:30:00Z")];
    assert_eq!(spans(&[meeting]), expected);
    let floating = meeting.replace(";TZID=Europe/Berlin", "");
    assert_eq!(spans(&[&floating]), expected, "what has no zone is local to ours");
}

#[test]
fn a_date_is_a_whole_local_day() {
    // The day has 23 hours.
    let expected = [span("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z")];
    assert_eq!(spans(&["SUMMARY:sale\r\nDTSTART;VALUE=DATE:20260329"]), expected);
    assert_eq!(spans(&["SUMMARY:sale\r\nDTSTART;VALUE=DATE:20260329\r\nDTEND;VALUE=DATE:20260330"]), expected);
}

#[test]
fn occurrences_are_left_out_moved_and_cancelled() {
    let daily = "UID:1\r\nSUMMARY:load test\r\nDTSTART:20260601T100000Z\r\nDTEND:20260601T110000Z\r\n\
                 RRULE:FREQ=DAILY;COUNT=4\r\nEXDATE:20260602T100000Z";
    let moved = "UID:1\r\nSUMMARY:load test\r\nRECURRENCE-ID:20260603T100000Z\r\nDTSTART:20260603T150000Z\r\n\
                 DTEND:20260603T160000Z";
    let cancelled = "UID:1\r\nSUMMARY:load test\r\nSTATUS:CANCELLED\r\nRECURRENCE-ID:20260604T100000Z\r\n\
                     DTSTART:20260604T100000Z\r\nDTEND:20260604T110000Z";
    let expected =
        [span("2026-06-01T10:00:00Z", "2026-06-01T11:00:00Z"), span("2026-06-03T15:00:00Z", "2026-06-03T16:00:00Z")];
    assert_eq!(spans(&[daily, moved, cancelled]), expected);
}

#[test]
fn what_recurs_for_ever_comes_as_often_as_it_touches_the_window() {
    let text = calendar(&["SUMMARY:night\r\nX-SHADOWPLANE-TENANT:acme\r\nDTSTART:20200101T230000Z\r\n\
                           DTEND:20200102T010000Z\r\nRRULE:FREQ=DAILY"]);
    // Begins in one night and ends in the third: what reaches over its edges touches it.
    let found = read(&text, &TimeZone::UTC, window("2026-06-01T00:30:00Z", "2026-06-02T23:30:00Z")).unwrap();
    let starts: Vec<String> = found.iter().map(|(_, event)| event.window.start.to_string()).collect();
    assert_eq!(starts, ["2026-05-31T23:00:00Z", "2026-06-01T23:00:00Z", "2026-06-02T23:00:00Z"]);
    assert!(
        found
            .iter()
            .all(|(line, event)| *line == 4 && event.tenant.as_deref() == Some("acme") && event.name == "night")
    );
}

#[test]
fn what_is_wrong_is_named_with_line_and_field() {
    let year = window("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
    let check = |event: &str, field: &str, part: &str| {
        let good = "SUMMARY:a\r\nDTSTART:20260101T000000Z\r\nDURATION:PT1H";
        let error = read(&calendar(&[good, event]), &TimeZone::UTC, year).unwrap_err();
        // Three lines of the calendar and five of the first event come before it: the line of its BEGIN, unless the
        // property is there.
        let property = event.lines().position(|line| line.starts_with(field));
        let line = 9 + property.map_or(0, |position| position as u64 + 1);
        assert_eq!((error.line, error.field.as_deref()), (line, Some(field)), "{error}");
        assert!(error.message.contains(part), "{error}");
    };
    check("DTSTART:20260101T000000Z\r\nDURATION:PT1H", "SUMMARY", "name");
    check("SUMMARY:b\r\nDURATION:PT1H", "DTSTART", "20260101T090000Z");
    check("SUMMARY:b\r\nDTSTART:20260101T000000Z", "DTEND", "DURATION");
    check("SUMMARY:b\r\nDTSTART:20260102T000000Z\r\nDTEND:20260101T000000Z", "DTEND", "after it starts");
    check("SUMMARY:b\r\nDTSTART:20260101T000000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=OFTEN", "RRULE", "FREQ=WEEKLY");
    check("SUMMARY:b\r\nDTSTART;TZID=Mars/X:20260101T000000\r\nDURATION:PT1H", "DTSTART", "`Mars/X` is no time zone");
    check("SUMMARY:b\r\nDTSTART:20200101T000000Z\r\nDURATION:PT1S\r\nRRULE:FREQ=MINUTELY", "RRULE", "more than");
    assert!(is_icalendar("begin:vcalendar\n") && !is_icalendar("name,start,end\n"));
    let error = read("BEGIN:VCALENDAR\nBEGIN:VEVENT\n", &TimeZone::UTC, year).unwrap_err();
    assert!(error.message.contains("END:VCALENDAR"), "{error}");
}

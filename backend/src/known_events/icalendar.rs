//! Events of a calendar (RFC 5545).

use std::collections::BTreeMap;

use ::icalendar::rrule::{RRuleError, Tz};
use ::icalendar::{
    Calendar, CalendarDateTime, Component, DatePerhapsTime, Event, EventLike, EventStatus, RecurrenceError,
};
use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use shared::features::{KnownEvent, TimeZone};
use shared::input::InputError;
use shared::units::{Instant, Window};

/// One event of a calendar, with the occurrences that others replace.
///
/// SUMMARY is the event's name. DTEND, or DURATION, says how long it lasts; a date alone is a whole day. RRULE, RDATE
/// and EXDATE say when it comes again; an event with a RECURRENCE-ID replaces that occurrence of the one with its UID.
/// Events whose STATUS is CANCELLED are left out. [`TENANT`] names a tenant whom it moves; else it moves everyone.
#[derive(Clone, Debug)]
pub struct IcsEvent {
    event: Event,
    place: Place,
    /// Starts of occurrences that others replace.
    replaced: Vec<DatePerhapsTime>,
}

/// Where an event stands in its calendar.
#[derive(Clone, Debug, Default)]
struct Place {
    /// Line of its BEGIN.
    line: u64,
    /// Lines of its properties, by name.
    properties: BTreeMap<String, u64>,
}

/// The property that names a tenant.
const TENANT: &str = "X-SHADOWPLANE-TENANT";

/// No event is expanded to more occurrences in one window.
const OCCURRENCES_MAX: u16 = 20_000;

/// How long an event lasts.
#[derive(Clone, Copy)]
enum Length {
    /// Whole days on the local calendar.
    Days(u64),
    /// So much time.
    Exact(TimeDelta),
}

impl IcsEvent {
    /// The events of a calendar.
    ///
    /// # Errors
    /// When it is no calendar, or an event of it lacks its name or its start.
    pub fn read_all(text: &str) -> Result<Vec<Self>, InputError> {
        let all = events(text)?;
        let mut replaced: BTreeMap<&str, Vec<DatePerhapsTime>> = BTreeMap::new();
        for (event, _) in &all {
            if let Some((uid, occurrence)) = event.get_uid().zip(event.get_recurrence_id()) {
                replaced.entry(uid).or_default().push(occurrence);
            }
        }
        let mut read = Vec::new();
        for (event, place) in &all {
            if event.get_status() == Some(EventStatus::Cancelled) {
                continue;
            }
            let (event, place) = (event.clone(), place.clone());
            let replaced = match event.get_recurrence_id() {
                None => event.get_uid().and_then(|uid| replaced.get(uid).cloned()).unwrap_or_default(),
                Some(_) => Vec::new(),
            };
            let event = Self { event, place, replaced };
            event.name()?;
            event.length(event.start()?)?;
            read.push(event);
        }
        Ok(read)
    }

    /// The line of its BEGIN.
    pub fn line(&self) -> u64 {
        self.place.line
    }

    /// What people call it, and the tenant whom it moves.
    ///
    /// # Errors
    /// When it has no name.
    pub fn named(&self) -> Result<(String, Option<String>), InputError> {
        Ok((self.name()?.to_owned(), self.tenant()))
    }

    fn tenant(&self) -> Option<String> {
        self.event.property_value(TENANT).map(str::to_owned)
    }

    /// What people call it.
    fn name(&self) -> Result<&str, InputError> {
        let name = self.event.get_summary().filter(|name| !name.is_empty());
        name.ok_or_else(|| self.wrong("SUMMARY", "is missing; give the event a name"))
    }

    fn start(&self) -> Result<DatePerhapsTime, InputError> {
        let message = "is missing or no date; expected such as 20260101T090000Z, or 20260101 for a whole day";
        let start = self.event.get_start().ok_or_else(|| self.wrong("DTSTART", message))?;
        for (field, time) in [("DTSTART", Some(&start)), ("DTEND", self.event.get_end().as_ref())] {
            if let Some(DatePerhapsTime::DateTime(CalendarDateTime::WithTimezone { tzid, .. })) = time
                && tz(tzid).is_none()
            {
                let message = format!("`{tzid}` is no time zone; expected an IANA name as TZID, such as Europe/Berlin");
                return Err(self.wrong(field, &message));
            }
        }
        Ok(start)
    }

    /// From the start to the end. Both are on the same clock, or in the same zone.
    fn length(&self, start: DatePerhapsTime) -> Result<Length, InputError> {
        let length = match (start, self.event.get_end()) {
            (DatePerhapsTime::Date(start), Some(DatePerhapsTime::Date(end))) => {
                u64::try_from((end - start).num_days()).ok().map(Length::Days)
            }
            (DatePerhapsTime::Date(_), None) if self.event.property_value("DURATION").is_none() => {
                Some(Length::Days(1))
            }
            (DatePerhapsTime::DateTime(start), Some(DatePerhapsTime::DateTime(end))) => {
                between(&start, &end).map(Length::Exact)
            }
            (_, None) => self.event.property_value("DURATION").and_then(duration).map(Length::Exact),
            _ => None,
        };
        let is_some = |length: &Length| match length {
            Length::Days(days) => *days > 0,
            Length::Exact(length) => *length > TimeDelta::zero(),
        };
        length.filter(is_some).ok_or_else(|| {
            let message = "an event ends after it starts; expected DTEND or DURATION, a date where DTSTART is a date";
            self.wrong("DTEND", message)
        })
    }

    /// The event as often as it touches a window; times without a zone are local to `zone`.
    ///
    /// # Errors
    /// When its rule is none, its zone is not known, or it comes too often.
    pub fn occurrences(&self, zone: &TimeZone, window: Window) -> Result<Vec<KnownEvent>, InputError> {
        let (start, length) = (self.start()?, self.length(self.start()?)?);
        let local: Tz =
            tz(&String::from(zone.clone())).ok_or_else(|| self.wrong("DTSTART", "has no known time zone"))?;
        let mut event = self.event.clone();
        let starts = anchored(&start, &String::from(zone.clone()));
        event.starts(starts);
        let rules = event.get_recurrence().map_err(|error| self.recurrence(&error))?;
        // What began before the window may reach into it.
        let reach = match length {
            Length::Days(days) => TimeDelta::days(i64::try_from(days).unwrap_or(i64::MAX / 86_400_000_000) + 1),
            Length::Exact(length) => length,
        };
        let (Some(from), Some(until)) = (utc(window.start), utc(window.end)) else { return Ok(Vec::new()) };
        let from = from.checked_sub_signed(reach).unwrap_or(from);
        let found =
            rules.after(from.with_timezone(&Tz::UTC)).before(until.with_timezone(&Tz::UTC)).all(OCCURRENCES_MAX);
        if found.limited {
            let message = format!("comes more than {OCCURRENCES_MAX} times; expected events that a calendar can show");
            return Err(self.wrong("RRULE", &message));
        }
        let replaced: Vec<DateTime<Utc>> = self.replaced.iter().filter_map(|at| instant_of(at, local)).collect();
        let name = self.name()?;
        let tenant = self.tenant();
        let known = |start: DateTime<Tz>| {
            let end = match length {
                Length::Days(days) => start.checked_add_days(Days::new(days))?,
                Length::Exact(length) => start.checked_add_signed(length)?,
            };
            let window = Window { start: instant(start.to_utc()), end: instant(end.to_utc()) };
            Some(KnownEvent { name: name.to_owned(), window, tenant: tenant.clone(), repeat: None })
        };
        let kept = found.dates.into_iter().filter(|start| !replaced.contains(&start.to_utc()));
        Ok(kept.filter_map(known).filter(|event| event.touches(window)).collect())
    }

    fn recurrence(&self, error: &RecurrenceError) -> InputError {
        match error {
            RecurrenceError::Rule(rule) => {
                let why = match rule {
                    RRuleError::ParserError(why) => why.to_string(),
                    RRuleError::ValidationError(why) => why.to_string(),
                    RRuleError::IterError(why) => why.clone(),
                };
                self.wrong("RRULE", &format!("{why} It cannot be expanded; expected such as FREQ=WEEKLY;BYDAY=MO,TH"))
            }
            other => self.wrong("DTSTART", &other.to_string()),
        }
    }

    fn wrong(&self, field: &str, message: &str) -> InputError {
        let line = self.place.properties.get(field).copied().unwrap_or(self.place.line);
        InputError::field(line, field, message)
    }
}

/// The events of a calendar, each with its line, its UID, and a calendar of its own that holds whatever replaces
/// occurrences of it too. One without a UID gets its start and name for one. Whether an event can happen, reading its
/// calendar says.
///
/// # Errors
/// When it is no calendar.
pub fn split(text: &str) -> Result<Vec<(u64, String, String)>, InputError> {
    let mut calendars: Vec<(u64, String, Calendar)> = Vec::new();
    for (mut event, Place { line, .. }) in events(text)? {
        let start = event.property_value("DTSTART").unwrap_or_default();
        let uid = event.get_uid().map_or_else(|| format!("{start} {:?}", event.get_summary()), str::to_owned);
        // What is missing would be made up anew at every writing.
        event.uid(&uid);
        if event.get_timestamp().is_none() {
            event.timestamp(DateTime::UNIX_EPOCH);
        }
        match calendars.iter_mut().find(|(_, known, _)| *known == uid) {
            Some((_, _, calendar)) => {
                calendar.push(event);
            }
            None => calendars.push((line, uid, Calendar::from([event]))),
        }
    }
    Ok(calendars.into_iter().map(|(line, uid, calendar)| (line, uid, calendar.to_string())).collect())
}

/// The events of a calendar, each with its place.
fn events(text: &str) -> Result<Vec<(Event, Place)>, InputError> {
    let calendar: Calendar = text.parse().map_err(|_| {
        InputError::whole("is no iCalendar that can be read; expected BEGIN:VCALENDAR to END:VCALENDAR (RFC 5545)")
    })?;
    let mut places: Vec<Place> = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        if line.trim_end().eq_ignore_ascii_case("BEGIN:VEVENT") {
            places.push(Place { line: number, ..Place::default() });
        } else if let (Some(place), Some((name, _))) = (places.last_mut(), line.split_once([':', ';'])) {
            place.properties.entry(name.to_ascii_uppercase()).or_insert(number);
        }
    }
    Ok(calendar.events().cloned().zip(places).collect())
}

/// A start in a zone: what floats, and whole days, are local to `zone`.
fn anchored(start: &DatePerhapsTime, zone: &str) -> CalendarDateTime {
    let local = |date_time| CalendarDateTime::WithTimezone { date_time, tzid: zone.to_owned() };
    match start {
        DatePerhapsTime::Date(date) => local(midnight(*date)),
        DatePerhapsTime::DateTime(CalendarDateTime::Floating(date_time)) => local(*date_time),
        DatePerhapsTime::DateTime(other) => other.clone(),
    }
}

fn instant_of(at: &DatePerhapsTime, local: Tz) -> Option<DateTime<Utc>> {
    let in_zone = |zone: Tz, at: NaiveDateTime| Some(at.and_local_timezone(zone).earliest()?.to_utc());
    match at {
        DatePerhapsTime::Date(date) => in_zone(local, midnight(*date)),
        DatePerhapsTime::DateTime(CalendarDateTime::Floating(at)) => in_zone(local, *at),
        DatePerhapsTime::DateTime(CalendarDateTime::Utc(at)) => Some(*at),
        DatePerhapsTime::DateTime(CalendarDateTime::WithTimezone { date_time, tzid }) => in_zone(tz(tzid)?, *date_time),
    }
}

/// From one time to another; none where one has a zone that the other does not.
fn between(start: &CalendarDateTime, end: &CalendarDateTime) -> Option<TimeDelta> {
    match (start, end) {
        (CalendarDateTime::Floating(start), CalendarDateTime::Floating(end)) => Some(*end - *start),
        _ => Some(end.try_into_utc()? - start.try_into_utc()?),
    }
}

fn duration(text: &str) -> Option<TimeDelta> {
    let parsed: jiff::SignedDuration =
        text.parse::<jiff::Span>().ok()?.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok()?;
    Some(TimeDelta::microseconds(i64::try_from(parsed.as_micros()).ok()?))
}

fn tz(name: &str) -> Option<Tz> {
    name.parse::<chrono_tz::Tz>().ok().map(Tz::from)
}

fn midnight(date: NaiveDate) -> NaiveDateTime {
    date.and_time(NaiveTime::MIN)
}

fn utc(at: Instant) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(at.micros())
}

fn instant(at: DateTime<Utc>) -> Instant {
    Instant::from_micros(at.timestamp_micros())
}

#[cfg(test)]
mod tests;

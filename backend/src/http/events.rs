//! `/v1/events`: known events, given as JSON, as CSV or as a calendar.

use actix_web::HttpRequest;
use actix_web::web::{Data, Json, Path, Payload};
use serde::Deserialize;
use shared::api::{EventView, IngestAnswer, paths};
use shared::features::{KnownEvent, known_event_rows};
use shared::input::{InputError, Numbered};
use shared::units::{Duration, Instant, Window};

use super::ingest::Answers;
use super::query::{Query, in_order};
use super::{Answer, App, Problem, body};
use crate::access::Scope;
use crate::known_events::{is_icalendar, split};
use crate::shadowing::GivenEvent;
use crate::store::{Appended, Collection, Document, StoreError, write_document};

/// The window that a list shows unless another is asked for.
const SHOWN: Duration = Duration::from_seconds(30 * 86_400);

/// The longest window that a list shows.
const SHOWN_MAX: Duration = Duration::from_seconds(366 * 86_400);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Between {
    from: Option<Instant>,
    to: Option<Instant>,
}

pub(super) async fn give(app: Data<App>, request: HttpRequest, payload: Payload) -> Answer<IngestAnswer> {
    let bytes = body::admitted(&app, &request, payload).await?;
    let mut answers = Answers::default();
    let tenants = app.board.snapshot().tenants;
    for (line, given) in read(&app, &bytes)? {
        let strangers = given.as_ref().ok().and_then(|(_, event)| event.names().ok()).into_iter().flatten();
        let stranger = strangers.filter_map(|(_, tenant)| tenant).find(|tenant| !tenants.contains(tenant));
        answers.take(line, given, |(key, _)| key.clone());
        if let Some(tenant) = stranger {
            let message = format!("`{tenant}` has made no request yet; until it does, the event moves nothing");
            answers.note("tenant", message);
        }
    }
    let (mut appended, mut documents) = (Vec::new(), Vec::new());
    for (key, given) in core::mem::take(&mut answers.valid) {
        let at = app.clock.now();
        let document = write_document(key.clone(), at, &given)?;
        let earlier = app.store.get(Collection::Events, key).await?;
        let same = earlier.is_some_and(|earlier| earlier.body == document.body);
        appended.push(if same { Appended::Duplicate } else { Appended::Accepted });
        documents.push(document);
    }
    app.store.put(Collection::Events, documents).await?;
    answers.finish(appended, "name", "contradicts an earlier event")
}

type Given = (String, GivenEvent);

/// What a body gives, with the line of each; what has the key of an earlier one replaces it.
fn read(app: &App, bytes: &[u8]) -> Result<Vec<Numbered<Given>>, Problem> {
    let text = body::text(bytes)?;
    if is_icalendar(text) {
        let events = split(text).map_err(Problem::input)?;
        let year = Window { start: app.clock.now(), end: app.clock.now() + SHOWN_MAX };
        let calendar = |(line, uid, calendar): (u64, String, String)| {
            let given = GivenEvent::of_calendar(&uid, calendar);
            (line, given.1.occurrences(&app.config.zone(), year).map(|_| given))
        };
        return Ok(events.into_iter().map(calendar).collect());
    }
    if text.trim_start().starts_with(['{', '[']) {
        let records = body::records::<KnownEvent>(bytes)?;
        return Ok(records.into_iter().map(|(line, record)| (line, record.map(GivenEvent::keyed))).collect());
    }
    let events = known_event_rows(text).map_err(Problem::input)?;
    Ok(events.into_iter().map(|(line, event)| (line, event.map(GivenEvent::keyed))).collect())
}

pub(super) async fn list(app: Data<App>, scope: Scope, Query(query): Query<Between>) -> Answer<Vec<EventView>> {
    let Between { from, to } = query;
    in_order(from, to)?;
    let start = from.unwrap_or_else(|| app.board.snapshot().now);
    let window = Window { start, end: to.unwrap_or(start + SHOWN) };
    if window.length() > SHOWN_MAX {
        return Err(Problem::field("to", format!("the window is too long; ask for {SHOWN_MAX} at most")));
    }
    let documents = app.store.list(Collection::Events, Window::ALWAYS, usize::MAX).await?;
    let mut views = Vec::new();
    for document in &documents {
        let of_document = view(&app, document, window)?;
        // A calendar of several tenants may name the one in what it says of the other.
        let is_own = |view: &EventView| match (scope.tenants(), &view.tenant) {
            (None, _) => true,
            (Some(tenants), tenant) => tenant.as_ref().is_some_and(|tenant| tenants.contains(tenant)),
        };
        if of_document.iter().all(is_own) {
            views.extend(of_document);
        }
    }
    views.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    Ok(Json(views))
}

/// The events of a document, by name and tenant.
fn view(app: &App, document: &Document, window: Window) -> Result<Vec<EventView>, StoreError> {
    let given: GivenEvent = document.read()?;
    let mut views: Vec<EventView> = Vec::new();
    for (name, tenant) in given.names().map_err(unreadable)? {
        let event = given.own().cloned();
        views.push(EventView { id: document.key.clone(), name, tenant, occurrences: Vec::new(), event });
    }
    let found = given.occurrences(&app.config.zone(), window).map_err(unreadable)?;
    for event in found.iter().flat_map(|event| event.occurrences_in(window).map(move |window| (event, window))) {
        let (event, window) = event;
        let same = |view: &&mut EventView| view.name == event.name && view.tenant == event.tenant;
        if let Some(view) = views.iter_mut().find(same) {
            view.occurrences.push(window);
        }
    }
    views.iter_mut().for_each(|view| view.occurrences.sort_unstable_by_key(|window| window.start));
    Ok(views)
}

fn unreadable(error: InputError) -> StoreError {
    StoreError::Unreadable(error.to_string())
}

pub(super) async fn remove(app: Data<App>, id: Path<String>) -> Answer<Vec<EventView>> {
    let missing = || Problem::not_found(format!("there is no event `{id}`; GET {} lists them", paths::EVENTS));
    let document = app.store.get(Collection::Events, id.to_string()).await?.ok_or_else(missing)?;
    let now = app.board.snapshot().now;
    let views = view(&app, &document, Window { start: now, end: now + SHOWN })?;
    app.store.remove(Collection::Events, id.to_string()).await?;
    Ok(Json(views))
}

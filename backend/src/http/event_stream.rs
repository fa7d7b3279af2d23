//! What is told as it happens, as Server-Sent Events. Source: the HTML standard, 9.2.

use std::time::Duration;

use actix_web::http::header::{self, HeaderMap};
use actix_web::web::Bytes;
use actix_web::{Error, HttpResponse};
use futures_util::stream::Stream;

const EVENT_STREAM: &str = "text/event-stream";

/// Where nothing happens, this is said so often, so that nobody in between takes the connection for dead.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(15);

/// A listener has to come again after so long, and show its key again.
pub(super) const LISTENS_MAX: Duration = Duration::from_secs(3_600);

/// Whether somebody asks for a stream in the place of one answer.
pub(super) fn wants_events(headers: &HeaderMap) -> bool {
    let accepts = headers.get(header::ACCEPT).and_then(|accepts| accepts.to_str().ok()).unwrap_or_default();
    accepts.split(',').any(|kind| kind.split(';').next().is_some_and(|kind| kind.trim() == EVENT_STREAM))
}

/// The answer that goes on for as long as there are events.
pub(super) fn answer(events: impl Stream<Item = Result<Bytes, Error>> + 'static) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(EVENT_STREAM)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // What is compressed is kept until there is more of it.
        .insert_header(header::ContentEncoding::Identity)
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(events)
}

/// An event: its id, where one can go on after it, its type, and JSON on one line.
pub(super) fn event(id: Option<&str>, kind: &str, data: &str) -> String {
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    format!("{id}event: {kind}\ndata: {data}\n\n")
}

/// What is said to nobody, to keep the connection.
pub(super) fn comment(text: &str) -> String {
    format!(": {text}\n\n")
}

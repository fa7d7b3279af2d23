//! `POST /v1/quotes`: what requests would get and cost, on a fork of the primary as the newest forecast began with it.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::web::{self, Data, Json, Payload, ServiceConfig};
use shared::api::{NotReady, QuoteOrder, QuoteView, paths};
use shared::quote::{self, QuoteBase, QuoteError, read_order};

use super::{Answer, App, Problem, body, resource};

/// The most requests of one quote.
const REQUESTS_MAX: usize = 10_000;

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(resource(paths::QUOTES).route(web::post().to(quote)));
}

async fn quote(app: Data<App>, request: HttpRequest, payload: Payload) -> Answer<QuoteView> {
    let order: QuoteOrder = body::document(&request, payload, app.body_bytes_max).await?;
    if order.requests.is_empty() {
        return Err(Problem::field("requests", "is empty; expected at least one request"));
    }
    let base = app.board.snapshot().quote_base.ok_or_else(|| {
        let message =
            "no forecast has been made since the service began, and so the primary is not known; ask again later";
        Problem::not_ready(&NotReady {
            reason: "no_forecast".to_owned(),
            message: message.to_owned(),
            bins_missing: None,
        })
    })?;
    let config = Arc::clone(&app.config);
    let quoted = web::block(move || answer(&base, order, &config.catalogue));
    quoted.await.map_err(|_| Problem::broken())?.map(Json)
}

fn answer(base: &QuoteBase, order: QuoteOrder, catalogue: &shared::request::Catalogue) -> Result<QuoteView, Problem> {
    let QuoteOrder { requests, length, fixes } = order;
    let requests = read_order(requests, base.at()).map_err(in_order)?;
    if requests.len() > REQUESTS_MAX {
        let message = format!("make {} with their counts; expected {REQUESTS_MAX} at most", requests.len());
        return Err(Problem::field("requests", message));
    }
    let quoted = base.quote(requests, length.unwrap_or(quote::LENGTH), catalogue).map_err(|error| match error {
        QuoteError::Request(error) => in_order(error),
        QuoteError::Length(_) => Problem::field("length", error.to_string()),
        QuoteError::Impossible(problems) => Problem::fields(problems),
    })?;
    if fixes {
        QuoteView::with_fixes(quoted, &mut |_| true).map_err(|error| Problem::field("fixes", error.to_string()))
    } else {
        Ok(QuoteView::without_fixes(quoted))
    }
}

/// What is wrong with a request of the order: its place in the list, counted from 0, is part of the field.
fn in_order(error: shared::input::InputError) -> Problem {
    let place = error.line.checked_sub(1).map_or("requests".to_owned(), |place| format!("requests[{place}]"));
    let field = error.field.map_or(place.clone(), |field| format!("{place}.{field}"));
    Problem::field(&field, error.message)
}

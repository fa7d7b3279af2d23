//! `POST /v1/quotes`: what requests would get and cost, on a fork of the primary as the newest forecast began with it.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::web::{self, Data, Json, Payload};
use shared::api::{NotReady, QuoteOrder, QuoteView};
use shared::input::InputError;
use shared::quote::{LENGTH, Ordered, QuoteBase, QuoteError, read_order};
use shared::request::Catalogue;

use super::{Answer, App, Problem, body};

pub(super) async fn quotes(app: Data<App>, request: HttpRequest, payload: Payload) -> Answer<QuoteView> {
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

fn answer(base: &QuoteBase, order: QuoteOrder, catalogue: &Catalogue) -> Result<QuoteView, Problem> {
    let QuoteOrder { requests, length, fixes } = order;
    let Ordered { requests, objects } =
        read_order(requests, base.at(), 0).map_err(|error| wrong(error.line.saturating_sub(1) as usize, error))?;
    let quoted = base.quote(requests, length.unwrap_or(LENGTH), catalogue).map_err(|error| match error {
        QuoteError::Request { position, error, .. } => wrong(objects.get(position).copied().unwrap_or_default(), error),
        QuoteError::Length(_) => Problem::field("length", error.to_string()),
        QuoteError::Impossible(problems) => Problem::fields(problems),
    })?;
    if fixes {
        QuoteView::with_fixes(quoted, &mut |_| true).map_err(|error| Problem::field("fixes", error.to_string()))
    } else {
        Ok(QuoteView::without_fixes(quoted))
    }
}

/// What is wrong with an object of the order: its place, counted from 0, is part of the field.
fn wrong(object: usize, error: InputError) -> Problem {
    let place = format!("requests[{object}]");
    let field = error.field.map_or(place.clone(), |field| format!("{place}.{field}"));
    Problem::field(&field, error.message)
}

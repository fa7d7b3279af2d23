//! What events of other control planes say goes into the log.

use std::collections::VecDeque;

use actix_web::web::Json;
use shared::api::ForeignEventsAnswer;
use shared::input::InputError;
use shared::request::Request;
use shared::trace::events::{Events, Refusal, Told};

use super::ingest::{Shapes, check};
use super::plausible::Plausible;
use super::{Answer, App};
use crate::store::Appended;

/// Stores what events say, and answers what became of them. A record that the log has already, in these words or others,
/// is a duplicate: the first event that told of a create or an end holds.
pub(super) async fn take(app: &App, told: Events) -> Answer<ForeignEventsAnswer> {
    let Events { events, requests, observations, ignored, mut refused, .. } = told;
    let (known, mut shapes) = (Plausible::now(app), Shapes::new(&app.config));
    let mut checked = |told: Told<Request>| -> Result<Request, (Told<()>, InputError)> {
        let Told { place, event, record } = told;
        let request = check(place.line, record, &app.config.catalogue, &known).map_err(|refused| refused.error);
        let request = request.and_then(|request| shapes.check(place.line, &request).map(|()| request));
        request.map_err(|error| (Told { place, event, record: () }, error))
    };
    let mut valid = Vec::with_capacity(requests.len());
    for told in requests {
        match checked(told) {
            Ok(request) => valid.push(request),
            Err((Told { place, event, .. }, error)) => refused.push(Refusal::new(place, Some(event), error)),
        }
    }
    refused.sort_by_key(|refusal| refusal.event);
    let observations: Vec<_> = observations.into_iter().map(|told| told.record).collect();
    let requests: VecDeque<Appended> = app.store.append_requests(valid).await?.into();
    let observations = app.store.append_observations(observations, app.board.snapshot().now).await?;
    let new = |appended: &&Appended| **appended == Appended::Accepted;
    let (new_requests, new_observations) =
        (requests.iter().filter(new).count() as u64, observations.iter().filter(new).count() as u64);
    let all = (requests.len() + observations.len()) as u64;
    Ok(Json(ForeignEventsAnswer {
        events,
        requests: new_requests,
        observations: new_observations,
        duplicates: all - new_requests - new_observations,
        ignored,
        refused,
    }))
}

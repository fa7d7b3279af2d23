//! `GET /v1/notifications`: what was noticed, page by page, or as it happens.

use actix_web::http::header::HeaderMap;
use actix_web::web::{Bytes, Data, Json};
use actix_web::{Error, HttpRequest, HttpResponse, Responder};
use futures_util::stream::{self, Stream};
use shared::api::{Notification, NotificationPage};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::Instant;

use super::event_stream::{HEARTBEAT, LISTENS_MAX, answer, comment, event, wants_events};
use super::query::{IdPage, Query};
use super::{App, Problem};
use crate::access::Scope;
use crate::store::StoreError;

/// So many notifications are read for a listener at once; it gets the next when it has taken these.
const BATCH: usize = 50;

pub(super) async fn list(
    app: Data<App>,
    scope: Scope,
    request: HttpRequest,
    Query(page): Query<IdPage>,
) -> Result<HttpResponse, Problem> {
    let tenants = scope.tenants().map(|tenants| tenants.iter().cloned().collect::<Vec<String>>());
    if wants_events(request.headers()) {
        return listen(app, tenants, request.headers(), &page).await;
    }
    let (after, limit) = page.scan();
    let found = app.outbox.store.notifications(after, tenants, limit).await?;
    let (notifications, next) = page.cut(found, |notification| notification.id.clone());
    Ok(Json(NotificationPage { notifications, next }).respond_to(&request).map_into_boxed_body())
}

/// Goes on after what the client has heard last, or begins with what comes next.
async fn listen(
    app: Data<App>,
    tenants: Option<Vec<String>>,
    headers: &HeaderMap,
    page: &IdPage,
) -> Result<HttpResponse, Problem> {
    let Some((noted, permit)) = app.outbox.listen() else { return Err(Problem::too_many_listeners()) };
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    let after = match last.or_else(|| page.after().map(str::to_owned)) {
        Some(after) => after,
        None => app.outbox.store.newest().await?,
    };
    let ends = Instant::now() + LISTENS_MAX;
    let listener = Listener { app, tenants, after, noted, ends, greeted: false, _permit: permit };
    Ok(answer(listener.events()))
}

/// Somebody who hears of notifications as they happen. There is no queue for anybody: each reads on where it is.
struct Listener {
    app: Data<App>,
    tenants: Option<Vec<String>>,
    after: String,
    noted: watch::Receiver<u64>,
    ends: Instant,
    greeted: bool,
    _permit: OwnedSemaphorePermit,
}

impl Listener {
    fn events(self) -> impl Stream<Item = Result<Bytes, Error>> {
        stream::unfold(self, |mut listener| async move {
            let told = listener.next().await?;
            Some((told.map(Bytes::from).map_err(|error| Problem::from(error).into()), listener))
        })
    }

    /// What is to be said next; nothing where it is over.
    async fn next(&mut self) -> Option<Result<String, StoreError>> {
        if !self.greeted {
            self.greeted = true;
            // Headers are sent with the first of the body.
            return Some(Ok(comment("listening")));
        }
        loop {
            self.noted.mark_unchanged();
            let store = &self.app.outbox.store;
            match store.notifications(self.after.clone(), self.tenants.clone(), BATCH).await {
                Ok(found) if found.is_empty() => {}
                Ok(found) => {
                    found.last()?.id.clone_into(&mut self.after);
                    return Some(Ok(found.iter().map(told).collect()));
                }
                Err(error) => return Some(Err(error)),
            }
            if Instant::now() >= self.ends || self.app.outbox.is_closed() {
                return None;
            }
            let heard = tokio::time::timeout(HEARTBEAT, self.noted.changed());
            match heard.await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return None,
                Err(_) => return Some(Ok(comment("nothing has happened"))),
            }
        }
    }
}

fn told(notification: &Notification) -> String {
    let data = serde_json::to_string(notification).unwrap_or_default();
    event(Some(&notification.id), notification.told.kind().as_str(), &data)
}

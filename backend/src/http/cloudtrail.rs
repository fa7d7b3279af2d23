//! `POST /v1/aws/cloudtrail`: where an API destination of EventBridge sends records of CloudTrail.

use actix_web::HttpRequest;
use actix_web::web::{Data, Payload};
use shared::api::ForeignEventsAnswer;
use shared::trace::cloudtrail::{TrailChanges, TrailTenants};

use super::{Answer, App, Problem, body, foreign_events};

pub(super) async fn records(app: Data<App>, request: HttpRequest, payload: Payload) -> Answer<ForeignEventsAnswer> {
    let bytes = body::admitted(&app, &request, payload).await?;
    let mut changes = TrailChanges::default();
    changes.read(body::text(&bytes)?).map_err(Problem::input)?;
    let resources: Vec<String> = changes.resources().into_iter().collect();
    let known = app.store.requests_beginning(resources.clone()).await?;
    let known = resources.into_iter().zip(known).collect();
    let tenants = TrailTenants { mapping: app.foreign.mapping.as_ref(), tag: app.foreign.tag.as_deref() };
    foreign_events::take(&app, changes.settle(known, tenants)).await
}

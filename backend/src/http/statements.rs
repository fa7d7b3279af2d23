//! `GET /v1/reports/statement`: what a window cost, by any two of tenant, flavor, label and the like.

use core::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::web::{self, Data, Json, ServiceConfig};
use serde::Deserialize;
use shared::allocation::{
    Basis, GroupBy, Metering, SharedPolicy, Statement, StatementError, StatementSettings, StatementView, unit_costs,
};
use shared::api::{StatementAnswer, paths};
use shared::units::{Duration, Instant, Window};

use super::query::{Query, in_order};
use super::{Answer, App, Problem, get, resource};
use crate::shadowing::{known_log, metered};
use crate::store::{LogSummary, observations_in, requests_in};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    from: Option<Instant>,
    to: Option<Instant>,
    by: Option<String>,
    resolution: Option<String>,
    idle: Option<String>,
    shared: Option<String>,
}

/// What was metered last: whoever looks at a window looks at it in several ways.
#[derive(Debug, Default)]
pub struct LastMetering(Mutex<Option<(Window, LogSummary, Metered)>>);

type Metered = Arc<(Metering, Basis)>;

/// How long the window is where its start is not asked for.
const USUAL: Duration = Duration::from_seconds(7 * 86_400);

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(resource(paths::STATEMENT).route(get().to(statement)));
}

async fn statement(app: Data<App>, Query(ask): Query<Ask>) -> Answer<StatementAnswer> {
    in_order(ask.from, ask.to)?;
    let settings = StatementSettings {
        window: window(&app, &ask).await?,
        resolution: parsed("resolution", ask.resolution.as_deref())?,
        by: groupings(ask.by.as_deref().unwrap_or("tenant"))?,
        idle: parsed("idle", ask.idle.as_deref())?,
        shared: shared_policy(ask.shared.as_deref().unwrap_or("keep"))?,
    };
    let metered = metering(&app, settings.window).await?;
    let has_commitments = !app.config.assumed.price_book.commitments.is_empty();
    let stated = web::block(move || -> Result<StatementAnswer, StatementError> {
        let (metering, basis) = &*metered;
        let statement = Statement::new(metering, settings)?;
        let left_out = "commitment discounts are left out: everything stands at its price without them";
        let notices = has_commitments.then(|| left_out.to_owned()).into_iter().collect();
        Ok(StatementAnswer {
            basis: *basis,
            notices,
            statement: StatementView::new(&statement, unit_costs(&statement, &[])),
        })
    });
    let stated = stated.await.map_err(|_| Problem::conflict("the service ends"))?;
    stated.map(Json).map_err(|error| match error {
        StatementError::TooFine(_) | StatementError::TooLong => Problem::field("resolution", error.to_string()),
        error => Problem::field("from", error.to_string()),
    })
}

/// What is asked for, inside of what is known: from the first request to the last hour that has closed.
async fn window(app: &App, ask: &Ask) -> Result<Window, Problem> {
    let closed = app.config.counted_until(app.board.snapshot().now).floor(Duration::HOUR);
    let first = app.store.summary().await?.first.filter(|first| *first < closed);
    let first = first.ok_or_else(|| Problem::conflict("no hour with requests has closed yet"))?.floor(Duration::HOUR);
    let end = ask.to.unwrap_or(closed);
    let start = ask.from.unwrap_or_else(|| first.max(end - USUAL));
    if end > closed {
        return Err(Problem::field("to", format!("is {end}; the last hour that has closed ended at {closed}")));
    }
    if start < first {
        return Err(Problem::field("from", format!("is {start}; the first request came after {first}")));
    }
    if start >= end {
        return Err(Problem::field(
            "from",
            format!("is {start}; expected an instant before {end}, where the window ends"),
        ));
    }
    Ok(Window { start, end })
}

fn parsed<T: FromStr<Err = String> + Default>(field: &str, text: Option<&str>) -> Result<T, Problem> {
    text.map_or_else(|| Ok(T::default()), |text| text.parse().map_err(|error: String| Problem::field(field, error)))
}

fn groupings(text: &str) -> Result<Vec<GroupBy>, Problem> {
    let by: Result<Vec<GroupBy>, String> = text.split(',').map(str::parse).collect();
    let by = by.map_err(|error| Problem::field("by", error))?;
    match &by[..] {
        [one, other] if one == other => Err(Problem::field("by", format!("names {one} twice; expected each once"))),
        [_] | [_, _] => Ok(by),
        more => Err(Problem::field("by", format!("names {} groupings; expected one or two", more.len()))),
    }
}

fn shared_policy(text: &str) -> Result<SharedPolicy, Problem> {
    match text {
        "keep" => Ok(SharedPolicy::Keep),
        "uniform" => Ok(SharedPolicy::Uniform),
        "proportional" => Ok(SharedPolicy::Proportional),
        other => Err(Problem::field("shared", format!("is `{other}`; expected keep, uniform or proportional"))),
    }
}

/// What the window metered; known already where it was asked for last, and nothing has come in since.
async fn metering(app: &App, window: Window) -> Result<Metered, Problem> {
    let summary = app.store.summary().await?;
    let last = || app.last_metering.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, _, metered)) = last().as_ref().filter(|(of, then, _)| (*of, *then) == (window, summary)) {
        return Ok(Arc::clone(metered));
    }
    let known = Window { end: window.end, ..Window::ALWAYS };
    let requests = requests_in(&*app.store, known).await?;
    let received = observations_in(&*app.store, known).await?;
    let config = Arc::clone(&app.config);
    let metered = web::block(move || {
        let (log, _) = known_log(&requests, &config.catalogue, config.start.as_ref()).map_err(Problem::input)?;
        metered(&config, &log, &received, window).map_err(Problem::fields)
    });
    let metered = Arc::new(metered.await.map_err(|_| Problem::conflict("the service ends"))??);
    *last() = Some((window, summary, Arc::clone(&metered)));
    Ok(metered)
}

//! `GET /v1/reports/statement`: what a window cost, by any two of tenant, flavor, label and the like.

use core::str::FromStr;
use std::sync::Arc;

use actix_web::web::{self, Data, Json};
use serde::Deserialize;
use shared::allocation::{
    AggregatedMetering, Basis, GroupBy, IdlePolicy, Resolution, SharedPolicy, Statement, StatementSettings,
    StatementView, unit_costs,
};
use shared::api::{NotReady, StatementAnswer};
use shared::units::{Duration, Instant, Window};
use tokio::sync::Mutex;

use super::query::{Query, in_order};
use super::tenants::of_statement;
use super::{Answer, App, Problem};
use crate::access::Scope;
use crate::config::ShadowingConfig;
use crate::shadowing::{known_log, metered};
use crate::store::{observations_in, requests_in};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    from: Option<Instant>,
    to: Option<Instant>,
    by: Option<String>,
    resolution: Option<String>,
    idle: Option<String>,
    shared: Option<String>,
}

/// What was metered last: whoever looks at a window looks at it in several ways, and at others beside it.
#[derive(Debug, Default)]
pub struct LastMetering(Arc<Mutex<Option<Last>>>);

#[derive(Debug)]
struct Last {
    /// To the end of what had closed then.
    window: Window,
    metering: Arc<AggregatedMetering>,
    basis: Basis,
}

/// How long the window is where its start is not asked for.
const USUAL: Duration = Duration::from_seconds(7 * 86_400);

/// What lies in so long a time, up to now, is metered together; of older windows, all that is known.
const RECENT: Duration = Duration::from_seconds(35 * 86_400);

/// The most hours that are stated one by one.
const HOURS_MAX: i64 = 10_000;

/// What is said of a log that cannot be stated to whom it is not for.
const UNSTATED: &str = "what happened cannot be stated; whoever runs the service is told why";

/// The most rows of an answer.
const ROWS_MAX: usize = 100_000;

pub(super) async fn statement(app: Data<App>, scope: Scope, Query(ask): Query<Ask>) -> Answer<StatementAnswer> {
    in_order(ask.from, ask.to)?;
    let known = known(&app).await?;
    let settings = StatementSettings {
        window: window(known, &ask)?,
        resolution: parsed("resolution", ask.resolution.as_deref())?,
        by: groupings(ask.by.as_deref().unwrap_or("tenant"))?,
        idle: parsed("idle", ask.idle.as_deref())?,
        shared: parsed("shared", ask.shared.as_deref())?,
    };
    own_rows_only(&scope, &settings)?;
    if settings.resolution == Resolution::Hour && settings.window.length() > Duration::HOUR * HOURS_MAX {
        let message = format!("is hour, and the window has more than {HOURS_MAX} of them; take a coarser resolution");
        return Err(Problem::field("resolution", message));
    }
    let metered = metering(&app, settings.window, known).await;
    // What keeps the log from being run may be another tenant's.
    let (metering, basis) =
        if scope.tenants().is_some() { metered.map_err(|_| Problem::conflict(UNSTATED))? } else { metered? };
    let config = Arc::clone(&app.config);
    // Before the first request there was nothing to forget.
    let forgotten = log_start(&app, known.end).filter(|cut| *cut >= known.start);
    let stated = web::block(move || {
        let statement = metering.statement(settings).map_err(|error| match scope {
            Scope::Everything => Problem::conflict(error.to_string()),
            Scope::Tenants(_) => Problem::conflict(UNSTATED),
        })?;
        let few = |rows: usize| {
            let message = format!("makes {rows} rows; expected {ROWS_MAX} at most");
            if rows > ROWS_MAX { Err(Problem::field("resolution", message)) } else { Ok(()) }
        };
        let mut notices = notices(&config, basis, forgotten);
        let Some(tenants) = scope.tenants() else {
            few(statement.rows.len())?;
            notices.extend(unknown_labels(&statement));
            let statement = StatementView::new(&statement, unit_costs(&statement, &[]));
            return Ok(StatementAnswer { basis, notices, statement });
        };
        let statement = of_statement(tenants, StatementView::new(&statement, Vec::new()));
        few(statement.rows.len())?;
        Ok(StatementAnswer { basis, notices, statement })
    });
    stated.await.map_err(|_| Problem::broken())?.map(Json)
}

/// Refuses whoever is limited to some tenants what is not of them: rows of all, and idle or shared cost, whose share tells
/// what others hold.
fn own_rows_only(scope: &Scope, settings: &StatementSettings) -> Result<(), Problem> {
    if scope.tenants().is_none() {
        return Ok(());
    }
    let refused = |field, detail: &str| Err(Problem::beyond_tenants(field, detail));
    if !settings.by.contains(&GroupBy::Tenant) {
        return refused("by", "leaves tenants out, and the key is limited to some; have tenant among them");
    }
    if settings.idle != IdlePolicy::Keep {
        return refused("idle", "shares out what nobody requested, which is of all tenants together; keep it apart");
    }
    if settings.shared != SharedPolicy::Keep {
        return refused("shared", "shares out the modules, which are of all tenants together; keep them apart");
    }
    Ok(())
}

/// What is known: from the first request, or from when it is known who lives, to the last hour that the loop has closed.
async fn known(app: &App) -> Result<Window, Problem> {
    let none = || {
        let message = "no hour with requests has closed yet".to_owned();
        Problem::not_ready(&NotReady { reason: "no_closed_hour".to_owned(), message, bins_missing: None })
    };
    let closes = app.board.snapshot().closes.ok_or_else(none)?;
    let end = (closes - app.config.late - app.config.horizons.step()).floor(Duration::HOUR);
    let first = app.store.summary().await?.first.ok_or_else(none)?.floor(Duration::HOUR);
    let began = app.config.start.as_ref().map(|beginning| beginning.at);
    let start = first.max(began.unwrap_or(first)).max(log_start(app, end).unwrap_or(first));
    if start < end { Ok(Window { start, end }) } else { Err(none()) }
}

/// Where the log begins that is kept; none where all of it is.
fn log_start(app: &App, closed: Instant) -> Option<Instant> {
    app.config.keep.map(|keep| closed.floor(Duration::DAY) - keep)
}

/// What is asked for, inside of what is known.
fn window(known: Window, ask: &Ask) -> Result<Window, Problem> {
    let end = ask.to.unwrap_or(known.end);
    let start = ask.from.unwrap_or_else(|| known.start.max(end - USUAL));
    if end > known.end {
        return Err(Problem::field("to", format!("is {end}; the last hour that has closed ended at {}", known.end)));
    }
    if start < known.start {
        return Err(Problem::field("from", format!("is {start}; who lives is known from {} on", known.start)));
    }
    if start >= end {
        let message = format!("is {start}; expected an instant before {end}, where the window ends");
        return Err(Problem::field("from", message));
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

/// What was metered in a window and around it: always the same for the same window, whatever was asked for before, and known
/// already where it was needed last and no hour has closed since.
async fn metering(app: &App, window: Window, known: Window) -> Result<(Arc<AggregatedMetering>, Basis), Problem> {
    let closed = known.end;
    let recent = known.start.max(closed.floor(Duration::DAY) - RECENT);
    let start = if window.start < recent { known.start } else { recent };
    let window = Window { start, end: closed };
    let mut last = Arc::clone(&app.last_metering.0).lock_owned().await;
    if let Some(last) = last.as_ref().filter(|last| last.window == window) {
        return Ok((Arc::clone(&last.metering), last.basis));
    }
    *last = None;
    let start = log_start(app, closed).unwrap_or(Instant::from_micros(0));
    let requests = requests_in(&*app.store, Window { start, end: window.end }).await?;
    // What was observed comes in later.
    let received = observations_in(&*app.store, Window::ALWAYS).await?;
    let config = Arc::clone(&app.config);
    // Whoever asks next waits for this one, even if nobody waits for its answer any more.
    let metered = web::block(move || {
        let log = known_log(&requests, &config.catalogue, config.start.as_ref());
        let (log, _) = log.map_err(|error| Problem::conflict(format!("the stored log: {error}")))?;
        let (metering, basis) = metered(&config, &log, &received, window)
            .map_err(|problems| Problem::conflict(format!("what happened cannot be run: {problems}")))?;
        let metering = Arc::new(AggregatedMetering::new(metering));
        *last = Some(Last { window, metering: Arc::clone(&metering), basis });
        Ok((metering, basis))
    });
    metered.await.map_err(|_| Problem::broken())?
}

/// What to know before it is believed.
fn notices(config: &ShadowingConfig, basis: Basis, forgotten: Option<Instant>) -> Vec<String> {
    let mut notices = Vec::new();
    if config.predictive_scaling.is_some() && basis == Basis::Simulated {
        notices.push("nodes that were ordered ahead are left out: the fleet follows what comes".to_owned());
    }
    if let Some(cut) = forgotten {
        notices.push(format!("what was created before {cut}, where the log begins that is kept, is left out"));
    }
    notices
}

/// Labels that nothing has.
fn unknown_labels(statement: &Statement) -> impl Iterator<Item = String> {
    statement.settings.by.iter().zip(&statement.names).filter_map(|(by, names)| match by {
        GroupBy::Label(label) if names.is_empty() => Some(format!("nothing has the label `{label}`")),
        _ => None,
    })
}

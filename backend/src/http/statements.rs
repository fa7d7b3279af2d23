//! `/v1/reports/statement` and `/v1/reports/focus`: what a window cost, by any two of tenant, flavor, label and the like, and
//! as charges.

mod asked;
mod focus;

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::web::{self, Data, Json, Payload};
use shared::allocation::{
    AggregatedMetering, Basis, GroupBy, IdlePolicy, Metric, Resolution, SharedPolicy, Statement, StatementSettings,
    StatementView, read_metric, readings_outside, unit_costs,
};
use shared::api::{NotReady, StatementAnswer};
use shared::units::{Duration, Instant, Window};
use tokio::sync::Mutex;

use self::asked::{Ask, AskedShare, parsed};
pub(super) use self::focus::focus;
use super::query::{Query, groupings, in_order};
use super::tenants::of_statement;
use super::{Answer, App, Problem, body};
use crate::access::Scope;
use crate::config::ShadowingConfig;
use crate::shadowing::{known_log, metered};
use crate::store::{observations_in, requests_in};

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

/// What lies in so long a time, up to now, is metered together; of older windows, all that is known.
const RECENT: Duration = Duration::from_seconds(35 * 86_400);

/// The most hours that are stated one by one.
const HOURS_MAX: i64 = 10_000;

/// What is said of a log that cannot be stated to whom it is not for.
const UNSTATED: &str = "what happened cannot be stated; whoever runs the service is told why";

/// The most rows of an answer.
const ROWS_MAX: usize = 100_000;

pub(super) async fn statement(app: Data<App>, scope: Scope, Query(ask): Query<Ask>) -> Answer<StatementAnswer> {
    stated(app, scope, ask, Vec::new()).await
}

/// The same with what units of metrics of the business cost: the body is `at,metric,value`, as CSV.
pub(super) async fn with_metrics(
    app: Data<App>,
    Query(ask): Query<Ask>,
    request: HttpRequest,
    payload: Payload,
) -> Answer<StatementAnswer> {
    let bytes = body::read(&request, payload, app.body_bytes_max).await?;
    let metrics = read_metric(body::text(&bytes)?).map_err(Problem::input)?;
    stated(app, Scope::Everything, ask, metrics).await
}

async fn stated(app: Data<App>, scope: Scope, ask: Ask, metrics: Vec<Metric>) -> Answer<StatementAnswer> {
    if ask.provider.is_some() {
        return Err(Problem::field("provider", "has no effect on a statement; leave it out"));
    }
    let known = known(&app).await?;
    kept(&app, ask.from)?;
    let (settings, shared) = settings(&ask, known, groupings(ask.by.as_deref())?, Resolution::default())?;
    own_rows_only(&scope, &settings, &shared)?;
    let metered = metering(&app, settings.window, known).await;
    // What keeps the log from being run may be another tenant's.
    let (metering, basis) =
        if scope.tenants().is_some() { metered.map_err(|_| Problem::conflict(UNSTATED))? } else { metered? };
    let config = Arc::clone(&app.config);
    // Before the first request there was nothing to forget.
    let forgotten = log_start(&app, known.end).filter(|cut| *cut >= known.start);
    let stated = web::block(move || {
        let settings = StatementSettings { shared: shared.of(metering.metering())?, ..settings };
        let statement = metering.statement(settings).map_err(|error| match scope {
            Scope::Everything => Problem::conflict(error.to_string()),
            Scope::Tenants(_) => Problem::conflict(UNSTATED),
        })?;
        let mut notices = notices(&config, basis, forgotten);
        let Some(tenants) = scope.tenants() else {
            few(statement.rows.len())?;
            notices.extend(unknown_labels(&statement));
            notices.extend(outside(&metrics, &statement));
            let statement = StatementView::new(&statement, unit_costs(&statement, &metrics));
            return Ok(StatementAnswer { basis, notices, statement });
        };
        let statement = of_statement(tenants, StatementView::new(&statement, Vec::new()));
        few(statement.rows.len())?;
        Ok(StatementAnswer { basis, notices, statement })
    });
    stated.await.map_err(|_| Problem::broken())?.map(Json)
}

/// What is asked for, but for the shares of modules, which wait for the tenants that there are.
fn settings(
    ask: &Ask,
    known: Window,
    by: Vec<GroupBy>,
    usual: Resolution,
) -> Result<(StatementSettings, AskedShare), Problem> {
    in_order(ask.from, ask.to)?;
    let settings = StatementSettings {
        window: ask.window(known)?,
        resolution: ask.resolution(usual)?,
        by,
        idle: parsed("idle", ask.idle.as_deref())?.unwrap_or_default(),
        shared: SharedPolicy::Keep,
    };
    if settings.resolution == Resolution::Hour && settings.window.length() > Duration::HOUR * HOURS_MAX {
        let message = format!("is hour, and the window has more than {HOURS_MAX} of them; take a coarser resolution");
        return Err(Problem::field("resolution", message));
    }
    Ok((settings, ask.shared()?))
}

/// Refuses an answer of more rows than anybody reads.
fn few(rows: usize) -> Result<(), Problem> {
    let message = format!("makes {rows} rows; expected {ROWS_MAX} at most");
    if rows > ROWS_MAX { Err(Problem::field("resolution", message)) } else { Ok(()) }
}

/// Readings of metrics that are counted nowhere.
fn outside(metrics: &[Metric], statement: &Statement) -> Option<String> {
    let outside = readings_outside(metrics, statement.settings.window);
    (outside > 0).then(|| format!("{outside} readings of metrics outside of the window are counted nowhere"))
}

/// Refuses whoever is limited to some tenants what is not of them: rows of all, and idle or shared cost, whose share tells
/// what others hold.
fn own_rows_only(scope: &Scope, settings: &StatementSettings, shared: &AskedShare) -> Result<(), Problem> {
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
    if *shared != AskedShare::Policy(SharedPolicy::Keep) {
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
    let began = app.board.config(&app.config).known_from();
    let start = first.max(began.unwrap_or(first)).max(log_start(app, end).unwrap_or(first));
    if start < end { Ok(Window { start, end }) } else { Err(none()) }
}

/// Refuses a window whose requests were given up: what is left of them tells no cost.
fn kept(app: &App, from: Option<Instant>) -> Result<(), Problem> {
    let start = app.board.config(&app.config).kept_from();
    match start.zip(from).filter(|(start, from)| from < start) {
        None => Ok(()),
        Some((start, from)) => Err(Problem::given_up(
            "from",
            format!(
                "is {from}, and requests are kept from {start} on (--keep-requests); what each closed day cost is in \
                 /v1/reports/allocation and /v1/reports/variance"
            ),
        )),
    }
}

/// Where the log begins that is kept; none where all of it is.
fn log_start(app: &App, closed: Instant) -> Option<Instant> {
    app.config.keep.map(|keep| closed.floor(Duration::DAY) - keep)
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
    let (config, requests, received) = loop {
        let config = app.board.config(&app.config);
        let start = log_start(app, closed).unwrap_or(config.log_from());
        let requests = requests_in(&*app.store, Window { start, end: window.end }).await?;
        // What was observed comes in later.
        let received = observations_in(&*app.store, Window::ALWAYS).await?;
        // Otherwise some of it may have been given up meanwhile.
        if Arc::ptr_eq(&config, &app.board.config(&app.config)) {
            break (config, requests, received);
        }
    };
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

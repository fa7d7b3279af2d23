//! What the page has of the service.

use shared::allocation::{Basis, GroupBy, Resolution, SharedPolicy, StatementView};
use shared::api::{BilledReportList, ReportList, StatementAnswer, Status, paths};
use shared::units::{Instant, Window};

use super::lines::reported_by;
use super::only;
use crate::api_client::{ApiError, get};
use crate::route::CostsQuery;

/// Everything about one window; a part that failed does not take the others with it.
pub(super) struct Answers {
    /// What was asked.
    pub(super) query: CostsQuery,
    /// The first request of the log, where that is told.
    pub(super) first: Option<Instant>,
    pub(super) stated: Result<Stated, ApiError>,
    /// By what the page is grouped by, or by tenant.
    pub(super) reports: Result<ReportList, ApiError>,
    pub(super) billed: Result<BilledReportList, ApiError>,
}

impl Answers {
    /// The window that is stated.
    pub(super) fn window(&self) -> Option<Window> {
        self.stated.as_ref().ok().map(|stated| stated.whole.window)
    }
}

/// The statement.
pub(super) struct Stated {
    pub(super) basis: Basis,
    pub(super) notices: Vec<String>,
    /// All that the window cost.
    pub(super) whole: StatementView,
    /// What is looked at: all of it, or one group.
    pub(super) shown: StatementView,
    /// The same, step by step.
    pub(super) steps: Result<StatementView, ApiError>,
}

pub(super) async fn load(query: CostsQuery) -> Result<Answers, ApiError> {
    let status: Result<Status, ApiError> = get(paths::STATUS, &[]).await;
    if let Err(error @ (ApiError::NoService | ApiError::Unreachable)) = status {
        return Err(error);
    }
    let first = status.ok().and_then(|status| status.first_request);
    let stated = stated(&query).await;
    let window = stated.as_ref().map(|stated| stated.whole.window).ok().or(query.window);
    let within = window.map_or_else(Vec::new, between);
    // What reports have no rows of is explained by tenant.
    let by = reported_by(&query.by).unwrap_or_default().as_str().to_owned();
    let grouped = [("by", by)].into_iter().chain(within.clone()).collect::<Vec<_>>();
    let reports = get::<ReportList>(paths::ALLOCATION, &grouped).await.map(|list| inside(list, window));
    let billed = get(paths::BILLED, &within).await;
    Ok(Answers { query, first, stated, reports, billed })
}

async fn stated(query: &CostsQuery) -> Result<Stated, ApiError> {
    let whole = ask(query, query.window, Resolution::Whole).await?;
    let window = whole.statement.window;
    // Of the same window, though another hour may have closed meanwhile.
    let steps = ask(query, Some(window), query.step).await;
    let part = |statement: StatementView| match &query.of {
        Some(of) => only(&statement, &query.by, of),
        None => statement,
    };
    let StatementAnswer { basis, notices, statement } = whole;
    let (shown, steps) = (part(statement.clone()), steps.map(|steps| part(steps.statement)));
    Ok(Stated { basis, notices, whole: statement, shown, steps })
}

async fn ask(query: &CostsQuery, window: Option<Window>, step: Resolution) -> Result<StatementAnswer, ApiError> {
    let by: Vec<&GroupBy> = [Some(&query.by), query.of.as_ref().map(|_| &query.then)].into_iter().flatten().collect();
    let by: Vec<String> = by.into_iter().map(GroupBy::to_string).collect();
    let mut asked = vec![("by", by.join(",")), ("resolution", step.as_str().to_owned())];
    asked.extend(window.map_or_else(Vec::new, between));
    asked.extend(policies(query));
    get(paths::STATEMENT, &asked).await
}

/// From when to when, as the service is asked.
pub(super) fn between(Window { start, end }: Window) -> Vec<(&'static str, String)> {
    vec![("from", start.to_string()), ("to", end.to_string())]
}

/// Who pays for idle and for modules, as the service is asked.
pub(super) fn policies(query: &CostsQuery) -> [(&'static str, String); 2] {
    let shared: &SharedPolicy = &query.shared;
    [("idle", query.idle.as_str().to_owned()), ("shared", shared.as_str().to_owned())]
}

/// Reports of the days that lie in the window whole.
fn inside(list: ReportList, window: Option<Window>) -> ReportList {
    let Some(window) = window else { return list };
    let is_inside = |of: Window| of.start >= window.start && of.end <= window.end;
    let windows = list.windows.into_iter().filter(|of| is_inside(of.report.window)).collect();
    let unreported = list.unreported.into_iter().filter(|of| is_inside(of.window)).collect();
    ReportList { windows, unreported, ..list }
}

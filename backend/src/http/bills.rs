//! `/v1/bills` and `GET /v1/reports/billed`: what providers charged, and what was predicted beside it.

use core::str::FromStr;

use actix_web::HttpRequest;
use actix_web::web::{self, Data, Json, Payload};
use serde::{Deserialize, Serialize};
use shared::allocation::Grouping;
use shared::api::{BillAnswer, BilledReportList, NotReady, WindowReport};
use shared::bill::{Bill, BillConfig, BillKey, BillReport, BillScope, ExchangeRates, Restated, beside, report};
use shared::trace::charge::{BillSummary, Charge, WhenEqual, read_charges};
use shared::trace::focus::{FocusConfig, read_focus};
use shared::trace::mapping::Mapping;
use shared::trace::opencost::{OpenCostConfig, read_opencost};
use shared::units::{Currency, Duration, Instant, Window};
use tokio::sync::Mutex;

use super::query::{Query, in_order};
use super::{Answer, App, Problem, body};
use crate::output::counted;
use crate::store::{Collection, Document, StoreError, read_documents, read_documents_of, write_document};

/// One bill is taken after the other, as each is held against those before it.
#[derive(Debug, Default)]
pub struct BillDesk(Mutex<()>);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sent {
    stated: Option<Instant>,
    currency: Option<String>,
    equal_lines: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    by: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Compared {
    from: Option<Instant>,
    to: Option<Instant>,
}

/// A bill as it is stored.
#[derive(Serialize, Deserialize)]
struct Stored {
    summary: BillSummary,
    /// Charges, one a line.
    charges: String,
}

/// The most bills, and reports, that are read at once.
const BILLS_MAX: usize = 10_000;
const REPORTS_MAX: usize = 400;

/// Takes a bill: FOCUS as CSV, or the answer of OpenCost as JSON.
///
/// The same body with the same `stated` is the same bill, and changes nothing. A bill that makes none together with those
/// before it, such as a part without a day in common, is refused whole.
pub(super) async fn import(
    app: Data<App>,
    Query(sent): Query<Sent>,
    request: HttpRequest,
    payload: Payload,
) -> Answer<BillAnswer> {
    let when_equal = when_equal(sent.equal_lines.as_deref())?;
    let currency = parsed("currency", sent.currency.as_deref())?.unwrap_or(Currency::USD);
    // The room is kept until the bill is stored: what is made of it is larger than what was sent.
    let bytes = body::admitted(&app, &request, payload).await?;
    let key = key(&bytes, &sent);
    let stated = sent.stated.unwrap_or_else(|| app.clock.now());
    let mapping = app.foreign.mapping.clone();
    let _one = app.bills.0.lock().await;
    if let Some(document) = app.store.get(Collection::Bills, key.clone()).await? {
        let Stored { summary, .. } = document.read()?;
        return Ok(Json(BillAnswer { summary, known: true, replaced: Vec::new(), overtaken: Vec::new() }));
    }
    let read = web::block(move || {
        let stored = read(body::text(&bytes)?, stated, (currency, when_equal), mapping.as_ref())?;
        let charges = read_charges(&stored.charges).map_err(Problem::input)?;
        Ok::<_, Problem>((stored, charges, bytes))
    });
    let (stored, own, held) = read.await.map_err(|_| Problem::broken())??;
    let scope = BillScope::of(&own);
    let before = concerned(&app, &scope).await?;
    let made = web::block(move || {
        let mut all = charges(&before)?;
        all.extend(own);
        let bill = Bill::new(all).map_err(|error| Problem::conflict(error.to_string()))?;
        let Restated { replaced, overtaken } = bill.restated_by(&scope, stored.summary.stated);
        let answer = BillAnswer { summary: stored.summary.clone(), known: false, replaced, overtaken };
        Ok::<_, Problem>((stored, scope, answer))
    });
    let (stored, scope, answer) = made.await.map_err(|_| Problem::broken())??;
    let stated = stored.summary.stated;
    let documents = vec![
        (Collection::Bills, write_document(key.clone(), stated, &stored)?),
        (Collection::BillScopes, write_document(key, stated, &scope)?),
    ];
    app.store.put_together(documents).await?;
    drop(held);
    Ok(Json(answer))
}

/// The bills that may have to do with one of a scope; no others are read.
async fn concerned(app: &App, scope: &BillScope) -> Result<Vec<Stored>, Problem> {
    let mut of = Vec::new();
    for document in scopes(app).await? {
        if scope.concerns(&document.read()?)
            && let Some(bill) = app.store.get(Collection::Bills, document.key).await?
        {
            of.push(bill.read()?);
        }
    }
    Ok(of)
}

/// The scope of every bill; of bills from before there were any, they are made once.
async fn scopes(app: &App) -> Result<Vec<Document>, Problem> {
    let known = app.store.list(Collection::BillScopes, Window::ALWAYS, BILLS_MAX).await?;
    if !known.is_empty() {
        return Ok(known);
    }
    let bills = app.store.list(Collection::Bills, Window::ALWAYS, BILLS_MAX).await?;
    let scopes = web::block(move || {
        let scope = |document: &Document| {
            let charges = charges(&[document.read()?])?;
            write_document(document.key.clone(), document.at, &BillScope::of(&charges))
        };
        bills.iter().map(scope).collect::<Result<Vec<Document>, StoreError>>()
    });
    let scopes = scopes.await.map_err(|_| Problem::broken())??;
    app.store.put(Collection::BillScopes, scopes.clone()).await?;
    Ok(scopes)
}

/// What all bills come to, down to what no tenant pays.
pub(super) async fn report_of_all(app: Data<App>, Query(asked): Query<Asked>) -> Answer<BillReport> {
    let by = asked.by.as_deref().unwrap_or("tenant").split(',').map(str::parse).collect::<Result<Vec<BillKey>, _>>();
    let by = by.map_err(|error| Problem::field("by", error))?;
    let stored = stored(&app).await?;
    let made = web::block(move || {
        let bill = Bill::new(charges(&stored)?).map_err(|error| Problem::conflict(error.to_string()))?;
        let config = BillConfig { mapping: None, by: &by, currency: None, rates: &ExchangeRates::default() };
        report(&bill, &config).map_err(|error| Problem::conflict(error.to_string()))
    });
    made.await.map_err(|_| Problem::broken())?.map(Json)
}

/// Closed days, predicted and billed.
pub(super) async fn billed(app: Data<App>, Query(asked): Query<Compared>) -> Answer<BilledReportList> {
    in_order(asked.from, asked.to)?;
    let now = app.board.snapshot().now;
    let window = Window { start: asked.from.unwrap_or(now - Duration::DAY * 31), end: asked.to.unwrap_or(now) };
    let documents = app.store.list(Collection::Reports, window, REPORTS_MAX).await?;
    let reports: Vec<WindowReport> = read_documents_of(&documents, Grouping::Tenant.as_str())?;
    let stored = stored(&app).await?;
    let made = web::block(move || {
        let bill = Bill::new(charges(&stored)?).map_err(|error| Problem::conflict(error.to_string()))?;
        let windows: Vec<_> = reports.iter().filter_map(|window| beside(&window.report, &bill, None)).collect();
        let not_ready = windows.is_empty().then(|| NotReady {
            reason: "no_billed_day".to_owned(),
            message: format!(
                "{} closed from {} to {}, and {} of bills: none in one of those days",
                counted(reports.len() as u64, "day"),
                window.start,
                window.end,
                counted(bill.charges.len() as u64, "charge")
            ),
            bins_missing: None,
        });
        Ok::<_, Problem>(BilledReportList { windows, not_ready })
    });
    made.await.map_err(|_| Problem::broken())?.map(Json)
}

/// What a body is known by: itself, and when it was stated where that is said.
fn key(bytes: &[u8], sent: &Sent) -> String {
    let mut hasher = blake3::Hasher::new();
    let stated = sent.stated.map_or_else(String::new, |stated| stated.to_string());
    let rest = [stated.as_str(), sent.currency.as_deref().unwrap_or(""), sent.equal_lines.as_deref().unwrap_or("")];
    hasher.update(rest.join("\n").as_bytes()).update(b"\n").update(bytes);
    hasher.finalize().to_hex().to_string()
}

fn read(
    text: &str,
    stated: Instant,
    (currency, when_equal): (Currency, WhenEqual),
    mapping: Option<&Mapping>,
) -> Result<Stored, Problem> {
    let is_mapped = mapping.is_some();
    let (name, bill) = if text.trim_start().starts_with(['{', '[']) {
        let config = OpenCostConfig { stated, currency, mapping };
        ("OpenCost".to_owned(), read_opencost(text, &config).map_err(Problem::input)?)
    } else {
        let config = FocusConfig { stated, mapping, when_equal };
        let (bill, version) = read_focus(text, &config).map_err(Problem::input)?;
        (format!("FOCUS {version}"), bill)
    };
    let summary = BillSummary::new(name, stated, &bill, is_mapped);
    Ok(Stored { summary, charges: bill.lines.iter().collect() })
}

async fn stored(app: &App) -> Result<Vec<Stored>, Problem> {
    Ok(read_documents(&app.store.list(Collection::Bills, Window::ALWAYS, BILLS_MAX).await?)?)
}

fn charges(stored: &[Stored]) -> Result<Vec<Charge>, StoreError> {
    let mut all = Vec::new();
    for bill in stored {
        all.extend(read_charges(&bill.charges).map_err(|error| StoreError::Unreadable(error.to_string()))?);
    }
    Ok(all)
}

fn when_equal(text: Option<&str>) -> Result<WhenEqual, Problem> {
    match text {
        None | Some("count") => Ok(WhenEqual::Count),
        Some("drop") => Ok(WhenEqual::LeaveOut),
        Some(other) => Err(Problem::field("equal_lines", format!("`{other}` is not known; expected count or drop"))),
    }
}

fn parsed<T: FromStr<Err: core::fmt::Display>>(field: &str, text: Option<&str>) -> Result<Option<T>, Problem> {
    text.map(|text| text.parse().map_err(|error: T::Err| Problem::field(field, error.to_string()))).transpose()
}

//! The last closed window: why it cost what it did, and who paid.

use shared::allocation::{AllocationRow, Basis, OptimizationArea, Recurrence, Status};
use shared::api::{ReportList, UnreportedWindow, WindowReport};
use shared::units::Money;
use yew::prelude::*;

use super::Snapshot;
use crate::components::{BarRow, Beside, Card, CauseRow, Tidings, bars, causes, known_by, say};
use crate::format;
use crate::route::CostsQuery;
use crate::zone::Zone;

/// The variance by cause.
pub(super) fn variance(snapshot: &Snapshot, zone: Zone) -> Html {
    let missing = snapshot.reports.as_ref().ok().and_then(|reports| unreported(reports, zone));
    let (note, content) = match last(snapshot) {
        Err(message) => (String::new(), html! { <>{ message }{ for missing }</> }),
        Ok(window) => {
            let report = &window.report;
            let rows =
                report.causes.iter().map(|line| CauseRow { name: line.cause.as_str().to_owned(), amount: line.amount });
            let areas = report.optimization_areas.iter().take(AREAS).map(area);
            let variance = report.variance.unwrap_or(Money { amount: Default::default(), currency: report.currency });
            let content = html! {
                <>
                    { for missing }
                    { causes(&rows.collect::<Vec<_>>(), &variance) }
                    if !report.optimization_areas.is_empty() {
                        <h3>{ "Where to look" }</h3>
                        <ul class="areas">{ for areas }</ul>
                    }
                </>
            };
            (window_note(window, zone), content)
        }
    };
    Card { title: "Variance by cause", note, ..Card::default() }.around(content)
}

/// Predicted and actual cost by tenant; nothing before there is a report.
pub(super) fn allocation(snapshot: &Snapshot, zone: Zone) -> Html {
    // The card above says why there is none.
    let Ok(window) = last(snapshot) else { return Html::default() };
    let rows = window.report.rows.iter().map(bar_row).collect::<Vec<_>>();
    let known = window.report.basis.unwrap_or(Basis::Simulated);
    let (note, content) = (format!("{}. {}.", window_note(window, zone), known_by(known)), bars("who", &rows));
    Card { title: "Cost allocation", note, class: "full", tools: alone(window) }.around(content)
}

/// The way to the same day, whole.
fn alone(window: &WindowReport) -> Html {
    let day = CostsQuery { window: Some(window.report.window), ..CostsQuery::default() };
    html! { <a class="more" href={day.address()}>{ "All of this day" }</a> }
}

fn last(snapshot: &Snapshot) -> Result<&WindowReport, Html> {
    match &snapshot.reports {
        Err(error) => Err(say(Tidings::Error, &error.message())),
        Ok(reports) => reports.windows.last().ok_or_else(|| {
            let why =
                reports.not_ready.as_ref().map_or(String::new(), |why| format!(" Why there is none: {}.", why.message));
            say(Tidings::Info, &format!("A report appears at the end of each day that was forecast.{why}"))
        }),
    }
}

/// The newest window that closed without a report, where that is later than the newest report.
fn unreported(reports: &ReportList, zone: Zone) -> Option<Html> {
    let UnreportedWindow { window, reason } = reports.unreported.last()?;
    let reported = reports.windows.last().map(|newest| newest.report.window.start);
    let newest = reported.is_none_or(|reported| reported < window.start);
    let message = format!("No report of the day from {}: {reason}.", format::instant(window.start, zone));
    newest.then(|| say(Tidings::Warning, &message))
}

fn window_note(window: &WindowReport, zone: Zone) -> String {
    let report = &window.report;
    let (length, model) = (format::span(report.window.length()), format::words(&window.model));
    let provisional = if report.status == Status::Provisional { ", provisional" } else { "" };
    format!("{length} from {}, forecast by {model}{provisional}", format::instant(report.window.start, zone))
}

/// How many areas the card has room for.
const AREAS: usize = 6;

fn area(area: &OptimizationArea) -> Html {
    let what = if area.name.is_empty() { area.kind.as_str() } else { &area.name };
    let advice = area.recommendations.first().map(|advice| html! { <span class="advice">{ advice }</span> });
    let before = area.recurrence().map(|before| {
        let Recurrence { same_direction, observed } = before;
        let days = if observed == 1 { "day" } else { "days" };
        html! { <span class="before">{ format!("so on {same_direction} of {observed} {days} before") }</span> }
    });
    html! {
        <li>
            { format!("{what}, {} by {}", format::signed_money(&area.variance), area.cause.as_str()) }
            { for before }
            { for advice }
        </li>
    }
}

fn bar_row(row: &AllocationRow) -> BarRow {
    let name = if row.name.is_empty() { format::words(row.kind.as_str()) } else { row.name.clone() };
    let nothing = Money { amount: Default::default(), currency: row.predicted.mean.currency };
    BarRow { name, predicted: row.predicted.mean, beside: Beside::Actual(row.actual.unwrap_or(nothing)) }
}

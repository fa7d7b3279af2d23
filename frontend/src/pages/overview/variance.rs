//! The last closed window: why it cost what it did, and who paid.

use shared::api::{AllocationRow, ReportView};
use yew::prelude::*;

use super::Snapshot;
use super::costs::basis;
use crate::components::{BarRow, Beside, Card, CauseRow, Tidings, bars, causes, say};
use crate::format;
use crate::zone::Zone;

/// The variance by cause.
pub(super) fn variance(snapshot: &Snapshot, zone: Zone) -> Html {
    let (note, content) = match last(snapshot) {
        Err(message) => (String::new(), message),
        Ok(report) => {
            let rows = report.causes.iter().map(|cause| CauseRow { name: cause.cause.clone(), amount: cause.amount });
            let areas = report.optimization_areas.iter().map(|area| html! { <li>{ area }</li> });
            let content = html! {
                <>
                    { causes(&rows.collect::<Vec<_>>(), &report.variance) }
                    if !report.optimization_areas.is_empty() {
                        <h3>{ "Where to look" }</h3>
                        <ul class="areas">{ for areas }</ul>
                    }
                </>
            };
            (window_note(report, zone), content)
        }
    };
    Card { title: "Variance by cause", note, ..Card::default() }.around(content)
}

/// Predicted and actual cost by tenant.
pub(super) fn allocation(snapshot: &Snapshot, zone: Zone) -> Html {
    let (note, content) = match last(snapshot) {
        Err(message) => (String::new(), message),
        Ok(report) => {
            let rows = report.rows.iter().map(bar_row).collect::<Vec<_>>();
            (format!("{}. {}.", window_note(report, zone), basis(report.basis)), bars("who", &rows))
        }
    };
    Card { title: "Cost allocation", note, class: "full", ..Card::default() }.around(content)
}

fn last(snapshot: &Snapshot) -> Result<&ReportView, Html> {
    match &snapshot.reports {
        Err(error) => Err(say(Tidings::Error, &error.message())),
        Ok(reports) => reports.windows.last().ok_or_else(|| {
            say(Tidings::Info, "No window has closed yet. A report appears at the end of each day that was forecast.")
        }),
    }
}

fn window_note(report: &ReportView, zone: Zone) -> String {
    let (length, model) = (format::span(report.window.length()), format::words(&report.model));
    let provisional = if report.provisional { ", provisional" } else { "" };
    format!("{length} from {}, forecast by {model}{provisional}", format::instant(report.window.start, zone))
}

fn bar_row(row: &AllocationRow) -> BarRow {
    let name = if row.name.is_empty() { format::words(&row.kind) } else { row.name.clone() };
    BarRow { name, predicted: row.predicted, beside: Beside::Actual(row.actual) }
}

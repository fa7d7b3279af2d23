//! The closed days of the window, each a step away.

use shared::api::{ReportList, WindowReport};
use yew::prelude::*;

use crate::api_client::ApiError;
use crate::components::Card;
use crate::format;
use crate::route::CostsQuery;
use crate::zone::Zone;

/// A row a day; nothing while none has closed, which the card beside says.
pub(super) fn days(reports: &Result<ReportList, ApiError>, query: &CostsQuery, zone: Zone) -> Html {
    let days = reports.as_ref().map_or(&[][..], |list| &list.windows);
    if days.is_empty() {
        return Html::default();
    }
    let head = ["predicted", "actual", "variance"].map(|name| html! { <th scope="col" class="number">{ name }</th> });
    let content = html! {
        <table class="plain" data-testid="days">
            <thead><tr><th scope="col">{ "day" }</th>{ for head }</tr></thead>
            <tbody>{ for days.iter().rev().map(|day| row(day, query, zone)) }</tbody>
        </table>
    };
    let whose = if query.of.is_some() { ". Figures are of everything" } else { "" };
    let note = format!("Choose a day to see it alone{whose}");
    Card { title: "Closed days", note, ..Card::default() }.around(content)
}

fn row(day: &WindowReport, query: &CostsQuery, zone: Zone) -> Html {
    let report = &day.report;
    // Its middle is the same day in any time zone that somebody is likely to be in.
    let middle = (report.window.start.micros() + report.window.end.micros()) / 2;
    let alone = CostsQuery { window: Some(report.window), ..query.clone() };
    let dash = || "–".to_owned();
    html! {
        <tr>
            <th scope="row"><a href={alone.address()}>{ format::day(middle, zone) }</a></th>
            <td class="number">{ format::money(&report.total.predicted.mean) }</td>
            <td class="number">{ report.total.actual.as_ref().map_or_else(dash, format::money) }</td>
            <td class="number">{ report.variance.as_ref().map_or_else(dash, format::signed_money) }</td>
        </tr>
    }
}

//! Why the days of the window cost something else than predicted.

use shared::allocation::Cause;
use shared::api::{ReportList, WindowReport};
use shared::units::Currency;
use yew::prelude::*;

use super::lines::{Line, reported_by};
use super::who_pays::WhoPays;
use super::{empty, group_name, grouping};
use crate::api_client::ApiError;
use crate::components::{Card, Step, Tidings, known_by, notice, say, steps};
use crate::format;
use crate::route::CostsQuery;
use crate::zone::Zone;

/// From what was predicted to what it cost, cause by cause: of the group that is looked into, where its causes are known.
pub(super) fn waterfall(reports: &Result<ReportList, ApiError>, query: &CostsQuery, zone: Zone) -> Html {
    let (list, currency) = match of_days(reports, zone) {
        Ok(found) => found,
        Err(why) => return empty(&title(None), "wide", why),
    };
    let of_group = query.of.as_ref().and_then(|of| Line::of_group(list, &query.by, of));
    let (title, whose) = (title(of_group.as_ref()), whose(query, of_group.as_ref()));
    let line = of_group.unwrap_or_else(|| Line::everything(list));
    let causes = Cause::ALL.map(|cause| Step { name: cause.as_str().to_owned(), amount: line.cause(cause, currency) });
    let (predicted, actual) = (line.predicted(currency), line.actual(currency));
    let content = html! {
        <>
            { steps(("predicted", &predicted), &causes, ("actual", &actual)) }
            { for line.not_observed().map(|why| html! { <p class="note">{ format::sentence(why) }</p> }) }
            <p class="note">
                { "Placement, price and residual together are the simulator's own error." }
                if line.is_of_requests() {
                    { " Which requests it comes from, the buttons below find." }
                }
            </p>
        </>
    };
    let note = format!("{whose}{}", note(&list.windows));
    Card { title: &title, note, class: "wide", ..Card::default() }.around(content)
}

fn title(of_group: Option<&Line<'_>>) -> String {
    match of_group {
        Some(line) => format!("Why {} is not what was predicted", line.called()),
        None => "Why it is not what was predicted".to_owned(),
    }
}

/// Whose causes they are, where somebody may think that they are others'.
fn whose(query: &CostsQuery, of_group: Option<&Line<'_>>) -> String {
    match (&query.of, of_group) {
        (None, _) => String::new(),
        (Some(_), Some(line)) => format!("Of {} alone, nothing shared out. ", line.called()),
        (Some(of), None) => {
            let group = group_name(&query.by, Some(of.as_str()).filter(|of| !of.is_empty()));
            format!("Of everything: the reports have no line for “{group}” alone. ")
        }
    }
}

fn note(days: &[WindowReport]) -> String {
    let count = format::counted(days.len() as u64, "closed day");
    match days.last().and_then(|day| day.report.basis) {
        Some(basis) => format!("{count} in this window. {}.", known_by(basis)),
        None => format!("{count} in this window"),
    }
}

/// The same for each line; nothing while no day has closed.
pub(super) fn by_group(reports: &Result<ReportList, ApiError>, query: &CostsQuery) -> Html {
    let Ok(list) = reports else { return Html::default() };
    let Some(currency) = currency(list) else { return Html::default() };
    let by = reported_by(&query.by);
    let instead_of = by.is_none().then(|| grouping(&query.by));
    html! { <WhoPays reports={list.clone()} {currency} by={by.unwrap_or_default()} {instead_of} /> }
}

fn currency(list: &ReportList) -> Option<Currency> {
    list.windows.last().map(|day| day.report.currency)
}

/// The reports, or why there are none and what to do.
fn of_days(reports: &Result<ReportList, ApiError>, zone: Zone) -> Result<(&ReportList, Currency), Html> {
    let list = reports.as_ref().map_err(|error| say(Tidings::Error, &error.message()))?;
    if let Some(currency) = currency(list) {
        return Ok((list, currency));
    }
    let unreported = list.unreported.last().map(|of| {
        format!("The day from {} closed without a report: {}. ", format::instant(of.window.start, zone), of.reason)
    });
    let why = list.not_ready.as_ref().map(|why| format::sentence(&why.message));
    let advice = "A day is explained when it was forecast at its beginning and has closed whole inside of the window: \
                  choose one that begins and ends at midnight of the service's time zone.";
    Err(notice(
        Tidings::Info,
        "no-days",
        html! {
            <>{ unreported.unwrap_or_default() }{ why.unwrap_or_default() }{ " " }{ advice }</>
        },
    ))
}

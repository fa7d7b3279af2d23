//! Why the days of the window cost something else than predicted.

use shared::allocation::Cause;
use shared::api::{ReportList, WindowReport};
use shared::units::{Currency, Money};
use yew::prelude::*;

use super::who_pays::WhoPays;
use super::{empty, sums};
use crate::api_client::ApiError;
use crate::components::{Card, Step, Tidings, known_by, notice, say, steps};
use crate::format;
use crate::zone::Zone;

/// From what was predicted to what it cost, cause by cause.
pub(super) fn waterfall(reports: &Result<ReportList, ApiError>, zone: Zone) -> Html {
    const TITLE: &str = "Why it is not what was predicted";
    let (list, currency) = match of_days(reports, zone) {
        Ok(found) => found,
        Err(why) => return empty(TITLE, "wide", why),
    };
    let days = list.windows.as_slice();
    let predicted = sums::of_money(days.iter().map(|day| day.report.total.predicted.mean), currency);
    let actual = sums::of_money(days.iter().filter_map(|day| day.report.total.actual), currency);
    let causes = Cause::ALL.map(|cause| {
        let amounts: Vec<Option<Money>> =
            days.iter().flat_map(|day| &day.report.causes).filter(|of| of.cause == cause).map(|of| of.amount).collect();
        let amount =
            amounts.iter().any(Option::is_some).then(|| sums::of_money(amounts.iter().flatten().copied(), currency));
        Step { name: cause.as_str().to_owned(), amount }
    });
    let mut why: Vec<&str> =
        days.iter().flat_map(|day| &day.report.causes).filter_map(|of| of.not_observed.as_deref()).collect();
    why.dedup();
    let content = html! {
        <>
            { steps(("predicted", &predicted), &causes, ("actual", &actual)) }
            { for why.into_iter().take(1).map(|why| html! { <p class="note">{ format::sentence(why) }</p> }) }
            <p class="note">
                { "Placement, price and residual together are the simulator's own error. Which requests it comes from, the \
                   buttons below find." }
            </p>
        </>
    };
    let note = note(days);
    Card { title: TITLE, note, class: "wide", ..Card::default() }.around(content)
}

fn note(days: &[WindowReport]) -> String {
    let count = format::counted(days.len() as u64, "closed day");
    match days.last().and_then(|day| day.report.basis) {
        Some(basis) => format!("{count} in this window. {}.", known_by(basis)),
        None => format!("{count} in this window"),
    }
}

/// The same for each line; nothing while no day has closed.
pub(super) fn by_tenant(reports: &Result<ReportList, ApiError>) -> Html {
    let Ok(list) = reports else { return Html::default() };
    let Some(currency) = currency(list) else { return Html::default() };
    html! { <WhoPays reports={list.clone()} {currency} /> }
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

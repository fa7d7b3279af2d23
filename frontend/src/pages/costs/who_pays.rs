//! Why the days of the window cost something else than predicted, line by line, and the requests that it comes from.

use shared::allocation::{Cause, Grouping, RowKind};
use shared::api::ReportList;
use shared::units::{Currency, Instant};
use yew::prelude::*;

use super::bisected::{FoundRequests, order};
use super::lines::Line;
use super::sums;
use crate::components::{Asked, Card, on_click};
use crate::format;
use crate::zone::Zone;

#[derive(Properties, PartialEq)]
pub(super) struct WhoPaysProps {
    /// One day at least.
    pub(super) reports: ReportList,
    /// Of every amount.
    pub(super) currency: Currency,
    /// What the reports have a row of.
    pub(super) by: Grouping,
    /// What the page is grouped by, where that is nothing that reports have rows of.
    pub(super) instead_of: Option<String>,
}

/// A line for everything, for each group and for what is nobody's, each with its causes; of what requests may explain, with
/// a button that finds them.
#[component]
pub(super) fn WhoPays(props: &WhoPaysProps) -> Html {
    let zone = use_context::<Zone>().unwrap_or_default();
    let asked = use_state(|| Asked::Nothing);
    let ordered = use_state(|| None::<String>);
    let WhoPaysProps { reports, currency, by, instead_of } = props;
    let find = |of: &Line<'_>| {
        let day = of.worst().filter(|_| of.is_of_requests())?;
        let tenant = (of.kind == RowKind::Tenant).then(|| of.name.to_owned());
        let ordered = ordered.setter();
        let onclick = on_click(asked.setter(), move || order(day, tenant.clone(), ordered.clone()));
        let whose = of.called();
        let label = format!("Find the requests that the variance of {whose} on {} comes from", day_of(day, zone));
        Some(html! {
            <button type="button" {onclick} disabled={*asked == Asked::UnderWay} aria-label={label}
                data-testid={format!("find-{whose}")}>{ "Find requests" }</button>
        })
    };
    let lines = Line::all(reports);
    let by = by.as_str();
    let head = ["predicted", "actual", "variance"].into_iter().chain(Cause::ALL.map(Cause::as_str));
    let head = head.map(|name| html! { <th scope="col" class="number">{ name }</th> });
    let content = html! {
        <>
            <div class="scroll" tabindex="0" role="region" aria-label={format!("Variance by {by}, all figures")}>
                <table class="plain" data-testid={format!("variance-by-{by}")}>
                    <thead>
                        <tr>
                            <th scope="col">{ by }</th>
                            { for head }
                            <th scope="col"><span class="hidden">{ "requests" }</span></th>
                        </tr>
                    </thead>
                    <tbody>{ for lines.iter().map(|line| row(line, *currency, find(line))) }</tbody>
                </table>
            </div>
            if matches!(*asked, Asked::Answered(Err(_))) {
                { asked.said("find-answer") }
            }
            if let Some(id) = &*ordered {
                <FoundRequests key={id.clone()} id={id.clone()} />
            }
        </>
    };
    let days = match reports.windows.len() {
        1 => "",
        _ => ", of the day on which most of the line's variance lies",
    };
    let instead = instead_of.as_ref().map_or_else(String::new, |wanted| {
        format!("By tenant: days are reported by tenant, module, flavor or class, not by {wanted}. ")
    });
    let note = format!(
        "{instead}The days of this window together; a dash is a cause that was not replayed there. The button finds the few \
         requests that at least 80 % of a variance comes from{days}"
    );
    Card { title: &format!("Variance by {by}"), note, class: "full", ..Card::default() }.around(content)
}

/// The day that begins at an instant; its middle is the same day in any time zone that somebody is likely to be in.
fn day_of(day: Instant, zone: Zone) -> String {
    format::day((day + shared::units::Duration::HOUR * 12).micros(), zone)
}

fn row(line: &Line<'_>, currency: Currency, find: Option<Html>) -> Html {
    let (predicted, actual) = (line.predicted(currency), line.actual(currency));
    let causes = Cause::ALL.map(|cause| {
        let amount = line.cause(cause, currency);
        let text = amount.map_or_else(|| "–".to_owned(), |amount| format::signed_money(&amount));
        html! { <td class="number quiet">{ text }</td> }
    });
    html! {
        <tr>
            <th scope="row">{ line.called() }</th>
            <td class="number">{ format::money(&predicted) }</td>
            <td class="number">{ format::money(&actual) }</td>
            <td class="number">{ format::signed_money(&sums::difference(actual, predicted)) }</td>
            { for causes }
            <td class="number">{ for find }</td>
        </tr>
    }
}

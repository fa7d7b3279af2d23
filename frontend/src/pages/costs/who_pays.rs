//! Why the days of the window cost something else than predicted, line by line, and the requests that it comes from.

use shared::allocation::{AllocationRow, Cause, RowKind};
use shared::api::{ReportList, WindowReport};
use shared::units::{Currency, Instant, Money};
use yew::prelude::*;

use super::bisected::{FoundRequests, order};
use super::sums;
use crate::components::{Asked, Card, on_click};
use crate::format;
use crate::zone::Zone;

#[derive(Properties, PartialEq)]
pub(super) struct WhoPaysProps {
    /// By tenant; one day at least.
    pub(super) reports: ReportList,
    /// Of every amount.
    pub(super) currency: Currency,
}

/// A line for everything, for each tenant and for what is nobody's, each with its causes; of what requests may explain,
/// with a button that finds them.
#[component]
pub(super) fn WhoPays(props: &WhoPaysProps) -> Html {
    let zone = use_context::<Zone>().unwrap_or_default();
    let asked = use_state(|| Asked::Nothing);
    let ordered = use_state(|| None::<String>);
    let WhoPaysProps { reports, currency } = props;
    let find = |of: &Line<'_>| {
        let (day, tenant) = (of.worst?, (of.kind == RowKind::Tenant).then(|| of.name.to_owned()));
        let ordered = ordered.setter();
        let onclick = on_click(asked.setter(), move || order(day, tenant.clone(), ordered.clone()));
        let whose = of.called();
        let label = format!("Find the requests that the variance of {whose} on {} comes from", day_of(day, zone));
        Some(html! {
            <button type="button" {onclick} disabled={*asked == Asked::UnderWay} aria-label={label}
                data-testid={format!("find-{whose}")}>{ "Find requests" }</button>
        })
    };
    let lines = lines(reports);
    let head = ["predicted", "actual", "variance"].into_iter().chain(Cause::ALL.map(Cause::as_str));
    let head = head.map(|name| html! { <th scope="col" class="number">{ name }</th> });
    let content = html! {
        <>
            <div class="scroll" tabindex="0" role="region" aria-label="Variance by who pays, all figures">
                <table class="plain" data-testid="variance-by-tenant">
                    <thead>
                        <tr>
                            <th scope="col">{ "who" }</th>
                            { for head }
                            <th scope="col"><span class="hidden">{ "requests" }</span></th>
                        </tr>
                    </thead>
                    <tbody>{ for lines.iter().map(|line| line.row(*currency, find(line))) }</tbody>
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
    let note = format!(
        "The days of this window together; a dash is a cause that was not replayed there. The button finds the few requests \
         that at least 80 % of a variance comes from{days}"
    );
    Card { title: "Variance by who pays", note, class: "full", ..Card::default() }.around(content)
}

/// The day that begins at an instant; its middle is the same day in any time zone that somebody is likely to be in.
fn day_of(day: Instant, zone: Zone) -> String {
    format::day((day + shared::units::Duration::HOUR * 12).micros(), zone)
}

/// A line of the table: the rows of one name, a day each.
struct Line<'a> {
    kind: RowKind,
    name: &'a str,
    rows: Vec<&'a AllocationRow>,
    /// The causes of each row; those of everything stand in the report.
    causes: Vec<&'a [shared::allocation::CauseAmount]>,
    /// When the day began on which most of its variance lies, where requests can explain any.
    worst: Option<Instant>,
}

/// Everything, then a line each of what the reports have a row of.
fn lines(reports: &ReportList) -> Vec<Line<'_>> {
    let whole = Line {
        kind: RowKind::Total,
        name: "",
        rows: reports.windows.iter().map(|day| &day.report.total).collect(),
        causes: reports.windows.iter().map(|day| &day.report.causes[..]).collect(),
        worst: worst(reports.windows.iter().map(|day| (day, &day.report.total))),
    };
    let mut keys: Vec<(RowKind, &str)> = Vec::new();
    for row in reports.windows.iter().flat_map(|day| &day.report.rows) {
        if !keys.contains(&(row.kind, row.name.as_str())) {
            keys.push((row.kind, &row.name));
        }
    }
    let line = |&(kind, name): &(RowKind, &'_ str)| {
        let of_day = |day| rows_of(day, kind, name).map(move |row| (day, row));
        let rows: Vec<(&WindowReport, &AllocationRow)> = reports.windows.iter().flat_map(of_day).collect();
        Line {
            kind,
            name: rows[0].1.name.as_str(),
            rows: rows.iter().map(|(_, row)| *row).collect(),
            causes: rows.iter().map(|(_, row)| &row.causes[..]).collect(),
            worst: worst(rows.into_iter()).filter(|_| kind == RowKind::Tenant),
        }
    };
    [whole].into_iter().chain(keys.iter().map(line)).collect()
}

fn rows_of<'a>(day: &'a WindowReport, kind: RowKind, name: &str) -> impl Iterator<Item = &'a AllocationRow> {
    let row = day.report.rows.iter().find(|row| row.kind == kind && row.name == name);
    row.into_iter()
}

/// The day on which most of a line's variance lies.
fn worst<'a>(days: impl Iterator<Item = (&'a WindowReport, &'a AllocationRow)>) -> Option<Instant> {
    let sized = days.filter_map(|(day, row)| Some((row.variance?.amount.abs(), day.report.window.start)));
    sized.filter(|(size, _)| !size.is_zero()).max().map(|(_, start)| start)
}

impl Line<'_> {
    fn called(&self) -> String {
        match self.kind {
            RowKind::Total => "everything".to_owned(),
            kind if self.name.is_empty() => format::words(kind.as_str()),
            _ => self.name.to_owned(),
        }
    }

    fn row(&self, currency: Currency, find: Option<Html>) -> Html {
        let predicted = sums::of_money(self.rows.iter().map(|row| row.predicted.mean), currency);
        let actual = sums::of_money(self.rows.iter().filter_map(|row| row.actual), currency);
        let causes = Cause::ALL.map(|cause| {
            let of_cause = self.causes.iter().flat_map(|causes| causes.iter()).filter(|of| of.cause == cause);
            let amounts: Vec<Money> = of_cause.filter_map(|of| of.amount).collect();
            let text = match amounts.is_empty() {
                true => "–".to_owned(),
                false => format::signed_money(&sums::of_money(amounts.into_iter(), currency)),
            };
            html! { <td class="number quiet">{ text }</td> }
        });
        html! {
            <tr>
                <th scope="row">{ self.called() }</th>
                <td class="number">{ format::money(&predicted) }</td>
                <td class="number">{ format::money(&actual) }</td>
                <td class="number">{ format::signed_money(&sums::difference(actual, predicted)) }</td>
                { for causes }
                <td class="number">{ for find }</td>
            </tr>
        }
    }
}

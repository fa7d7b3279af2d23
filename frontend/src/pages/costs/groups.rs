//! What each group cost, part by part; a click looks into it.

use shared::allocation::{AmountsView, GroupBy, StatementView};
use shared::units::Money;
use yew::prelude::*;

use super::over_time::largest_first;
use super::{group_name, group_of, grouping, sums, title};
use crate::charts::{GROUPS, Tone};
use crate::components::{Card, Tidings, say};
use crate::format;
use crate::route::CostsQuery;

/// The table.
pub(super) fn groups(shown: &StatementView, query: &CostsQuery) -> Html {
    let by = query.shown_by();
    let groups = largest_first(shown, query);
    let parts = shown.parts_shown();
    let of = |group: &Option<String>| {
        let rows = shown.rows.iter().filter(|row| group_of(row, by) == group.as_deref());
        sums::of_amounts(rows.map(|row| &row.amounts), shown.currency)
    };
    let all: Vec<(Option<String>, AmountsView)> = groups.iter().map(|group| (group.clone(), of(group))).collect();
    let largest = all.iter().map(|(_, amounts)| amounts.total.to_f64().abs()).fold(f64::MIN_POSITIVE, f64::max);
    let row = |(place, (group, amounts)): (usize, &(Option<String>, AmountsView))| {
        group_row(query, (group.as_deref(), amounts), Scale { place, largest, total: shown.total.total }, &parts)
    };
    let head = parts.iter().map(|&part| AmountsView::PARTS[part]).chain(["total", "share"]);
    let head = head.map(|name| html! { <th scope="col" class="number">{ name }</th> });
    let content = html! {
        <div class="scroll" tabindex="0" role="region" aria-label="Cost by group">
            <table class="bars groups" data-testid="groups">
                <thead>
                    <tr>
                        <th scope="col">{ grouping(by) }</th>
                        <th scope="col" class="bar-cell"><span class="hidden">{ "as bars" }</span></th>
                        { for head }
                    </tr>
                </thead>
                <tbody>{ for all.iter().enumerate().map(row) }</tbody>
                <tfoot>
                    <tr>
                        <th scope="row">{ "total" }</th>
                        <td class="bar-cell"></td>
                        { cells(&shown.total, &parts) }
                        <td></td>
                    </tr>
                </tfoot>
            </table>
        </div>
    };
    let note = match query.of {
        None => format!("Choose a {} to look into it", grouping(by)),
        Some(_) => String::new(),
    };
    let nothing = || say(Tidings::Info, &nothing_said(by, query));
    let content = if all.is_empty() { nothing() } else { content };
    Card { title: &title(query), note, class: "full", ..Card::default() }.around(content)
}

/// Why there is no group.
fn nothing_said(by: &GroupBy, query: &CostsQuery) -> String {
    match &query.of {
        Some(of) => format!("Nothing in this window is of `{of}`; choose another window, or all by {}.", grouping(by)),
        None => "Nothing cost anything in this window.".to_owned(),
    }
}

/// What a row is drawn beside.
struct Scale {
    place: usize,
    largest: f64,
    total: Money,
}

fn group_row(query: &CostsQuery, row: (Option<&str>, &AmountsView), scale: Scale, parts: &[usize]) -> Html {
    let ((group, amounts), by) = (row, query.shown_by());
    let name = group_name(by, group);
    let into = CostsQuery { of: Some(group.unwrap_or_default().to_owned()), ..query.clone() };
    let total = amounts.total.to_f64();
    let style = format!("width:{:.2}%", total.abs() / scale.largest * 100.0);
    let tone = Tone::Group(scale.place.min(GROUPS)).class();
    let share = if scale.total.amount.is_zero() { None } else { Some(total / scale.total.to_f64()) };
    html! {
        <tr>
            <th scope="row">
                if query.of.is_none() {
                    <a href={into.address()} title={format!("{name} by {}", grouping(&query.then))} data-testid="group">{ &name }</a>
                } else {
                    { &name }
                }
            </th>
            <td class="bar-cell" aria-hidden="true">
                <div class="track"><i class={classes!("bar", tone)} {style}></i></div>
            </td>
            { cells(amounts, parts) }
            <td class="number quiet">{ share.map_or_else(|| "–".to_owned(), format::percent) }</td>
        </tr>
    }
}

/// Some parts, and the total.
fn cells(amounts: &AmountsView, parts: &[usize]) -> Html {
    let all = amounts.parts();
    let parts = parts.iter().map(|&part| {
        let money = &all[part];
        let text = if money.amount.is_zero() { "–".to_owned() } else { format::money(money) };
        html! { <td class="number quiet">{ text }</td> }
    });
    html! { <>{ for parts }<td class="number">{ format::money(&amounts.total) }</td></> }
}

//! Amounts of money side by side: tables first, bars second, so that they read well without seeing them.

use shared::api::MoneyBand;
use shared::units::Money;
use yew::prelude::*;

use crate::format;

/// A row of [`Bars`].
#[derive(Clone, PartialEq)]
pub(crate) struct BarRow {
    /// What it is.
    pub(crate) name: String,
    /// The mean of what is predicted.
    pub(crate) predicted: Money,
    /// What stands beside it.
    pub(crate) beside: Beside,
}

/// What a predicted amount is compared with.
#[derive(Clone, PartialEq)]
pub(crate) enum Beside {
    /// What it cost in the end.
    Actual(Money),
    /// How far the runs differ: p10 to p90.
    Range(MoneyBand),
}

/// Predicted amounts of what `name` says, each with what it is compared with.
pub(crate) fn bars(name: &str, rows: &[BarRow]) -> Html {
    let highest = |row: &BarRow| match &row.beside {
        Beside::Actual(actual) => row.predicted.to_f64().max(actual.to_f64()),
        Beside::Range(band) => row.predicted.to_f64().max(band.p90.to_f64()),
    };
    let ceiling = rows.iter().map(highest).fold(f64::MIN_POSITIVE, f64::max);
    let beside = match rows.first().map(|row| &row.beside) {
        Some(Beside::Range(_)) => "p10 – p90",
        _ => "actual",
    };
    html! {
        <table class="bars">
            <thead>
                <tr>
                    <th scope="col">{ name }</th>
                    <th scope="col" class="bar-cell"><span class="hidden">{ "as bars" }</span></th>
                    <th scope="col" class="number">{ "predicted" }</th>
                    <th scope="col" class="number">{ beside }</th>
                </tr>
            </thead>
            <tbody>{ for rows.iter().map(|row| bar_row(row, ceiling)) }</tbody>
        </table>
    }
}

fn bar_row(row: &BarRow, ceiling: f64) -> Html {
    let percent = |money: &Money| (money.to_f64() / ceiling * 100.0).clamp(0.0, 100.0);
    let (mark, text) = match &row.beside {
        Beside::Actual(actual) => (
            html! { <i class="bar second tone-actual" style={format!("width:{:.2}%", percent(actual))}></i> },
            format::money(actual),
        ),
        Beside::Range(band) => {
            let (low, high) = (percent(&band.p10), percent(&band.p90));
            let style = format!("left:{low:.2}%;width:{:.2}%", high - low);
            let text = format::range(&band.p10, &band.p90);
            let whisker = (high > low).then(|| html! { <i class="whisker" {style}></i> });
            (html! { <>{ for whisker }</> }, text)
        }
    };
    html! {
        <tr>
            <th scope="row">{ &row.name }</th>
            <td class="bar-cell" aria-hidden="true">
                <div class="track">
                    <i class="bar tone-predicted" style={format!("width:{:.2}%", percent(&row.predicted))}></i>
                    { mark }
                </div>
            </td>
            <td class="number">{ format::money(&row.predicted) }</td>
            <td class="number quiet">{ text }</td>
        </tr>
    }
}

/// A row of [`Causes`].
#[derive(Clone, PartialEq)]
pub(crate) struct CauseRow {
    /// The cause.
    pub(crate) name: String,
    /// How much of the variance; none where it was not observed.
    pub(crate) amount: Option<Money>,
}

/// Signed parts of a variance, left and right of zero, and their sum.
pub(crate) fn causes(rows: &[CauseRow], total: &Money) -> Html {
    let amounts = || rows.iter().filter_map(|row| row.amount.as_ref()).map(|amount| amount.to_f64());
    let axis = (amounts().fold(0.0, f64::min), amounts().fold(f64::MIN_POSITIVE, f64::max));
    html! {
        <table class="bars causes">
            <thead>
                <tr>
                    <th scope="col">{ "cause" }</th>
                    <th scope="col" class="bar-cell"><span class="hidden">{ "as bars" }</span></th>
                    <th scope="col" class="number">{ "actual − predicted" }</th>
                </tr>
            </thead>
            <tbody>{ for rows.iter().map(|row| cause_row(row, axis)) }</tbody>
            <tfoot>
                <tr>
                    <th scope="row">{ "variance" }</th>
                    <td></td>
                    <td class="number">{ format::signed_money(total) }</td>
                </tr>
            </tfoot>
        </table>
    }
}

/// `axis` is the lowest and the highest amount, zero among them.
fn cause_row(row: &CauseRow, (low, high): (f64, f64)) -> Html {
    let percent = |value: f64| (value - low) / (high - low) * 100.0;
    let bar = row.amount.as_ref().map(|amount| {
        let (from, to) = (amount.to_f64().min(0.0), amount.to_f64().max(0.0));
        let tone = if from < 0.0 { "tone-actual" } else { "tone-predicted" };
        let style = format!("left:{:.2}%;width:{:.2}%", percent(from), percent(to) - percent(from));
        html! { <i class={classes!("bar", tone)} {style}></i> }
    });
    html! {
        <tr>
            <th scope="row">{ &row.name }</th>
            <td class="bar-cell" aria-hidden="true">
                <div class="track">
                    <i class="zero" style={format!("left:{:.2}%", percent(0.0))}></i>
                    { for bar }
                </div>
            </td>
            <td class="number">
                if let Some(amount) = &row.amount {
                    { format::signed_money(amount) }
                } else {
                    <span class="quiet">{ "not observed" }</span>
                }
            </td>
        </tr>
    }
}

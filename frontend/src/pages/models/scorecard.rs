//! What forecasts of cost claimed, against what came.

use shared::allocation::RowKind;
use shared::feedback::ledger::{IntervalScore, ScoreRow, Scorecard};
use yew::prelude::*;

use crate::api_client::ApiError;
use crate::components::{Card, Tidings, known_by, say};
use crate::format;

/// The total and each kind together; below, each by its name.
pub(in crate::pages) fn scorecard(card: &Result<Scorecard, ApiError>) -> Html {
    let (note, content) = match card {
        Err(error) => (String::new(), say(Tidings::Error, &error.message())),
        Ok(card) if card.rows.is_empty() => {
            let forecast = format::counted(card.forecast.into(), "window");
            let sentence =
                format!("{forecast} were forecast, and none is over yet: it is judged when its cost is known.");
            (String::new(), say(Tidings::Info, &sentence))
        }
        Ok(card) => (note(card), tables(card)),
    };
    Card { title: "Claimed against achieved", note, class: "full", ..Card::default() }.around(content)
}

fn note(card: &Scorecard) -> String {
    let basis = card.rows.first().map(|row| known_by(row.basis)).unwrap_or_default();
    let late = match card.late {
        0 => String::new(),
        late => format!("; {} came too late to be judged", format::counted(late.into(), "forecast")),
    };
    format!("{} of {} forecast windows are over{late}. {basis}", card.judged, card.forecast)
}

fn tables(card: &Scorecard) -> Html {
    let (named, together): (Vec<&ScoreRow>, Vec<&ScoreRow>) = card.rows.iter().partition(|row| row.name.is_some());
    html! {
        <>
            { table("Scores of all of a kind", "scorecard", &together) }
            if !named.is_empty() {
                <details>
                    <summary>{ format!("Each by its name ({})", format::count(named.len() as u64)) }</summary>
                    { table("Scores by name", "scorecard-named", &named) }
                </details>
            }
        </>
    }
}

fn table(label: &'static str, testid: &'static str, rows: &[&ScoreRow]) -> Html {
    let claims = rows.first().map_or(&[][..], |row| &row.intervals);
    let claims = claims
        .iter()
        .map(|of| html! { <th scope="col" class="number">{ format!("in {} %", of.claimed_percent) }</th> });
    html! {
        <div class="scroll" tabindex="0" role="region" aria-label={label}>
            <table class="plain" data-testid={testid}>
                <thead>
                    <tr>
                        <th scope="col">{ "what" }</th>
                        <th scope="col">{ "horizon" }</th>
                        <th scope="col" class="number">{ "windows" }</th>
                        <th scope="col" class="number"><abbr title="Σ|actual − predicted| ÷ Σ|actual|">{ "WAPE" }</abbr></th>
                        <th scope="col" class="number"><abbr title="above zero where predictions were too high">{ "bias" }</abbr></th>
                        { for claims }
                    </tr>
                </thead>
                <tbody>{ for rows.iter().map(|row| score_row(row)) }</tbody>
            </table>
        </div>
    }
}

fn score_row(row: &ScoreRow) -> Html {
    let percent = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), format::percent);
    html! {
        <tr>
            <th scope="row">{ what(row) }</th>
            <td>{ format::span(row.horizon) }</td>
            <td class="number">{ format::count(row.windows.into()) }</td>
            <td class="number">{ percent(row.wape) }</td>
            <td class="number">{ percent(row.bias) }</td>
            { for row.intervals.iter().map(interval) }
        </tr>
    }
}

fn what(row: &ScoreRow) -> String {
    match (&row.name, row.kind) {
        (Some(name), kind) => format!("{} {name}", format::words(kind.as_str())),
        (None, RowKind::Total) => "total".to_owned(),
        (None, RowKind::Tenant) => "tenants".to_owned(),
        (None, RowKind::Module) => "modules".to_owned(),
        (None, kind) => format::words(kind.as_str()),
    }
}

/// How many percent of the windows the interval held, and whether that is what it claims.
fn interval(of: &IntervalScore) -> Html {
    let achieved = of.achieved_percent.map_or_else(|| "–".to_owned(), |percent| format::percent(percent / 100.0));
    let title = format!("{} of {} windows; {} % claimed", of.inside, of.of, of.claimed_percent);
    html! { <td class="number" {title}>{ achieved }</td> }
}

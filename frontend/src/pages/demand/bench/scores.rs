//! How the models did, the best first.

use yew::prelude::*;

use crate::format;
use crate::worker::{ModelSaid, ScoreRow};

/// The scores of every model on one series.
pub(super) fn scores(model: &ModelSaid, series: &str) -> Html {
    // What was not ready has no series.
    let mut rows: Vec<&ScoreRow> =
        model.scores.iter().filter(|row| row.series == series || row.series.is_empty()).collect();
    if rows.is_empty() {
        return html! { <p class="note">{ "The backtest has no scores of this series." }</p> };
    }
    let mase = |row: &ScoreRow| row.scores.as_ref().ok().and_then(|scores| scores.mase).unwrap_or(f64::INFINITY);
    rows.sort_by(|a, b| mase(a).total_cmp(&mase(b)));
    let head = ["MASE", "WAPE", "bias", "in 90 % band", "share"];
    html! {
        <div class="scroll" tabindex="0" role="region" aria-label="Scores of the models">
            <table class="plain" data-testid="scores">
                <thead><tr><th scope="col">{ "model" }</th>{ for head.map(|name| html! { <th scope="col" class="number">{ name }</th> }) }</tr></thead>
                <tbody>{ for rows.into_iter().map(score_row) }</tbody>
            </table>
        </div>
    }
}

fn score_row(row: &ScoreRow) -> Html {
    let cell = |text: Option<String>| html! { <td class="number">{ text.unwrap_or_else(|| "–".to_owned()) }</td> };
    html! {
        <tr>
            <th scope="row">
                { &row.model }
                if row.used {
                    { " " }<span class="badge strong">{ "used" }</span>
                }
            </th>
            { match &row.scores {
                Ok(scores) => html! {
                    <>
                        { cell(scores.mase.map(format::number)) }
                        { cell(scores.wape.map(format::percent)) }
                        { cell(scores.bias.map(format::percent)) }
                        { cell(scores.inside.map(format::percent)) }
                    </>
                },
                Err(reason) => html! { <td class="quiet" colspan="4">{ reason }</td> },
            } }
            { cell(row.share.map(format::percent)) }
        </tr>
    }
}

//! What came out: the bands, the scores, the model as a file.

use std::rc::Rc;

use gloo::file::{Blob, ObjectUrl};
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use super::scores::scores;
use crate::charts::{TimeChart, ahead_chart};
use crate::components::{Card, Tidings, figure, say};
use crate::format;
use crate::worker::{AheadBin, ModelSaid, Said, SeriesView};
use crate::zone::Zone;

#[derive(Properties, PartialEq)]
pub(super) struct ForecastProps {
    pub(super) said: Rc<Said>,
    /// The name of the file that the model came from.
    pub(super) model_file: Option<String>,
    /// Whether something newer is on its way.
    pub(super) stale: bool,
}

#[component]
pub(super) fn ForecastCards(props: &ForecastProps) -> Html {
    let said = &props.said;
    let zone = use_context::<Zone>().unwrap_or_default();
    let chosen = use_state(|| None::<String>);
    let series = said.series.iter().find(|series| Some(&series.name) == chosen.as_ref()).or(everyone(said));
    let Some(series) = series else { return say(Tidings::Warning, "The data holds no series.") };
    let on_series = {
        let chosen = chosen.setter();
        Callback::from(move |event: Event| {
            chosen.set(Some(event.target_unchecked_into::<HtmlSelectElement>().value()));
        })
    };
    let note = match (&said.model, &series.ahead) {
        (None, _) => "No forecast yet: train models on it, or open a model file".to_owned(),
        (_, Err(_)) => String::new(),
        (Some(model), Ok(_)) => {
            format!(
                "Next {} by {}, from {}",
                format::span(said.horizon),
                model.name,
                format::instant(said.window.end, zone)
            )
        }
    };
    html! {
        <div class={classes!("results", props.stale.then_some("stale"))}>
            { for said.notices.iter().map(|notice| say(Tidings::Warning, notice)) }
            if let Some(model) = &said.model {
                { digest(model) }
                if let Ok(bins) = &series.ahead {
                    { figures(said, model, series, bins, zone) }
                }
            }
            <div class="grid">
                { Card { title: "Demand", note, class: "full", tools: choice(said, &series.name, &on_series) }
                    .around(demand(said, series)) }
                if let Some(model) = &said.model {
                    { Card { title: "Models, by backtest", note: backtest_note(model, &series.name), class: "wide", ..Card::default() }
                        .around(scores(model, &series.name)) }
                    <ModelCard model={Rc::new(model.clone())} file_name={props.model_file.clone()} />
                }
            </div>
        </div>
    }
}

/// The series to begin with: all creates, or the first.
fn everyone(said: &Said) -> Option<&SeriesView> {
    said.series.iter().find(|series| series.name == "creates").or(said.series.first())
}

fn digest(model: &ModelSaid) -> Html {
    let fitted = model.fit_ms.map(|ms| format!("fitted in {}, ", format::milliseconds(Some(ms)))).unwrap_or_default();
    let how = format!("{fitted}forecast in {}", format::milliseconds(Some(model.forecast_ms)));
    html! {
        <div class="digest-line">
            <span class="label">{ "digest" }</span>
            <code class="digest" data-testid="forecast-digest">{ &model.digest }</code>
            <span class="note" data-testid="how">{ how }</span>
        </div>
    }
}

fn figures(said: &Said, model: &ModelSaid, series: &SeriesView, bins: &[AheadBin], zone: Zone) -> Html {
    let expected: f64 = bins.iter().map(|bin| bin.mean).sum();
    let busiest = bins.iter().max_by(|a, b| a.quantiles[3].total_cmp(&b.quantiles[3]));
    let peak = busiest.map_or("–".to_owned(), |bin| format::number(bin.quantiles[3]));
    let peak_note = busiest.map_or(String::new(), |bin| {
        let (low, high) = (format::number(bin.quantiles[0]), format::number(bin.quantiles[6]));
        format!("at {}, 90 % between {low} and {high}", format::instant(bin.at, zone))
    });
    let of_series = || model.scores.iter().filter(|row| row.series == series.name);
    let mase = |row: &crate::worker::ScoreRow| row.scores.as_ref().ok().and_then(|scores| scores.mase);
    let used = of_series().find(|row| row.used).and_then(mase);
    let naive = of_series().find(|row| row.model == "seasonal naive").and_then(mase);
    let naive_note = naive.map_or("no backtest of this series".to_owned(), |mase| {
        format!("yesterday repeated: {}", format::number(mase))
    });
    let inside = of_series().find(|row| row.used).and_then(|row| row.scores.as_ref().ok()?.inside);
    html! {
        <div class="figures">
            { figure(&format!("Expected in {}", format::span(said.horizon)), format::number(expected), "mean, over all bins".to_owned(), "expected") }
            { figure("Busiest bin, median", peak, peak_note, "busiest") }
            { figure("MASE in the backtest", used.map_or("–".to_owned(), format::number), naive_note, "mase") }
            { figure("Inside the 90 % band", inside.map_or("–".to_owned(), format::percent), "of the backtest's bins".to_owned(), "inside") }
        </div>
    }
}

fn choice(said: &Said, chosen: &str, on_series: &Callback<Event>) -> Html {
    if said.series.len() < 2 {
        return Html::default();
    }
    let options = said.series.iter().map(|series| {
        html! { <option value={series.name.clone()} selected={series.name == chosen}>{ &series.name }</option> }
    });
    html! { <select aria-label="Series" onchange={on_series} data-testid="series">{ for options }</select> }
}

fn demand(said: &Said, series: &SeriesView) -> Html {
    let bins: Vec<_> = series.ahead.iter().flatten().map(|bin| (bin.at, bin.quantiles)).collect();
    let axis = format!("{} per {}", series.name, format::per(said.bin));
    let now = (!bins.is_empty()).then_some(said.window.end);
    let chart = Rc::new(ahead_chart(series.past.clone(), &bins, now, said.bin, axis));
    html! {
        <>
            if let Err(reason) = &series.ahead {
                { say(Tidings::Info, &format!("No forecast of this series: it {reason}.")) }
            }
            <TimeChart name="Actual and forecast demand" {chart} />
        </>
    }
}

fn backtest_note(model: &ModelSaid, series: &str) -> String {
    let reason = model.reasons.iter().find(|(name, _)| name == series).map(|(_, reason)| reason.as_str());
    match &model.fallback {
        Some(why) => why.clone(),
        None => format!(
            "Each fitted on what came before {}, then compared with what came. {}",
            format::counted(model.origins as u64, "origin"),
            format::words(reason.unwrap_or_default())
        ),
    }
}

#[derive(Properties, PartialEq)]
struct ModelProps {
    model: Rc<ModelSaid>,
    file_name: Option<String>,
}

/// What the model learnt from, and the file to keep.
#[component]
fn ModelCard(props: &ModelProps) -> Html {
    let model = &props.model;
    let zone = use_context::<Zone>().unwrap_or_default();
    let url = use_memo(model.clone(), |model| {
        ObjectUrl::from(Blob::new_with_options(model.file.as_slice(), Some("application/octet-stream")))
    });
    let origin = match &props.file_name {
        Some(name) if model.of_this_data => format!("{name}, which learnt from exactly this data"),
        Some(name) => format!("{name}, which learnt from other data"),
        None => "trained in this browser".to_owned(),
    };
    let rows = [
        ("from", origin),
        (
            "learnt from",
            format!(
                "{} – {} {}",
                format::instant(model.window.start, zone),
                format::instant(model.window.end, zone),
                zone.label()
            ),
        ),
        ("seed", model.seed.to_string()),
        ("fingerprint", model.fingerprint.chars().take(16).collect()),
    ];
    let rows = rows.into_iter().map(|(what, value)| html! { <><dt>{ what }</dt><dd>{ value }</dd></> });
    let note = "The file gives the same forecast, bit for bit, in every browser and on the command line";
    let content = html! {
        <>
            <dl class="revealed" data-testid="model">{ for rows }</dl>
            <div class="actions below">
                <a class="button" href={url.to_string()} download="demand.shadowmodel" data-testid="save-model">
                    { format!("Save model, {} kB", format::number(model.file.len() as f64 / 1e3)) }
                </a>
            </div>
        </>
    };
    Card { title: "Model", note: note.to_owned(), ..Card::default() }.around(content)
}

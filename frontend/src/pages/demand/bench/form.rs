//! What to forecast, and the buttons.

use std::rc::Rc;

use shared::units::Duration;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use super::Options;
use super::counts::Counts;
use crate::components::{OpenFile, Opened};
use crate::format;
use crate::worker::Said;
use crate::zone::Zone;

const HORIZONS: [Duration; 3] = [Duration::HOUR, Duration::from_minutes(6 * 60), Duration::DAY];
const BINS: [Duration; 3] = [Duration::from_minutes(5), Duration::from_minutes(15), Duration::HOUR];

#[derive(Properties, PartialEq)]
pub(super) struct FormProps {
    pub(super) counts: Counts,
    /// What is known of the counts.
    pub(super) said: Option<Rc<Said>>,
    pub(super) options: Options,
    pub(super) on_options: Callback<Options>,
    pub(super) on_train: Callback<()>,
    pub(super) on_cancel: Callback<()>,
    /// A model file: its name and bytes, or why it cannot be read.
    pub(super) on_model: Callback<Opened>,
    /// What is being done, and how much of it is done, from 0 to 1.
    pub(super) busy: Option<(String, Option<f64>)>,
}

#[component]
pub(super) fn Form(props: &FormProps) -> Html {
    let zone = use_context::<Zone>().unwrap_or_default();
    let onsubmit = props.on_train.reform(|event: SubmitEvent| event.prevent_default());
    let options = props.options;
    let window = props.said.as_ref().map(|said| {
        let (start, end) = (format::instant(said.window.start, zone), format::instant(said.window.end, zone));
        let bins = (said.window.end - said.window.start).divide(said.bin).max(0) as u64;
        let series = format::counted(said.series.len() as u64, "series").replace("seriess", "series");
        format!(
            "{start} – {end} {}, {} of {}, {series}",
            zone.label(),
            format::counted(bins, "bin"),
            format::span(said.bin)
        )
    });
    let horizon =
        select(props, "Horizon", "horizon", &HORIZONS, options.horizon, |options, horizon| options.horizon = horizon);
    let bin = select(props, "Bin", "bin", &BINS, options.bin, |options, bin| options.bin = bin);
    html! {
        <form class="card controls" {onsubmit} aria-label="Forecast">
            <header><div>
                <h2 data-testid="data-name">{ &props.counts.name }</h2>
                <p class="note">{ &props.counts.note }</p>
                <p class="note" data-testid="window">{ window.unwrap_or_default() }</p>
            </div></header>
            <fieldset>
                <legend>{ "Forecast" }</legend>
                { horizon }
                if props.counts.counted_here {
                    { bin }
                }
            </fieldset>
            <fieldset>
                <legend>{ "Training" }</legend>
                { number(props, "Steps at most", "steps", options.steps.into(), 1..=100_000, |options, value| options.steps = value as u32) }
                { number(props, "Seed", "seed", options.seed, 0..=u64::MAX, |options, seed| options.seed = seed) }
            </fieldset>
            { buttons(props) }
        </form>
    }
}

fn buttons(props: &FormProps) -> Html {
    let cancel = props.on_cancel.reform(|_: MouseEvent| ());
    html! {
        if let Some((words, part)) = &props.busy {
            <div class="actions">
                <progress max="1" value={part.map(|part| format!("{part:.3}"))} aria-label="Part that is done" data-testid="progress"></progress>
                <button type="button" onclick={cancel} data-testid="cancel">{ "Cancel" }</button>
            </div>
            <p class="note busy" role="status" data-testid="doing">{ words }</p>
        } else {
            <div class="actions">
                <button type="submit" class="primary" data-testid="train">{ "Train" }</button>
                <OpenFile label="Open model" accept=".shadowmodel" testid="open-model" on_file={props.on_model.clone()} />
            </div>
        }
    }
}

fn select(
    props: &FormProps,
    label: &'static str,
    id: &'static str,
    choices: &'static [Duration],
    chosen: Duration,
    set: fn(&mut Options, Duration),
) -> Html {
    let onchange = {
        let (options, on_options) = (props.options, props.on_options.clone());
        Callback::from(move |event: Event| {
            let text = event.target_unchecked_into::<HtmlSelectElement>().value();
            if let Some(&choice) = choices.iter().find(|choice| format::span(**choice) == text) {
                let mut changed = options;
                set(&mut changed, choice);
                on_options.emit(changed);
            }
        })
    };
    let choices = choices.iter().map(|&choice| {
        let text = format::span(choice);
        html! { <option value={text.clone()} selected={choice == chosen}>{ text }</option> }
    });
    html! {
        <label class="field">
            <span>{ label }</span>
            <select {onchange} data-testid={id}>{ for choices }</select>
        </label>
    }
}

/// A whole number within limits; what is not one leaves the value as it was.
fn number(
    props: &FormProps,
    label: &'static str,
    id: &'static str,
    value: u64,
    limits: core::ops::RangeInclusive<u64>,
    set: fn(&mut Options, u64),
) -> Html {
    let (low, high) = (limits.start().to_string(), (*limits.end() < u64::MAX).then(|| limits.end().to_string()));
    let onchange = {
        let (options, on_options) = (props.options, props.on_options.clone());
        Callback::from(move |event: Event| {
            let input: HtmlInputElement = event.target_unchecked_into();
            match input.value().parse::<u64>().ok().filter(|value| limits.contains(value)) {
                Some(value) => {
                    let mut changed = options;
                    set(&mut changed, value);
                    on_options.emit(changed);
                }
                None => {
                    input.report_validity();
                }
            }
        })
    };
    html! {
        <label class="field">
            <span>{ label }</span>
            <input type="number" inputmode="numeric" required=true min={low} max={high} step="1" value={value.to_string()}
                {onchange} data-testid={id} />
        </label>
    }
}

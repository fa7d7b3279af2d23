//! Forecasts in the browser: train on a file or on the service's demand, look at the bands, keep the model as a file.

mod cards;
mod counts;
mod form;
mod scores;
mod worker_hook;

use std::rc::Rc;

use shared::units::Duration;
use yew::prelude::*;

use self::cards::ForecastCards;
use self::counts::{Counts, use_counts};
use self::form::Form;
pub(in crate::pages) use self::worker_hook::training_words;
use self::worker_hook::{State, use_forecaster};
use crate::components::{OpenFile, Opened, Tidings, notice, say};
use crate::route::ForecastSource;
use crate::worker::{Data, Order, Task};

#[derive(Properties, PartialEq)]
pub(super) struct BenchProps {
    /// Where the counts come from.
    pub(super) source: ForecastSource,
}

/// What the form says.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Options {
    horizon: Duration,
    bin: Duration,
    steps: u32,
    seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { horizon: Duration::DAY, bin: Duration::from_minutes(5), steps: 1_000, seed: 1 }
    }
}

impl Options {
    fn order(self, data: &Data, task: Task) -> Order {
        Order { data: data.clone(), bin: self.bin, horizon: self.horizon, task }
    }
}

/// The page, as far as it needs no service.
#[component]
pub(super) fn Bench(props: &BenchProps) -> Html {
    let opened = use_state(|| None::<Rc<Result<Counts, String>>>);
    let counts = use_counts(props.source);
    {
        // Another address means other counts, whatever file was open.
        let opened = opened.setter();
        use_effect_with(props.source, move |_| opened.set(None));
    }
    let on_data = {
        let opened = opened.setter();
        Callback::from(move |(name, content): Opened| {
            opened.set(Some(Rc::new(content.and_then(|content| Counts::of_file(name, content)))));
        })
    };
    let content = match opened.as_ref().or(counts.as_ref()).map(Rc::as_ref) {
        None => html! { <p class="loading" role="status">{ "Loading the demand …" }</p> },
        Some(Err(message)) => notice(Tidings::Error, "error", html! { message }),
        Some(Ok(counts)) => html! { <Trainer counts={counts.clone()} /> },
    };
    html! {
        <>
            <div class="title">
                <h1>{ "Demand" }</h1>
                <div class="tools">
                    <a class="button" href="#/demand">{ "The service's" }</a>
                    <a class="button" href="#/demand?data=example">{ "Example" }</a>
                    <OpenFile label="Open data" accept=".csv,.ndjson,.jsonl,.json,.txt,.gz" testid="open-data" on_file={on_data} />
                </div>
            </div>
            { content }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct TrainerProps {
    counts: Counts,
}

/// The form, and what came out.
#[component]
fn Trainer(props: &TrainerProps) -> Html {
    let options = use_state(Options::default);
    let desk = use_forecaster();
    {
        // What is new, or counted anew, is looked at before anything is made of it.
        let start = desk.start.clone();
        let of = (props.counts.clone(), options.bin);
        let options = *options;
        use_effect_with(of, move |(counts, _)| start.emit((options.order(&counts.data, Task::Look), None)));
    }
    let on_options = {
        let options = options.setter();
        Callback::from(move |changed: Options| options.set(changed))
    };
    let on_train = {
        let (data, options) = (props.counts.data.clone(), *options);
        desk.start
            .reform(move |()| (options.order(&data, Task::Train { steps: options.steps, seed: options.seed }), None))
    };
    let on_model = {
        let (data, options, start, failed) =
            (props.counts.data.clone(), *options, desk.start.clone(), desk.failed.clone());
        Callback::from(move |(name, content): Opened| match content {
            Ok(file) => start.emit((options.order(&data, Task::Serve { file }), Some(name))),
            Err(message) => failed.emit(message),
        })
    };
    let busy = match &*desk.state {
        State::Busy(words, part) => Some((words.clone(), *part)),
        _ => None,
    };
    html! {
        <div class="lab">
            <Form counts={props.counts.clone()} said={desk.said.as_ref().map(|(said, _)| said.clone())}
                options={*options} {on_options} {on_train} on_cancel={desk.cancel.clone()} {on_model} busy={busy.clone()} />
            <div class="outcome">
                { match &*desk.state {
                    State::Failed(message) => notice(Tidings::Error, "error", html! { message }),
                    State::Cancelled => say(Tidings::Info, "Cancelled. Nothing of it is kept."),
                    _ => Html::default(),
                } }
                if let Some((said, model_file)) = &*desk.said {
                    <ForecastCards said={said.clone()} model_file={model_file.clone()} stale={busy.is_some()} />
                } else if busy.is_some() {
                    <p class="loading" role="status">{ "Counting …" }</p>
                }
            </div>
        </div>
    }
}

//! The bench: the scenario, its variants, the controls that change one of them, and what comes of all.

use std::rc::Rc;

use shared::link::{LINK_ROUTE, Limits, SharedScenario, VARIANTS_PARAMETER, Variants};
use shared::scenario::Scenario;
use yew::prelude::*;

use super::advice::NotLetIn;
use super::columns::{are_same, column_of, columns, title};
use super::controls::Controls;
use super::form::Form;
use super::history::{History, Step, use_undo_keys};
use super::loading::Loaded;
use super::node_map::NodeMapCard;
use super::outcome::OutcomeCards;
use super::runner::{Finished, Progress, Ran, Wanted, use_runner};
use super::share::Share;
use super::side_by_side::SideBySide;
use super::variants::VariantList;
use super::verdict::verdict;
use crate::components::{Tidings, notice, say};
use crate::route::{hash_parameter, set_hash_parameter, stay_at};

#[derive(Properties, PartialEq)]
pub(super) struct BenchProps {
    pub(super) loaded: Loaded,
}

/// Made anew for each scenario.
#[component]
pub(super) fn Bench(props: &BenchProps) -> Html {
    let loaded = &props.loaded;
    let read = use_memo((), |()| in_address(loaded));
    let history = use_reducer(|| History::of((*read).clone().unwrap_or_else(|_| loaded.initial())));
    use_undo_keys(&history);
    let now = history.now.clone();
    let wanted = use_memo(now.clone(), |now| columns(&loaded.scenario, now));
    let base = use_memo((now.runs, now.seed), |&(runs, seed)| Scenario { runs, seed, ..(*loaded.scenario).clone() });
    let runner = use_runner();
    use_first_run(loaded, (now.clone(), (*wanted).clone()), runner.start.clone());
    {
        let (recall, wanted) = (runner.recall.clone(), (*wanted).clone());
        use_effect_with(now.clone(), move |now| recall.emit((now.clone(), wanted)));
    }
    use_address(loaded, &now, runner.ran.as_ref());
    let running = match &*runner.progress {
        Progress::Running { done, total } => Some((*done, *total)),
        _ => None,
    };
    let on_controls = {
        let (history, base, now) = (history.dispatcher(), loaded.scenario.clone(), now.clone());
        Callback::from(move |controls: Controls| {
            history.dispatch(Step::Make(now.clone().changed(controls.apply(&base))));
        })
    };
    let on_run = {
        let wanted = (now.clone(), (*wanted).clone());
        runner.start.reform(move |()| wanted.clone())
    };
    let on_try = {
        let (history, start, base, now) =
            (history.dispatcher(), runner.start.clone(), loaded.scenario.clone(), now.clone());
        Callback::from(move |scenario: Scenario| {
            let changed = now.clone().changed(scenario);
            history.dispatch(Step::Make(changed.clone()));
            start.emit((changed.clone(), columns(&base, &changed)));
        })
    };
    let is_behind = running.is_none() && runner.ran.as_ref().is_some_and(|ran| is_behind(ran, &wanted));
    let controls = Controls::of(&Scenario { edits: now.current().edits.clone(), ..(*base).clone() });
    let list = html! { <VariantList history={(*history).clone()} on_step={step_of(&history)} /> };
    html! {
        <div class="lab">
            <Form scenario={base} {controls} {on_controls} {list}
                {on_run} on_cancel={runner.cancel.clone()} {running} origin={loaded.origin.clone()} />
            <div class="outcome">
                { for loaded.notices.iter().map(|notice| say(Tidings::Info, notice)) }
                if let Err(Some(problem)) = &*read {
                    { say(Tidings::Warning, problem) }
                }
                { match &*runner.progress {
                    Progress::Failed(message) => notice(Tidings::Error, "error", html! { message }),
                    Progress::Cancelled => say(Tidings::Info, "Cancelled. What was done is remembered for the next run."),
                    _ if is_behind => {
                        say(Tidings::Info, "This is of what was run last: Run shows what the changes since then do.")
                    }
                    _ => Html::default(),
                } }
                if let Some(ran) = &*runner.ran {
                    { verdict(loaded, ran) }
                    <Results base={loaded.scenario.clone()} ran={ran.clone()} look={(now.chosen, now.against)}
                        on_step={step_of(&history)} {on_try} stale={running.is_some()} />
                }
            </div>
        </div>
    }
}

/// Whether something else was run than is wanted now.
fn is_behind(ran: &Ran, wanted: &[Rc<Scenario>]) -> bool {
    let seen = ran.columns.iter().map(|finished| &finished.scenario);
    ran.columns.len() != wanted.len() || seen.zip(wanted).any(|(seen, wanted)| !are_same(seen, wanted))
}

fn step_of(history: &UseReducerHandle<History>) -> Callback<Step> {
    let history = history.dispatcher();
    Callback::from(move |step| history.dispatch(step))
}

#[derive(Properties, PartialEq)]
struct ResultsProps {
    base: Rc<Scenario>,
    ran: Rc<Ran>,
    /// The variant that is chosen, and what the others are compared with.
    look: (usize, Option<usize>),
    on_step: Callback<Step>,
    on_try: Callback<Scenario>,
    stale: bool,
}

/// All columns beside each other, then the chosen one in detail.
#[component]
fn Results(props: &ResultsProps) -> Html {
    let ResultsProps { base, ran, look: (chosen, against), on_step, on_try, stale } = props;
    let count = ran.columns.len();
    let (shown, reference) = (column_of(Some(*chosen), count), column_of(*against, count));
    let finished = ran.columns[shown].clone();
    let beside = (shown != reference).then(|| (title(&ran.variants, reference), ran.columns[reference].view.clone()));
    let on_against = {
        let (on_step, chosen) = (on_step.clone(), *chosen);
        Callback::from(move |against| on_step.emit(Step::Look { chosen, against }))
    };
    html! {
        <>
            if count > 1 {
                <SideBySide ran={ran.clone()} {reference} {shown} {on_against} />
                <h2 class="of-variant" data-testid="in-detail">{ format!("In detail: {}", title(&ran.variants, shown)) }</h2>
            }
            <OutcomeCards finished={finished.clone()} {beside} stale={*stale} />
            <NodeMapCard key={finished.view.digest.to_string()} finished={finished.clone()} />
            <NotLetIn {finished} {on_try} />
            <Share base={base.clone()} ran={ran.clone()} {shown} />
        </>
    }
}

/// The variants that the address has, those that the scenario begins with where it has none, or what is wrong with it.
fn in_address(loaded: &Loaded) -> Result<Variants, Option<String>> {
    let Some(text) = hash_parameter(VARIANTS_PARAMETER).filter(|_| !loaded.is_file) else { return Err(None) };
    Variants::from_text(&text).map_err(|error| {
        Some(format!("The variants in the address cannot be read: {error}. The scenario is shown as it came."))
    })
}

/// Runs what is there at first; what is too much to run unasked waits for the button.
#[hook]
fn use_first_run(loaded: &Loaded, wanted: Wanted, start: Callback<Wanted>) {
    use_effect_with(loaded.scenario.clone(), move |_| {
        if wanted.1.iter().all(|scenario| Limits::LINK.check(scenario).is_ok()) {
            start.emit(wanted);
        }
    });
}

/// Keeps the address in step, so that a reload finds everything as it was. A file becomes a link once its outcome is known,
/// where it is short enough; else the address says nothing of it.
#[hook]
fn use_address(loaded: &Loaded, now: &Variants, ran: Option<&Rc<Ran>>) {
    let is_addressed = use_state(|| !loaded.is_file);
    {
        let is_addressed = is_addressed.clone();
        let first = ran.map(|ran| ran.columns[0].clone()).filter(|_| !*is_addressed);
        use_effect_with(first.is_some(), move |_| {
            let Some(Finished { scenario, view, .. }) = first else { return };
            let (scenario, digest) = ((*scenario).clone(), view.digest);
            if let Ok(text) = (SharedScenario { scenario, digest }).to_link() {
                stay_at(&format!("{LINK_ROUTE}{text}"));
                is_addressed.set(true);
            }
        });
    }
    use_effect_with((now.clone(), loaded.initial(), *is_addressed), |(now, initial, is_addressed)| {
        if *is_addressed {
            set_hash_parameter(VARIANTS_PARAMETER, (now != initial).then(|| now.to_text()).as_deref());
        }
    });
}

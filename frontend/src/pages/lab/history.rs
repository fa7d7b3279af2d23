//! What was done to the variants, so that it can be undone.

use std::cell::Cell;
use std::rc::Rc;

use gloo::events::{EventListener, EventListenerOptions};
use shared::link::Variants;
use wasm_bindgen::JsCast as _;
use web_sys::window;
use yew::prelude::*;

/// More steps than anybody goes back.
const MAX_STEPS: usize = 200;

/// The variants as they are, were, and were before something was undone.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct History {
    pub(super) now: Variants,
    past: Vec<Variants>,
    undone: Vec<Variants>,
}

/// What happens to it.
pub(super) enum Step {
    /// The variants become these.
    Make(Variants),
    /// Another one is looked at or compared with, which is nothing to undo.
    Look { chosen: usize, against: Option<usize> },
    /// The last change is taken back.
    Undo,
    /// What was undone is done again.
    Redo,
}

impl History {
    /// Nothing was done yet.
    pub(super) fn of(now: Variants) -> Self {
        Self { now, past: Vec::new(), undone: Vec::new() }
    }

    pub(super) fn can_undo(&self) -> bool {
        !self.past.is_empty()
    }

    pub(super) fn can_redo(&self) -> bool {
        !self.undone.is_empty()
    }
}

impl Reducible for History {
    type Action = Step;

    fn reduce(self: Rc<Self>, step: Step) -> Rc<Self> {
        let mut next = (*self).clone();
        match step {
            Step::Make(made) if made == self.now => return self,
            Step::Make(made) => {
                next.past.push(core::mem::replace(&mut next.now, made));
                next.undone.clear();
                if next.past.len() > MAX_STEPS {
                    next.past.remove(0);
                }
            }
            Step::Look { chosen, against } => (next.now.chosen, next.now.against) = (chosen, against),
            Step::Undo => {
                if let Some(before) = next.past.pop() {
                    next.undone.push(core::mem::replace(&mut next.now, before));
                }
            }
            Step::Redo => {
                if let Some(after) = next.undone.pop() {
                    next.past.push(core::mem::replace(&mut next.now, after));
                }
            }
        }
        next.into()
    }
}

/// Ctrl+Z undoes and Ctrl+Shift+Z or Ctrl+Y does again (with the command key, too), wherever the focus is; not while a
/// field holds what was typed and not taken yet, which the browser undoes letter by letter.
#[hook]
pub(super) fn use_undo_keys(history: &UseReducerHandle<History>) {
    let dispatcher = history.dispatcher();
    use_effect_with((), move |()| {
        let typing = Rc::new(Cell::new(false));
        let on = |event: &'static str, is_typing: bool| {
            let typing = typing.clone();
            window().map(|window| EventListener::new(&window, event, move |_| typing.set(is_typing)))
        };
        let followed = [on("input", true), on("change", false), on("focusin", false)];
        let pressed = move |event: &Event| {
            let Some(event) = event.dyn_ref::<KeyboardEvent>().filter(|_| !typing.get()) else { return };
            let step = match (event.ctrl_key() || event.meta_key(), event.key().to_lowercase().as_str()) {
                (true, "z") if event.shift_key() => Step::Redo,
                (true, "z") => Step::Undo,
                (true, "y") => Step::Redo,
                _ => return,
            };
            event.prevent_default();
            dispatcher.dispatch(step);
        };
        let keys = window().map(|window| {
            EventListener::new_with_options(&window, "keydown", EventListenerOptions::enable_prevent_default(), pressed)
        });
        move || drop((followed, keys))
    });
}

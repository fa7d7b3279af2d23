//! Asks for a key.

use web_sys::{HtmlInputElement, window};
use yew::prelude::*;

use super::{Card, Tidings, notice};
use crate::key;

/// The form; a key that is given is tried by loading the page anew.
#[component]
pub(crate) fn KeyForm() -> Html {
    let field = use_node_ref();
    let kept = use_state(|| true);
    let onsubmit = {
        let (field, kept) = (field.clone(), kept.setter());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let Some(input) = field.cast::<HtmlInputElement>() else { return };
            if !key::remember(input.value().trim()) {
                kept.set(false);
            } else if let Some(window) = window() {
                // A page that cannot be loaded anew is drawn with the key when it asks next.
                let _ = window.location().reload();
            }
        })
    };
    let wrong = key::remembered().is_some();
    let content = html! {
        <form {onsubmit} data-testid="key-form">
            if wrong {
                { notice(Tidings::Error, "key-wrong", html! { "The service does not take the key that was given." }) }
            }
            if !*kept {
                { notice(Tidings::Error, "key-lost", html! { "This browser keeps nothing for the page; allow it to." }) }
            }
            <label class="field column">
                <span>{ "Key" }</span>
                <input ref={field} type="password" autocomplete="off" required=true data-testid="key" />
            </label>
            <div class="actions">
                <button class="primary" data-testid="use-key">{ "Use it" }</button>
            </div>
        </form>
    };
    let note = "This page shows all tenants together, and needs a key that is limited to none; it is kept until the tab is \
         closed. Whoever runs the service makes one with `shadowplane keys create`";
    Card { title: "The service asks for a key", note: note.to_owned(), ..Card::default() }.around(content)
}

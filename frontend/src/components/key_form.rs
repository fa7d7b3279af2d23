//! Asks for a key.

use shared::api::Role;
use web_sys::{HtmlInputElement, window};
use yew::prelude::*;

use super::{Card, Tidings, notice};
use crate::key;

#[derive(Properties, PartialEq)]
pub(crate) struct KeyFormProps {
    /// What it has to be of; a key that may read everything is enough where nothing is said.
    #[prop_or_default]
    pub(crate) role: Option<Role>,
}

/// The form; a key that is given is tried by loading the page anew.
#[component]
pub(crate) fn KeyForm(props: &KeyFormProps) -> Html {
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
    let wrong = key::remembered().is_some().then(|| match props.role {
        None => "The service does not take the key that was given.".to_owned(),
        Some(role) => format!("The key that was given is not of the role {role}."),
    });
    let content = html! {
        <form {onsubmit} data-testid="key-form">
            if let Some(wrong) = wrong {
                { notice(Tidings::Error, "key-wrong", Html::from(wrong)) }
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
    let (title, wants) = match props.role {
        None => (
            "The service asks for a key",
            "This page shows all tenants together, and needs a key that is limited to none".to_owned(),
        ),
        Some(role) => {
            ("Another key is needed", format!("This needs a key of the role {role} that is limited to no tenant"))
        }
    };
    let create = props.role.map_or_else(String::new, |role| format!(" --role {role}"));
    let note = format!(
        "{wants}; it is kept until the tab is closed. Whoever runs the service makes one with \
         `shadowplane keys create{create}`"
    );
    Card { title, note, ..Card::default() }.around(content)
}

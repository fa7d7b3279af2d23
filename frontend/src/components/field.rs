//! Fields of the forms.

use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// A labelled text field.
pub(crate) fn text(label: &'static str, node: &NodeRef, placeholder: &'static str, testid: &'static str) -> Html {
    html! {
        <label class="field column">
            <span>{ label }</span>
            <input ref={node.clone()} type="text" {placeholder} data-testid={testid} />
        </label>
    }
}

/// A labelled choice; values with their names, the first of them chosen.
pub(crate) fn choice(
    label: &'static str,
    node: &NodeRef,
    options: impl IntoIterator<Item = (&'static str, &'static str)>,
    testid: &'static str,
) -> Html {
    // Options are put in from the last to the first, and without a word the one that was there first is chosen.
    let options = options.into_iter().enumerate().map(|(place, (value, name))| {
        html! { <option {value} selected={place == 0}>{ name }</option> }
    });
    html! {
        <label class="field column">
            <span>{ label }</span>
            <select ref={node.clone()} data-testid={testid}>{ for options }</select>
        </label>
    }
}

/// What a text field says; none where it says nothing.
pub(crate) fn said(node: &NodeRef) -> Option<String> {
    let text = node.cast::<HtmlInputElement>()?.value().trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// The value of what was chosen. A choice without a value has its name for one, so each has one of its own.
pub(crate) fn chosen(node: &NodeRef) -> Option<String> {
    Some(node.cast::<HtmlSelectElement>()?.value())
}

/// Names that are separated by commas; none where there is none.
pub(crate) fn names(node: &NodeRef) -> Option<Vec<String>> {
    let text = said(node)?;
    Some(text.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect())
}

/// A form that asks the service, and does not leave the page.
pub(crate) fn submitting(ask: Callback<MouseEvent>) -> Callback<SubmitEvent> {
    Callback::from(move |event: SubmitEvent| {
        event.prevent_default();
        if let Ok(click) = MouseEvent::new("click") {
            ask.emit(click);
        }
    })
}

//! A button for what cannot be taken back: it asks once more.

use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub(crate) struct ConfirmedProps {
    /// What the button says.
    pub(crate) label: &'static str,
    /// What it is about, for assistive technology: `Revoke the key 3f9a`.
    pub(crate) what: String,
    /// What is asked, with what follows.
    pub(crate) question: String,
    /// Nothing can be asked now.
    pub(crate) disabled: bool,
    /// Does it.
    pub(crate) on_yes: Callback<MouseEvent>,
    /// For tests.
    pub(crate) testid: &'static str,
}

/// The button; then the question, with yes and no.
#[component]
pub(crate) fn Confirmed(props: &ConfirmedProps) -> Html {
    let asks = use_state(|| false);
    let set = |value: bool| {
        let asks = asks.setter();
        Callback::from(move |_: MouseEvent| asks.set(value))
    };
    if !*asks {
        return html! {
            <button type="button" onclick={set(true)} disabled={props.disabled} aria-label={props.what.clone()}
                data-testid={props.testid}>{ props.label }</button>
        };
    }
    let yes = {
        let (asks, on_yes) = (asks.setter(), props.on_yes.clone());
        Callback::from(move |event: MouseEvent| {
            asks.set(false);
            on_yes.emit(event);
        })
    };
    html! {
        <span class="actions confirm" role="alertdialog" aria-label={props.what.clone()}>
            <span>{ &props.question }</span>
            <button type="button" class="primary" onclick={yes} data-testid={format!("{}-yes", props.testid)}>
                { props.label }
            </button>
            <button type="button" onclick={set(false)}>{ "Keep it" }</button>
        </span>
    }
}

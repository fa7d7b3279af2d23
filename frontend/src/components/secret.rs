//! A secret that is shown once.

use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::{Tidings, notice};
use crate::clipboard::copy;

#[derive(Properties, PartialEq)]
pub(crate) struct SecretProps {
    /// What it is for: `The key 3f9a0c61d2b7`.
    pub(crate) what: String,
    /// The secret itself.
    pub(crate) secret: String,
    /// Hides it for good.
    pub(crate) on_done: Callback<()>,
}

/// The secret, with a button to copy it and one to be done with it.
#[component]
pub(crate) fn Secret(props: &SecretProps) -> Html {
    let copied = use_state(|| None::<bool>);
    let on_copy = {
        let (secret, copied) = (props.secret.clone(), copied.setter());
        Callback::from(move |_: MouseEvent| {
            let (secret, copied) = (secret.clone(), copied.clone());
            spawn_local(async move { copied.set(Some(copy(&secret).await)) });
        })
    };
    let on_done = props.on_done.reform(|_: MouseEvent| ());
    let onfocus = Callback::from(|event: FocusEvent| event.target_unchecked_into::<HtmlInputElement>().select());
    let said = copied.map(|copied| match copied {
        true => "Copied to the clipboard.",
        false => "This browser does not let the page copy; select the secret and copy it.",
    });
    let content = html! {
        <>
            <label class="field column">
                <span>{ format!("{}: its secret is shown this once", props.what) }</span>
                <input type="text" readonly=true value={props.secret.clone()} {onfocus} data-testid="secret" />
            </label>
            <div class="actions">
                <button type="button" class="primary" onclick={on_copy} data-testid="copy-secret">{ "Copy" }</button>
                <button type="button" onclick={on_done} data-testid="secret-done">{ "I have it" }</button>
                if let Some(said) = said {
                    <span class="note" role="status">{ said }</span>
                }
            </div>
        </>
    };
    notice(Tidings::Good, "new-secret", content)
}

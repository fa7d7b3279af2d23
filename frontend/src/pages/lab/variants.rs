//! The variants: which one the controls change, and how there come to be more and fewer of them.

use shared::link::{MAX_VARIANT_CHARACTERS, MAX_VARIANTS, Variants};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::columns::{heading, tone};
use super::history::{History, Step};

#[derive(Properties, PartialEq)]
pub(super) struct VariantListProps {
    pub(super) history: History,
    pub(super) on_step: Callback<Step>,
}

#[component]
pub(super) fn VariantList(props: &VariantListProps) -> Html {
    let now = &props.history.now;
    let look = |chosen: usize| {
        let against = now.against;
        props.on_step.reform(move |_: MouseEvent| Step::Look { chosen, against })
    };
    let choices = now.all.iter().enumerate().map(|(i, _)| {
        html! {
            <button type="button" aria-pressed={(i == now.chosen).to_string()} onclick={look(i)} data-testid={format!("variant-{i}")}>
                { heading(now, i + 1) }
            </button>
        }
    });
    let make = |made: Variants| props.on_step.reform(move |_: MouseEvent| Step::Make(made.clone()));
    let rename = {
        let (on_step, now) = (props.on_step.clone(), now.clone());
        Callback::from(move |event: Event| {
            let input: HtmlInputElement = event.target_unchecked_into();
            let renamed = now.clone().renamed(now.chosen, &input.value());
            // What is no name leaves the field as it was.
            input.set_value(&renamed.current().name);
            on_step.emit(Step::Make(renamed));
        })
    };
    let undo = props.on_step.reform(|_: MouseEvent| Step::Undo);
    let redo = props.on_step.reform(|_: MouseEvent| Step::Redo);
    html! {
        <fieldset class="variants" data-testid="variants">
            <legend>{ "Variants" }</legend>
            <div class="segments" role="group" aria-label="The controls change">{ for choices }</div>
            <label class="field">
                <span><i class={classes!("key", "area", tone(now.chosen + 1).class())}></i>{ "Name" }</span>
                <input type="text" value={now.current().name.clone()} maxlength={MAX_VARIANT_CHARACTERS.to_string()}
                    onchange={rename} data-testid="variant-name" />
            </label>
            <div class="actions">
                <button type="button" onclick={make(now.clone().added())} disabled={now.all.len() == MAX_VARIANTS}
                    title={format!("A copy of this one beside it; there may be {MAX_VARIANTS}")} data-testid="add-variant">{ "Add a copy" }</button>
                <button type="button" onclick={make(now.clone().removed(now.chosen))} disabled={now.all.len() == 1}
                    data-testid="remove-variant">{ "Remove" }</button>
            </div>
            <div class="actions">
                <button type="button" onclick={undo} disabled={!props.history.can_undo()} aria-keyshortcuts="Control+Z"
                    title="Ctrl+Z" data-testid="undo">{ "Undo" }</button>
                <button type="button" onclick={redo} disabled={!props.history.can_redo()} aria-keyshortcuts="Control+Shift+Z"
                    title="Ctrl+Shift+Z" data-testid="redo">{ "Redo" }</button>
            </div>
        </fieldset>
    }
}

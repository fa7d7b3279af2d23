//! Changes without a field of their own in the form: one is chosen, filled in, and added to the list.

mod kind;

use std::rc::Rc;

use shared::scenario::{Edit, Scenario};
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use self::kind::{Field, Input, Kind, Said};

#[derive(Properties, PartialEq)]
pub(super) struct AddChangeProps {
    pub(super) scenario: Rc<Scenario>,
    /// The changes that are in the list already.
    pub(super) kept: Vec<Edit>,
    pub(super) on_add: Callback<Edit>,
}

/// Chooses a kind of change and adds one.
#[component]
pub(super) fn AddChange(props: &AddChangeProps) -> Html {
    let kind = use_state(|| None::<Kind>);
    let said = use_state(Said::new);
    let problem = use_state(|| None::<String>);
    let choose = {
        let (kind, said, problem, scenario) = (kind.setter(), said.setter(), problem.setter(), props.scenario.clone());
        Callback::from(move |event: Event| {
            let chosen = event.target_unchecked_into::<HtmlSelectElement>().value();
            let chosen = Kind::ALL.into_iter().find(|kind| kind.name() == chosen);
            said.set(chosen.map(|kind| at_first(&kind.fields(&scenario))).unwrap_or_default());
            problem.set(None);
            kind.set(chosen);
        })
    };
    let add = {
        let (kind, said, problem) = (kind.clone(), said.clone(), problem.setter());
        let (scenario, kept, on_add) = (props.scenario.clone(), props.kept.clone(), props.on_add.clone());
        Callback::from(move |_: MouseEvent| {
            let Some(chosen) = *kind else { return };
            match checked(chosen, &scenario, &kept, &said) {
                Ok(edit) => {
                    problem.set(None);
                    kind.set(None);
                    on_add.emit(edit);
                }
                Err(message) => problem.set(Some(message)),
            }
        })
    };
    let options = Kind::ALL.map(|each| {
        html! { <option value={each.name()} selected={Some(each) == *kind}>{ each.name() }</option> }
    });
    let fields = kind.map(|kind| match kind.missing(&props.scenario) {
        Some(why) => html! { <p class="note">{ why }</p> },
        None => html! {
            <>
                { for kind.fields(&props.scenario).into_iter().map(|field| shown(field, &said)) }
                if let Some(message) = &*problem {
                    <p class="problem" role="alert" data-testid="change-problem">{ message }</p>
                }
                <div class="actions"><button type="button" onclick={add} data-testid="add-change">{ "Add" }</button></div>
            </>
        },
    });
    html! {
        <>
            <label class="field">
                <span>{ "Change also" }</span>
                <select onchange={choose} data-testid="change-kind">
                    <option value="" selected={kind.is_none()}>{ "nothing else" }</option>
                    { for options }
                </select>
            </label>
            { fields }
        </>
    }
}

/// The edit, if the scenario can have it.
fn checked(kind: Kind, scenario: &Scenario, kept: &[Edit], said: &Said) -> Result<Edit, String> {
    let edit = kind.edit(scenario, kept, said)?;
    match scenario.check_edits(std::slice::from_ref(&edit)) {
        Ok(()) => Ok(edit),
        Err(problems) => Err(problems.0.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>().join("; ")),
    }
}

fn at_first(fields: &[Field]) -> Said {
    let first = |field: &Field| match &field.input {
        Input::Choice(options) => options.first().map(|(value, _)| value.clone()).unwrap_or_default(),
        Input::Text(text) => text.clone(),
    };
    fields.iter().map(|field| (field.id, first(field))).collect()
}

fn shown(field: Field, said: &UseStateHandle<Said>) -> Html {
    let value = said.get(field.id).cloned().unwrap_or_default();
    let (id, said) = (field.id, said.clone());
    let say = Callback::from(move |text: String| {
        let mut now = (*said).clone();
        now.insert(id, text);
        said.set(now);
    });
    let testid = format!("change-{id}");
    let input = match field.input {
        Input::Choice(options) => {
            let onchange = say.reform(|event: Event| event.target_unchecked_into::<HtmlSelectElement>().value());
            let options = options.into_iter().map(|(stands_for, name)| {
                let selected = stands_for == value;
                html! { <option {selected} value={stands_for}>{ name }</option> }
            });
            html! { <select {onchange} data-testid={testid}>{ for options }</select> }
        }
        Input::Text(_) => {
            let oninput = say.reform(|event: InputEvent| event.target_unchecked_into::<HtmlInputElement>().value());
            html! { <input type="text" {value} {oninput} data-testid={testid} /> }
        }
    };
    html! { <label class="field"><span>{ field.label }</span>{ input }</label> }
}

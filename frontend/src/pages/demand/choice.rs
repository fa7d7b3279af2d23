//! Whose demand, of what, and how far ahead: each choice is an address.

use shared::api::Status;
use shared::request::ResourceClass;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use crate::format;
use crate::route::{DemandQuery, HORIZONS, class_named, go};

/// The choices.
pub(super) fn choices(status: &Status, query: &DemandQuery) -> Html {
    let horizons = HORIZONS.map(|horizon| {
        let (next, pressed) = (DemandQuery { horizon, ..query.clone() }, query.horizon == horizon);
        let onclick = Callback::from(move |_: MouseEvent| go(&next.address()));
        html! { <button type="button" aria-pressed={pressed.to_string()} {onclick}>{ format::span(horizon) }</button> }
    });
    let classes: Vec<String> = ResourceClass::ALL.map(|class| class.as_str().to_owned()).into();
    let class = query.class.map(|class| class.as_str().to_owned());
    html! {
        <div class="tools">
            { select("Tenant", "all tenants", &status.tenants, query.tenant.as_ref(), query, |query, tenant| {
                DemandQuery { tenant, ..query }
            }) }
            { select("Class", "all classes", &classes, class.as_ref(), query, |query, name| {
                DemandQuery { class: name.as_deref().and_then(class_named), ..query }
            }) }
            { select("Flavor", "all flavors", &status.flavors, query.flavor.as_ref(), query, |query, flavor| {
                DemandQuery { flavor, ..query }
            }) }
            <div class="segments" role="group" aria-label="Horizon">{ for horizons }</div>
        </div>
    }
}

/// One of several names, or all of them.
fn select(
    label: &'static str,
    all: &'static str,
    names: &[String],
    chosen: Option<&String>,
    query: &DemandQuery,
    with: fn(DemandQuery, Option<String>) -> DemandQuery,
) -> Html {
    let onchange = {
        let query = query.clone();
        Callback::from(move |event: Event| {
            let name = event.target_unchecked_into::<HtmlSelectElement>().value();
            go(&with(query.clone(), Some(name).filter(|name| !name.is_empty())).address());
        })
    };
    // What the address names stands there, known or not.
    let unknown = chosen.filter(|chosen| !names.contains(chosen));
    let options = names.iter().chain(unknown).map(|name| {
        html! { <option value={name.clone()} selected={chosen == Some(name)}>{ name }</option> }
    });
    html! {
        <select aria-label={label} {onchange} data-testid={format!("of-{}", label.to_lowercase())}>
            <option value="" selected={chosen.is_none()}>{ all }</option>
            { for options }
        </select>
    }
}

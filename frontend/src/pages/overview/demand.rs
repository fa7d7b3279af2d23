//! Demand: what came, and what is forecast.

use std::rc::Rc;

use shared::api::ForecastAnswer;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use super::{Snapshot, View};
use crate::charts::{TimeChart, demand_chart};
use crate::components::{Card, Tidings, say};
use crate::format;
use crate::route::{DemandQuery, HORIZONS};
use crate::zone::Zone;

/// The chart, with the choice of tenant and horizon.
pub(super) fn demand(snapshot: &Snapshot, view: &View, on_view: &Callback<View>, zone: Zone) -> Html {
    let forecast = match snapshot.forecast.as_deref() {
        Ok(ForecastAnswer::Ready(forecast)) => Ok(forecast),
        Ok(ForecastAnswer::NotReady(why)) => Err((Tidings::Info, format!("No forecast yet: {}.", why.message))),
        Err(error) => Err((Tidings::Error, error.message())),
    };
    let note = forecast.as_ref().map_or_else(
        |_| String::new(),
        |forecast| {
            let (model, at) = (&forecast.model, format::instant(forecast.origin, zone));
            format!("Forecast by {} v{}, made at {at}", format::words(&model.name), model.version)
        },
    );
    let content = html! {
        <>
            if let Err((tidings, message)) = &forecast {
                { say(*tidings, message) }
            }
            { match snapshot.demand.as_deref() {
                Ok(demand) => html! {
                    <TimeChart name="Actual and forecast demand"
                        chart={Rc::new(demand_chart(demand, forecast.ok(), snapshot.status.now))} />
                },
                Err(error) => say(Tidings::Error, &error.message()),
            } }
        </>
    };
    Card { title: "Demand", note, class: "wide", tools: tools(snapshot, view, on_view) }.around(content)
}

fn tools(snapshot: &Snapshot, view: &View, on_view: &Callback<View>) -> Html {
    let on_tenant = {
        let (view, on_view) = (view.clone(), on_view.clone());
        Callback::from(move |event: Event| {
            let chosen = event.target_unchecked_into::<HtmlSelectElement>().value();
            on_view.emit(View { tenant: Some(chosen).filter(|tenant| !tenant.is_empty()), ..view.clone() });
        })
    };
    let tenants = snapshot.status.tenants.iter().map(|tenant| {
        let selected = view.tenant.as_ref() == Some(tenant);
        html! { <option value={tenant.clone()} {selected}>{ tenant }</option> }
    });
    let horizons = HORIZONS.map(|horizon| {
        let (view, pressed) = (view.clone(), view.horizon == horizon);
        let onclick = on_view.reform(move |_: MouseEvent| View { horizon, ..view.clone() });
        html! { <button type="button" aria-pressed={pressed.to_string()} {onclick}>{ format::span(horizon) }</button> }
    });
    let all = DemandQuery { horizon: view.horizon, tenant: view.tenant.clone(), ..DemandQuery::default() };
    html! {
        <div class="tools">
            <select aria-label="Tenant" onchange={on_tenant}>
                <option value="" selected={view.tenant.is_none()}>{ "all tenants" }</option>
                { for tenants }
            </select>
            <div class="segments" role="group" aria-label="Horizon">{ for horizons }</div>
            <a class="more" href={all.address()}>{ "All demand" }</a>
        </div>
    }
}

//! Demand: what came, and what is forecast.

use std::rc::Rc;

use shared::api::{DemandSeries, ForecastAnswer, ForecastView};
use shared::units::Duration;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use super::{Snapshot, View};
use crate::charts::{Chart, TimeChart, ahead_chart};
use crate::components::{Card, Tidings, say};
use crate::format;
use crate::zone::Zone;

/// The horizons to choose from.
const HORIZONS: [Duration; 3] = [Duration::HOUR, Duration::from_minutes(6 * 60), Duration::DAY];

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
                        chart={Rc::new(chart(demand, forecast.ok(), snapshot))} />
                },
                Err(error) => say(Tidings::Error, &error.message()),
            } }
        </>
    };
    Card { title: "Demand", note, class: "wide", tools: tools(snapshot, view, on_view) }.around(content)
}

fn chart(demand: &DemandSeries, forecast: Option<&ForecastView>, snapshot: &Snapshot) -> Chart {
    let mut at = demand.start;
    let actual = demand.creates.iter().map(|&creates| {
        let point = (at, creates as f64);
        at += demand.bin;
        point
    });
    let actual = actual.collect();
    let bins = forecast.into_iter().flat_map(|forecast| &forecast.bins);
    let bins: Vec<_> = bins.map(|bin| (bin.at, bin.quantiles)).collect();
    let axis = format!("creates per {}", format::per(demand.bin));
    ahead_chart(actual, &bins, Some(snapshot.status.now), demand.bin, axis)
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
    html! {
        <div class="tools">
            <select aria-label="Tenant" onchange={on_tenant}>
                <option value="" selected={view.tenant.is_none()}>{ "all tenants" }</option>
                { for tenants }
            </select>
            <div class="segments" role="group" aria-label="Horizon">{ for horizons }</div>
        </div>
    }
}

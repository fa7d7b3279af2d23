//! What each tenant costs in each column: a table first, bars second, so that it reads well without seeing them.

use shared::units::Money;
use yew::prelude::*;

use crate::format;
use crate::pages::lab::columns::{heading, tone};
use crate::pages::lab::runner::Ran;

/// Mean workloads, tenant by tenant.
pub(super) fn tenants(ran: &Ran) -> Html {
    let amounts = |tenant: usize| ran.columns.iter().map(move |of| of.view.tenants[tenant].workload.mean);
    let names = ran.columns[0].view.tenants.iter().map(|tenant| &tenant.tenant);
    let all = (0..names.len()).flat_map(amounts).map(|amount| amount.to_f64());
    let ceiling = all.fold(f64::MIN_POSITIVE, f64::max);
    let heads = (0..ran.columns.len()).map(|column| {
        html! { <th scope="col" class="number">{ heading(&ran.variants, column) }</th> }
    });
    let row = |(tenant, name): (usize, &String)| {
        let bars = amounts(tenant).enumerate().map(|(column, amount)| bar(column, &amount, ceiling));
        let cells = amounts(tenant).map(|amount| html! { <td class="number">{ format::money(&amount) }</td> });
        html! {
            <tr>
                <th scope="row">{ name }</th>
                <td class="bar-cell" aria-hidden="true"><div class="layers">{ for bars }</div></td>
                { for cells }
            </tr>
        }
    };
    html! {
        <div class="scroll" tabindex="0" role="region" aria-label="Workload by tenant and variant">
            <table class="bars" data-testid="tenants-table">
                <thead>
                    <tr>
                        <th scope="col">{ "tenant" }</th>
                        <th scope="col" class="bar-cell"><span class="hidden">{ "as bars" }</span></th>
                        { for heads }
                    </tr>
                </thead>
                <tbody>{ for names.enumerate().map(row) }</tbody>
            </table>
        </div>
    }
}

fn bar(column: usize, amount: &Money, ceiling: f64) -> Html {
    let style = format!("width:{:.2}%", (amount.to_f64() / ceiling * 100.0).clamp(0.0, 100.0));
    html! { <i class={tone(column).class()} {style}></i> }
}

//! What bills say of the days of the window, beside what was predicted.

use shared::allocation::Status;
use shared::api::{BilledReportList, paths};
use shared::bill::BilledReport;
use shared::units::{Currency, Money};
use yew::prelude::*;

use super::sums;
use crate::api_client::{ApiError, absolute};
use crate::components::{BarRow, Beside, Card, Tidings, bars, notice, say};
use crate::format;

/// The tenants, predicted and billed, or how to import a bill.
pub(super) fn billed(billed: &Result<BilledReportList, ApiError>) -> Html {
    let (note, content) = match billed {
        Err(error) => (String::new(), say(Tidings::Error, &error.message())),
        Ok(list) => match list.windows.last() {
            None => (String::new(), how_to_import(list)),
            Some(last) => {
                let days = format::counted(list.windows.len() as u64, "day");
                let may_change = if last.status == Status::Provisional { ", which may still change" } else { "" };
                (format!("{days} with bills{may_change}"), table(&list.windows, last.billed.currency))
            }
        },
    };
    Card { title: "Billed", note, class: "full", ..Card::default() }.around(content)
}

fn how_to_import(list: &BilledReportList) -> Html {
    let why = list.not_ready.as_ref().map(|why| format::sentence(&why.message)).unwrap_or_default();
    notice(
        Tidings::Info,
        "no-bills",
        html! {
            <>
                { why }
                { " Import a bill in FOCUS's form, or OpenCost's allocations, with a key of the role operator: " }
                <code>{ format!("curl -H \"Authorization: Bearer $KEY\" --data-binary @focus.csv '{}'", absolute(paths::BILLS)) }</code>
            </>
        },
    )
}

fn table(days: &[BilledReport], currency: Currency) -> Html {
    let mut tenants: Vec<&str> = days.iter().flat_map(|day| &day.rows).map(|row| row.tenant.as_str()).collect();
    tenants.sort_unstable();
    tenants.dedup();
    let rows = tenants.into_iter().map(|tenant| {
        let rows = || days.iter().flat_map(|day| &day.rows).filter(move |row| row.tenant == tenant);
        BarRow {
            name: tenant.to_owned(),
            predicted: sums::of_money(rows().map(|row| row.predicted), currency),
            beside: Beside::Actual(sums::of_money(rows().map(|row| row.billed), currency)),
        }
    });
    let sum = |of: fn(&BilledReport) -> Money| format::money(&sums::of_money(days.iter().map(of), currency));
    let nobody = sums::of_money(days.iter().flat_map(|day| &day.unallocated).map(|of| of.effective), currency);
    let mut sentence = format!(
        "Predicted {}, billed {}. {} of the bills is no tenant's, and {} of the prediction is on no bill of a tenant: \
         idle, overhead, modules and commitments.",
        sum(|day| day.predicted),
        sum(|day| day.billed),
        format::money(&nobody),
        sum(|day| day.not_billed)
    );
    let credits: Vec<Money> = days.iter().filter_map(|day| day.credits.as_ref()).map(|of| of.amount).collect();
    if !credits.is_empty() {
        let credits = format::money(&sums::of_money(credits.into_iter(), currency));
        sentence.push_str(&format!(" Credits of {credits} are apart from it."));
    }
    let mut missing: Vec<&str> = days.iter().flat_map(|day| &day.not_on_bill).map(|of| of.tenant.as_str()).collect();
    missing.sort_unstable();
    missing.dedup();
    if !missing.is_empty() {
        sentence.push_str(&format!(" Not on the bills, and not compared: {}.", missing.join(", ")));
    }
    html! {
        <div data-testid="billed">
            { bars("tenant", &rows.collect::<Vec<_>>()) }
            <p class="note">{ sentence }</p>
        </div>
    }
}

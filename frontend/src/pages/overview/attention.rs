//! What somebody should look at first: budgets at risk, what was out of its band, and what differed most from its
//! prediction; each leads to where it is explained.

use shared::allocation::{BudgetOutlook, BudgetState, GroupBy, OptimizationArea, RowKind};
use shared::api::{AnomalyList, BudgetList, WindowReport};
use shared::feedback::CostAnomaly;
use shared::units::{Duration, Instant, Window};
use yew::prelude::*;

use super::Snapshot;
use crate::api_client::ApiError;
use crate::components::{Card, Tidings, say};
use crate::format;
use crate::route::CostsQuery;
use crate::zone::Zone;

/// So many of a kind are listed.
const SHOWN: usize = 4;

/// The three lists.
pub(super) fn attention(snapshot: &Snapshot, zone: Zone) -> Html {
    html! {
        <div class="grid attention" data-testid="attention">
            { budgets(snapshot.budgets.as_deref(), snapshot.status.now, zone) }
            { anomalies(snapshot.anomalies.as_deref(), zone) }
            { variances(snapshot) }
        </div>
    }
}

fn card(title: &'static str, note: String, content: Html) -> Html {
    Card { title, note, ..Card::default() }.around(content)
}

/// One line that leads to an address.
fn line(address: String, text: String, more: Html) -> Html {
    html! { <li><a href={address}>{ text }</a>{ more }</li> }
}

fn budgets(list: Result<&BudgetList, &ApiError>, now: Instant, zone: Zone) -> Html {
    let content = match list {
        Err(error) => say(Tidings::Error, &error.message()),
        Ok(BudgetList { not_ready: Some(why), .. }) => say(Tidings::Info, &format::sentence(&why.message)),
        Ok(list) => {
            let at_risk = list.budgets.iter().filter(|of| {
                matches!(of.state, BudgetState::Breached | BudgetState::WillBreach | BudgetState::MayBreach)
            });
            let mut at_risk: Vec<&BudgetOutlook> = at_risk.collect();
            at_risk.sort_by(|one, other| other.probability.total_cmp(&one.probability));
            let kept = list.budgets.len() - at_risk.len();
            if at_risk.is_empty() {
                say(
                    Tidings::Good,
                    &format!("None of {} is at risk.", format::counted(list.budgets.len() as u64, "budget")),
                )
            } else {
                html! {
                    <>
                        <ul class="areas" data-testid="budgets-at-risk">
                            { for at_risk.iter().take(SHOWN).map(|of| budget(of, now, zone)) }
                        </ul>
                        if kept > 0 {
                            <p class="note">{ format!("{} not at risk", format::counted(kept as u64, "budget")) }</p>
                        }
                    </>
                }
            }
        }
    };
    card("Budgets at risk", String::new(), content)
}

fn budget(of: &BudgetOutlook, now: Instant, zone: Zone) -> Html {
    let what = match (of.state, of.sure_by.or(of.median)) {
        (BudgetState::Breached, _) => "passed".to_owned(),
        (_, Some(by)) => {
            format!("passed by {} in {} of runs", format::instant(by, zone), format::percent(of.probability))
        }
        (_, None) => format!("passed in {} of runs", format::percent(of.probability)),
    };
    let text = format!("{}: {what}", of.budget);
    let more = format!("{} of {} spent", format::money(&of.spent), format::money(&of.amount));
    // What is spent so far, hour by hour, of those who spend it.
    let window = Window { start: of.window.start, end: of.window.end.min(now) };
    let spent = CostsQuery { window: closed(window), of: of.tenant.clone(), ..CostsQuery::default() };
    line(spent.address(), text, html! { <span class="before">{ more }</span> })
}

fn anomalies(list: Result<&AnomalyList, &ApiError>, zone: Zone) -> Html {
    let content = match list {
        Err(error) => say(Tidings::Error, &error.message()),
        Ok(AnomalyList { not_ready: Some(why), .. }) => say(Tidings::Info, &format::sentence(&why.message)),
        Ok(list) => {
            let all: Vec<(Window, &CostAnomaly)> = list
                .windows
                .iter()
                .rev()
                .flat_map(|report| report.anomalies.iter().map(move |anomaly| (report.window, anomaly)))
                .collect();
            if all.is_empty() {
                say(Tidings::Good, "Nothing was out of its band in the last three days.")
            } else {
                let lines = all.iter().take(SHOWN).map(|(window, of)| anomaly(*window, of, zone));
                html! { <ul class="areas" data-testid="cost-anomalies">{ for lines }</ul> }
            }
        }
    };
    card("Anomalies", "Cost out of its 99 % band, the newest first".to_owned(), content)
}

fn anomaly(window: Window, of: &CostAnomaly, zone: Zone) -> Html {
    let middle = (window.start.micros() + window.end.micros()) / 2;
    let text =
        format!("{} cost {} on {}", named(of.kind, &of.name), format::money(&of.actual), format::day(middle, zone));
    let more = format!(
        "expected {}; {} makes {} of it",
        format::range(&of.low, &of.high),
        of.cause.as_str(),
        format::money(&of.amount)
    );
    line(explained(window, of.kind, &of.name), text, html! { <span class="advice">{ more }</span> })
}

fn variances(snapshot: &Snapshot) -> Html {
    let last = snapshot.reports.as_ref().ok().and_then(|reports| reports.windows.last());
    let content = match last {
        None => say(Tidings::Info, "The first day has not closed yet."),
        Some(window) if window.report.optimization_areas.is_empty() => {
            say(Tidings::Good, "Nothing of the last closed day differs from its prediction.")
        }
        Some(WindowReport { report, .. }) => {
            let line_of = |area: &OptimizationArea| {
                let text = format!(
                    "{}, {} by {}",
                    named(area.kind, &area.name),
                    format::signed_money(&area.variance),
                    area.cause.as_str()
                );
                line(explained(report.window, area.kind, &area.name), text, Html::default())
            };
            let lines = report.optimization_areas.iter().take(SHOWN).map(line_of);
            html! { <ol class="areas" data-testid="variances">{ for lines }</ol> }
        }
    };
    card("Biggest variances", "Of the last closed day".to_owned(), content)
}

fn named(kind: RowKind, name: &str) -> String {
    if name.is_empty() { format::words(kind.as_str()) } else { name.to_owned() }
}

/// The day on the page of costs, looking into what is named.
fn explained(window: Window, kind: RowKind, name: &str) -> String {
    let by = match kind {
        RowKind::Module => GroupBy::Module,
        RowKind::Class => GroupBy::Class,
        RowKind::Flavor => GroupBy::Flavor,
        _ => GroupBy::Tenant,
    };
    let usual = CostsQuery::default().grouped(by);
    let of = (kind == RowKind::Tenant && !name.is_empty()).then(|| name.to_owned());
    CostsQuery { window: Some(window), of, ..usual }.address()
}

/// Whole hours; none where there is none yet.
fn closed(window: Window) -> Option<Window> {
    let end = window.end.floor(Duration::HOUR);
    (window.start < end).then_some(Window { end, ..window })
}

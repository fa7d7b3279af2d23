//! One change: what it brings, what speaks against it, and what can be done with it.

use shared::api::{AcceptedRecommendation, DifferenceView, RecommendationView, paths};
use shared::recommendation::{Benefit, Risk};
use yew::prelude::*;

use super::dismissed::Dismissal;
use super::exported::Exports;
use super::plain;
use crate::api_client::{ApiError, put};
use crate::components::{Asked, on_click};
use crate::format;

#[derive(Properties, PartialEq)]
pub(super) struct ProposalProps {
    pub(super) of: RecommendationView,
}

#[component]
pub(super) fn Proposal(props: &ProposalProps) -> Html {
    let asked = use_state(|| Asked::Nothing);
    let of = &props.of;
    let onclick = {
        let (id, change) = (of.id.clone(), of.change.clone());
        on_click(asked.setter(), move || accept(id.clone(), change.clone()))
    };
    let title = format::sentence(&plain(&of.change));
    html! {
        <li class="card" aria-label={title.clone()} data-testid="proposal">
            <header>
                <h2>{ format!("{}. {title}", of.rank) }</h2>
                <span class="badge">{ benefit(of.benefit) }</span>
            </header>
            { figures(&of.difference) }
            <p class="note">{ format!("It takes {}.", of.effort.describe()) }</p>
            { for of.risks.iter().map(risk) }
            if !of.conflicts.is_empty() {
                <p class="note">{ format!("Not beside {}: they change the same thing.", ranks(&of.conflicts)) }</p>
            }
            <details>
                <summary>{ "Evidence" }</summary>
                <p class="note">{ "Who runs the same scenario comes to the same digests, without the change and with it." }</p>
                <dl class="digests">
                    <dt>{ "as it is" }</dt><dd><code>{ of.difference.before.to_string() }</code></dd>
                    <dt>{ "changed" }</dt><dd><code>{ of.difference.after.to_string() }</code></dd>
                </dl>
            </details>
            <div class="actions below">
                <button type="button" class="primary" {onclick} disabled={*asked == Asked::UnderWay} data-testid="accept"
                    aria-label={format!("Accept: {}", plain(&of.change))}>{ "Accept" }</button>
                <a class="button" href={format!("#/lab?try={}", of.id)} data-testid="try"
                    aria-label={format!("Try in the Lab: {}", plain(&of.change))}>{ "Try it in the Lab" }</a>
            </div>
            { asked.said("accept-answer") }
            <Dismissal id={of.id.clone()} change={of.change.clone()} />
            <Exports id={of.id.clone()} change={of.change.clone()} />
        </li>
    }
}

/// How what is counted is to be read.
const OVER_ALL: &str = "over all runs";

/// What changes, each with its sign.
fn figures(of: &DifferenceView) -> Html {
    let item = |name: &'static str, value: String, note: String| {
        html! { <div><dt>{ name }</dt><dd><strong>{ value }</strong>{ " " }<span class="note">{ note }</span></dd></div> }
    };
    let range = format!(
        "a run, {} in the middle {} % of the runs",
        format::range(&of.saving_p10, &of.saving_p90),
        of.interval_percent
    );
    let p99 = of.latency_p99_ms.map(|ms| {
        let sign = match ms {
            0.0 => "",
            ..0.0 => "−",
            _ => "+",
        };
        format!("{sign}{}", format::milliseconds(Some(ms.abs())))
    });
    html! {
        <dl class="effects">
            { item("saves", format::money(&of.saving), range) }
            { item("p99 to ready", p99.unwrap_or_else(|| "–".to_owned()), String::new()) }
            { item("refused", format::signed_count(of.refused), OVER_ALL.to_owned()) }
            { item("evicted", format::signed_count(of.evicted), OVER_ALL.to_owned()) }
        </dl>
    }
}

fn benefit(benefit: Benefit) -> &'static str {
    match benefit {
        Benefit::Saves => "costs less",
        Benefit::Speeds => "ready sooner",
        Benefit::Serves => "refuses less",
        Benefit::Bounds => "bounds what it can cost",
    }
}

fn risk(Risk { kind, reason }: &Risk) -> Html {
    html! { <p class="note">{ format!("Risk, {}: {}.", format::words(kind.as_str()), plain(reason)) }</p> }
}

fn ranks(ranks: &[u32]) -> String {
    ranks.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
}

async fn accept(id: String, change: String) -> Result<String, ApiError> {
    let _: AcceptedRecommendation = put(&paths::ACCEPTANCE.replace("{id}", &id)).await?;
    Ok(format!("Accepted: {}. Nothing is applied by itself; days that close show what it brings.", plain(&change)))
}

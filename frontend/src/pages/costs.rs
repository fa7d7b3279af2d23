//! What a window cost and who caused it, why it is not what was predicted, and what bills say.

mod answers;
mod billed;
mod bisected;
mod choices;
mod days;
mod explained;
mod export;
mod groups;
mod lines;
mod over_time;
mod parts;
mod sums;
mod variance;
mod who_pays;

use shared::allocation::{GroupBy, StatementView};
use shared::units::Window;
use yew::prelude::*;

use self::answers::{Answers, load};
use self::billed::billed;
use self::choices::Choices;
use self::days::days;
use self::explained::ExplainRequest;
use self::export::Export;
use self::groups::groups;
use self::over_time::over_time;
use self::parts::parts;
use self::variance::{by_group, waterfall};
use crate::api_client::ApiError;
use crate::components::{Card, Tidings, notice, page, say};
use crate::format;
use crate::latest::{Pace, use_latest};
use crate::route::{CostsQuery, go, stand_at};
use crate::zone::Zone;

#[derive(Properties, PartialEq)]
pub(crate) struct CostsProps {
    /// What the address says.
    pub(crate) query: CostsQuery,
}

/// The page.
#[component]
pub(crate) fn Costs(props: &CostsProps) -> Html {
    let zone = use_context::<Zone>().unwrap_or_default();
    let answers = use_latest(props.query.clone(), Pace::Once, load);
    // The week that was shown is in the address, so that a link to it shows the same later.
    let week = match &*answers {
        Some(Ok(latest)) if latest.value.query == props.query => latest.value.window(),
        _ => None,
    };
    use_effect_with((props.query.clone(), week), |(query, week)| {
        if query.window.is_none() && week.is_some() {
            stand_at(&CostsQuery { window: *week, ..query.clone() }.address());
        }
    });
    let beside = html! { <p class="clock">{ zone.label() }</p> };
    page("Costs", beside, &answers, |answers| body(answers, &props.query, zone))
}

fn body(answers: &Answers, query: &CostsQuery, zone: Zone) -> Html {
    // What is on its way has another address than what is shown.
    let is_shown = answers.query == *query;
    let stated = match &answers.stated {
        Err(error) => return nothing_stated(error, answers, query),
        Ok(stated) => stated,
    };
    let shown = &stated.shown;
    let window = stated.whole.window;
    html! {
        <div aria-busy={(!is_shown).to_string()} class={classes!("results", (!is_shown).then_some("stale"))}
            data-testid={if is_shown { "costs" } else { "costs-loading" }}>
            <Choices query={query.clone()} window={Some(window)} first={answers.first} />
            { for stated.notices.iter().map(|notice| say(Tidings::Warning, &format::sentence(notice))) }
            <div class="grid">
                { parts(shown, stated.basis, zone) }
                { over_time(&stated.steps, query) }
                { groups(shown, query) }
                <Export shown={shown.clone()} query={query.clone()} {window} />
                { waterfall(&answers.reports, &answers.query, zone) }
                { days(&answers.reports, query, zone) }
                { by_group(&answers.reports, &answers.query) }
                { billed(&answers.billed) }
                <ExplainRequest />
            </div>
        </div>
    }
}

/// What to do where there is no statement.
fn nothing_stated(error: &ApiError, answers: &Answers, query: &CostsQuery) -> Html {
    let what_to_do = if error.is_not_ready() {
        html! {
            <>
                { " Send requests to " }<code>{ "POST /v1/requests" }</code>
                { ", or start with " }<code>{ "shadowplane serve --demo" }</code>
                { "; this page fills a moment after the hour has closed." }
            </>
        }
    } else {
        html! { <>{ " " }<a href="#/costs">{ "Show the last week" }</a></> }
    };
    let message = outside(error, query.window).unwrap_or_else(|| error.message());
    html! {
        <>
            <Choices query={query.clone()} window={query.window} first={answers.first} />
            { notice(
                if error.is_not_ready() { Tidings::Info } else { Tidings::Error },
                "costs-nothing",
                html! { <>{ message }{ what_to_do }</> },
            ) }
        </>
    }
}

/// What is wrong with an end of the window, and what to choose; none where it is something else.
fn outside(error: &ApiError, window: Option<Window>) -> Option<String> {
    window.filter(|window| window.start < window.end)?;
    let wrong = |end: &str, field: &str, choose: &str| {
        let detail = error.about(field)?;
        Some(format!("The window’s {end} {detail}. {choose}."))
    };
    wrong("beginning", "from", "Choose a later one under “From”")
        .or_else(|| wrong("end", "to", "Choose an earlier one under “to”"))
}

/// The address of what is chosen.
fn choose(query: &CostsQuery) {
    go(&query.address());
}

/// What a grouping is called.
fn grouping(by: &GroupBy) -> String {
    match by {
        GroupBy::Label(label) => format!("label {label}"),
        other => format::words(&other.to_string()),
    }
}

/// What a group is called; what is of none by what it lacks.
fn group_name(by: &GroupBy, group: Option<&str>) -> String {
    group.map_or_else(|| format!("no {}", grouping(by)), str::to_owned)
}

/// The group of a row.
fn group_of<'r>(row: &'r shared::allocation::RowView, by: &GroupBy) -> Option<&'r str> {
    row.groups.get(&by.to_string()).and_then(Option::as_deref)
}

/// The title of what is shown: `By tenant`, or `shop by flavor`.
fn title(query: &CostsQuery) -> String {
    match &query.of {
        None => format!("By {}", grouping(&query.by)),
        Some(of) => {
            let of = Some(of.as_str()).filter(|of| !of.is_empty());
            format!("{} by {}", group_name(&query.by, of), grouping(&query.then))
        }
    }
}

/// A card that says why it has nothing to show.
fn empty(title: &str, class: &'static str, content: Html) -> Html {
    Card { title, class, ..Card::default() }.around(content)
}

/// A statement with the rows of one group alone, and their sum as its total.
fn only(whole: &StatementView, by: &GroupBy, of: &str) -> StatementView {
    let of = Some(of).filter(|of| !of.is_empty());
    let rows: Vec<_> = whole.rows.iter().filter(|row| group_of(row, by) == of).cloned().collect();
    let total = sums::of_amounts(rows.iter().map(|row| &row.amounts), whole.currency);
    StatementView { rows, total, ..whole.clone() }
}

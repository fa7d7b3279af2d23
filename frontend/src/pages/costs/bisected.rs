//! Which few requests the variance of a day comes from: ordered, watched, and told.

use shared::api::{Bisected, BisectedFinding, BisectedRequest, BisectionOrder, BisectionRun, paths};
use shared::units::Instant;
use shared::variance::{BISECT_PERCENT, Unexpected};
use yew::prelude::*;

use crate::api_client::{ApiError, get, post};
use crate::components::{JobProgress, Tidings, say};
use crate::format;
use crate::latest::{Pace, use_latest};
use crate::zone::Zone;

/// Requests that are listed; the API has all of them.
const LISTED: usize = 100;

/// Has the requests of a day's variance found, of one tenant or of everyone; what is said when that has begun.
pub(super) async fn order(
    day: Instant,
    tenant: Option<String>,
    ordered: UseStateSetter<Option<String>>,
) -> Result<String, ApiError> {
    let order = BisectionOrder { day, tenant, percent: BISECT_PERCENT };
    let run: BisectionRun = post(paths::BISECTIONS, &order).await?;
    let said = format!("The bisection {} is {}.", run.job.id, run.job.state.as_str());
    ordered.set(Some(run.job.id));
    Ok(said)
}

#[derive(Properties, PartialEq)]
pub(super) struct FoundRequestsProps {
    /// Of the bisection.
    pub(super) id: String,
}

/// How far it came, and the answer once there is one.
#[component]
pub(super) fn FoundRequests(props: &FoundRequestsProps) -> Html {
    let zone = use_context::<Zone>().unwrap_or_default();
    let run = use_latest(props.id.clone(), Pace::Again, async |id: String| {
        get::<BisectionRun>(&paths::BISECTION.replace("{id}", &id), &[]).await
    });
    match &*run {
        None => Html::default(),
        Some(Err(error)) => say(Tidings::Error, &error.message()),
        Some(Ok(latest)) => html! {
            <div class="below">
                <JobProgress job={latest.value.job.clone()} />
                { for latest.value.bisected.as_ref().map(|found| told(found, latest.value.order.day, zone)) }
            </div>
        },
    }
}

fn told(found: &Bisected, day: Instant, zone: Zone) -> Html {
    html! {
        <>
            <p data-testid="bisected">{ sentence(found, day, zone) }</p>
            if !found.requests.is_empty() {
                <div class="scroll" tabindex="0" role="region" aria-label="Requests that the variance comes from, all figures">
                    <table class="plain" data-testid="bisected-requests">
                        <thead>
                            <tr>
                                <th scope="col">{ "request" }</th>
                                <th scope="col">{ "what is unexpected" }</th>
                                <th scope="col">{ "when" }</th>
                                <th scope="col">{ "tenant" }</th>
                                <th scope="col">{ "flavor" }</th>
                                <th scope="col" class="number">{ "explains" }</th>
                            </tr>
                        </thead>
                        <tbody>{ for found.requests.iter().take(LISTED).map(|request| row(request, zone)) }</tbody>
                    </table>
                </div>
            }
            <p class="note">{ how_it_was_found(found) }</p>
        </>
    }
}

/// `These 14 creates of ml on Tuesday, 9 Jan, explain 83 %: $4.20 of $5.06.`
fn sentence(found: &Bisected, day: Instant, zone: Zone) -> String {
    let whose = found.tenant.as_ref().map_or_else(|| "All together".to_owned(), Clone::clone);
    let (Some(explained), Some(percent)) = (&found.explained, found.explained_percent) else {
        return format!("{whose} cost what was predicted: there is nothing to explain.");
    };
    // Its middle is the same day in any time zone that somebody is likely to be in.
    let noon = day.micros() + shared::units::Duration::HOUR.micros() * 12;
    let (weekday, day) = (format::weekday(noon, zone), format::day(noon, zone));
    let share =
        format!("{percent:.0} %: {} of {}", format::signed_money(explained), format::signed_money(&found.variance));
    if found.finding == BisectedFinding::NotEnough {
        let lives = counted(u64::from(found.suspects), "life", "lives");
        return format!(
            "What was asked for does not explain it: all that differs on {weekday}, {day}, {lives}, makes {share}."
        );
    }
    let these = if found.requests.len() == 1 { "This" } else { "These" };
    let explain = if found.requests.len() == 1 { "explains" } else { "explain" };
    let groups: Vec<String> = found.grouped().iter().map(|group| group_of(group)).collect();
    let few = if found.are_few() { "" } else { " No few requests do." };
    format!("{these} {} on {weekday}, {day}, {explain} {share}.{few}", groups.join(" and "))
}

fn group_of(requests: &[&BisectedRequest]) -> String {
    let BisectedRequest { how, tenant, flavor, .. } = requests[0];
    let count = requests.len() as u64;
    let what = match how {
        Unexpected::Came => format::counted(count, "create"),
        Unexpected::DidNotCome => format!("{} that did not come,", format::counted(count, "create")),
        Unexpected::LivedLonger => format!("{} that lasted longer,", counted(count, "life", "lives")),
        Unexpected::EndedSooner => format!("{} that ended sooner,", counted(count, "life", "lives")),
    };
    format!("{what} of {tenant} ({flavor})")
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", format::count(count), if count == 1 { one } else { many })
}

fn row(request: &BisectedRequest, zone: Zone) -> Html {
    let how = match request.how {
        Unexpected::Came => "it came",
        Unexpected::DidNotCome => "it did not come",
        Unexpected::LivedLonger => "it lasted longer",
        Unexpected::EndedSooner => "it ended sooner",
    };
    let explains = request.explains.as_ref().map_or_else(|| "–".to_owned(), format::signed_money);
    html! {
        <tr>
            <th scope="row">
                { for request.id.as_ref().map(|id| html! { <code>{ id }</code> }) }
                if request.id.is_none() {
                    { "predicted" }
                }
            </th>
            <td>{ how }</td>
            <td>{ format::instant(request.at, zone) }</td>
            <td>{ &request.tenant }</td>
            <td>{ &request.flavor }</td>
            <td class="number">{ explains }</td>
        </tr>
    }
}

/// That it was replayed, how often, and what that leaves open.
fn how_it_was_found(found: &Bisected) -> String {
    let minimal = match found.is_minimal {
        Some(true) => " Each of them is needed; of requests that are alike it is arbitrary which are named.",
        Some(false) => " There may be fewer: the replays were used up.",
        None => "",
    };
    let more = found.requests.len().saturating_sub(LISTED);
    let more = if more > 0 {
        format!(" {} more stand in the API's answer.", format::count(more as u64))
    } else {
        String::new()
    };
    let (replays, max) = (found.replays, found.replays_max);
    format!(
        "The day was replayed without suspects, {replays} of at most {max} times.{minimal} What each explains is on top of \
         those before it.{more}"
    )
}

//! What was, what is predicted, and how far the predictions can be trusted.

mod attention;
mod costs;
mod decisions;
mod demand;
mod figures;
mod keeping_up;
mod recommendations;
mod snapshot;
mod variance;

use shared::api::{AnomalyCount, Contradictions, ObservedView, Status};
use shared::units::{Duration, Instant};
use yew::prelude::*;

use self::attention::attention;
use self::costs::costs;
use self::decisions::decisions;
use self::demand::demand;
use self::figures::figures;
use self::keeping_up::{horizons, warnings};
use self::recommendations::recommendations;
use self::snapshot::{Snapshot, View, use_snapshot};
use self::variance::{allocation, variance};
use crate::components::{LiveBadge, Tidings, notice, page};
use crate::format;
use crate::live::{Hearing, use_live};
use crate::zone::Zone;

/// The page.
#[component]
pub(crate) fn Overview() -> Html {
    let zone = use_context::<Zone>().unwrap_or_default();
    let view = use_state(|| View { horizon: Duration::DAY, tenant: None });
    let live = use_live();
    let snapshot = use_snapshot(&view, live.bell());
    let on_view = {
        let view = view.setter();
        Callback::from(move |chosen: View| view.set(chosen))
    };
    let clock = match &*snapshot {
        Some(Ok(snapshot)) => clock(&snapshot.value.status, live.hearing(), snapshot.heard, zone),
        _ => Html::default(),
    };
    page("Overview", clock, &snapshot, |snapshot| body(snapshot, &view, &on_view, zone))
}

fn clock(status: &Status, hearing: Hearing, heard: Instant, zone: Zone) -> Html {
    html! {
        <p class="clock" data-testid="clock">
            <LiveBadge {hearing} {heard} />
            if status.demo {
                <span class="badge">{ format!("demo, {}× speed", format::number(status.speed)) }</span>
            }
            { format!("{} {}", format::instant(status.now, zone), zone.label()) }
        </p>
    }
}

fn body(snapshot: &Snapshot, view: &View, on_view: &Callback<View>, zone: Zone) -> Html {
    let status = &snapshot.status;
    html! {
        <>
            if status.requests == 0 {
                { notice(Tidings::Info, "empty", no_requests()) }
            }
            if let Some(left_out) = anomalies(&status.observed) {
                { notice(Tidings::Warning, "anomalies", Html::from(left_out)) }
            }
            if let Some(Contradictions { count, request, message }) = &status.contradictions {
                { notice(Tidings::Warning, "contradictions", Html::from(format!(
                    "Left out: {} that cannot be beside earlier ones. The first, {request}, {message}.",
                    format::counted(*count, "request"),
                ))) }
            }
            { warnings(status, zone) }
            { figures(snapshot, view, zone) }
            { attention(snapshot, zone) }
            <div class="grid">
                { demand(snapshot, view, on_view, zone) }
                { decisions(snapshot, zone) }
                { costs(snapshot) }
                { variance(snapshot, zone) }
                { allocation(snapshot, zone) }
                { recommendations(snapshot, zone) }
                { horizons(snapshot, zone) }
            </div>
        </>
    }
}

/// What was impossible about the observations that came in today.
fn anomalies(observed: &ObservedView) -> Option<String> {
    let kinds = observed.anomalies.iter().map(|AnomalyCount { kind, count, request }| {
        let first = request.as_ref().map_or_else(String::new, |request| format!(", first of request {request}"));
        format!("{} ({}{first})", format::words(kind.as_str()), format::count(*count))
    });
    let kinds: Vec<String> = kinds.collect();
    (!kinds.is_empty())
        .then(|| format!("Observations of today that cannot be true were left out: {}.", kinds.join("; ")))
}

fn no_requests() -> Html {
    html! {
        <>
            { "No requests yet. Send them to " }<code>{ "POST /v1/requests" }</code>
            { ", one JSON object a line, or start with " }<code>{ "shadowplane serve --demo" }</code>
            { " to watch an example." }
        </>
    }
}

//! Whether the service keeps up: how far behind it is, what it passed over, and its newest forecast over each horizon.

use shared::api::{HorizonView, SkippedForecasts, Status};
use shared::units::Duration;
use yew::prelude::*;

use super::Snapshot;
use crate::components::{Card, Tidings, notice};
use crate::format;
use crate::zone::Zone;

/// Less than this behind is an hour that is just being closed.
const BEHIND_MIN_S: f64 = 60.0;

/// What somebody who relies on the page has to know first; nothing while all is as it should be.
pub(super) fn warnings(status: &Status, zone: Zone) -> Html {
    let behind = (status.behind_s >= BEHIND_MIN_S).then(|| {
        let behind = format::span(Duration::from_minutes((status.behind_s / 60.0) as i64));
        format!("The service is {behind} behind its clock. Fewer runs, or fewer horizons, take it less time.")
    });
    let skipped = status.skipped.map(|SkippedForecasts { count, last }| {
        let last = format::instant(last, zone);
        format!("{} passed over, as the next was due already; the last at {last}.", format::counted(count, "forecast"))
    });
    html! {
        <>
            if let Some(fallback) = &status.fallback {
                { notice(Tidings::Warning, "fallback", Html::from(fallback.clone())) }
            }
            if let Some(behind) = behind {
                { notice(Tidings::Warning, "behind", Html::from(behind)) }
            }
            if let Some(skipped) = skipped {
                { notice(Tidings::Warning, "skipped", Html::from(skipped)) }
            }
        </>
    }
}

/// The newest forecast over each horizon.
pub(super) fn horizons(snapshot: &Snapshot, zone: Zone) -> Html {
    let horizons = &snapshot.status.horizons;
    if horizons.is_empty() {
        return Html::default();
    }
    let row = |HorizonView { horizon, origin, not_ready }: &HorizonView| {
        let origin = origin.map_or_else(|| "–".to_owned(), |origin| format::instant(origin, zone));
        html! {
            <tr>
                <th scope="row">{ format::span(*horizon) }</th>
                <td>
                    { origin }
                    if let Some(why) = not_ready {
                        <p class="note">{ &why.message }</p>
                    }
                </td>
            </tr>
        }
    };
    Card { title: "Horizons", note: "How far is forecast, and since when".to_owned(), ..Card::default() }.around(
        html! {
            <table class="plain" data-testid="horizons">
                <thead>
                    <tr>
                        <th scope="col">{ "horizon" }</th>
                        <th scope="col">{ "newest forecast" }</th>
                    </tr>
                </thead>
                <tbody>{ for horizons.iter().map(row) }</tbody>
            </table>
        },
    )
}

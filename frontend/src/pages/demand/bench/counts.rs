//! Where the counts come from.

use std::cell::Cell;
use std::rc::Rc;

use shared::api::{DemandSeries, Status, paths};
use shared::units::Duration;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use crate::api_client::{ApiError, get};
use crate::opened_file::unpacked;
use crate::route::ForecastSource;
use crate::worker::Data;

/// How much of the service's demand is learnt from.
const DEMAND_PAST: Duration = Duration::from_minutes(14 * 24 * 60);
/// Tenants of the service that get a series of their own.
const TENANTS_MAX: usize = 12;

/// Data, and what to call it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Counts {
    pub(super) name: String,
    pub(super) note: String,
    pub(super) data: Rc<Data>,
    /// Whether it is counted here, so that the bin can be chosen.
    pub(super) counted_here: bool,
}

impl Counts {
    /// A file that was opened, unpacked where it is gzip; or what is wrong with it, for people.
    pub(super) fn of_file(name: String, content: Vec<u8>) -> Result<Self, String> {
        let content = unpacked(content).map_err(|wrong| format!("{name} {wrong}"))?;
        // A line of NDJSON begins so; a series has a header.
        let requests = content.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
        let note = if requests { "requests of a file" } else { "series of a file" };
        let data = Rc::new(Data::File { name: name.clone(), content });
        Ok(Self { name, note: note.to_owned(), data, counted_here: requests })
    }

    fn example(note: &str) -> Self {
        Self {
            name: "Example demand".to_owned(),
            note: note.to_owned(),
            data: Rc::new(Data::Example),
            counted_here: true,
        }
    }
}

/// The counts of `source`, or why there are none; none while they are on their way.
#[hook]
pub(super) fn use_counts(source: ForecastSource) -> UseStateHandle<Option<Rc<Result<Counts, String>>>> {
    let state = use_state(|| None::<Rc<Result<Counts, String>>>);
    let setter = state.setter();
    use_effect_with(source, move |&source| {
        let ended = Rc::new(Cell::new(false));
        let end = Rc::clone(&ended);
        setter.set(None);
        spawn_local(async move {
            let counts = match source {
                ForecastSource::Example => Ok(Counts::example("built-in example, two weeks of requests")),
                ForecastSource::Current => current().await,
            };
            if !ended.get() {
                setter.set(Some(Rc::new(counts)));
            }
        });
        move || end.set(true)
    });
    state
}

async fn current() -> Result<Counts, String> {
    match demand().await {
        Ok(series) if series.first().is_none_or(|total| total.creates.is_empty()) => {
            Ok(Counts::example("built-in example; the service has no demand yet"))
        }
        Ok(series) => Ok(Counts {
            name: "Demand of the service".to_owned(),
            note: "creates of everyone, and of each tenant".to_owned(),
            data: Rc::new(Data::Demand(series)),
            counted_here: false,
        }),
        Err(ApiError::NoService | ApiError::Unreachable) => Ok(Counts::example("built-in example, no service here")),
        Err(error) => Err(format!("The service's demand cannot be read. {}", error.message())),
    }
}

/// Everyone's demand, then that of tenants, over the same bins.
async fn demand() -> Result<Vec<DemandSeries>, ApiError> {
    let status: Status = get(paths::STATUS, &[]).await?;
    let start = status.first_request.unwrap_or(status.now).max(status.now - DEMAND_PAST);
    // The first whole bin.
    let start = (start + status.bin - Duration::from_micros(1)).floor(status.bin);
    let window = [("from", start.to_string()), ("to", status.now.max(start).to_string())];
    let mut series = vec![get(paths::DEMAND, &window).await?];
    for tenant in status.tenants.into_iter().take(TENANTS_MAX) {
        let [from, to] = window.clone();
        series.push(get(paths::DEMAND, &[from, to, ("tenant", tenant)]).await?);
    }
    Ok(series)
}

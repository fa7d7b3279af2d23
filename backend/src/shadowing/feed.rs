//! The demo's world: requests of the example, and what is observed of them.

use shared::example;
use shared::request::{Observation, Operation, Request, RequestLog};
use shared::simulation::Plan;
use shared::units::{Instant, Window};

use crate::config::DemoConfig;
use crate::store::{Store, StoreError};

/// Why the example could not be fed.
pub type FeedError = StoreError;

/// Requests a batch.
const BATCH: usize = 5_000;

/// Appends what the example's tenants ask for in a window.
///
/// # Errors
/// When the store fails.
pub async fn feed_example(store: &dyn Store, demo: &DemoConfig, window: Window) -> Result<Vec<Request>, FeedError> {
    let requests = example::requests_between(demo.seed, window);
    for batch in requests.chunks(BATCH) {
        store.append_requests(batch.to_vec()).await?;
    }
    Ok(requests)
}

/// What is observed of the creates of a day that became ready in one of its hours.
///
/// The plans are those of the day's run, whose fork had `live` resources: the day's creates follow them in order.
pub(super) fn observations(
    log: &RequestLog,
    day: Instant,
    live: usize,
    plans: &[Plan],
    hour: Window,
) -> Vec<Observation> {
    let of_day = log.position(day)..log.position(hour.end);
    let creates: Vec<usize> = of_day.filter(|&i| log.requests[i].operation == Operation::Create).collect();
    let ready = plans.iter().filter(|plan| plan.ready.is_some_and(|at| hour.contains(at)));
    ready
        .filter_map(|plan| {
            let position = creates.get(plan.resource.usize().checked_sub(live)?)?;
            Some(Observation {
                request: log.ids[*position].to_string(),
                admitted: Some(true),
                node: plan.node.map(|node| format!("n-{}", node.0)),
                ready_at: plan.ready,
                ..Observation::default()
            })
        })
        .collect()
}

//! Format version 8: the scenario as postcard writes it. A change of [`Scenario`]'s fields needs version 9, and a copy of
//! today's fields here, as [`v7`](super::v7) has of those before it.

use super::envelope::{Opened, open, seal};
use super::{Limits, LinkError, SharedScenario};
use crate::scenario::Scenario;

pub(super) const VERSION: u8 = 8;

pub(super) fn encode(shared: &SharedScenario) -> Vec<u8> {
    let scenario = postcard::to_allocvec(&shared.scenario).expect("a scenario is plain data");
    seal(VERSION, shared.scenario.engine, shared.digest, &scenario)
}

pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<SharedScenario, LinkError> {
    let Opened { engine, digest, scenario } = open(bytes, limits)?;
    let (scenario, rest) = postcard::take_from_bytes::<Scenario>(&scenario).map_err(|_| LinkError::Damaged)?;
    if scenario.engine != engine || !rest.is_empty() {
        return Err(LinkError::Damaged);
    }
    Ok(SharedScenario { scenario, digest })
}

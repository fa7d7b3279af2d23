//! The world of a replay: what happens in it is appended to the log as its clock goes on.

use std::collections::BTreeMap;
use std::sync::Arc;

use shared::example::{Happened, Primary};
use shared::features::SensorReading;
use shared::request::{Observation, Received, Request};
use shared::units::{Duration, Instant};

use super::GivenEvent;
use crate::config::{ReplayedWorld, ShadowingConfig};
use crate::store::{Collection, Store, StoreError, write_document};

/// Records a batch.
const BATCH: usize = 5_000;

/// Where the store says what it is a replay of.
const REPLAYED: &str = "replayed";

/// What was recorded elsewhere, in order of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recording {
    /// What tenants asked for.
    pub requests: Vec<Request>,
    /// What was seen of it, and when.
    pub observations: Vec<Received>,
    /// Sensor readings.
    pub readings: Vec<SensorReading>,
    /// Known events, each by its key: known from the beginning.
    pub events: Vec<(String, GivenEvent)>,
}

/// What goes on outside of the loop, which hears of it only what is appended to the log.
pub(super) enum World {
    /// The example's primary and its tenants.
    Example(Box<Primary>),
    /// What was recorded, and how much of each kind has been appended.
    Recorded { recording: Arc<Recording>, requests: usize, observations: usize, readings: usize },
}

impl World {
    /// A world whose log is empty still.
    pub(super) fn new(of: &ReplayedWorld) -> Self {
        match of {
            ReplayedWorld::Example { seed } => Self::Example(Box::new(Primary::new(*seed, shared::example::START))),
            ReplayedWorld::Recorded(recording) => {
                Self::Recorded { recording: Arc::clone(recording), requests: 0, observations: 0, readings: 0 }
            }
        }
    }

    /// Whether the store is of this world, shadowed like this, or of none yet; then it is of this one, and has the events
    /// that are known ahead.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) async fn claims(&self, store: &dyn Store, config: &ShadowingConfig) -> Result<bool, StoreError> {
        let Self::Recorded { recording, .. } = self else { return Ok(true) };
        let fingerprint = (recording.fingerprint()?, config.fingerprint());
        let own = write_document(REPLAYED, Instant::default(), &fingerprint)?;
        if let Some(earlier) = store.get(Collection::Models, REPLAYED.to_owned()).await? {
            return Ok(earlier.body == own.body);
        }
        let at = recording.requests.first().map_or(Instant::default(), |request| request.at);
        let events = recording
            .events
            .iter()
            .map(|(key, given)| Ok((Collection::Events, write_document(key.clone(), at, given)?)));
        let documents: Result<Vec<_>, StoreError> = events.chain([Ok((Collection::Models, own))]).collect();
        store.put_together(documents?).await.map(|()| true)
    }

    /// Lets it go on until `end`, and appends what its tenants ask for and what is observed of it.
    ///
    /// What is observed is dated just before `end`: a real primary would have sent it in the course of the time before.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) async fn advance(&mut self, store: &dyn Store, end: Instant) -> Result<(), StoreError> {
        match self {
            Self::Example(primary) => {
                // Day by day: each step simulates its own window.
                while primary.now() < end {
                    let next = (primary.now() + Duration::DAY).min(end);
                    let Happened { requests, observations } = primary.advance(next);
                    append(store, &requests, observations, next).await?;
                }
            }
            Self::Recorded { recording, requests, observations, readings } => {
                let asked = &recording.requests[*requests..];
                let asked = &asked[..asked.partition_point(|request| request.at < end)];
                let seen = &recording.observations[*observations..];
                let seen = &seen[..seen.partition_point(|received| received.at < end)];
                let read = &recording.readings[*readings..];
                let read = &read[..read.partition_point(|reading| reading.at < end)];
                append(store, asked, seen.iter().map(|received| received.observation.clone()).collect(), end).await?;
                for batch in read.chunks(BATCH) {
                    store.append_readings(batch.to_vec()).await?;
                }
                *requests += asked.len();
                *observations += seen.len();
                *readings += read.len();
            }
        }
        Ok(())
    }
}

impl Recording {
    /// Puts records in order of time. An observation is known once all that it tells has happened: what was released is
    /// told apart from what came before, and nothing about a request before that was made.
    pub fn new(
        mut requests: Vec<Request>,
        observations: Vec<Observation>,
        mut readings: Vec<SensorReading>,
        events: Vec<(String, GivenEvent)>,
    ) -> Self {
        requests.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        readings.sort_by_key(|reading| reading.at);
        let made: BTreeMap<&str, Instant> = requests.iter().map(|request| (request.id.as_str(), request.at)).collect();
        let first = requests.first().map_or(Instant::default(), |request| request.at);
        let mut observed: Vec<Received> = Vec::new();
        for observation in observations {
            let made = made.get(observation.request.as_str()).copied().unwrap_or(first);
            let released = observation.released_at.map(|at| Received {
                at: at.max(made),
                observation: Observation {
                    request: observation.request.clone(),
                    released_at: Some(at),
                    ..Observation::default()
                },
            });
            let before = Observation { released_at: None, ..observation };
            if before != (Observation { request: before.request.clone(), ..Observation::default() }) {
                observed
                    .push(Received { at: before.ready_at.map_or(made, |ready| ready.max(made)), observation: before });
            }
            observed.extend(released);
        }
        observed.sort_by_key(|received| received.at);
        Self { requests, observations: observed, readings, events }
    }

    /// BLAKE3 of all that was recorded, as hexadecimal digits.
    fn fingerprint(&self) -> Result<String, StoreError> {
        let unreadable = |error: serde_json::Error| StoreError::Unreadable(error.to_string());
        let observations: Vec<_> =
            self.observations.iter().map(|received| (received.at, &received.observation)).collect();
        let recorded = (&self.requests, observations, &self.readings, &self.events);
        let text = serde_json::to_vec(&recorded).map_err(unreadable)?;
        Ok(blake3::hash(&text).to_hex().to_string())
    }

    /// The end of the hour of the first request, when a replay begins; none where there is no request.
    pub fn begins(&self) -> Option<Instant> {
        Some(self.requests.first()?.at.floor(Duration::HOUR) + Duration::HOUR)
    }

    /// The end of the hour of the last request, after which nothing comes.
    pub fn ends(&self) -> Option<Instant> {
        Some(self.requests.last()?.at.floor(Duration::HOUR) + Duration::HOUR)
    }
}

async fn append(
    store: &dyn Store,
    requests: &[Request],
    observations: Vec<Observation>,
    end: Instant,
) -> Result<(), StoreError> {
    for batch in requests.chunks(BATCH) {
        store.append_requests(batch.to_vec()).await?;
    }
    let received = end - Duration::from_micros(1);
    for batch in observations.chunks(BATCH) {
        store.append_observations(batch.to_vec(), received).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_known_of_a_request_before_it_has_happened() {
        let at = |hours: i64| Instant::from_micros(0) + Duration::HOUR * hours;
        let request: Request = serde_json::from_str(
            r#"{"id":"r","at":"1970-01-01T01:00:00Z","tenant":"acme","op":"create","class":"compute","resource":"vm",
                "requested":{"vcpu":2}}"#,
        )
        .unwrap();
        let whole = Observation {
            request: "r".to_owned(),
            node: Some("n".to_owned()),
            ready_at: Some(at(2)),
            released_at: Some(at(30)),
            ..Observation::default()
        };
        let admitted = Observation { request: "r".to_owned(), admitted: Some(true), ..Observation::default() };
        let recording = Recording::new(vec![request], vec![whole.clone(), admitted.clone()], Vec::new(), Vec::new());
        let released = Observation { request: "r".to_owned(), released_at: Some(at(30)), ..Observation::default() };
        let expected = [(at(1), admitted), (at(2), Observation { released_at: None, ..whole }), (at(30), released)]
            .map(|(at, observation)| Received { at, observation });
        assert_eq!(recording.observations, expected);
        assert_eq!((recording.begins(), recording.ends()), (Some(at(2)), Some(at(2))));
    }
}

//! What was taken in at once, cut into messages.

use std::collections::{BTreeSet, HashMap};

use serde::de::DeserializeOwned;
use shared::request::{Observation, Request};

use crate::queue::{QueueError, pack, unpack};
use crate::store::{Appended, StoreError, check_observation, check_request, write_json};

/// The most records of a message. A message for each would cost the servers more than what is in it.
const RECORDS_MAX: usize = 1_000;

/// A message that has so many bytes gets no further record, before it is compressed: a server takes 1 MiB.
const BYTES_MAX: usize = 512 << 10;

/// What the records of a message are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Requests,
    Observations,
}

/// Records of one kind.
#[derive(Debug)]
pub struct Batch {
    kind: Kind,
    /// Each as JSON, in one line; those that came twice are there once.
    lines: Vec<String>,
    /// What became of each record that was given, as far as that is known before it is folded.
    pub appended: Vec<Appended>,
}

/// What is published at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) kind: Kind,
    /// BLAKE3 of its content: the same again, within the time that the stream remembers, is there once.
    pub(super) id: String,
    /// Lines, compressed.
    pub(super) payload: Vec<u8>,
}

impl Kind {
    /// The last part of the subject of its messages.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Observations => "observations",
        }
    }

    /// The kind that is called so.
    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::Requests, Self::Observations].into_iter().find(|kind| kind.name() == name)
    }
}

impl Batch {
    /// Requests, each once by its id: the first of an id holds.
    ///
    /// # Errors
    /// When a store could not hold one of them.
    pub fn of_requests(requests: &[Request]) -> Result<Self, StoreError> {
        let mut firsts: HashMap<&str, usize> = HashMap::with_capacity(requests.len());
        let (mut lines, mut appended) = (Vec::with_capacity(requests.len()), Vec::with_capacity(requests.len()));
        for request in requests {
            check_request(request)?;
            appended.push(match firsts.get(request.id.as_str()) {
                None => {
                    firsts.insert(&request.id, lines.len());
                    lines.push(write_json(request)?);
                    Appended::Accepted
                }
                Some(first) if lines[*first] == write_json(request)? => Appended::Duplicate,
                Some(_) => Appended::Conflict,
            });
        }
        Ok(Self { kind: Kind::Requests, lines, appended })
    }

    /// Observations, each once by its content.
    ///
    /// # Errors
    /// When a store could not hold one of them.
    pub fn of_observations(observations: &[Observation]) -> Result<Self, StoreError> {
        let mut seen = BTreeSet::new();
        let (mut lines, mut appended) =
            (Vec::with_capacity(observations.len()), Vec::with_capacity(observations.len()));
        for observation in observations {
            check_observation(observation)?;
            let line = write_json(observation)?;
            if seen.insert(line.clone()) {
                lines.push(line);
                appended.push(Appended::Accepted);
            } else {
                appended.push(Appended::Duplicate);
            }
        }
        Ok(Self { kind: Kind::Observations, lines, appended })
    }

    /// How many records are to be published.
    pub(super) fn records(&self) -> u64 {
        self.lines.len() as u64
    }

    /// The messages. Whoever sends the same again has them cut in the same way, so that their ids are the same.
    ///
    /// # Errors
    /// When a record is larger than a message can be.
    pub(super) fn messages(&self) -> Result<Vec<Message>, QueueError> {
        let mut messages = Vec::new();
        let mut rest = &self.lines[..];
        while !rest.is_empty() {
            let mut bytes = 0;
            let fits = rest.iter().take(RECORDS_MAX).take_while(|line| {
                let fits = bytes < BYTES_MAX;
                bytes += line.len();
                fits
            });
            let (of_this, of_next) = rest.split_at(fits.count());
            messages.push(Message::new(self.kind, of_this)?);
            rest = of_next;
        }
        Ok(messages)
    }
}

impl Message {
    fn new(kind: Kind, lines: &[String]) -> Result<Self, QueueError> {
        let content = lines.join("\n");
        let mut hasher = blake3::Hasher::new();
        hasher.update(kind.name().as_bytes()).update(b"\n").update(content.as_bytes());
        let payload = pack(content.as_bytes(), "a batch of records")?;
        Ok(Self { kind, id: hasher.finalize().to_hex().to_string(), payload })
    }
}

/// The records of a message.
///
/// # Errors
/// When they are not what was published.
pub(super) fn records<T: DeserializeOwned>(payload: &[u8]) -> Result<Vec<T>, QueueError> {
    let what = "a message of the log";
    let content = unpack(payload, what)?;
    let text = std::str::from_utf8(&content).map_err(|_| QueueError::Damaged { what })?;
    text.lines().map(|line| serde_json::from_str(line).map_err(|_| QueueError::Damaged { what })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(id: &str, vcpu: u32, label: &str) -> Request {
        serde_json::from_str(&format!(
            r#"{{"id":"{id}","at":"2026-01-01T00:00:00Z","tenant":"acme","op":"create","class":"compute","resource":"{id}",
                "requested":{{"vcpu":{vcpu}}},"labels":{{"l":"{label}"}}}}"#
        ))
        .unwrap()
    }

    #[test]
    fn what_comes_twice_at_once_is_published_once() {
        use Appended::{Accepted, Conflict, Duplicate};
        let requests = [request("a", 1, ""), request("b", 1, ""), request("a", 1, ""), request("a", 2, "")];
        let batch = Batch::of_requests(&requests).unwrap();
        assert_eq!((&batch.appended[..], batch.records()), (&[Accepted, Accepted, Duplicate, Conflict][..], 2));
        let seen: Observation = serde_json::from_str(r#"{"request":"a","admitted":true}"#).unwrap();
        let batch = Batch::of_observations(&[seen.clone(), seen]).unwrap();
        assert_eq!((&batch.appended[..], batch.records()), (&[Accepted, Duplicate][..], 1));
        assert!(matches!(Batch::of_requests(&[request("a\\u0000", 1, "")]), Err(StoreError::Unfit(_))));
    }

    #[test]
    fn messages_hold_all_records_in_order_and_the_same_batch_has_the_same_ids() {
        let requests: Vec<Request> = (0..2_500).map(|i| request(&format!("r-{i}"), 1, "")).collect();
        let messages = Batch::of_requests(&requests).unwrap().messages().unwrap();
        // Of 1,000 each, as long as they are small.
        assert_eq!(messages.len(), 3);
        let read: Vec<Request> = messages.iter().flat_map(|m| records::<Request>(&m.payload).unwrap()).collect();
        assert_eq!(read, requests);
        assert_eq!(Batch::of_requests(&requests).unwrap().messages().unwrap(), messages);
        // Records of 300 KB: the second one brings a message above half a MiB, and ends it.
        let large: Vec<Request> = (0..5).map(|i| request(&format!("l-{i}"), 1, &"x".repeat(300_000))).collect();
        let messages = Batch::of_requests(&large).unwrap().messages().unwrap();
        let counts: Vec<usize> = messages.iter().map(|m| records::<Request>(&m.payload).unwrap().len()).collect();
        assert_eq!(counts, [2, 2, 1]);
        assert!(records::<Request>(b"nothing").is_err());
    }
}

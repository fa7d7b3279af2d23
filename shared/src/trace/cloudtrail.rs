//! What AWS CloudTrail records of calls to EC2 and Elastic Load Balancing: instances, volumes, load balancers.
//!
//! ```text
//! text ─► records ─► changes: created, started, resized, ended ─► settled with what is known of the resource: requests
//! ```
//!
//! An instance asks for the flavor that its type names; its amounts are those of the catalogue. It holds something while it
//! runs: stopping it is a delete, starting it a create of the type that it has by then. Volumes ask for GiB and operations
//! per second, a load balancer for an address. Ids of requests are `aws/`, the resource, and the id of the event: deletes
//! and starts name no tags, types or zones, and find these in the requests about the same resource.
//!
//! Volumes that are made with an instance are in no record; the amounts of AWS are whole GiB.

mod change;
mod record;
mod settle;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use self::change::Changed;
use self::record::Record;
use super::events::{Events, Place, Reason, Refusal, each_event};
use super::mapping::Mapping;
use crate::input::{InputError, from_json};
use crate::request::Request;

/// What records change, before it is known what the resources were before.
#[derive(Clone, Debug, Default)]
pub struct TrailChanges {
    changes: Vec<Changed>,
    /// What was said besides.
    events: Events,
    /// Ids of records.
    seen: BTreeSet<String>,
}

/// Whose the resources are: the account's, unless one of these says otherwise; a rule of the mapping before a tag.
#[derive(Clone, Copy, Debug, Default)]
pub struct TrailTenants<'a> {
    /// Rules from accounts and tags to tenants.
    pub mapping: Option<&'a Mapping>,
    /// The tag that names the tenant.
    pub tag: Option<&'a str>,
}

const EXPECTED: &str = "expected records of CloudTrail: {\"Records\":[…]}, one record a line, or an event of EventBridge with one as its `detail`";

/// What an event of EventBridge is called that brings a record.
const DETAIL_TYPE: &str = "AWS API Call via CloudTrail";

impl TrailChanges {
    /// Reads records, and adds them.
    ///
    /// # Errors
    /// When the text is no JSON, with its line; a wrong record is refused by itself.
    pub fn read(&mut self, text: &str) -> Result<(), InputError> {
        let records =
            |document: &mut Value| document.get_mut("Records").and_then(Value::as_array_mut).map(core::mem::take);
        each_event(text, EXPECTED, records, |place, value| self.take(place, value))
    }

    fn take(&mut self, place: Place, value: Result<Value, InputError>) {
        self.events.events += 1;
        let record = match value.map(unwrapped) {
            Ok(Some(record)) => Ok(record),
            Ok(None) => return self.events.ignore(Reason::OtherCall),
            Err(error) => Err(error),
        };
        let id = record.as_ref().ok().and_then(|record| record.get("eventID")?.as_str()).map(str::to_owned);
        let read = record.and_then(from_json::<Record>).and_then(|record| match record.reason_to_ignore() {
            Some(reason) => Ok(Err(reason)),
            None if !self.seen.insert(record.event_id.clone()) => Ok(Err(Reason::Duplicate)),
            None => change::of(place, record).map(Ok),
        });
        match read {
            Ok(Ok(changes)) if changes.is_empty() => self.events.ignore(Reason::NothingNew),
            Ok(Ok(changes)) => self.changes.extend(changes),
            Ok(Err(reason)) => self.events.ignore(reason),
            Err(error) => self.events.refused.push(Refusal::new(place, id, error)),
        }
    }

    /// The records that are wrong, so far.
    pub fn refused(&self) -> &[Refusal] {
        &self.events.refused
    }

    /// What the ids of requests begin with that are about the resources of the records.
    pub fn resources(&self) -> BTreeSet<String> {
        self.changes.iter().map(|changed| settle::id_of_any(&changed.resource)).collect()
    }

    /// The requests, in order of time; `known` has those that were made before about the same resources, in order of time,
    /// by what [`resources`](Self::resources) gives.
    pub fn settle(self, known: BTreeMap<String, Vec<Request>>, tenants: TrailTenants<'_>) -> Events {
        settle::settle(self, known, tenants)
    }
}

/// The record itself, of an event of EventBridge too; nothing where it is about something else.
fn unwrapped(mut value: Value) -> Option<Value> {
    if let Some(kind) = value.get("detail-type") {
        let is_record = kind == DETAIL_TYPE;
        return is_record.then(|| value.get_mut("detail").map(Value::take).unwrap_or_default());
    }
    let category = value.get("eventCategory").and_then(Value::as_str);
    category.is_none_or(|category| category == "Management").then_some(value)
}

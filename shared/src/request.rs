//! Requests and observations: the record, its wire format, and the ordered log.

mod catalogue;
mod history;
mod indexed;
mod log;
mod names;
mod ndjson;
mod observation;
mod outage;
mod priority;
mod record;
mod standing;
mod tables;
mod terms;

pub use catalogue::Catalogue;
pub use history::{History, LifeBefore, Silence};
pub use indexed::{Flavor, IndexedRequest, Life, Tenant};
pub use log::{RequestLog, RequestLogBuilder};
pub use names::Names;
pub use ndjson::{parse_requests, read_observations, read_requests, write_line};
pub use observation::{MODULES, Module, Observation, Received};
pub use outage::Stretch;
pub use priority::Priority;
pub use record::{Operation, Request, ResourceClass};
pub use standing::{DrawKeys, Impossible, Standing};
pub use tables::{TableMap, Tables};
pub use terms::{Domain, GroupRule, Scheduling, SpreadRule, Terms};

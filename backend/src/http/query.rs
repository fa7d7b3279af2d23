//! Query parameters, each named when it is wrong.

use core::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use shared::allocation::GroupBy;
use shared::input::{Format, field_and_message};
use shared::units::Instant;

use super::Problem;

/// The query of a request as a `T`, or a problem document that names the parameter.
#[derive(Debug)]
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(parse(request.query_string()).map(Query))
    }
}

/// Which entries of a list that only grows are asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    after: Option<u64>,
    limit: Option<usize>,
}

/// So many entries are a page unless asked for otherwise, and at most.
const PAGE: (usize, usize) = (100, 1_000);

impl Page {
    /// After which number, and how many: one more than the page has tells whether there is a next one.
    pub(super) fn scan(&self) -> (u64, usize) {
        (self.after.unwrap_or(0), length(self.limit) + 1)
    }

    /// The page of what was found, and after which number the next one begins.
    pub(super) fn cut<T>(&self, found: Vec<T>, number: impl Fn(&T) -> u64) -> (Vec<T>, Option<u64>) {
        cut(found, length(self.limit), number)
    }
}

/// The same of a list whose entries have ids that grow.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IdPage {
    after: Option<String>,
    limit: Option<usize>,
}

impl IdPage {
    /// Of a list that can be asked for more than its pages.
    pub(super) fn of(after: Option<String>, limit: Option<usize>) -> Self {
        Self { after, limit }
    }

    /// How many: one more than the page has tells whether there is a next one.
    pub(super) fn scanned(&self) -> usize {
        length(self.limit) + 1
    }

    /// After which id; none where the list is asked for from its beginning.
    pub(super) fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    /// After which id, and how many: one more than the page has tells whether there is a next one.
    pub(super) fn scan(&self) -> (String, usize) {
        (self.after.clone().unwrap_or_default(), self.scanned())
    }

    /// The page of what was found, and after which id the next one begins.
    pub(super) fn cut<T>(&self, found: Vec<T>, id: impl Fn(&T) -> String) -> (Vec<T>, Option<String>) {
        cut(found, length(self.limit), id)
    }
}

/// How many entries a page has where so many are asked for.
fn length(limit: Option<usize>) -> usize {
    limit.unwrap_or(PAGE.0).clamp(1, PAGE.1)
}

fn cut<T, K>(mut found: Vec<T>, length: usize, key: impl Fn(&T) -> K) -> (Vec<T>, Option<K>) {
    let more = found.len() > length;
    found.truncate(length);
    let next = found.last().map(key).filter(|_| more);
    (found, next)
}

/// The groupings of `by`, one or two with a comma between; tenants where none is asked for.
pub(super) fn groupings(by: Option<&str>) -> Result<Vec<GroupBy>, Problem> {
    let by: Result<Vec<GroupBy>, String> = by.unwrap_or("tenant").split(',').map(str::parse).collect();
    let by = by.map_err(|error| Problem::field("by", error))?;
    match &by[..] {
        [one, other] if one == other => Err(Problem::field("by", format!("names {one} twice; expected each once"))),
        [_] | [_, _] => Ok(by),
        more => Err(Problem::field("by", format!("names {} groupings; expected one or two", more.len()))),
    }
}

/// Refuses a window that ends before it begins.
pub(super) fn in_order(from: Option<Instant>, to: Option<Instant>) -> Result<(), Problem> {
    match from.zip(to).filter(|(from, to)| from > to) {
        Some((from, to)) => {
            Err(Problem::field("to", format!("is {to}, before `from`, {from}; expected a later instant")))
        }
        None => Ok(()),
    }
}

fn parse<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs)).map_err(|error| {
        let (field, message) = field_and_message(Format::Query, &error.path().to_string(), &error.inner().to_string());
        Problem::query(field, message)
    })
}

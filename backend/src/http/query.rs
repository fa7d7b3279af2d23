//! Query parameters, each named when it is wrong.

use core::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde::de::DeserializeOwned;
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

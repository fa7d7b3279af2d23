//! Answers that have not changed are not sent again: `ETag` and `If-None-Match`. Source: RFC 9110, 8.8.3 and 13.1.2.

use actix_web::body::{BodySize, BoxBody, MessageBody, to_bytes};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse};

use super::Problem;

/// Marks the answer by what is in it, and says only that it is the same where the client has it already. The mark is a weak
/// one, as the answer may be compressed on its way.
pub(super) async fn tagged<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    let answer = next.call(request).await?.map_into_boxed_body();
    // What is told as it happens has no length, and no end to wait for; secrets are kept nowhere.
    let is_whole = matches!(answer.response().body().size(), BodySize::Sized(_));
    if answer.status() != StatusCode::OK || !is_whole || answer.headers().contains_key(header::CACHE_CONTROL) {
        return Ok(answer);
    }
    let (request, answer) = answer.into_parts();
    let (answer, body) = answer.into_parts();
    let body = to_bytes(body).await.map_err(|_| Problem::broken())?;
    let tag = format!("W/\"{}\"", &blake3::hash(&body).to_hex()[..32]);
    let mut answer = if known.is_some_and(|known| names(&known, &tag)) {
        HttpResponse::NotModified().finish()
    } else {
        answer.set_body(body).map_into_boxed_body()
    };
    let headers = answer.headers_mut();
    headers.insert(header::ETAG, HeaderValue::try_from(tag).map_err(|_| Problem::broken())?);
    // It is asked for again each time, and is nobody else's.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(ServiceResponse::new(request, answer))
}

/// Whether `If-None-Match` has a mark among its own, weak or strong.
fn names(known: &HeaderValue, tag: &str) -> bool {
    let strong = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let Ok(known) = known.to_str() else { return false };
    known.trim() == "*" || known.split(',').any(|one| strong(one) == strong(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_found_among_others_weak_or_strong() {
        for (known, found) in [
            ("W/\"a\"", true),
            ("\"a\"", true),
            ("\"b\", W/\"a\"", true),
            ("*", true),
            ("\"b\"", false),
            ("a", false),
            ("", false),
        ] {
            assert_eq!(names(&HeaderValue::from_str(known).unwrap(), "W/\"a\""), found, "{known}");
        }
    }
}

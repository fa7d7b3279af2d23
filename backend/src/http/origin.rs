//! Where a request comes from: a page of another site changes nothing here, whoever's browser it is open in.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderMap, ORIGIN};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest};

use super::Problem;

/// Refuses what changes something and comes from a page of another origin; programs send no such header, and pass.
///
/// Browsers say `Sec-Fetch-Site`, which holds behind a proxy too; to an address without TLS they say `Origin` only, which
/// is then held against the host that was asked.
pub(crate) async fn same_origin<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let foreign = if request.method().is_safe() { None } else { foreign_origin(request.request()) };
    match foreign {
        None => Ok(next.call(request).await?.map_into_left_body()),
        Some(origin) => Ok(request.error_response(Problem::foreign_origin(&origin)).map_into_right_body()),
    }
}

/// The origin of a page that is not this service's own.
fn foreign_origin(request: &HttpRequest) -> Option<String> {
    let headers = request.headers();
    let origin = text(headers, ORIGIN.as_str());
    let foreign = match text(headers, "sec-fetch-site") {
        Some("same-origin" | "none") => false,
        Some(_) => true,
        None => origin.is_some_and(|origin| host_of(origin) != request.connection_info().host()),
    };
    foreign.then(|| origin.unwrap_or("another site").to_owned())
}

/// `host:port` of `scheme://host:port`.
fn host_of(origin: &str) -> &str {
    origin.split_once("://").map_or("", |(_, host)| host)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn only_another_sites_page_is_foreign() {
        let origin = |headers: &[(&str, &str)]| {
            let host = TestRequest::post().insert_header(("host", "127.0.0.1:8080"));
            let request = headers.iter().fold(host, |request, &header| request.insert_header(header));
            foreign_origin(&request.to_http_request())
        };
        let (own, other) = (("origin", "http://127.0.0.1:8080"), ("origin", "https://evil.example"));
        assert_eq!(origin(&[]), None, "a program");
        assert_eq!(origin(&[own]), None);
        assert_eq!(origin(&[other]).as_deref(), Some("https://evil.example"));
        assert_eq!(origin(&[("origin", "null")]).as_deref(), Some("null"), "a file or a sandboxed frame");
        assert_eq!(origin(&[("origin", "http://127.0.0.1:9090")]).as_deref(), Some("http://127.0.0.1:9090"));
        // Behind a proxy that asks for 127.0.0.1 the browser knows better.
        assert_eq!(origin(&[("origin", "https://shadow.example"), ("sec-fetch-site", "same-origin")]), None);
        assert_eq!(origin(&[own, ("sec-fetch-site", "cross-site")]).as_deref(), Some("http://127.0.0.1:8080"));
    }
}

//! Who is let in to an endpoint, and what of what they did is noted.

use core::future::{Ready, ready};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap};
use actix_web::http::uri::Authority;
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest};
use shared::api::{Actor, AuditEntry, AuditOutcome};
use tracing::Instrument;

use super::endpoints::{Access, Endpoint, Limited};
use super::{App, Problem};
use crate::access::{Caller, Door, GivenKey, Scope};
use crate::config::ServiceRole;
use crate::jobs::wall_clock;
use crate::traces;

/// Lets through whom the endpoint's entry in the table admits, and notes what they did.
pub(super) async fn admit<B: MessageBody>(
    endpoint: &'static Endpoint,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let Some(app) = request.app_data::<Data<App>>().cloned() else {
        return Ok(request.error_response(Problem::broken()).map_into_right_body());
    };
    let span = traces::answering(request.method().as_str(), endpoint.path, request.headers());
    let response = admit_to(endpoint, &app, request, next).instrument(span.clone()).await?;
    traces::answered(&span, response.status());
    Ok(response)
}

async fn admit_to<B: MessageBody>(
    endpoint: &'static Endpoint,
    app: &Data<App>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    if app.role == ServiceRole::Ingest && !endpoint.is_of_ingest() {
        return Ok(request.error_response(Problem::other_role(app.role)).map_into_right_body());
    }
    let (caller, admitted) = match identify(app, endpoint, request.request()).await {
        Ok(caller) => {
            let admitted = in_time(app, &caller).and_then(|()| may(endpoint, &caller));
            (caller, admitted)
        }
        Err(problem) => (None, Err(problem)),
    };
    let subject = request.path().to_owned();
    let response = match admitted {
        Ok(()) => {
            if let Some(caller) = &caller {
                request.extensions_mut().insert(caller.clone());
            }
            next.call(request).await?.map_into_left_body()
        }
        Err(problem) => request.error_response(problem).map_into_right_body(),
    };
    if endpoint.changes() {
        note(app, endpoint, caller, subject, &response).await;
    }
    Ok(response)
}

/// Who asks; nobody in particular where nobody needs a key.
async fn identify(app: &App, endpoint: &Endpoint, request: &HttpRequest) -> Result<Option<Caller>, Problem> {
    match (endpoint.access, app.door) {
        (Access::Open, _) => Ok(None),
        (_, Door::Anybody) => Ok(Some(Caller::ANYBODY)),
        (_, Door::ThisMachine) if names_this_machine(request) => Ok(Some(Caller::ANYBODY)),
        (_, Door::ThisMachine) => Err(Problem::foreign_host()),
        (_, Door::Keys) => {
            let key = bearer(request.headers()).ok_or_else(Problem::no_key)?;
            let given = GivenKey::parse(key).ok_or_else(Problem::wrong_key)?;
            let stored = app.keys.key(given.id.clone()).await?;
            let stored = stored.filter(|stored| stored.opens(&given, wall_clock())).ok_or_else(Problem::wrong_key)?;
            Ok(Some(stored.caller()))
        }
    }
}

/// Whether a key asks no more often than it may.
fn in_time(app: &App, caller: &Option<Caller>) -> Result<(), Problem> {
    let Some(key) = caller.as_ref().and_then(|caller| caller.key.as_deref()) else { return Ok(()) };
    // Whole seconds, and none too few.
    app.rate_limit.take(key).map_err(|wait| Problem::too_many(wait.as_secs() + 1))
}

/// Whether the table lets them.
fn may(endpoint: &Endpoint, caller: &Option<Caller>) -> Result<(), Problem> {
    match (endpoint.access, caller) {
        (Access::Open, _) => Ok(()),
        (Access::Key(..), None) => Err(Problem::no_key()),
        (Access::Key(role, _), Some(caller)) if caller.role < role => Err(Problem::role(caller.role, role)),
        (Access::Key(_, Limited::Nothing), Some(Caller { scope: scope @ Scope::Tenants(_), .. })) => {
            Err(Problem::not_of_tenants(scope))
        }
        (Access::Key(..), Some(_)) => Ok(()),
    }
}

/// The key of `Authorization: Bearer`. Source: RFC 6750, 2.1; the scheme's name has no case.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, key) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

/// Whether the host that was asked is a name of this machine. A page whose own name leads here asks by that name; programs
/// that send none are no browsers.
fn names_this_machine(request: &HttpRequest) -> bool {
    let authority = match (request.headers().get(header::HOST), request.uri().authority()) {
        (Some(host), _) => host.to_str().ok().and_then(|host| host.parse::<Authority>().ok()),
        (None, Some(authority)) => Some(authority.clone()),
        (None, None) => return true,
    };
    let Some(authority) = authority else { return false };
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

/// Writes down who did what. Who has no key, or asks too often, is not in the store, which would be filled, but in the
/// program's log.
async fn note<B>(
    app: &App,
    endpoint: &Endpoint,
    caller: Option<Caller>,
    path: String,
    response: &ServiceResponse<EitherBody<B>>,
) {
    let action = format!("{} {}", endpoint.method, endpoint.path);
    let status = response.status();
    let Some(caller) = caller.filter(|_| status != StatusCode::TOO_MANY_REQUESTS) else {
        tracing::warn!(target: "audit", action, status = status.as_u16(), "refused");
        return;
    };
    let outcome = match status.as_u16() {
        ..400 => AuditOutcome::Done,
        400..500 => AuditOutcome::Refused,
        _ => AuditOutcome::Failed,
    };
    let made = response.headers().get(header::LOCATION).and_then(|location| location.to_str().ok());
    let subject = made.map_or(path, str::to_owned);
    let actor = caller.key.map_or(Actor::WithoutKey, Actor::Key);
    tracing::info!(target: "audit", ?actor, action, subject, ?outcome, status = status.as_u16());
    let status = Some(status.as_u16());
    let entry = AuditEntry { number: 0, at: wall_clock(), actor, action, subject, outcome, status };
    if let Err(error) = app.keys.note(entry).await {
        tracing::error!(target: "audit", %error, "what was done could not be noted");
    }
}

impl FromRequest for Scope {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    /// Of whom [`admit`] let in.
    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let scope = request.extensions().get::<Caller>().map(|caller| caller.scope.clone());
        ready(scope.ok_or_else(Problem::broken))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn only_names_of_this_machine_are_its_own() {
        let own =
            |host: &str| names_this_machine(&TestRequest::get().insert_header((header::HOST, host)).to_http_request());
        for host in ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "127.1.2.3", "[::1]:8080", "[::1]"] {
            assert!(own(host), "{host}");
        }
        for host in
            ["evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1", "[::2]", "", "a b"]
        {
            assert!(!own(host), "{host}");
        }
    }

    #[test]
    fn a_key_comes_as_a_bearer() {
        let key = |value: &str| {
            let request = TestRequest::get().insert_header((header::AUTHORIZATION, value)).to_http_request();
            bearer(request.headers()).map(str::to_owned)
        };
        assert_eq!(key("Bearer sp_a_b").as_deref(), Some("sp_a_b"));
        assert_eq!(key("bearer  sp_a_b").as_deref(), Some("sp_a_b"));
        assert_eq!((key("Basic sp_a_b"), key("sp_a_b")), (None, None));
    }
}

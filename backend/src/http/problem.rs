//! Everything that goes wrong, as a problem document (RFC 9457).

use core::fmt;

use actix_web::body::MessageBody;
use actix_web::dev::ServiceResponse;
use actix_web::error::PathError;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::ErrorHandlerResponse;
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use shared::api::{FieldProblem, IngestAnswer, NotReady, ProblemDocument, Role, paths};
use shared::input::InputError;
use shared::scenario::Problems;

use crate::access::Scope;
use crate::config::ServiceRole;
use crate::queue::QueueError;
use crate::store::StoreError;

const CONTENT_TYPE: &str = "application/problem+json";

/// A problem on its way to the client.
#[derive(Clone, Debug)]
pub struct Problem {
    document: Box<ProblemDocument>,
    /// What goes with its status.
    header: Option<(HeaderName, HeaderValue)>,
}

impl Problem {
    fn new(status: StatusCode, kind: &str, title: &str, detail: impl Into<String>) -> Self {
        let document = ProblemDocument {
            kind: format!("urn:shadowplane:problem:{kind}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            line: None,
            field: None,
            errors: Vec::new(),
            lines: Vec::new(),
        };
        Self { document: Box::new(document), header: None }
    }

    /// The same, with more said in its document.
    fn saying(mut self, more: impl FnOnce(&mut ProblemDocument)) -> Self {
        more(&mut self.document);
        self
    }

    fn with_header(self, name: HeaderName, value: HeaderValue) -> Self {
        Self { header: Some((name, value)), ..self }
    }

    /// 400: a parameter or field is wrong.
    pub(super) fn field(field: &str, detail: impl Into<String>) -> Self {
        let problem = Self::new(StatusCode::BAD_REQUEST, "wrong-value", "A value is wrong", detail);
        problem.saying(|document| document.field = Some(field.to_owned()))
    }

    /// 400: a tenant is named that nobody is.
    pub(super) fn unknown_tenant(field: &str, name: &str) -> Self {
        Self::field(field, format!("`{name}` has made no request yet; GET {} lists the tenants", paths::STATUS))
    }

    /// 400: values of a body ask the impossible of a scenario.
    pub(super) fn fields(problems: Problems) -> Self {
        let errors: Vec<FieldProblem> = problems
            .0
            .into_iter()
            .map(|problem| FieldProblem { field: problem.field, detail: problem.message })
            .collect();
        let detail: Vec<String> = errors.iter().map(|error| format!("{}: {}", error.field, error.detail)).collect();
        let field = errors.first().map_or("", |error| &error.field).to_owned();
        Self::field(&field, detail.join("; ")).saying(|document| document.errors = errors)
    }

    /// 400: a query parameter is wrong.
    pub(super) fn query(field: Option<String>, detail: String) -> Self {
        let problem = Self::new(StatusCode::BAD_REQUEST, "wrong-query", "The query is wrong", detail);
        problem.saying(|document| document.field = field)
    }

    /// 415: a body is not what is asked for.
    pub(super) fn no_json(content_type: &str) -> Self {
        let detail = format!("the body is `{content_type}`; send `Content-Type: application/json`");
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "wrong-content-type", "The body is no JSON", detail)
    }

    /// 415: a body is of another kind, or packed in another way.
    pub(super) fn media_type(title: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "wrong-content-type", title, detail)
    }

    /// 400: samples are of a kind that is never taken, so that sending them again helps nobody.
    pub(super) fn samples_refused(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "samples-refused", "Samples cannot be accepted", detail)
    }

    /// 400: a body is wrong at some place.
    pub(super) fn input(error: InputError) -> Self {
        let InputError { line, field, message } = error;
        let problem = Self::new(StatusCode::BAD_REQUEST, "wrong-body", "The body is wrong", message);
        problem.saying(|document| (document.line, document.field) = ((line > 0).then_some(line), field))
    }

    /// 400: no line of a body of records could be taken.
    pub(super) fn nothing_taken(answer: IngestAnswer) -> Self {
        let IngestAnswer { lines, refused, .. } = answer;
        let first = lines.first();
        let (line, field) = (first.map(|first| first.line), first.and_then(|first| first.field.clone()));
        let message = first.and_then(|first| first.message.as_deref()).unwrap_or_default();
        let place = field.as_ref().map_or(String::new(), |field| format!("field `{field}`: "));
        let count = if refused == 1 { "the only line".to_owned() } else { format!("all {refused} lines") };
        let detail = format!("{count} refused, nothing taken; line {}: {place}{message}", line.unwrap_or(0));
        let problem = Self::new(StatusCode::BAD_REQUEST, "nothing-taken", "No line could be taken", detail);
        problem.saying(|document| (document.line, document.field, document.lines) = (line, field, lines))
    }

    /// 401: keys are asked for, and none was sent.
    pub(super) fn no_key() -> Self {
        let detail = "send a key as `Authorization: Bearer sp_…`; whoever runs the service makes one with `shadowplane keys create`";
        Self::unauthorized(detail, "Bearer realm=\"shadowplane\"")
    }

    /// 401: one was sent that opens nothing; why is nobody's business who has none.
    pub(super) fn wrong_key() -> Self {
        let detail = "the key is unknown, was revoked, or has expired; ask whoever runs the service for another one";
        Self::unauthorized(detail, "Bearer realm=\"shadowplane\", error=\"invalid_token\"")
    }

    /// Source of the challenge: RFC 6750, 3.
    fn unauthorized(detail: &str, challenge: &'static str) -> Self {
        let problem = Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "A key is needed", detail);
        problem.with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
    }

    /// 403: the key may less.
    pub(super) fn role(has: Role, needs: Role) -> Self {
        let detail = format!("the key is that of a role that may not do this: {has}; it takes {needs}");
        Self::new(StatusCode::FORBIDDEN, "role", "The key may not do this", detail)
    }

    /// 403: the answer would tell of other tenants than those of the key.
    pub(super) fn not_of_tenants(scope: &Scope) -> Self {
        let detail = format!("this is about all tenants together, and the key is limited to {}", scope.named());
        Self::new(StatusCode::FORBIDDEN, "tenants", "The key is limited to some tenants", detail)
    }

    /// 403: an answer is asked for that is not of the key's tenants alone.
    pub(super) fn beyond_tenants(field: &str, detail: impl Into<String>) -> Self {
        let problem = Self::new(StatusCode::FORBIDDEN, "tenants", "The key is limited to some tenants", detail);
        problem.saying(|document| document.field = Some(field.to_owned()))
    }

    /// 403: without keys, only names of this machine are answered.
    pub(super) fn foreign_host() -> Self {
        let detail = "the service runs without keys, for this machine alone: ask for localhost or 127.0.0.1; with \
             --no-keys=anywhere it answers to any name";
        Self::new(StatusCode::FORBIDDEN, "foreign-host", "The request is for another host", detail)
    }

    /// 403: a page of another site wants to change something.
    pub(super) fn foreign_origin(origin: &str) -> Self {
        let detail = format!(
            "a page of {origin} may not change anything here; use the page that this service serves, or a program"
        );
        Self::new(StatusCode::FORBIDDEN, "foreign-origin", "The request comes from another site", detail)
    }

    /// 404: there is no such thing.
    pub(super) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "There is no such thing", detail)
    }

    /// 410: it was there, and is kept no longer.
    pub(super) fn given_up(field: &str, detail: impl Into<String>) -> Self {
        let problem = Self::new(StatusCode::GONE, "given-up", "That is kept no longer", detail);
        problem.saying(|document| document.field = Some(field.to_owned()))
    }

    /// 409: it is too late, or too early.
    pub(super) fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", "That cannot be done any more", detail)
    }

    /// 408: the body comes more slowly than anybody waits for.
    pub(super) fn too_slow() -> Self {
        let detail = "the body came at less than 1 KiB a second; send it again, in smaller batches";
        Self::new(StatusCode::REQUEST_TIMEOUT, "too-slow", "The body comes too slowly", detail)
    }

    /// 413: the body holds too much.
    pub(super) fn too_large(limit: usize) -> Self {
        let detail = format!("the body holds more than {limit} bytes after decompression; send smaller batches");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large", detail)
    }

    /// 429: the key has asked too often.
    pub(super) fn too_many(seconds: u64) -> Self {
        let detail = format!("the key has asked too often; ask again in {seconds} s, or have --rate-limit raised");
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", "Too many requests", detail);
        problem.with_header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// 429: more has come in than can be written as fast.
    pub(super) fn busy() -> Self {
        let detail =
            "more has come in than can be written as fast, and nothing of this was taken; send it again in 1 s";
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "busy", "Too much at once", detail);
        problem.with_header(header::RETRY_AFTER, HeaderValue::from(1))
    }

    /// 503: so many hear of notifications as they happen that one more is not answered.
    pub(super) fn too_many_listeners() -> Self {
        let detail = "too many listen already; ask for pages of notifications, or again in a minute";
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "too-many-listeners", "Too many listen", detail);
        problem.with_header(header::RETRY_AFTER, HeaderValue::from_static("60"))
    }

    /// 503: the stream that the log goes through cannot be reached.
    pub(super) fn no_stream() -> Self {
        let detail = "the stream of the log cannot be reached, and it is not known whether this was taken; send it again in 2 s: what \
             was is then there once";
        let title = "The stream of the log cannot be reached";
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "stream-unavailable", title, detail);
        problem.with_header(header::RETRY_AFTER, HeaderValue::from(2))
    }

    /// 421: another process answers that.
    pub(super) fn other_role(role: ServiceRole) -> Self {
        let detail = format!(
            "this process has the role `{}`, and takes requests and observations in; ask the one that has the role `{}`",
            role.as_str(),
            ServiceRole::All.as_str()
        );
        Self::new(StatusCode::MISDIRECTED_REQUEST, "other-role", "Another process answers this", detail)
    }

    /// 500: what was to answer has panicked, which its message in the log explains.
    pub(super) fn broken() -> Self {
        let detail = "the answer could not be made; the log of the service says why";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "broken", "The service is at fault", detail)
    }

    /// 503: not yet.
    pub(super) fn not_ready(reason: &NotReady) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "not-ready", "Not ready yet", reason.message.clone())
    }
}

pub(super) fn bad_path(error: &PathError) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not-found", "There is no such thing", error.to_string())
}

/// What a library answered in words of its own, as a problem document.
pub(crate) fn in_our_form<B: MessageBody + 'static>(
    response: ServiceResponse<B>,
) -> actix_web::Result<ErrorHandlerResponse<B>> {
    let content_type = response.headers().get(header::CONTENT_TYPE);
    if content_type.is_some_and(|content_type| content_type == CONTENT_TYPE) {
        return Ok(ErrorHandlerResponse::Response(response.map_into_left_body()));
    }
    let status = response.status();
    let title = status.canonical_reason().unwrap_or("The request is wrong");
    let why = response.response().error().map_or(String::new(), |error| format!(": {error}"));
    let detail = format!("{} cannot be answered{why}; see /openapi.json", response.request().path());
    let problem = Problem::new(status, "bad-request", title, detail);
    Ok(ErrorHandlerResponse::Response(response.into_response(problem.error_response()).map_into_right_body()))
}

pub(super) async fn method_not_allowed(request: HttpRequest) -> Problem {
    let detail = format!("{} does not know {}; see /openapi.json", request.path(), request.method());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "The method is not allowed", detail)
}

pub(crate) async fn no_such_path(request: HttpRequest) -> Problem {
    let dashboard = match request.path() {
        "/" | "/index.html" => {
            ", or start with --dashboard FOLDER to have the page (`cargo xtask build` makes it in dist)"
        }
        _ => "",
    };
    Problem::not_found(format!("there is nothing at {}; see /openapi.json{dashboard}", request.path()))
}

impl From<QueueError> for Problem {
    fn from(error: QueueError) -> Self {
        tracing::error!(%error, "the stream of the log failed");
        match error {
            QueueError::TooLarge { bytes, limit, .. } => {
                let detail = format!(
                    "a record of the body has {bytes} bytes, compressed, and the stream of the log takes at most {limit}; nothing \
                     is known of the others: send them without it"
                );
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "A record is too large", detail)
            }
            _ => Self::no_stream(),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store failed");
        if error == StoreError::DiskFull {
            let detail =
                "the disk of the service is full, and nothing of this was taken; send it again once there is room";
            let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "disk-full", "The disk is full", detail);
            return problem.with_header(header::RETRY_AFTER, HeaderValue::from(30));
        }
        if let StoreError::Unavailable(_) | StoreError::Held { .. } = error {
            let detail = "the database of the service cannot be reached, and it is not known whether this was taken; send it again \
                 in 2 s: what was is then a duplicate";
            let title = "The database cannot be reached";
            let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "store-unavailable", title, detail);
            return problem.with_header(header::RETRY_AFTER, HeaderValue::from(2));
        }
        if let StoreError::Unfit(why) = error {
            let detail = format!("the database of the service cannot hold this, and nothing of it was taken: {why}");
            return Self::new(StatusCode::BAD_REQUEST, "wrong-value", "A value is wrong", detail);
        }
        let detail = "the store did not answer; the log of the service says why";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "store", "The store failed", detail)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.document.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.document.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let body = serde_json::to_string(&self.document).unwrap_or_default();
        let mut response = HttpResponse::build(self.status_code());
        if let Some(header) = self.header.clone() {
            response.insert_header(header);
        }
        response.content_type(CONTENT_TYPE).body(body)
    }
}

impl actix_web::Responder for Problem {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.error_response()
    }
}

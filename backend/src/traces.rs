//! OpenTelemetry traces, off by default: a span an answer, a job and a step of the loop, sent to a collector by OTLP.
//!
//! Spans say what was asked for by its route, never by its path or body, so that no tenant is named to whoever keeps traces.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use anyhow::Context as _;
use async_trait::async_trait;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use shared::api::JobKind;
use shared::units::Window;
use tracing::Span;
use tracing::field::Empty;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::notify::Outgoing;

/// Of every span that is exported, and of nothing that is logged.
pub(crate) const TARGET: &str = "traces";

/// The name of the service, unless `OTEL_SERVICE_NAME` says another.
const SERVICE: &str = "shadowplane";

/// So long the last spans may take when the service ends.
const FLUSH: Duration = Duration::from_secs(5);

/// What sends spans, in batches, from a thread of its own; what it has left is sent when it is dropped.
#[derive(Debug)]
pub(crate) struct Traces(SdkTracerProvider);

impl Traces {
    /// Sends to the collector at a URL, to which `/v1/traces` is added. Headers, sampling and the size of batches are those
    /// of OpenTelemetry's own variables (`OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_TRACES_SAMPLER`, `OTEL_BSP_…`).
    ///
    /// # Errors
    /// When the URL is none.
    pub(crate) fn to(endpoint: &str, outgoing: Outgoing) -> anyhow::Result<Self> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Client { outgoing, failing: AtomicBool::new(false) })
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .build()
            .with_context(|| format!("--otlp-endpoint {endpoint}"))?;
        let named = std::env::var_os("OTEL_SERVICE_NAME").is_some();
        let resource = if named { Resource::builder() } else { Resource::builder().with_service_name(SERVICE) };
        let provider = SdkTracerProvider::builder().with_resource(resource.build()).with_batch_exporter(exporter);
        Ok(Self(provider.build()))
    }

    /// Makes spans of what is traced.
    pub(crate) fn tracer(&self) -> SdkTracer {
        self.0.tracer(SERVICE)
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        // A collector that is not there has been told of already.
        let _ = self.0.shutdown_with_timeout(FLUSH);
    }
}

/// Sends what the exporter has made of spans.
#[derive(Debug)]
struct Client {
    outgoing: Outgoing,
    /// Whether the last batch was not taken, which is told once.
    failing: AtomicBool,
}

#[async_trait]
impl HttpClient for Client {
    /// It blocks, on the thread of the batches.
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let sent = self.outgoing.send(request.map(|body| body.to_vec()));
        let reason = match &sent {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(format!("answered {}", answer.status().as_u16())),
            Err(error) => Some(error.to_string()),
        };
        match (self.failing.swap(reason.is_some(), Ordering::Relaxed), reason) {
            (false, Some(reason)) => tracing::warn!(reason, "traces cannot be sent; spans are lost until they can"),
            (true, None) => tracing::info!("traces are sent again"),
            _ => {}
        }
        Ok(sent?.map(Bytes::from))
    }
}

/// The span of an answer, within the trace that who asks has begun (W3C `traceparent`).
pub(crate) fn answering(method: &str, route: &str, headers: &HeaderMap) -> Span {
    let span = tracing::info_span!(
        target: TARGET,
        "answer",
        otel.name = format_args!("{method} {route}"),
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = method,
        http.route = route,
        http.response.status_code = Empty,
    );
    if !span.is_disabled() {
        // A span that nobody samples has no parent to be told of.
        let _ = span.set_parent(TraceContextPropagator::new().extract(&Headers(headers)));
    }
    span
}

/// Notes in its span what was answered; what we failed at is an error.
pub(crate) fn answered(span: &Span, status: StatusCode) {
    span.record("http.response.status_code", status.as_u16());
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
}

/// The span of one attempt at a job.
pub(crate) fn working(id: &str, kind: JobKind, attempt: u32) -> Span {
    tracing::info_span!(
        target: TARGET,
        "job",
        otel.name = format_args!("job {}", kind.as_str()),
        otel.status_code = Empty,
        job.id = id,
        job.kind = kind.as_str(),
        job.attempt = attempt,
        job.end = Empty,
    )
}

/// How an attempt at a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Worked {
    Succeeded,
    Failed,
    Cancelled,
    /// It was disturbed, and is tried again.
    Disturbed,
    /// The service ends, and begins it again when it is back.
    Released,
}

/// Notes in the span that it is in how a job ended.
pub(crate) fn worked(end: Worked) {
    let span = Span::current();
    let name = match end {
        Worked::Succeeded => "succeeded",
        Worked::Failed => "failed",
        Worked::Cancelled => "cancelled",
        Worked::Disturbed => "disturbed",
        Worked::Released => "released",
    };
    span.record("job.end", name);
    if matches!(end, Worked::Failed | Worked::Disturbed) {
        span.record("otel.status_code", "ERROR");
    }
}

/// The span of closing one step of the loop.
pub(crate) fn closing(step: Window) -> Span {
    tracing::info_span!(
        target: TARGET,
        "close step",
        step.start = %step.start,
        step.end = %step.end,
    )
}

/// Headers as propagators read them.
struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(|name| name.as_str()).collect()
    }
}

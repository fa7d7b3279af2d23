//! OpenTelemetry traces: what a collector is sent, decoded by the protocol's own types.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message;

use super::server::Server;
use crate::receiver::{Received, Receiver};
use crate::shadowplane::Folder;

/// The trace that who asks has begun, and their span in it.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// Every span that was sent, with the name of the service that sent it.
fn spans(received: &[Received]) -> Vec<(String, Span)> {
    let sent = received.iter().filter(|sent| sent.path == "/v1/traces");
    let decoded = sent.map(|sent| ExportTraceServiceRequest::decode(&sent.bytes[..]).unwrap());
    let of_resources = decoded.flat_map(|sent| sent.resource_spans).flat_map(|of| {
        let service = text(&of.resource.unwrap().attributes, "service.name");
        let spans = of.scope_spans.into_iter().flat_map(|of| of.spans);
        spans.map(|span| (service.clone(), span)).collect::<Vec<_>>()
    });
    of_resources.collect()
}

fn text(attributes: &[KeyValue], name: &str) -> String {
    let found = attributes.iter().find(|attribute| attribute.key == name);
    match found.and_then(|attribute| attribute.value.as_ref()).and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        _ => String::new(),
    }
}

#[test]
fn answers_jobs_and_steps_are_spans_of_the_trace_they_are_asked_in() {
    let collector = Receiver::start();
    let endpoint = format!("http://{}/", collector.address);
    let folder = Folder::new();
    let server = Server::start(&folder, &["--demo", "--speed", "100000", "--otlp-endpoint", &endpoint]);
    server.ask("GET", "/v1/status", &[("traceparent", &format!("00-{TRACE}-{PARENT}-01"))], b"");
    assert_eq!(server.get("/v1/jobs/no-such-job").status, 404);
    let has = |received: &[Received], name: &str| spans(received).iter().any(|(_, span)| span.name == name);
    let wanted = ["GET /v1/status", "GET /v1/jobs/{id}", "close step", "job retraining"];
    let received = collector.wait_for(|received| wanted.iter().all(|name| has(received, name)));
    let spans = spans(&received);
    assert!(spans.iter().all(|(service, _)| service == "shadowplane"));
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let of = |name: &str, status: &str| {
        let is = |span: &&Span| span.name == name && text(&span.attributes, "http.response.status_code") == status;
        spans.iter().map(|(_, span)| span).find(is).unwrap_or_else(|| panic!("{name}: {spans:#?}")).clone()
    };
    let asked = of("GET /v1/status", "200");
    assert_eq!((hex(&asked.trace_id), hex(&asked.parent_span_id)), (TRACE.to_owned(), PARENT.to_owned()));
    assert_eq!(asked.kind, SpanKind::Server as i32);
    assert_eq!(text(&asked.attributes, "http.route"), "/v1/status");
    // What was asked for by name is nowhere in what is sent.
    let missing = of("GET /v1/jobs/{id}", "404");
    assert!(missing.parent_span_id.is_empty());
    assert!(!received.iter().any(|sent| sent.body.contains("no-such-job")), "{missing:?}");
    let job = of("job retraining", "");
    assert_eq!(
        (text(&job.attributes, "job.end"), text(&job.attributes, "job.attempt")),
        ("succeeded".into(), "1".into())
    );
    let step = of("close step", "");
    assert!(text(&step.attributes, "step.start") < text(&step.attributes, "step.end"));
}

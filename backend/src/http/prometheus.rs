//! `POST /v1/prometheus/write`: where a Prometheus sends samples, by remote write 1.0.

use actix_web::web::{Data, Payload};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use shared::input::InputError;

use super::{App, Problem, body};
use crate::prometheus::{Outcome, Received, ReceiverError};

const CONTENT_TYPE: &str = "application/x-protobuf";

pub(super) async fn write(app: Data<App>, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let Some(receiver) = &app.prometheus else {
        let detail = "the service has no mapping of metrics; start it with --prometheus-mapping FILE";
        return Err(Problem::not_found(detail));
    };
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // Of a message of 2.0 the type has a parameter, and a sender that is told so goes back to 1.0.
    if request.content_type() != CONTENT_TYPE || header("content-type").contains("v2") {
        let detail = format!("the body is `{}`; send remote write 1.0, as `{CONTENT_TYPE}`", header("content-type"));
        return Err(Problem::media_type("The body is no remote write 1.0", detail));
    }
    if header("content-encoding") != "snappy" {
        let detail = format!("the body is packed as `{}`; send a snappy block", header("content-encoding"));
        return Err(Problem::media_type("The body is not packed by snappy", detail));
    }
    let limit = app.body_bytes_max;
    let (body, mut held) = body::entered(&app, &request, payload).await?;
    app.gate.hold(&mut held, snap::raw::decompress_len(&body).unwrap_or(0).min(limit))?;
    app.gate.turn(&mut held).await;
    let Received { tally, refusal } = receiver.take(body, limit, app.clock.now()).await?;
    match refusal {
        None => Ok(HttpResponse::NoContent().finish()),
        Some(refusal) => {
            let reasons = Outcome::ALL.into_iter().filter(|outcome| outcome.is_refused() && tally.of(*outcome) > 0);
            let reasons: Vec<String> =
                reasons.map(|outcome| format!("{} {}", tally.of(outcome), outcome.as_str())).collect();
            let (refused, all, reasons) = (tally.refused(), tally.all(), reasons.join(", "));
            Err(Problem::samples_refused(format!(
                "{refused} of {all} samples can never be accepted ({reasons}), and the rest is stored; the first: {refusal}"
            )))
        }
    }
}

impl From<ReceiverError> for Problem {
    fn from(error: ReceiverError) -> Self {
        match error {
            ReceiverError::TooLarge(limit) => Self::too_large(limit),
            ReceiverError::Store(error) => error.into(),
            ReceiverError::Full => Self::busy(),
            ReceiverError::Snappy(_) | ReceiverError::Protobuf(_) => Self::input(InputError::whole(error.to_string())),
        }
    }
}

//! Bodies: records as NDJSON or a JSON array, or one JSON document; compressed or not.

use core::ops::Deref;
use std::io::Read;
use std::time::Duration;

use actix_web::web::{Bytes, BytesMut, Payload};
use actix_web::{HttpMessage, HttpRequest};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use shared::input::{InputError, Numbered, parse_json, parse_json_document, parse_json_object};
use tokio::time::{Instant, timeout_at};

use super::gate::Held;
use super::{App, Problem};

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The base-2 logarithm of the longest window of a zstd body: 8 MiB. Source: RFC 9659.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;

/// A body has this long to begin with; then it has to come at the least rate, as Kestrel asks for one (its
/// `MinRequestBodyDataRate`).
const GRACE: Duration = Duration::from_secs(10);
const BYTES_PER_SECOND_MIN: u32 = 1_024;

/// A body with the room that it takes up, until what it holds is stored.
pub(super) struct Admitted {
    bytes: Bytes,
    _held: Held,
}

impl Deref for Admitted {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

/// The body of records that go into the store, where there is room for it.
pub(super) async fn admitted(app: &App, request: &HttpRequest, payload: Payload) -> Result<Admitted, Problem> {
    let limit = app.body_bytes_max;
    let (packed, mut held) = entered(app, request, payload).await?;
    let bytes = unpacked(request, packed, limit)?;
    app.gate.hold(&mut held, bytes.len())?;
    app.gate.turn(&mut held).await;
    Ok(Admitted { bytes, _held: held })
}

/// The bytes of a body as they come, with the room that they take up.
pub(super) async fn entered(app: &App, request: &HttpRequest, payload: Payload) -> Result<(Bytes, Held), Problem> {
    let limit = app.body_bytes_max;
    let mut held = app.gate.enter(request, limit)?;
    let bytes = received(payload, limit, |bytes| app.gate.hold(&mut held, bytes)).await?;
    Ok((bytes, held))
}

/// The bytes of a body as they come; `room` hears of each piece before it is kept.
async fn received(
    mut payload: Payload,
    limit: usize,
    mut room: impl FnMut(usize) -> Result<(), Problem>,
) -> Result<Bytes, Problem> {
    let begun = Instant::now();
    let mut body = BytesMut::new();
    loop {
        let patience = GRACE + Duration::from_secs(body.len() as u64) / BYTES_PER_SECOND_MIN;
        let piece = timeout_at(begun + patience, payload.next()).await.map_err(|_| Problem::too_slow())?;
        let Some(piece) = piece else { return Ok(body.freeze()) };
        let piece = piece.map_err(|error| Problem::input(InputError::whole(error.to_string())))?;
        if body.len() + piece.len() > limit {
            return Err(Problem::too_large(limit));
        }
        room(piece.len())?;
        body.extend_from_slice(&piece);
    }
}

/// The bytes of a body, decompressed by its `Content-Encoding` or by its first bytes.
pub(super) async fn read(request: &HttpRequest, payload: Payload, limit: usize) -> Result<Bytes, Problem> {
    unpacked(request, received(payload, limit, |_| Ok(())).await?, limit)
}

fn unpacked(request: &HttpRequest, bytes: Bytes, limit: usize) -> Result<Bytes, Problem> {
    let encoding = request.headers().get("content-encoding").and_then(|value| value.to_str().ok()).unwrap_or("");
    let broken = |kind: &str, error: std::io::Error| {
        Problem::input(InputError::whole(format!("is {kind} that cannot be unpacked: {error}")))
    };
    match encoding {
        "" | "identity" | "gzip" if bytes.starts_with(&GZIP) => {
            unpack(flate2::read::MultiGzDecoder::new(&bytes[..]), limit, |error| broken("gzip", error))
        }
        "" | "identity" | "zstd" if bytes.starts_with(&ZSTD) => {
            let decoder = zstd::Decoder::with_buffer(&bytes[..]).and_then(|mut decoder| {
                decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
                Ok(decoder)
            });
            unpack(decoder.map_err(|error| broken("zstd", error))?, limit, |error| broken("zstd", error))
        }
        "" | "identity" => Ok(bytes),
        "gzip" | "zstd" => {
            Err(Problem::input(InputError::whole(format!("is not {encoding}, as its Content-Encoding says"))))
        }
        other => Err(Problem::field("Content-Encoding", format!("`{other}` is not known; send gzip, zstd or nothing"))),
    }
}

/// No more is unpacked than may be there.
fn unpack(packed: impl Read, limit: usize, broken: impl FnOnce(std::io::Error) -> Problem) -> Result<Bytes, Problem> {
    let mut unpacked = Vec::new();
    packed.take(limit as u64 + 1).read_to_end(&mut unpacked).map_err(broken)?;
    if unpacked.len() > limit { Err(Problem::too_large(limit)) } else { Ok(unpacked.into()) }
}

/// One record a line or element.
pub(super) fn records<T: DeserializeOwned>(bytes: &[u8]) -> Result<Vec<Numbered<T>>, Problem> {
    let text = text(bytes)?;
    if text.trim().is_empty() {
        return Err(Problem::input(InputError::whole("is empty; send one JSON object a line, or a list of them")));
    }
    if text.trim_start().starts_with('[') {
        let elements: Vec<serde_json::Value> = parse_json_document(text).map_err(Problem::input)?;
        let numbered = elements.into_iter().zip(1..);
        return Ok(numbered.map(|(element, number)| (number, parse_json(number, &element.to_string()))).collect());
    }
    let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
    Ok(lines.map(|(line, number)| (number, parse_json(number, line))).collect())
}

/// One JSON document.
pub(super) async fn document<T: DeserializeOwned>(
    request: &HttpRequest,
    payload: Payload,
    limit: usize,
) -> Result<T, Problem> {
    let bytes = json(request, payload, limit).await?;
    parse_json_object(text(&bytes)?).map_err(Problem::input)
}

/// Reads a body that is said to be JSON.
///
/// # Errors
/// When it is said to be something else, and as [`read`].
pub(super) async fn json(request: &HttpRequest, payload: Payload, limit: usize) -> Result<Bytes, Problem> {
    let content_type = request.content_type();
    if content_type != "application/json" && !content_type.ends_with("+json") {
        return Err(Problem::no_json(content_type));
    }
    read(request, payload, limit).await
}

/// A body as text.
pub(super) fn text(bytes: &[u8]) -> Result<&str, Problem> {
    core::str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count() as u64 + 1;
        Problem::input(InputError::line(line, "is not UTF-8"))
    })
}

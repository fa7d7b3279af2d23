//! Bodies: records as NDJSON or a JSON array, or one JSON document; compressed or not.

use std::io::Read;

use actix_web::web::{Bytes, Payload};
use actix_web::{HttpMessage, HttpRequest};
use serde::de::DeserializeOwned;
use shared::input::{InputError, Numbered, parse_json, parse_json_document, parse_json_object};

use super::Problem;

const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The bytes of a body, decompressed by its `Content-Encoding` or by its first bytes.
pub(super) async fn read(request: &HttpRequest, payload: Payload, limit: usize) -> Result<Bytes, Problem> {
    let bytes = payload.to_bytes_limited(limit).await.map_err(|_| Problem::too_large(limit))?;
    let bytes = bytes.map_err(|error| Problem::input(InputError::whole(error.to_string())))?;
    let encoding = request.headers().get("content-encoding").and_then(|value| value.to_str().ok()).unwrap_or("");
    match (encoding, bytes.starts_with(&GZIP)) {
        ("" | "identity" | "gzip", true) => unpack(&bytes, limit),
        ("" | "identity", false) => Ok(bytes),
        ("gzip", false) => Err(Problem::input(InputError::whole("is not gzip, as its Content-Encoding says"))),
        (other, _) => Err(Problem::field("Content-Encoding", format!("`{other}` is not known; send gzip or nothing"))),
    }
}

fn unpack(bytes: &[u8], limit: usize) -> Result<Bytes, Problem> {
    let mut unpacked = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes)
        .take(limit as u64 + 1)
        .read_to_end(&mut unpacked)
        .map_err(|error| Problem::input(InputError::whole(format!("is broken gzip: {error}"))))?;
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
    let content_type = request.content_type();
    if content_type != "application/json" && !content_type.ends_with("+json") {
        return Err(Problem::no_json(content_type));
    }
    let bytes = read(request, payload, limit).await?;
    parse_json_object(text(&bytes)?).map_err(Problem::input)
}

/// A body as text.
pub(super) fn text(bytes: &[u8]) -> Result<&str, Problem> {
    core::str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count() as u64 + 1;
        Problem::input(InputError::line(line, "is not UTF-8"))
    })
}

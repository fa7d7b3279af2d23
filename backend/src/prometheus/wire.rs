//! The messages of remote write 1.0, without those that nothing is made of.
//!
//! Source: prompb/remote.proto and prompb/types.proto of Prometheus. Names and values are slices of the body.

use prost::bytes::{Buf, Bytes};
use prost::encoding::{DecodeContext, WireType, decode_key, skip_field};
use prost::{DecodeError, Message};

/// One series of a `WriteRequest`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct TimeSeries {
    /// Sorted by name.
    #[prost(message, repeated, tag = "1")]
    pub(super) labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    pub(super) samples: Vec<Sample>,
    #[prost(message, repeated, tag = "3")]
    pub(super) exemplars: Vec<Exemplar>,
    /// Native histograms, which are counted and not read.
    #[prost(bytes = "bytes", repeated, tag = "4")]
    pub(super) histograms: Vec<Bytes>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Label {
    #[prost(bytes = "bytes", tag = "1")]
    pub(super) name: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    pub(super) value: Bytes,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct Sample {
    #[prost(double, tag = "1")]
    pub(super) value: f64,
    /// Milliseconds after 1970-01-01T00:00:00Z.
    #[prost(int64, tag = "2")]
    pub(super) timestamp: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Exemplar {
    #[prost(message, repeated, tag = "1")]
    pub(super) labels: Vec<Label>,
    #[prost(double, tag = "2")]
    pub(super) value: f64,
    #[prost(int64, tag = "3")]
    pub(super) timestamp: i64,
}

/// Where a `WriteRequest` has its series.
const TIMESERIES: u32 = 1;

/// The series of a `WriteRequest`, decoded one by one: a body of many empty ones is no more in memory than itself.
pub(super) fn series(mut body: Bytes) -> impl Iterator<Item = Result<TimeSeries, DecodeError>> {
    core::iter::from_fn(move || {
        let next = next_series(&mut body).transpose()?;
        if next.is_err() {
            body.clear();
        }
        Some(next)
    })
}

fn next_series(body: &mut Bytes) -> Result<Option<TimeSeries>, DecodeError> {
    while body.has_remaining() {
        let (tag, kind) = decode_key(body)?;
        if tag != TIMESERIES || kind != WireType::LengthDelimited {
            skip_field(kind, tag, body, DecodeContext::default())?;
            continue;
        }
        return TimeSeries::decode_length_delimited(body).map(Some);
    }
    Ok(None)
}

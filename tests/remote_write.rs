//! A sender of Prometheus' remote write 1.0, as its protocol says and without anything of the receiver.

use prost::Message;

/// A body of remote write. Source of the tags: prompb/remote.proto and prompb/types.proto of Prometheus.
#[derive(Clone, PartialEq, Message)]
struct WriteRequest {
    #[prost(message, repeated, tag = "1")]
    timeseries: Vec<Series>,
}

/// A series with some of its samples.
#[derive(Clone, PartialEq, Message)]
pub struct Series {
    /// In order of their names.
    #[prost(message, repeated, tag = "1")]
    pub labels: Vec<Label>,
    /// In order of time.
    #[prost(message, repeated, tag = "2")]
    pub samples: Vec<Sample>,
}

/// A label of a series.
#[derive(Clone, PartialEq, Message)]
pub struct Label {
    /// Its name; `__name__` is that of the metric.
    #[prost(string, tag = "1")]
    pub name: String,
    /// What it is.
    #[prost(string, tag = "2")]
    pub value: String,
}

/// One value.
#[derive(Clone, Copy, PartialEq, Message)]
pub struct Sample {
    /// The value.
    #[prost(double, tag = "1")]
    pub value: f64,
    /// Milliseconds after 1970-01-01T00:00:00Z.
    #[prost(int64, tag = "2")]
    pub timestamp: i64,
}

/// The headers that go with a body.
pub const HEADERS: [(&str, &str); 3] = [
    ("Content-Type", "application/x-protobuf"),
    ("Content-Encoding", "snappy"),
    ("X-Prometheus-Remote-Write-Version", "0.1.0"),
];

impl Series {
    /// A series of these labels.
    pub fn new(labels: &[(&str, &str)], samples: Vec<Sample>) -> Self {
        let label = |&(name, value): &(&str, &str)| Label { name: name.to_owned(), value: value.to_owned() };
        Self { labels: labels.iter().map(label).collect(), samples }
    }
}

/// A body as it is sent.
///
/// # Errors
/// When it is larger than a snappy block can be.
pub fn body(timeseries: Vec<Series>) -> Result<Vec<u8>, snap::Error> {
    snap::raw::Encoder::new().compress_vec(&WriteRequest { timeseries }.encode_to_vec())
}

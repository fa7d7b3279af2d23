use std::path::PathBuf;
use std::sync::Arc;

use prost::Message;
use prost::bytes::Bytes;
use shared::units::{Duration, Instant, Window};

use super::labels::Labels;
use super::matcher::Matcher;
use super::wire::{Exemplar, Label, Sample, TimeSeries};
use super::{Outcome, Received, Receiver, ReceiverError, read_prometheus_mapping};
use crate::store::{RemoteWrites, SqliteStore, Store};

const MAPPING: &str = r#"
[[rule]]
metric = "load"
matchers = ['job="node"']
sensor = "cpu_load"
scope = "{instance}"

[[rule]]
metric = "cpu_seconds_total"
rate = true
usage = "vcpu"
scope = "{pod}"
scale = 2

[[rule]]
metric = "duration_seconds_bucket"
module = "scheduler"
request = "{request_id}"
scale = 1000
"#;

const NOW: i64 = 1_700_000_100;

/// A `WriteRequest` with these series, unpacked.
#[derive(Clone, PartialEq, Message)]
struct WriteRequest {
    #[prost(message, repeated, tag = "1")]
    timeseries: Vec<TimeSeries>,
}

fn label(name: &str, value: &str) -> Label {
    Label { name: Bytes::copy_from_slice(name.as_bytes()), value: Bytes::copy_from_slice(value.as_bytes()) }
}

/// A series with samples at seconds before or after [`NOW`].
fn series(labels: &[(&str, &str)], samples: &[(i64, f64)]) -> TimeSeries {
    TimeSeries {
        labels: labels.iter().map(|(name, value)| label(name, value)).collect(),
        samples: samples.iter().map(|&(at, value)| Sample { value, timestamp: (NOW + at) * 1_000 }).collect(),
        ..TimeSeries::default()
    }
}

fn load(samples: &[(i64, f64)]) -> TimeSeries {
    series(&[("__name__", "load"), ("instance", "a"), ("job", "node")], samples)
}

fn body(timeseries: Vec<TimeSeries>) -> Bytes {
    let unpacked = WriteRequest { timeseries }.encode_to_vec();
    snap::raw::Encoder::new().compress_vec(&unpacked).unwrap().into()
}

fn now() -> Instant {
    Instant::from_micros(NOW * 1_000_000)
}

/// A file that is gone when the test is over.
struct File(PathBuf);

impl File {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("shadowplane-remote-write-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    async fn open(&self) -> (Arc<SqliteStore>, Receiver) {
        let store = Arc::new(SqliteStore::open(&self.0.join("store.sqlite")).unwrap());
        let mapping = read_prometheus_mapping(MAPPING).unwrap();
        let receiver = Receiver::open(mapping, store.clone(), store.clone(), Duration::from_minutes(5)).await;
        (store, receiver.unwrap())
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // What cannot be removed is the temporary folder's business.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

async fn take(receiver: &Receiver, series: Vec<TimeSeries>) -> Received {
    receiver.take(body(series), 1 << 20, now()).await.unwrap()
}

/// The means of all bins around [`NOW`], by sensor, with the seconds from [`NOW`] to the starts of the bins.
async fn means(store: &SqliteStore) -> Vec<(i64, String, f64)> {
    let hour = Duration::HOUR;
    let start = (now() - hour).floor(hour);
    let means = store.mean_readings(Window { start, end: now() + hour }, Duration::from_minutes(5)).await.unwrap();
    means.into_iter().map(|mean| ((mean.at - now()).micros() / 1_000_000, mean.sensor, mean.value)).collect()
}

#[test]
fn gauges_are_read_as_they_are_and_counters_by_how_fast_they_grow() {
    let file = File::new("kinds");
    block_on(async {
        let (store, receiver) = file.open().await;
        let counter = |samples: &[(i64, f64)]| series(&[("__name__", "cpu_seconds_total"), ("pod", "p")], samples);
        let taken = take(&receiver, vec![load(&[(-10, 1.0), (0, 3.0)]), counter(&[(-40, 100.0), (-20, 104.0)])]).await;
        assert_eq!((taken.tally.of(Outcome::Taken), taken.refusal), (4, None));
        // It begins anew, and grows to 6 since.
        take(&receiver, vec![counter(&[(0, 6.0)])]).await;
        receiver.write(now()).await.unwrap();
        // NOW is 1,700,000,100, a multiple of 300, so that a bin begins there. The mean of 3 alone, and of 1 alone; twice
        // (104 − 100) / 20 s, and twice 6 / 20 s.
        let expected =
            [(-300, "cpu_load", 1.0), (-300, "usage_vcpu", 0.4), (0, "cpu_load", 3.0), (0, "usage_vcpu", 0.6)];
        assert_eq!(means(&store).await, expected.map(|(at, sensor, value)| (at, sensor.to_owned(), value)));
    });
}

#[test]
fn a_mean_is_that_of_all_readings_however_they_came() {
    let file = File::new("means");
    block_on(async {
        let (store, receiver) = file.open().await;
        take(&receiver, vec![load(&[(1, 1.0)])]).await;
        receiver.write(now()).await.unwrap();
        take(&receiver, vec![load(&[(2, 2.0), (3, 3.0)])]).await;
        receiver.write(now()).await.unwrap();
        let (at, sensor, scope) = (now() + Duration::from_seconds(4), "cpu_load".to_owned(), String::new());
        store.append_readings(vec![shared::features::SensorReading { at, sensor, scope, value: 6.0 }]).await.unwrap();
        // (1 + 2 + 3 + 6) / 4.
        assert_eq!(means(&store).await, [(0, "cpu_load".to_owned(), 3.0)]);
    });
}

/// Prometheus sends a body again that was not answered; what its own receiver refuses is refused here.
#[test]
fn no_sample_counts_twice_and_none_that_is_too_late_at_all() {
    let file = File::new("order");
    block_on(async {
        let (store, receiver) = file.open().await;
        take(&receiver, vec![load(&[(1, 1.0), (2, 5.0)])]).await;
        let again = take(&receiver, vec![load(&[(2, 5.0)])]).await;
        assert_eq!((again.tally.of(Outcome::Duplicate), again.refusal), (1, None));
        let check = async |samples: &[(i64, f64)], outcome: Outcome, part: &str| {
            let taken = take(&receiver, vec![load(samples)]).await;
            assert_eq!((taken.tally.of(outcome), taken.tally.refused()), (1, 1), "{taken:?}");
            assert!(taken.refusal.as_ref().unwrap().contains(part), "{taken:?}");
        };
        check(&[(2, 6.0)], Outcome::SameInstant, r#"load{instance="a", job="node"} has another value at"#).await;
        check(&[(1, 1.0)], Outcome::OutOfOrder, "older than its last sample").await;
        check(&[(601, 1.0)], Outcome::TooFarAhead, "after the service's clock").await;
        let old =
            series(&[("__name__", "load"), ("instance", "b"), ("job", "node")], &[(-6 * 3_600 - 1, 1.0), (3, 9.0)]);
        let taken = take(&receiver, vec![old]).await;
        assert_eq!((taken.tally.of(Outcome::TooOld), taken.tally.of(Outcome::Taken)), (1, 1));
        receiver.write(now()).await.unwrap();
        // (1 + 5 + 9) / 3: what was refused beside what was taken is not there.
        assert_eq!(means(&store).await, [(0, "cpu_load".to_owned(), 5.0)]);
    });
}

#[test]
fn what_no_rule_wants_and_what_is_no_number_is_counted() {
    let file = File::new("ignored");
    block_on(async {
        let (store, receiver) = file.open().await;
        let stale = f64::from_bits(0x7ff0_0000_0000_0002);
        let other = series(&[("__name__", "load"), ("job", "db")], &[(0, 1.0)]);
        let unsorted = series(&[("job", "node"), ("__name__", "load")], &[(0, 1.0)]);
        let unnamed = series(&[("job", "node")], &[(0, 1.0)]);
        let twice = series(&[("__name__", "load"), ("__name__", "load")], &[(0, 1.0)]);
        let gone = load(&[(0, stale), (1, f64::NAN), (2, f64::INFINITY)]);
        let histogram = TimeSeries { histograms: vec![Bytes::from_static(&[0, 0])], ..load(&[]) };
        let taken = take(&receiver, vec![other, unsorted, unnamed, twice, gone, histogram]).await;
        let counts = [
            (Outcome::Unmapped, 1),
            (Outcome::WrongLabels, 3),
            (Outcome::Stale, 1),
            (Outcome::NotFinite, 2),
            (Outcome::Histogram, 1),
            (Outcome::Taken, 0),
        ];
        assert_eq!(counts.map(|(outcome, _)| (outcome, taken.tally.of(outcome))), counts);
        assert!(store.spooled(0, 9).await.unwrap().is_empty(), "nothing of it has to be kept");
    });
}

#[test]
fn exemplars_tell_how_long_requests_were_in_modules() {
    let file = File::new("exemplars");
    block_on(async {
        let (store, receiver) = file.open().await;
        let exemplar = |request: &str, value: f64| Exemplar {
            labels: vec![label("request_id", request)],
            value,
            timestamp: NOW * 1_000,
        };
        let bucket = series(&[("__name__", "duration_seconds_bucket"), ("le", "0.1")], &[(0, 7.0)]);
        let unnamed = Exemplar { labels: vec![label("trace_id", "x")], ..exemplar("", 1.0) };
        let bucket = TimeSeries { exemplars: vec![exemplar("r-1", 0.25), unnamed], ..bucket };
        let taken = take(&receiver, vec![bucket.clone()]).await;
        assert_eq!((taken.tally.of(Outcome::Unmapped), taken.refusal), (1, None), "the count in the bucket is no time");
        take(&receiver, vec![bucket]).await;
        receiver.write(now()).await.unwrap();
        let seen = store.observations_of(vec!["r-1".to_owned()]).await.unwrap();
        // Once, in milliseconds.
        let times: Vec<f64> = seen[0].iter().flat_map(|seen| seen.module_ms.values().copied()).collect();
        assert_eq!(times, [250.0]);
    });
}

/// A kill at any moment: after a body was stored, or after it was added to bins.
#[test]
fn what_was_answered_is_in_the_bins_after_a_kill_once() {
    let file = File::new("kill");
    block_on(async {
        let (store, receiver) = file.open().await;
        take(&receiver, vec![load(&[(1, 1.0)])]).await;
        receiver.write(now()).await.unwrap();
        take(&receiver, vec![load(&[(2, 2.0)])]).await;
        take(&receiver, vec![load(&[(3, 6.0)])]).await;
        assert_eq!(store.spooled(0, 9).await.unwrap().len(), 2);
        drop((store, receiver));
        let (store, receiver) = file.open().await;
        let again = take(&receiver, vec![load(&[(3, 6.0)])]).await;
        assert_eq!(again.tally.of(Outcome::Duplicate), 1);
        receiver.write(now()).await.unwrap();
        assert!(store.spooled(0, 9).await.unwrap().is_empty());
        // (1 + 2 + 6) / 3.
        assert_eq!(means(&store).await, [(0, "cpu_load".to_owned(), 3.0)]);
        drop((store, receiver));
        let (_, receiver) = file.open().await;
        let late = take(&receiver, vec![load(&[(2, 2.0)])]).await;
        assert_eq!(late.tally.of(Outcome::OutOfOrder), 1, "the last sample of a series is known after a restart");
    });
}

#[test]
fn a_body_that_is_none_is_refused_before_it_is_unpacked() {
    let file = File::new("bodies");
    block_on(async {
        let (_, receiver) = file.open().await;
        let error = async |body: Vec<u8>| receiver.take(body.into(), 1_000, now()).await.unwrap_err();
        let packed = |bytes: &[u8]| snap::raw::Encoder::new().compress_vec(bytes).unwrap();
        assert!(matches!(error(b"\x05hello".to_vec()).await, ReceiverError::Snappy(_)));
        // The preamble of a block says how long it will be: here 4 GiB − 1.
        assert!(matches!(error(vec![0xff, 0xff, 0xff, 0xff, 0x0f]).await, ReceiverError::TooLarge(1_000)));
        assert!(matches!(error(packed(&[0; 1_001])).await, ReceiverError::TooLarge(1_000)));
        assert!(matches!(error(packed(b"\x0a\x7fcut off")).await, ReceiverError::Protobuf(_)));
        assert!(matches!(error(packed(b"\xff\xff")).await, ReceiverError::Protobuf(_)));
        // What has no series, as a message of metadata alone, is nothing wrong.
        let metadata = packed(b"\x1a\x02\x08\x01");
        assert_eq!(receiver.take(metadata.into(), 1_000, now()).await.unwrap(), Received::default());
    });
}

/// What is deployed sends all that the deployed mapping wants, to where it is taken.
#[test]
fn what_belongs_into_prometheus_yml_goes_with_the_mapping() {
    let deployed = |file: &str| {
        let path = format!("{}/../deploy/prometheus/{file}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).unwrap()
    };
    let yaml: serde_json::Value = serde_saphyr::from_str(&deployed("remote-write.yaml")).unwrap();
    let remote = &yaml["remote_write"][0];
    assert!(remote["url"].as_str().unwrap().ends_with(shared::api::paths::REMOTE_WRITE), "{remote}");
    let kept = remote["write_relabel_configs"][0]["regex"].as_str().unwrap();
    let kept = regex::Regex::new(&format!("^(?:{kept})$")).unwrap();
    let text = deployed("mapping.toml");
    let metrics: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("metric = \"")?.strip_suffix('"')).collect();
    assert!(metrics.len() >= 5 && metrics.iter().all(|metric| kept.is_match(metric)), "{metrics:?}");
}

/// Source: the semantics of Prometheus' label matchers; patterns are anchored, a missing label is empty.
#[test]
fn matchers_hold_as_in_prometheus() {
    let labels = Labels::new(vec![label("__name__", "m"), label("pod", "web-1")]).unwrap();
    let check =
        |matcher: &str, holds: bool| assert_eq!(matcher.parse::<Matcher>().unwrap().holds(&labels), holds, "{matcher}");
    for (matcher, holds) in [
        ("pod=\"web-1\"", true),
        ("pod = \"web-2\"", false),
        ("pod!=\"web-2\"", true),
        ("pod=~\"web-.*\"", true),
        ("pod=~\"web\"", false),
        ("pod=~\"db|web-1\"", true),
        ("pod!~\"web-.*\"", false),
        ("zone=\"\"", true),
        ("zone!=\"\"", false),
        ("zone!~\".+\"", true),
    ] {
        check(matcher, holds);
    }
    for wrong in ["pod", "pod=web", "pod==\"a\"", "=\"a\"", "1pod=\"a\"", "pod>\"a\"", "pod=~\"(\""] {
        assert!(wrong.parse::<Matcher>().is_err(), "{wrong}");
    }
}

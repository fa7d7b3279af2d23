//! What is predicted from histories that nobody wishes for: always a stream, or a typed reason why there is none.

use std::collections::BTreeMap;

use crate::features::Features;
use crate::forecast::{Fit, NotReady, RecentMean, SeasonalNaive};
use crate::request::{Catalogue, IndexedRequest, Operation, Request, RequestLog, RequestLogBuilder, ResourceClass};
use crate::shadow::{Known, Prediction, PredictionError};
use crate::stream::{LiveAtStart, StreamError, StreamSettings, sample};
use crate::units::{Duration, Instant, Resources, Window};

const BIN: Duration = Duration::from_minutes(5);
const DAYS: i64 = 6;

fn at(minutes: i64) -> Instant {
    Instant::from_micros(0) + Duration::from_minutes(minutes)
}

fn origin() -> Instant {
    at(DAYS * 1_440)
}

fn request(number: usize, minutes: i64, tenant: &str, operation: Operation) -> Request {
    let create = Request {
        scheduling: None,
        id: format!("{}-{number}", operation.as_str()),
        at: at(minutes),
        tenant: tenant.to_owned(),
        operation,
        class: ResourceClass::Compute,
        resource: format!("vm-{number}"),
        flavor: Some("m".to_owned()),
        requested: Some(Resources::compute(1_000, 1_024)),
        zone: None,
        batch: None,
        lifetime: None,
        labels: BTreeMap::new(),
    };
    if operation == Operation::Delete { create.into_delete(at(minutes)) } else { create }
}

/// Lives by when they begin and end, in minutes, of a tenant.
fn lives(of: impl IntoIterator<Item = (i64, i64)>, tenant: &str) -> Vec<Request> {
    let requests = of.into_iter().enumerate().flat_map(|(number, (from, to))| {
        [request(number, from, tenant, Operation::Create), request(number, to, tenant, Operation::Delete)]
    });
    requests.collect()
}

fn log(requests: impl IntoIterator<Item = Request>) -> RequestLog {
    let mut builder = RequestLogBuilder::new(Catalogue::default());
    for (line, request) in requests.into_iter().enumerate() {
        builder.push(line as u64 + 1, request).unwrap();
    }
    builder.finish().unwrap()
}

/// As the product does it: the day before where there is a day, the mean of what there is where there is none.
fn predict(log: &RequestLog, origin: Instant) -> Result<Prediction, PredictionError> {
    let known = Known::new(log, None, origin);
    let features = Features::new(known.series(BIN, 10));
    let past = features.all();
    match SeasonalNaive.fit(&past) {
        Ok(model) => known.predict(&past, &model, Duration::DAY, &StreamSettings::default()),
        Err(_) => known.predict(&past, &RecentMean.fit(&past)?, Duration::DAY, &StreamSettings::default()),
    }
}

/// The requests of run 0 on top of what lives; everything in it is finite, in order and inside the window.
fn stream_of(log: &RequestLog, prediction: &Prediction, origin: Instant) -> Vec<IndexedRequest> {
    let live = log.lives.iter().filter(|life| life.created < origin && life.deleted.is_none_or(|end| end >= origin));
    let live = live.enumerate().map(|(i, life)| LiveAtStart {
        tenant: life.tenant,
        flavor: life.flavor,
        created: life.created,
        draw_key: i as u64,
    });
    let window = Window { start: origin, end: origin + Duration::DAY };
    let stream = sample(&prediction.stream, live, window, 1, 0);
    assert!(stream.is_sorted_by_key(|request| request.at) && stream.iter().all(|request| window.contains(request.at)));
    assert!(stream.iter().all(|request| request.lifetime.is_none_or(|lifetime| lifetime > Duration::ZERO)));
    let bins = prediction.forecast.series.iter().filter_map(|series| series.bins());
    assert!(bins.flatten().all(|bin| bin.mean().is_finite() && bin.quantiles().iter().all(|&level| level >= 0.0)));
    stream
}

fn creates(stream: &[IndexedRequest]) -> impl Iterator<Item = &IndexedRequest> {
    stream.iter().filter(|request| request.operation == Operation::Create)
}

#[test]
fn one_request_ever_is_predicted_to_come_again_where_its_end_was_seen() {
    let log = log([request(0, 0, "acme", Operation::Create)]);
    // An hour later: one create in twelve bins.
    let origin = at(60);
    let prediction = predict(&log, origin);
    // It has no delete, so nobody could say how long anything lives.
    assert_eq!(prediction.unwrap_err(), PredictionError::Stream(StreamError::NoLifetimes { origin }));
    let log = self::log(lives([(0, 30)], "acme"));
    let prediction = predict(&log, origin).unwrap();
    let counts: Vec<usize> =
        (0..50).map(|run| creates(&sample(&prediction.stream, [], window(origin), 1, run)).count()).collect();
    let mean = counts.iter().sum::<usize>() as f64 / 50.0;
    // A twelfth a bin would be 24 a day; but an hour says so little that the interval is a normal one of deviation 0.5, cut
    // at zero, with a mean of 0.5·φ(1/6) + Φ(1/6)/12 = 0.244 a bin, 70 a day.
    assert!((24.0..77.0).contains(&mean), "{mean}");
    assert!(stream_of(&log, &prediction, origin).iter().all(|request| request.flavor.0 == 0));
}

fn window(start: Instant) -> Window {
    Window { start, end: start + Duration::DAY }
}

#[test]
fn before_the_first_request_there_is_a_reason_and_no_stream() {
    let log = log(lives([(60, 90)], "acme"));
    assert_eq!(predict(&log, at(30)).unwrap_err(), PredictionError::NotReady(NotReady::NeedsBins { missing: 1 }));
}

#[test]
fn a_tenant_with_three_requests_ever_is_one_among_many() {
    let everybody = lives((0..DAYS * 48).map(|i| (i * 30, i * 30 + 45)), "acme");
    let number = everybody.len();
    let few = [
        request(number, 3_000, "zeta", Operation::Create),
        Request {
            requested: Some(Resources::compute(2_000, 1_024)),
            ..request(number, 3_010, "zeta", Operation::Resize)
        },
        request(number, 3_020, "zeta", Operation::Delete),
    ];
    let log = log(everybody.into_iter().chain(few));
    let prediction = predict(&log, origin()).unwrap();
    stream_of(&log, &prediction, origin());
    let runs = (0..200).map(|run| sample(&prediction.stream, [], window(origin()), 1, run));
    let (mut all, mut theirs) = (0, 0);
    for stream in runs {
        all += creates(&stream).count();
        theirs += creates(&stream).filter(|create| create.tenant.0 == 1).count();
    }
    // One create of 289, weighted by how long ago it was: at most a hundredth of what comes, and not nothing for ever.
    assert!(all > 5_000 && theirs > 0 && theirs * 100 < all * 2, "{theirs} of {all}");
}

#[test]
fn requests_of_one_instant_come_together_again() {
    // Ten at the stroke of every hour, with the time stamp of the hour, and every line twice.
    let of = (0..DAYS * 24).flat_map(|hour| (0..10).map(move |_| (hour * 60, hour * 60 + 20)));
    let mut requests = lives(of, "acme");
    requests.extend(requests.clone());
    let log = log(requests);
    assert_eq!((log.duplicates as i64, log.requests.len() as i64), (DAYS * 480, DAYS * 480));
    let prediction = predict(&log, origin()).unwrap();
    let stream = stream_of(&log, &prediction, origin());
    let bins: Vec<i64> = creates(&stream).map(|create| (create.at - origin()).divide(BIN)).collect();
    assert_eq!(bins.len(), 240, "a day like every day");
    assert!(bins.iter().all(|bin| bin % 12 == 0), "in the first five minutes of an hour");
}

#[test]
fn a_clock_that_jumps_back_is_put_in_order() {
    let in_order = lives((0..DAYS * 96).map(|i| (i * 15, i * 15 + 100)), "acme");
    // Every second request stands behind the one that followed it, and the whole last day before all others.
    let mut jumping = in_order.clone();
    jumping.chunks_mut(2).for_each(<[Request]>::reverse);
    jumping.rotate_right(192);
    let model = |requests: Vec<Request>| predict(&log(requests), origin()).unwrap().stream;
    assert_eq!(model(jumping), model(in_order.clone()));
    // A delete that is stamped before its create is of nothing that is known: what it meant to end lives on.
    let early = in_order.into_iter().map(|request| match request.operation {
        Operation::Delete if request.resource == "vm-3" => Request { at: at(0), ..request },
        _ => request,
    });
    let log = log(early);
    assert_eq!((log.orphans, log.lives[3].deleted), (1, None));
    stream_of(&log, &predict(&log, origin()).unwrap(), origin());
}

#[test]
fn what_never_varies_is_predicted_to_the_request() {
    // Three requests every five minutes.
    let of = (0..DAYS * 288).flat_map(|bin| (0..3).map(move |_| (bin * 5 + 1, bin * 5 + 60)));
    let log = log(lives(of, "acme"));
    let prediction = predict(&log, origin()).unwrap();
    let mut by_bin = vec![0; 288];
    for create in creates(&stream_of(&log, &prediction, origin())) {
        by_bin[(create.at - origin()).divide(BIN) as usize] += 1;
    }
    assert!(by_bin.iter().all(|&count| count == 3), "{by_bin:?}");
}

#[test]
fn after_days_of_nothing_nothing_is_predicted_to_come() {
    // A day of requests five days ago, one of which lives on.
    let mut requests = lives((0..96).map(|i| (i * 15, i * 15 + 100)), "acme");
    requests.retain(|request| request.operation != Operation::Delete || request.resource != "vm-50");
    let log = log(requests);
    assert!(log.before(origin()).unusual_silence().is_some(), "which is said to whoever asks");
    let prediction = predict(&log, origin()).unwrap();
    let stream = stream_of(&log, &prediction, origin());
    assert_eq!(creates(&stream).count(), 0);
    assert!(stream.len() <= 1, "what lives may end");
}

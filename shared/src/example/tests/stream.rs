//! Predicted streams of the example workload, which knows its own truth.

use crate::example::{SEED, START, requests_between};
use crate::features::{SeriesKey, SeriesSet};
use crate::forecast::BinForecast;
use crate::request::{Catalogue, Flavor, Operation, Request, RequestLog, RequestLogBuilder, Tables, Tenant};
use crate::stream::{
    ArrivalForecast, LiveAtStart, RecordNames, Source, StreamModel, StreamSettings, estimate, sample, to_records,
};
use crate::units::{Duration, Instant, TenantIndex, Window};

const BIN: Duration = Duration::from_minutes(5);

fn log(requests: impl IntoIterator<Item = Request>) -> RequestLog {
    let mut builder = RequestLogBuilder::new(Catalogue::default());
    for (i, request) in requests.into_iter().enumerate() {
        builder.push(i as u64 + 1, request).unwrap();
    }
    builder.finish().unwrap()
}

fn example(days: i64) -> Vec<Request> {
    requests_between(SEED, Window { start: START, end: START + Duration::DAY * days })
}

/// The mean count of the same time of day, spread by a fifth and one batch: any forecast will do here.
fn forecast(past: &[f64]) -> Vec<BinForecast> {
    let days = past.len() / 288;
    let bin = |i: usize| {
        let mean = (0..days).map(|day| past[past.len() - (day + 1) * 288 + i]).sum::<f64>() / days as f64;
        let normal = [-1.645, -1.282, -0.674, 0.0, 0.674, 1.282, 1.645];
        BinForecast::new(normal.map(|z| mean + z * libm::sqrt(mean)), mean)
    };
    (0..288).map(bin).collect()
}

fn model_of(log: &RequestLog, origin: Instant, settings: &StreamSettings) -> StreamModel {
    let history = log.before(origin);
    let start = SeriesSet::first_start(&history, BIN);
    let past = SeriesSet::from_history(&history, start, BIN, &[SeriesKey::Arrivals]).series.remove(0).counts;
    let map = Tables::default().add(log);
    let source = Source { history, map: &map, has_deletes: true };
    let bins = forecast(&past);
    let arrivals = ArrivalForecast { origin, bin: BIN, bins: &bins, past: &past };
    estimate(&[source], &arrivals, log.flavors.len(), settings).unwrap()
}

fn origin() -> Instant {
    START + Duration::DAY * 14
}

#[test]
fn what_comes_after_the_origin_changes_nothing() {
    let early = example(14);
    let announced = |mut request: Request| {
        request.lifetime = (request.operation == Operation::Create).then_some(Duration::DAY * 60);
        request
    };
    let later = example(16).into_iter().filter(|request| request.at >= origin()).map(announced);
    let altered = later.filter(|request| request.operation == Operation::Create || request.id.len() % 2 == 0);
    let model = |log: &RequestLog| postcard::to_allocvec(&model_of(log, origin(), &StreamSettings::default())).unwrap();
    assert_eq!(model(&log(early.clone())), model(&log(early.into_iter().chain(altered))));
}

#[test]
fn a_predicted_day_looks_like_the_days_it_was_learnt_from() {
    let log = log(example(14));
    let model = model_of(&log, origin(), &StreamSettings::default());
    let window = Window { start: origin(), end: model.end() };
    let runs: Vec<Vec<_>> = (0..10).map(|run| sample(&model, [], window, 1, run)).collect();
    let creates = |tenant: Option<u32>| {
        let all = runs.iter().flatten().filter(|request| request.operation == Operation::Create);
        all.filter(|create| tenant.is_none_or(|tenant| create.tenant == TenantIndex(tenant))).count() as f64 / 10.0
    };
    let mondays = |tenant: Option<u32>| {
        let seen = log.lives.iter().filter(|life| tenant.is_none_or(|tenant| life.tenant == TenantIndex(tenant)));
        let monday = |at: Instant| (at - START).micros().div_euclid(Duration::DAY.micros()) % 7 == 0;
        seen.filter(|life| monday(life.created)).count() as f64 / 2.0
    };
    // Day 14 is a Monday. The batches of a day come from the forecast above, a mean over all weekdays; what is in them
    // from Mondays, mostly. So shares are compared, not counts: a tenant's share of some 1,000 creates in batches of up
    // to 24 is known to 4 points from two Mondays.
    for tenant in 0..6 {
        let (found, expected) = (creates(Some(tenant)) / creates(None), mondays(Some(tenant)) / mondays(None));
        assert!((found - expected).abs() < 0.08, "tenant {tenant}: {found}, on Mondays {expected}");
    }
}

#[test]
fn its_records_are_a_valid_log() {
    let log = log(example(14));
    let model = model_of(&log, origin(), &StreamSettings::default());
    let live: Vec<_> = log.lives.iter().filter(|life| life.deleted.is_none()).collect();
    let at_start = live.iter().enumerate().map(|(i, life)| LiveAtStart {
        tenant: life.tenant,
        flavor: life.flavor,
        created: life.created,
        draw_key: i as u64,
    });
    let window = Window { start: origin(), end: model.end() };
    let stream = sample(&model, at_start, window, 1, 0);
    let tenants: Vec<Tenant> =
        log.tenants.iter().map(|name| Tenant { name: name.to_owned(), ..Tenant::default() }).collect();
    let names: Vec<String> = live.iter().map(|life| life.name.to_string()).collect();
    let flavors: &[Flavor] = &log.flavors;
    let names =
        RecordNames { terms: &log.terms, tenants: &tenants, flavors, live: &names, tags: &model.tags, tagged: &[] };
    let mut text = String::new();
    to_records(&stream, names).for_each(|record| crate::request::write_line(&mut text, &record));
    let mut builder = RequestLogBuilder::new(Catalogue::default());
    crate::request::read_requests(&text, &mut builder).unwrap();
    let read = builder.finish().unwrap();
    let deletes_of_live = stream.iter().filter(|request| request.resource.usize() < live.len()).count();
    assert!(deletes_of_live > 0 && read.requests.len() > 500);
    assert_eq!(read.orphans as usize, deletes_of_live, "only live resources were not created in the stream");
    assert_eq!(read.requests.len() + deletes_of_live, stream.len());
    let same = read.requests.iter().zip(stream.iter().filter(|request| request.resource.usize() >= live.len()));
    assert!(same.into_iter().all(|(read, sampled)| (read.at, read.operation) == (sampled.at, sampled.operation)));
}

#[test]
fn fewer_templates_keep_tenants_and_sizes() {
    let log = log(example(14));
    let shares = |templates_max: usize| {
        let settings = StreamSettings { templates_max, ..StreamSettings::default() };
        let model = model_of(&log, origin(), &settings);
        assert!(model.templates.len() <= templates_max);
        let mut weights = [0.0; 6];
        let mut creates = 0.0;
        for template in &model.templates {
            let weight = f64::from(template.weights.iter().sum::<u32>());
            weights[template.tenant.usize()] += weight;
            creates += weight * template.size() as f64;
        }
        let total: f64 = weights.iter().sum();
        (weights.map(|weight| weight / total), creates / total)
    };
    let (all, few) = (shares(4_096), shares(40));
    for (tenant, (all, few)) in all.0.into_iter().zip(few.0).enumerate() {
        // Ten sampled templates stand for the rare ones, so a tenant is off by a tenth of their weight at most.
        assert!((all - few).abs() < 0.05, "tenant {tenant}: {all} became {few}");
    }
    assert!((few.1 / all.1 - 1.0).abs() < 0.1, "creates per batch: {} became {}", all.1, few.1);
}

#[test]
fn logs_without_creates_or_deletes_say_what_is_missing() {
    let log = log(example(1));
    let map = Tables::default().add(&log);
    let bins = [BinForecast::new([0.0; 7], 0.0)];
    let check = |origin, has_deletes, expected: &str| {
        let source = Source { history: log.before(origin), map: &map, has_deletes };
        let forecast = ArrivalForecast { origin, bin: BIN, bins: &bins, past: &[] };
        let error = estimate(&[source], &forecast, 6, &StreamSettings::default()).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
    };
    check(START, true, "no create before 2026-06-01T00:00:00Z");
    check(START + Duration::DAY, false, "no lifetimes before 2026-06-02T00:00:00Z");
}

//! Planted resizes come back in what is sampled.

use super::*;
use crate::forecast::BinForecast;
use crate::random::Purpose;
use crate::request::{Catalogue, Request, RequestLog, RequestLogBuilder, ResourceClass, Tables};
use crate::stream::{ArrivalForecast, LiveAtStart, StreamModel, StreamSettings, estimate, sample};
use crate::units::{Resources, TenantIndex};

const BIN: Duration = Duration::from_minutes(5);
/// Resizes per resource and day of what has the flavor `s`.
const RATE: f64 = 0.2;
const DAYS: i64 = 10;
const RESOURCES: u64 = 1_000;

fn origin() -> Instant {
    Instant::from_micros(0) + Duration::DAY * DAYS
}

/// Resources of flavor `s` that are created on the first day, become `m` in three of four resizes and `l` in the fourth,
/// and are not resized again; a tenth is deleted, so that there are lifetimes.
fn planted(resize_after: Option<Instant>) -> RequestLog {
    let mut builder = RequestLogBuilder::new(Catalogue::default());
    let mut line = 0;
    let mut push = |at: Instant, resource: u64, operation: Operation, shape: &str| {
        line += 1;
        let request = Request {
            scheduling: None,
            id: format!("r-{line}"),
            at,
            tenant: "acme".to_owned(),
            operation,
            class: ResourceClass::Compute,
            resource: format!("vm-{resource}"),
            flavor: (operation != Operation::Delete).then(|| shape.to_owned()),
            requested: (operation != Operation::Delete).then(|| Resources::compute(1_000 * shape.len() as u32, 1_024)),
            zone: None,
            batch: None,
            lifetime: None,
            labels: BTreeMap::new(),
        };
        builder.push(line, request).unwrap();
    };
    for resource in 0..RESOURCES {
        let draws = Draws::new(7, 0, Purpose::Example, resource);
        let created = Instant::from_micros(0) + Duration::from_micros((draws.uniform(0) * 86_400e6) as i64);
        let end = if resource.is_multiple_of(10) { created + Duration::DAY * 5 } else { origin() };
        push(created, resource, Operation::Create, "s");
        let resized = created + Duration::from_micros((draws.exponential(1) / RATE * 86_400e6) as i64 + 1);
        if resized < end {
            push(resized, resource, Operation::Resize, if draws.below(2, 4) < 3 { "mm" } else { "llll" });
        }
        if end < origin() {
            push(end, resource, Operation::Delete, "");
        }
    }
    if let Some(after) = resize_after {
        (0..RESOURCES).filter(|resource| !resource.is_multiple_of(10)).for_each(|resource| {
            push(after, resource, Operation::Resize, "xxxxxxxx");
        });
    }
    builder.finish().unwrap()
}

fn model_of(log: &RequestLog) -> StreamModel {
    let map = Tables::default().add(log);
    let source = Source { history: log.before(origin()), map: &map, has_deletes: true };
    let bins = [BinForecast::new([0.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0], 2.0); 288];
    let forecast = ArrivalForecast { origin: origin(), bin: BIN, bins: &bins, past: &[] };
    estimate(&[source], &forecast, 3, &StreamSettings::default()).unwrap()
}

#[test]
fn the_rate_and_the_targets_of_history_come_back() {
    let mut model = model_of(&planted(None));
    assert_eq!(model.resizes.len(), 1, "{:?}", model.resizes);
    let rate = f64::from(model.resizes[0].per_day_millionths) / RATE_STEPS;
    // Some 850 resizes: a rate is known to 3.4 %; four of them.
    assert!((rate / RATE - 1.0).abs() < 0.14, "{rate}");
    // Nothing ends, so that each resource of the sample is there for the whole day.
    model.lifetimes.hazards.iter_mut().flatten().for_each(|hazard| *hazard = 0);
    let live = |i: u64| LiveAtStart { tenant: TenantIndex(0), flavor: FlavorIndex(0), created: origin(), draw_key: i };
    let window = Window { start: origin(), end: model.end() };
    let stream = sample(&model, (0..5_000).map(live), window, 1, 0);
    let resized: Vec<_> = stream
        .iter()
        .filter(|request| request.operation == Operation::Resize && request.resource.usize() < 5_000)
        .collect();
    // Of 5,000 resources each is resized within the day with chance p = 1 − exp(−rate), once: binomial, four standard
    // errors. The same of the share of targets.
    let chance = 1.0 - libm::exp(-rate);
    let (mean, band) = (5_000.0 * chance, 4.0 * libm::sqrt(5_000.0 * chance * (1.0 - chance)));
    assert!((resized.len() as f64 - mean).abs() < band, "{} resizes, expected {mean} ± {band}", resized.len());
    let total: u32 = model.resizes[0].to.iter().map(|&(_, count)| count).sum();
    for &(flavor, count) in &model.resizes[0].to {
        let (share, n) = (f64::from(count) / f64::from(total), resized.len() as f64);
        let found = resized.iter().filter(|request| request.flavor == flavor).count() as f64 / n;
        assert!((found - share).abs() < 4.0 * libm::sqrt(share * (1.0 - share) / n), "{flavor:?}: {found} of {share}");
    }
}

#[test]
fn resizes_after_the_origin_are_not_seen() {
    let later = origin() + Duration::HOUR;
    assert_eq!(model_of(&planted(Some(later))), model_of(&planted(None)));
}

#[test]
fn without_resizes_there_are_none() {
    let log = planted(None);
    let early = log.before(Instant::from_micros(1));
    let map = Tables::default().add(&log);
    assert!(resizes(&[&Source { history: early, map: &map, has_deletes: true }]).is_empty());
}

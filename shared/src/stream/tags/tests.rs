//! Zones and labels that were planted come back, in the primary's own format.

use std::collections::BTreeMap;

use super::*;
use crate::forecast::BinForecast;
use crate::random::{Draws, Purpose};
use crate::request::{
    Catalogue, IndexedRequest, Operation, Request, RequestLog, RequestLogBuilder, ResourceClass, Tables, Tenant,
    read_requests, write_line,
};
use crate::stream::{
    ArrivalForecast, Recency, RecordNames, Source, StreamModel, StreamSettings, estimate, sample, to_records,
};
use crate::units::{Dimension, Duration, Instant, Resources, Window};

const CREATES: u64 = 4_000;

fn origin() -> Instant {
    Instant::from_micros(0) + Duration::DAY * 10
}

/// Half of acme's machines are in zone a with `team=web`, three in ten in zone b with `team=data`, the others nowhere and
/// without a team; each with a disk in its own zone, which has no label. zeta's have neither. Each has a host of its own.
fn planted() -> RequestLog {
    let mut builder = RequestLogBuilder::new(Catalogue::default());
    let mut line = 0;
    for i in 0..CREATES {
        let draws = Draws::new(3, 0, Purpose::Example, i);
        let acme = i % 2 == 0;
        let place = draws.uniform(0);
        let (zone, team) = match (acme, place) {
            (true, ..0.5) => (Some("a"), Some("web")),
            (true, ..0.8) => (Some("b"), Some("data")),
            _ => (None, None),
        };
        let mut create = |class: ResourceClass, labels: BTreeMap<String, String>| {
            line += 1;
            let machine = class == ResourceClass::Compute;
            let disk = Resources::ZERO.with(Dimension::Storage, 1_024);
            let requested = if machine { Resources::compute(1_000, 1_024) } else { disk };
            let request = Request {
                scheduling: None,
                id: format!("{line}"),
                at: Instant::from_micros((draws.uniform(1) * 10.0 * 86_400e6) as i64),
                tenant: if acme { "acme" } else { "zeta" }.to_owned(),
                operation: Operation::Create,
                class,
                resource: format!("{line}"),
                flavor: Some(if machine { "m" } else { "disk" }.to_owned()),
                requested: Some(requested),
                zone: zone.map(str::to_owned),
                batch: Some(format!("b-{i}")),
                lifetime: None,
                labels,
            };
            builder.push(line, request).unwrap();
        };
        let labels = team.map(|team| ("team".to_owned(), team.to_owned())).into_iter();
        create(ResourceClass::Compute, labels.chain([("host".to_owned(), format!("host-{i}"))]).collect());
        create(ResourceClass::Storage, BTreeMap::new());
    }
    builder.finish().unwrap()
}

fn model_of(log: &RequestLog) -> StreamModel {
    let map = Tables::default().add(log);
    let source = Source { history: log.before(origin()), map: &map, has_deletes: true };
    let bins = [BinForecast::new([4.0, 5.0, 8.0, 10.0, 12.0, 15.0, 16.0], 10.0); 288];
    let forecast = ArrivalForecast { origin: origin(), bin: Duration::from_minutes(5), bins: &bins, past: &[] };
    let recency = Some(Recency { half_life: Duration::DAY * 10_000, same_weekday: 0 });
    estimate(&[source], &forecast, log.flavors.len(), &StreamSettings { recency, ..StreamSettings::default() }).unwrap()
}

/// The stream of a day, its tags, and both as records.
fn predicted(log: &RequestLog, model: &StreamModel) -> (Vec<IndexedRequest>, Vec<Tag>, Vec<Request>) {
    let stream = sample(model, [], Window { start: origin(), end: model.end() }, 1, 0);
    let tagged = tagged(&model.tags, &stream, (&log.terms, &log.flavors), 1, 0);
    let tenant = |name: &str| Tenant { name: name.to_owned(), ..Tenant::default() };
    let tenants: Vec<Tenant> = log.tenants.iter().map(tenant).collect();
    let names = RecordNames {
        terms: &log.terms,
        tenants: &tenants,
        flavors: &log.flavors,
        live: &[],
        tags: &model.tags,
        tagged: &tagged,
    };
    let records = to_records(&stream, names).collect();
    (stream, tagged, records)
}

#[test]
fn zones_and_labels_come_back_in_their_proportions() {
    let log = planted();
    let model = model_of(&log);
    let zones: Vec<_> = log.terms.iter().filter_map(|terms| terms.zone.as_deref()).collect();
    assert_eq!(zones, ["a", "b"]);
    let teams: Vec<_> = model.tags.label_sets.iter().flat_map(|labels| labels.values()).collect();
    assert_eq!(teams, ["data", "web"], "hosts tell resources apart, and are left out");
    let (_, _, records) = predicted(&log, &model);
    let mut text = String::new();
    records.iter().for_each(|record| write_line(&mut text, record));
    let mut builder = RequestLogBuilder::new(Catalogue::default());
    read_requests(&text, &mut builder).unwrap();
    let read = builder.finish().unwrap();
    let machines: Vec<Request> = (0..read.requests.len())
        .map(|position| read.record(position))
        .filter(|record| record.tenant == "acme" && record.class == ResourceClass::Compute)
        .collect();
    let share = |zone: Option<&str>, team: Option<&str>| {
        let like =
            |record: &&Request| (record.zone.as_deref(), record.labels.get("team").map(String::as_str)) == (zone, team);
        machines.iter().filter(like).count() as f64 / machines.len() as f64
    };
    // Some 1,440 machines, from 2,000: standard error at most 0.5·√(1/1,440 + 1/2,000) = 0.017; four of them.
    for (zone, team, planted) in [(Some("a"), Some("web"), 0.5), (Some("b"), Some("data"), 0.3), (None, None, 0.2)] {
        assert!((share(zone, team) - planted).abs() < 0.07, "{zone:?} {team:?}: {}", share(zone, team));
    }
    assert!(records.iter().filter(|record| record.tenant == "zeta").all(|record| record.zone.is_none()));
    assert!(records.iter().all(|record| record.tenant == "acme" || record.labels.is_empty()));
}

#[test]
fn volumes_are_where_their_machine_is() {
    let log = planted();
    let model = model_of(&log);
    let (stream, tagged, _) = predicted(&log, &model);
    let class = |request: &IndexedRequest| log.flavors[request.flavor.usize()].class;
    let machines: BTreeMap<_, _> = stream
        .iter()
        .filter(|request| class(request) == ResourceClass::Compute)
        .map(|request| (request.batch, tagged[request.resource.usize()]))
        .collect();
    let disks: Vec<_> = stream.iter().filter(|request| class(request) == ResourceClass::Storage).collect();
    assert!(disks.len() > 2_000, "{}", disks.len());
    for disk in disks {
        let tag = tagged[disk.resource.usize()];
        assert_eq!((tag.terms, tag.labels), (machines[&disk.batch].terms, None));
    }
}

#[test]
fn newcomers_have_everybodys_zones_and_nobodys_labels() {
    let log = planted();
    let model = model_of(&log);
    let machine = FlavorIndex::from_usize(log.flavors.iter().position(|flavor| flavor.name == "m").unwrap());
    let create = |i: u32| IndexedRequest {
        terms: None,
        at: origin(),
        operation: Operation::Create,
        tenant: TenantIndex(2),
        resource: crate::units::ResourceIndex(i),
        flavor: machine,
        batch: None,
        lifetime: None,
        draw_key: u64::from(i),
    };
    let stream: Vec<IndexedRequest> = (0..2_000).map(create).collect();
    let tagged = tagged(&model.tags, &stream, (&log.terms, &log.flavors), 1, 0);
    assert!(tagged.iter().all(|tag| tag.labels.is_none()));
    let zone = |tag: &Tag| log.terms[tag.terms?.usize()].zone.as_deref();
    let in_a = tagged.iter().filter(|tag| zone(tag) == Some("a")).count() as f64 / 2_000.0;
    // A quarter of all machines: standard error √(0.25·0.75/2,000) = 0.0097, and as much again from what was planted.
    assert!((in_a - 0.25).abs() < 0.055, "{in_a}");
}

#[test]
fn without_zones_and_labels_there_are_no_tags() {
    let log = planted();
    let map = Tables::default().add(&log);
    let history = log.before(Instant::from_micros(1));
    let weighing = crate::stream::recency::Weighing::new(
        Recency { half_life: Duration::DAY, same_weekday: 0 },
        origin(),
        Duration::HOUR,
        24,
    );
    assert_eq!(tags(&[Source { history, map: &map, has_deletes: true }], &weighing), Tags::default());
    assert_eq!(tagged(&Tags::default(), &[], (&log.terms, &log.flavors), 1, 0), []);
}

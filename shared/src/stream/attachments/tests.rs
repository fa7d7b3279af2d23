//! Volumes and addresses that were planted come back with their machines.

use std::collections::BTreeMap;

use super::*;
use crate::forecast::BinForecast;
use crate::random::{Draws, Purpose};
use crate::request::{
    Catalogue, IndexedRequest, Operation, Request, RequestLog, RequestLogBuilder, ResourceClass, Tables,
};
use crate::stream::{
    ArrivalForecast, LiveAtStart, Recency, Source, StreamModel, StreamSettings, estimate, sample, scaling_key,
};
use crate::units::{Dimension, Duration, Instant, Resources, Window};

const MACHINES: u64 = 4_000;
const DAYS: i64 = 20;

fn origin() -> Instant {
    Instant::from_micros(0) + Duration::DAY * DAYS
}

fn request(id: String, at: Instant, tenant: &str, class: ResourceClass, resource: String) -> Request {
    let (flavor, amounts) = match class {
        ResourceClass::Compute => ("m", Resources::compute(1_000, 1_024)),
        ResourceClass::Storage => ("disk", Resources::ZERO.with(Dimension::Storage, 10_240)),
        ResourceClass::Network => ("address", Resources::ZERO.with(Dimension::Network, 1)),
    };
    Request {
        scheduling: None,
        id,
        at,
        tenant: tenant.to_owned(),
        operation: Operation::Create,
        class,
        resource,
        flavor: Some(flavor.to_owned()),
        requested: Some(amounts),
        zone: None,
        batch: None,
        lifetime: None,
        labels: BTreeMap::new(),
    }
}

/// Machines of two tenants, one at a time, with a mean life of six hours. Of three in ten of acme's nothing comes with them,
/// of five a disk 5 s later, of two a disk and, 2 s earlier, an address; nothing comes with zeta's. Four in five disks are
/// deleted 3 s after their machine, the others never; addresses 1 s before it. A fifth of zeta's requests are disks alone.
fn planted() -> RequestLog {
    let mut requests = Vec::new();
    for i in 0..MACHINES {
        let draws = Draws::new(7, 0, Purpose::Example, i);
        let at = Instant::from_micros((draws.uniform(0) * (DAYS * 86_400_000_000) as f64) as i64);
        let tenant = if i % 2 == 0 { "acme" } else { "zeta" };
        let mut add = |class: ResourceClass, lag: i64, end: Option<i64>| {
            let (micros, name) = (Duration::from_micros(lag * 1_000_000), format!("{}-{i}", class.as_str()));
            let mut create = request(format!("c-{name}"), at + micros, tenant, class, name);
            create.batch = Some(format!("b-{i}"));
            let life = Duration::from_micros((draws.exponential(1) * 6.0 * 3_600e6) as i64 + 60_000_000);
            requests.extend(end.map(|lag| Request {
                id: format!("d-{}", create.resource),
                ..create.clone().into_delete(at + life + Duration::from_micros(lag * 1_000_000))
            }));
            requests.push(create);
        };
        if tenant == "zeta" && draws.uniform(2) < 0.2 {
            add(ResourceClass::Storage, 0, Some(0));
            continue;
        }
        add(ResourceClass::Compute, 0, Some(0));
        if tenant == "acme" && draws.uniform(3) >= 0.3 {
            add(ResourceClass::Storage, 5, (draws.uniform(4) < 0.8).then_some(3));
            if draws.uniform(3) >= 0.8 {
                add(ResourceClass::Network, -2, Some(-1));
            }
        }
    }
    requests.retain(|request| request.at >= Instant::from_micros(0));
    let mut builder = RequestLogBuilder::new(Catalogue::default());
    for (line, request) in requests.into_iter().enumerate() {
        builder.push(line as u64 + 1, request).unwrap();
    }
    builder.finish().unwrap()
}

fn model_of(log: &RequestLog) -> StreamModel {
    let map = Tables::default().add(log);
    let source = Source { history: log.before(origin()), map: &map, has_deletes: true };
    let bins = [BinForecast::new([4.0, 5.0, 8.0, 10.0, 12.0, 15.0, 16.0], 10.0); 288];
    let forecast = ArrivalForecast { origin: origin(), bin: Duration::from_minutes(5), bins: &bins, past: &[] };
    // Nothing is forgotten, so that shares are those that were planted.
    let recency = Some(Recency { half_life: Duration::DAY * 10_000, same_weekday: 0 });
    estimate(&[source], &forecast, log.flavors.len(), &StreamSettings { recency, ..StreamSettings::default() }).unwrap()
}

fn row(log: &RequestLog, name: &str) -> FlavorIndex {
    FlavorIndex::from_usize(log.flavors.iter().position(|flavor| flavor.name == name).unwrap())
}

fn tenant(log: &RequestLog, name: &str) -> TenantIndex {
    TenantIndex(log.tenants.get(name).unwrap())
}

#[test]
fn what_was_planted_is_learnt() {
    let log = planted();
    let Attachments { sets, ends, times } = model_of(&log).attachments;
    let (disk, address) = (row(&log, "disk"), row(&log, "address"));
    assert_eq!(sets.len(), 2, "{sets:?}");
    let of = |name: &str| &sets.iter().find(|row| row.tenant == tenant(&log, name)).unwrap().sets;
    assert_eq!(of("zeta").iter().map(|(set, _)| set.len()).collect::<Vec<_>>(), [0], "only nothing comes with them");
    let all: f64 = of("acme").iter().map(|&(_, weight)| f64::from(weight)).sum();
    let mut both = vec![disk, address];
    both.sort_unstable();
    for (set, share) in [(vec![], 0.3), (vec![disk], 0.5), (both, 0.2)] {
        let found =
            of("acme").iter().find(|(seen, _)| *seen == set).map_or(0.0, |&(_, weight)| f64::from(weight) / all);
        // Of 2,000 machines: standard error at most √(0.25/2,000) = 0.011; four of them.
        assert!((found - share).abs() < 0.045, "{set:?}: {found}, planted {share}");
    }
    let of = |flavor| ends.iter().find(|row| row.flavor == flavor).unwrap();
    let share = f64::from(of(disk).followed) / f64::from(of(disk).followed + of(disk).outlived);
    // Of some 1,400 disks: standard error 0.011; four of them.
    assert!((share - 0.8).abs() < 0.045, "{share}");
    assert_eq!(of(address).outlived, 0);
    assert!(ends.iter().all(|row| row.tenant == tenant(&log, "acme")));
    let of = |flavor| times.iter().find(|row| row.flavor == flavor).unwrap();
    assert_eq!((of(disk).create_micros, of(disk).delete_micros), ([5_000_000; 5], [3_000_000; 5]));
    assert_eq!((of(disk).ends_per_day_millionths, of(address).ends_per_day_millionths), (0, 0));
    assert_eq!((of(address).create_micros, of(address).delete_micros), ([-2_000_000; 5], [-1_000_000; 5]));
}

/// Create and delete of each new resource, by batch.
fn lives(stream: &[IndexedRequest], live: usize) -> BTreeMap<u32, Vec<(IndexedRequest, Option<Instant>)>> {
    let deletes = stream.iter().filter(|request| request.operation == Operation::Delete);
    let ends: BTreeMap<_, Instant> = deletes.map(|delete| (delete.resource, delete.at)).collect();
    let mut batches: BTreeMap<u32, Vec<_>> = BTreeMap::new();
    let creates = stream.iter().filter(|request| request.operation == Operation::Create);
    for create in creates.filter(|create| create.resource.usize() >= live) {
        batches.entry(create.batch.unwrap().0).or_default().push((*create, ends.get(&create.resource).copied()));
    }
    batches
}

#[test]
fn volumes_come_and_go_with_their_machines() {
    let log = planted();
    let model = model_of(&log);
    let (machine, disk, address) = (row(&log, "m"), row(&log, "disk"), row(&log, "address"));
    let acme = tenant(&log, "acme");
    let window = Window { start: origin(), end: model.end() };
    let (mut machines, mut disks, mut addresses, mut alone) = (0.0, 0.0, 0.0, 0.0);
    let (mut followed, mut ended) = (0.0, 0.0);
    for batch in lives(&sample(&model, [], window, 1, 0), 0).values() {
        let of = |flavor| batch.iter().find(|(create, _)| create.flavor == flavor);
        let Some((with, machine_end)) = of(machine) else {
            assert!(batch.iter().all(|(create, _)| create.flavor == disk && create.tenant != acme));
            alone += 1.0;
            continue;
        };
        assert!(batch.iter().all(|(create, _)| create.tenant == with.tenant));
        if with.tenant != acme {
            assert_eq!(batch.len(), 1, "nothing comes with zeta's");
            continue;
        }
        machines += 1.0;
        let keys: std::collections::BTreeSet<u64> = batch.iter().map(|(create, _)| create.draw_key).collect();
        assert_eq!(keys.len(), batch.len());
        assert!(batch.iter().all(|(create, _)| scaling_key(create) == with.draw_key), "they are scaled as one");
        if let Some((create, end)) = of(disk) {
            disks += 1.0;
            assert_eq!(create.at, with.at + Duration::from_seconds(5));
            if let Some(machine_end) = machine_end.filter(|&end| end + Duration::from_minutes(1) < window.end) {
                ended += 1.0;
                followed += f64::from(u8::from(*end == Some((machine_end + Duration::from_seconds(3)).max(create.at))));
            }
        }
        if let Some((create, end)) = of(address) {
            addresses += 1.0;
            // None is created before the bin of its batch.
            assert!((with.at - create.at).micros() <= 2_000_000 && create.at <= with.at);
            let expected = machine_end.map(|end| end - Duration::from_seconds(1)).filter(|_| end.is_some());
            assert_eq!(*end, expected);
        }
    }
    // Some 1,440 machines of acme: standard errors of at most 0.013, four of them, of the shares of the model.
    assert!((disks / machines - 0.7_f64).abs() < 0.055, "{disks} of {machines}");
    assert!((addresses / machines - 0.2_f64).abs() < 0.055, "{addresses} of {machines}");
    assert!((followed / ended - 0.8_f64).abs() < 0.06, "{followed} of {ended}");
    // A tenth of all batches is a disk alone; some 2,880 batches.
    assert!((200.0..380.0).contains(&alone), "{alone}");
}

#[test]
fn volumes_of_live_machines_go_with_them() {
    let log = planted();
    let model = model_of(&log);
    let (machine, disk) = (row(&log, "m"), row(&log, "disk"));
    // A hundred machines of an hour ago, one a minute, each with a disk that came 5 s later.
    let live = (0..200_u32).map(|i| LiveAtStart {
        tenant: tenant(&log, "acme"),
        flavor: if i % 2 == 0 { machine } else { disk },
        created: origin() + Duration::from_seconds(i64::from(i / 2) * 60 + i64::from(i % 2) * 5 - 7_200),
        draw_key: u64::from(i),
    });
    let stream = sample(&model, live, Window { start: origin(), end: model.end() }, 1, 0);
    let deletes = stream.iter().filter(|request| request.operation == Operation::Delete);
    let ends: BTreeMap<u32, Instant> = deletes.map(|delete| (delete.resource.0, delete.at)).collect();
    let ended = |i: &u32| ends.get(&(2 * i)).is_some_and(|&end| end + Duration::from_minutes(1) < model.end());
    let machines: Vec<u32> = (0..100).filter(ended).collect();
    let follows = |i: &&u32| ends.get(&(2 * **i + 1)) == Some(&(ends[&(2 * **i)] + Duration::from_seconds(3)));
    let followed = machines.iter().filter(follows).count() as f64 / machines.len() as f64;
    // Nearly all of a hundred machines end within a day: standard error 0.04, four of them.
    assert!(machines.len() > 90 && (followed - 0.8).abs() < 0.16, "{followed} of {}", machines.len());
}

#[test]
fn a_batch_shares_its_volumes_out() {
    // Two machines at one instant, then three disks: the first machine gets two of them.
    let at = |seconds: i64| Instant::from_micros(0) + Duration::from_seconds(seconds);
    let of = |number: u32, class: ResourceClass, seconds: i64, batch: &str| Request {
        batch: Some(batch.to_owned()),
        ..request(number.to_string(), at(seconds), "acme", class, number.to_string())
    };
    let requests = [
        of(0, ResourceClass::Compute, 0, "a"),
        of(1, ResourceClass::Compute, 0, "a"),
        of(2, ResourceClass::Storage, 1, "a"),
        of(3, ResourceClass::Storage, 2, "a"),
        of(4, ResourceClass::Storage, 3, "a"),
        // Too late, in another batch, and in none.
        of(5, ResourceClass::Storage, 700, "a"),
        of(6, ResourceClass::Storage, 701, "b"),
        Request { batch: None, ..of(7, ResourceClass::Storage, 702, "b") },
    ];
    let mut builder = RequestLogBuilder::new(Catalogue::default());
    for (line, request) in requests.into_iter().enumerate() {
        builder.push(line as u64 + 1, request).unwrap();
    }
    let log = builder.finish().unwrap();
    let map = Tables::default().add(&log);
    let pairing = Pairing::new(&Source { history: log.before(at(1_000)), map: &map, has_deletes: false });
    let found: Vec<Option<usize>> = (0..8).map(|position| pairing.machine_of(position)).collect();
    assert_eq!(found, [None, None, Some(0), Some(1), Some(0), None, None, None]);
}

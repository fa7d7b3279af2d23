//! Checks of everything that comes beside the requests.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Number;
use shared::control_plane::{CapacityPool, Fleet};
use shared::features::SensorReading;
use shared::pricing::PriceBook;
use shared::request::{Operation, RequestLog, ResourceClass};
use shared::trace::inventory::InventoryNode;
use shared::trace::mapping::Mapping;
use shared::trace::pools::PoolRow;
use shared::trace::quotas::{TenantQuota, UNLIMITED};
use shared::trace::usage::UsageReading;
use shared::units::{Dimension, Instant};

use super::report::{Input, Report, counts};
use crate::cli::assumptions::{described_otherwise, late_prices};
use crate::output::some;

/// Sensor readings, against the span of the requests.
pub(super) fn check_sensors(report: &mut Report, file: &str, readings: &[SensorReading], log: Option<&RequestLog>) {
    let sensors: BTreeSet<&str> = readings.iter().map(|reading| reading.sensor.as_str()).collect();
    let (from, to) = (readings.iter().map(|r| r.at).min(), readings.iter().map(|r| r.at).max());
    report.inputs.push(Input {
        kind: "sensors",
        file: file.to_owned(),
        rows: readings.len() as u64,
        from,
        to,
        counts: counts([("sensors", sensors.len() as u64)]),
    });
    check_cover(report, "sensor span", &some(sensors), from.zip(to), log);
}

/// Whether readings are there for all of a log.
fn check_cover(
    report: &mut Report,
    kind: &'static str,
    of: &str,
    read: Option<(Instant, Instant)>,
    log: Option<&RequestLog>,
) {
    let Some((first, last)) = log.and_then(|log| Some((log.first()?, log.last()?))) else { return };
    let found = match read {
        None => "there is no reading".to_owned(),
        Some((from, to)) if from > first || to < last => format!("the readings of {of} do not cover {first} to {last}"),
        Some(_) => return,
    };
    report.find(kind, found, "forecasts with them, which see the last reading, or none");
}

/// Usage, against the resources that the requests created.
pub(super) fn check_usage(report: &mut Report, file: &str, readings: &[UsageReading], log: Option<&RequestLog>) {
    let resources: BTreeSet<&str> = readings.iter().map(|reading| reading.resource.as_str()).collect();
    let (from, to) = (readings.iter().map(|r| r.at).min(), readings.iter().map(|r| r.at).max());
    report.inputs.push(Input {
        kind: "usage",
        file: file.to_owned(),
        rows: readings.len() as u64,
        from,
        to,
        counts: counts([("resources", resources.len() as u64)]),
    });
    check_cover(report, "usage span", &some(resources.iter().copied()), from.zip(to), log);
    let Some(log) = log else { return };
    let created: BTreeSet<&str> = log.lives.iter().map(|life| &*life.name).collect();
    let unknown: Vec<&str> = resources.difference(&created).copied().collect();
    if !unknown.is_empty() {
        report.find(
            "usage of nothing",
            format!("{} of {} were never created: {}", unknown.len(), resources.len(), some(unknown)),
            "what is learnt from usage, which counts them all the same",
        );
    }
}

/// A price book.
pub(super) fn check_prices(report: &mut Report, file: &str, book: &PriceBook) {
    let changes = book.types.iter().map(|entry| entry.prices.len() as u64 - 1).sum();
    let shapeless = book.types.iter().filter(|entry| entry.shape.is_none()).count() as u64;
    report.inputs.push(Input {
        kind: "prices",
        file: file.to_owned(),
        rows: book.types.len() as u64 + changes,
        from: None,
        to: None,
        counts: counts([
            ("types", book.types.len() as u64),
            ("price changes", changes),
            ("types without a shape", shapeless),
        ]),
    });
    if !book.has_unit_prices() {
        report.find(
            "currency",
            format!("prices are in {}, prices per vCPU and GiB only built in, in USD", book.currency),
            "whatever has no price and pays for itself: flavors with `--billing per-resource`, storage and network always; \
             `shadow` refuses it. What the modules cost, which is assumed in USD, is left out",
        );
    }
}

/// Prices, against the time in which they are used.
pub(super) fn check_beginnings(
    report: &mut Report,
    book: &PriceBook,
    nodes: &[InventoryNode],
    log: Option<&RequestLog>,
) {
    let machines = nodes.iter().map(|node| node.instance_type.as_str());
    if let Some(found) = log.and_then(|log| late_prices(machines, book, log)) {
        report.find("late prices", found, "cost before these prices begin, where others held");
    }
}

/// Machines, and whether they have a price.
pub(super) fn check_inventory(report: &mut Report, file: &str, nodes: &[InventoryNode], book: &PriceBook) {
    let types: BTreeSet<&str> = nodes.iter().map(|node| node.instance_type.as_str()).collect();
    let total = |dimension: Dimension| {
        let units: u64 = nodes.iter().map(|node| u64::from(node.capacity[dimension])).sum();
        let per_unit = u64::from(dimension.per_written_unit());
        let in_part = || Number::from_f64(units as f64 / per_unit as f64).expect("it is finite");
        if units.is_multiple_of(per_unit) { Number::from(units / per_unit) } else { in_part() }
    };
    let zones: BTreeSet<&str> = nodes.iter().filter_map(|node| node.zone.as_deref()).collect();
    report.inputs.push(Input {
        kind: "inventory",
        file: file.to_owned(),
        rows: nodes.len() as u64,
        from: None,
        to: None,
        counts: BTreeMap::from([
            ("types", (types.len() as u64).into()),
            ("zones", (zones.len() as u64).into()),
            ("vCPU", total(Dimension::Vcpu)),
            ("GiB", total(Dimension::Memory)),
        ]),
    });
    if let Some(found) = described_otherwise(nodes, book) {
        report.find("shapes", found, "cost per vCPU and GiB, where one of the two is a slip of the pen");
    }
    let unpriced: Vec<&str> = types.into_iter().filter(|name| book.get(name).is_none()).collect();
    if !unpriced.is_empty() {
        report.find(
            "unpriced",
            format!("instance types without a price: {}; name them in a file given with --prices", some(unpriced)),
            "cost: without these prices there is no bill",
        );
    }
}

/// Pools, against the requests that ask for what they have.
pub(super) fn check_pools(report: &mut Report, file: &str, rows: Vec<PoolRow>, log: Option<&RequestLog>) {
    let pools: Vec<CapacityPool> = rows.into_iter().map(CapacityPool::from).collect();
    let zones: BTreeSet<&str> = pools.iter().filter_map(|pool| pool.zone.as_deref()).collect();
    report.inputs.push(Input {
        kind: "pools",
        file: file.to_owned(),
        rows: pools.len() as u64,
        from: None,
        to: None,
        counts: counts([("zones", zones.len() as u64)]),
    });
    let Some(log) = log else { return };
    let fleet = Fleet { pools, ..Fleet::of(Vec::new()) };
    // What machines need is a matter of the inventory.
    let mut beside_nodes = log.flavors.iter().filter(|flavor| flavor.class != ResourceClass::Compute);
    if let Some(flavor) = beside_nodes.find(|flavor| !fleet.can_hold(flavor)) {
        let found = format!("flavor `{}` {}", flavor.name, fleet.too_small_for(flavor));
        report.find("too large", found, "everything: `shadow` refuses such requests");
    }
}

/// Quotas, against the tenants and the requests that they limit.
pub(super) fn check_quotas(report: &mut Report, file: &str, quotas: &[TenantQuota], log: Option<&RequestLog>) {
    let limiting = |dimension: Dimension| quotas.iter().filter(|quota| quota.limit[dimension] != UNLIMITED).count();
    report.inputs.push(Input {
        kind: "quotas",
        file: file.to_owned(),
        rows: quotas.len() as u64,
        from: None,
        to: None,
        counts: counts([
            ("limit vCPU", limiting(Dimension::Vcpu) as u64),
            ("limit memory", limiting(Dimension::Memory) as u64),
            ("limit GPU", limiting(Dimension::Gpu) as u64),
        ]),
    });
    let Some(log) = log else { return };
    let names: BTreeSet<&str> = log.tenants.iter().collect();
    let unknown: Vec<&str> = quotas.iter().map(|quota| &*quota.tenant).filter(|name| !names.contains(name)).collect();
    if !unknown.is_empty() {
        report.find(
            "unknown tenants",
            format!("{} of {} have no request: {}", unknown.len(), quotas.len(), some(unknown)),
            "who is refused: a quota under another name than that of the requests limits nobody",
        );
    }
    let beyond = |quota: &&TenantQuota| {
        let asking = log.requests.iter().filter(|request| request.operation != Operation::Delete);
        let mut of_tenant = asking.filter(|request| log.tenants.name(request.tenant.0) == quota.tenant);
        of_tenant.any(|request| !log.flavors[request.flavor.usize()].requested.fits(quota.limit))
    };
    let beyond: Vec<&str> = quotas.iter().filter(beyond).map(|quota| &*quota.tenant).collect();
    if !beyond.is_empty() {
        report.find(
            "beyond quota",
            format!("single requests ask for more than the whole quota of their tenant: {}", some(beyond)),
            "what these tenants get: the shadow refuses such requests",
        );
    }
}

/// Rules, against the requests that they are for.
pub(super) fn check_mapping(report: &mut Report, file: &str, mapping: &Mapping, log: Option<&RequestLog>) {
    report.inputs.push(Input {
        kind: "mapping",
        file: file.to_owned(),
        rows: mapping.rules.len() as u64,
        from: mapping.rules.iter().filter_map(|rule| rule.from).min(),
        to: mapping.rules.iter().filter_map(|rule| rule.until).max(),
        counts: BTreeMap::new(),
    });
    let Some(log) = log else { return };
    let mut unmapped: BTreeMap<&str, u64> = BTreeMap::new();
    for life in &log.lives {
        let name = log.tenants.name(life.tenant.0);
        if mapping.tenant(name, &log.label_sets[life.labels as usize], life.created).is_none() {
            *unmapped.entry(name).or_default() += 1;
        }
    }
    if !unmapped.is_empty() {
        let lives: u64 = unmapped.values().sum();
        report.find(
            "unmapped",
            format!("{lives} resources of {} match no rule", some(unmapped.keys().copied())),
            "cost per tenant, where they keep the name that they came with",
        );
    }
}

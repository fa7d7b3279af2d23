//! Whatever arrives over the network is read, or refused with a reason; `SHADOWPLANE_PARSER` says as what.

#![no_main]

mod mutation;

use std::sync::LazyLock;

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use shared::allocation::read_metric;
use shared::features::{read_known_events, read_sensors};
use shared::input::parse_json_object;
use shared::link::SharedScenario;
use shared::quote::read_order;
use shared::request::{Catalogue, RequestLogBuilder, read_observations, read_requests};
use shared::trace::charge::WhenEqual;
use shared::trace::cloudtrail::{TrailChanges, TrailTenants};
use shared::trace::focus::{FocusConfig, read_focus};
use shared::trace::kubernetes_audit::{AuditChanges, Extent, KnownPods};
use shared::trace::opencost::{OpenCostConfig, read_opencost};
use shared::units::{Currency, Instant};

/// What a text may be read as, by name.
const PARSERS: [(&str, fn(&str)); 10] = [
    ("audit", audit),
    ("bill", bill),
    ("cloudtrail", cloudtrail),
    ("events", |text| drop(read_known_events(text))),
    ("link", |text| drop(SharedScenario::from_link(text))),
    ("metric", |text| drop(read_metric(text))),
    ("observations", |text| drop(read_observations(text))),
    ("order", order),
    ("requests", requests),
    ("sensors", |text| drop(read_sensors(text))),
];

static PARSER: LazyLock<fn(&str)> = LazyLock::new(|| {
    let wanted = std::env::var("SHADOWPLANE_PARSER").expect("SHADOWPLANE_PARSER names a parser");
    let parser = PARSERS.into_iter().find(|(name, _)| *name == wanted);
    parser.unwrap_or_else(|| panic!("no parser is called `{wanted}`")).1
});

/// A log that can be read can be gone through, too.
fn requests(text: &str) {
    let mut builder = RequestLogBuilder::new(Catalogue::default());
    if read_requests(text, &mut builder).is_err() {
        return;
    }
    if let Ok(log) = builder.finish() {
        (0..log.requests.len()).for_each(|position| drop(log.record(position)));
    }
}

fn audit(text: &str) {
    let mut changes = AuditChanges::default();
    if changes.read(text, None).is_ok() {
        drop(changes.settle(&KnownPods::default(), Extent::Whole).lines());
    }
}

fn cloudtrail(text: &str) {
    let mut changes = TrailChanges::default();
    if changes.read(text).is_ok() {
        drop(changes.settle(Default::default(), TrailTenants::default()).lines());
    }
}

fn bill(text: &str) {
    let stated = Instant::from_micros(0);
    if text.trim_start().starts_with(['{', '[']) {
        drop(read_opencost(text, &OpenCostConfig { stated, currency: Currency::USD, mapping: None }));
    } else {
        drop(read_focus(text, &FocusConfig { stated, mapping: None, when_equal: WhenEqual::Count }));
    }
}

fn order(text: &str) {
    if let Ok(object) = parse_json_object(text) {
        drop(read_order(vec![object], Instant::from_micros(0), 0));
    }
}

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        (*PARSER)(text);
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutation::mutated(data, size, max_size, seed, fuzzer_mutate)
});

//! Changes of JSON that leave it JSON, so that more than the parser is reached.

use serde_json::{Map, Value, json};

/// How many changes are made at once, at most.
const CHANGES: u64 = 4;

/// Changes the first `size` bytes as JSON, or as libFuzzer does where they are none or become too many; how many there are
/// then.
pub(crate) fn mutated(
    data: &mut [u8],
    size: usize,
    max_size: usize,
    seed: u32,
    otherwise: fn(&mut [u8], usize, usize) -> usize,
) -> usize {
    match changed(&data[..size], seed).filter(|text| text.len() <= max_size) {
        Some(text) => {
            data[..text.len()].copy_from_slice(text.as_bytes());
            text.len()
        }
        None => otherwise(data, size, max_size),
    }
}

/// A JSON text with a few changes; none where the text is no JSON, and now and then, so that the bytes are changed, too.
fn changed(text: &[u8], seed: u32) -> Option<String> {
    let mut draws = Draws(u64::from(seed));
    let mut value: Value = serde_json::from_slice(text).ok()?;
    if draws.below(50) == 0 {
        return None;
    }
    for _ in 0..=draws.below(CHANGES) {
        let copied = at(&mut value, draws.below(1 << 20)).clone();
        let place = draws.below(1 << 20);
        change(at(&mut value, place), copied, &mut draws);
    }
    serde_json::to_string(&value).ok()
}

/// SplitMix64.
struct Draws(u64);

impl Draws {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn one_of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize].clone()
    }
}

/// How many values there are in one, itself included.
fn count(value: &Value) -> u64 {
    let inner: u64 = match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        _ => 0,
    };
    inner + 1
}

/// One of the values in a value, by its place in depth-first order.
fn at(value: &mut Value, place: u64) -> &mut Value {
    let mut left = place % count(value);
    if left == 0 {
        return value;
    }
    left -= 1;
    let inner: Box<dyn Iterator<Item = &mut Value>> = match value {
        Value::Array(items) => Box::new(items.iter_mut()),
        Value::Object(fields) => Box::new(fields.values_mut()),
        _ => unreachable!("a value with others in it is a list or an object"),
    };
    for inner in inner {
        let held = count(inner);
        if left < held {
            return at(inner, left);
        }
        left -= held;
    }
    unreachable!("the place is below the number of values")
}

fn change(value: &mut Value, copied: Value, draws: &mut Draws) {
    match value {
        _ if draws.below(20) == 0 => *value = copied,
        Value::Number(number) => *value = other_number(number.as_i64().unwrap_or(1), draws),
        Value::String(text) => *value = other_text(text, draws),
        Value::Bool(said) => *said = !*said,
        Value::Array(items) => change_list(items, draws),
        Value::Object(fields) => change_fields(fields, draws),
        Value::Null => *value = draws.one_of(&[json!(0), json!(1), json!("1h"), json!("a"), json!({ "vcpu": 2 })]),
    }
}

fn other_number(number: i64, draws: &mut Draws) -> Value {
    let near = [number.saturating_add(1), number.saturating_sub(1), number.saturating_mul(2), number / 2];
    let far = [0, 1, -1, 7, 100, 101, 1_000, 65_536, i64::from(u32::MAX), i64::MAX, i64::MIN];
    json!(if draws.below(2) == 0 { draws.one_of(&near) } else { draws.one_of(&far) })
}

fn other_text(text: &str, draws: &mut Draws) -> Value {
    const LENGTHS: [&str; 10] = ["0s", "1us", "1ms", "59s", "1m", "1h", "25h", "400d", "36500d", "106751991d"];
    const INSTANTS: [&str; 6] = [
        "1970-01-01T00:00:00Z",
        "2026-03-02T00:00:00Z",
        "2026-03-02T00:00:00.000001Z",
        "2026-03-02T03:59:59.999999Z",
        "2026-03-03T00:00:00Z",
        "9999-12-31T23:59:59Z",
    ];
    const PRICES: [&str; 5] = ["0", "0.000000001", "1", "0.384", "9000000000"];
    let first = text.bytes().next().unwrap_or(b' ');
    let same_kind: &[&str] = match text {
        _ if text.contains('T') && first.is_ascii_digit() => &INSTANTS,
        _ if first.is_ascii_digit() && text.bytes().any(|byte| byte.is_ascii_alphabetic()) => &LENGTHS,
        _ if first.is_ascii_digit() => &PRICES,
        _ => &["", "a", "b", "general", "m5.2xlarge", "compute", "storage", "network", "create", "delete", "resize"],
    };
    json!(draws.one_of(same_kind))
}

fn change_list(items: &mut Vec<Value>, draws: &mut Draws) {
    let Some(last) = items.len().checked_sub(1) else { return };
    let (one, other) = (draws.below(items.len() as u64) as usize, draws.below(items.len() as u64) as usize);
    match draws.below(4) {
        0 => items.push(items[one].clone()),
        1 => drop(items.remove(one)),
        2 => items.swap(one, other),
        _ => items.truncate(last),
    }
}

/// Takes a field out, or sets one that says more than the file did.
fn change_fields(fields: &mut Map<String, Value>, draws: &mut Draws) {
    if draws.below(3) == 0 {
        if let Some(name) = fields.keys().nth(draws.below(fields.len().max(1) as u64) as usize).cloned() {
            fields.remove(&name);
        }
        return;
    }
    let more = [
        ("fails_after", json!("1h")),
        ("zone", json!("a")),
        ("over_commit_percent", json!({ "vcpu": 150, "gpu": 200 })),
        ("purchase", json!({ "spot": { "price_percent": 30, "interrupted_after": "1h", "notice": "2m" } })),
        ("scaling", json!({ "on_pending": true, "target_utilisation_percent": 70 })),
        ("consolidate_below_percent", json!(60)),
        ("every", json!("1m")),
        ("outages", json!([{ "zone": "a", "from": "2026-03-02T01:00:00Z", "until": "2026-03-02T02:00:00Z" }])),
        ("terms", json!([{ "priority": 5, "group": "g", "anti_affinity": { "node": ["g"] } }])),
        ("quota", json!({ "vcpu": 8, "gpu": 0.5 })),
        ("requested", json!({ "vcpu": 1, "memory_gib": 1, "gpu": 0.5 })),
        ("queue_limit", json!(1)),
        ("failures", json!({ "per_million": 500_000, "retries": 3, "back_off": "1s" })),
        (
            "edits",
            json!([{ "scale_demand": { "tenant": null, "percent": 200 } }, { "shift": { "tenant": 0, "by_minutes": 30 } }]),
        ),
        (
            "edits",
            json!([{ "zone_outage": { "zone": "a", "from": "2026-03-02T01:00:00Z", "until": "2026-03-02T02:00:00Z" } }]),
        ),
        (
            "commitments",
            json!([{ "name": "c", "covers": { "spend": { "rate": "0.1", "price_percent": 50, "families": [] } },
                     "from": "2026-03-02T00:30:00Z", "until": "2026-03-02T03:30:00Z" }]),
        ),
    ];
    let (name, value) = draws.one_of(&more);
    fields.insert(name.to_owned(), value);
}

//! Egress and tiers of a document.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::{Map, Value};

use super::document::{PER_MONTH, cell, kept, per_month, unknown, wrong};
use crate::input::InputError;
use crate::pricing::{Egress, TIER_MAX, Tier, TieredUnit, Tiers};
use crate::units::{Dimension, MoneyError, Rate};

const EGRESS_FIELDS: [&str; 2] = ["price_per_gib", "sent_percent"];
const TIER_FIELDS: [&str; 3] = ["unit", "above", "price"];

/// The price of traffic that leaves, and how much of the bandwidth that is.
pub(super) fn read_egress(value: &Value, problems: &mut Vec<InputError>) -> Option<Egress> {
    let Value::Object(fields) = value else {
        problems.push(wrong("egress", "is no table; expected `price_per_gib` and `sent_percent`"));
        return None;
    };
    let before = problems.len();
    unknown("egress", fields, &EGRESS_FIELDS, problems);
    let price = kept(price(fields, "egress", EGRESS_FIELDS[0]), problems);
    let path = format!("egress.{}", EGRESS_FIELDS[1]);
    let percent = match fields.get(EGRESS_FIELDS[1]) {
        None => Err(wrong(
            &path,
            "is missing; expected how much of the bandwidth that is requested sends on average, as 10 for a tenth",
        )),
        Some(value) => cell(&path, value).and_then(|text| {
            let percent = text.parse().ok().filter(|percent| *percent <= 100);
            percent.ok_or_else(|| wrong(&path, format!("is `{text}`; expected a whole number from 0 to 100")))
        }),
    };
    let percent = kept(percent, problems);
    let egress = Egress { price_per_gib: price.unwrap_or_default(), sent_percent: percent.unwrap_or_default() };
    (problems.len() == before).then_some(egress)
}

/// The tiers of each unit, and what was used of it before.
pub(super) fn read_tiers(tiers: Option<Value>, used: Option<Value>, problems: &mut Vec<InputError>) -> Vec<Tiers> {
    let rows = match tiers {
        None => Vec::new(),
        Some(Value::Array(rows)) => rows,
        Some(_) => {
            problems.push(wrong("tiers", "is no list; expected one, of tables with `unit`, `above` and `price`"));
            return Vec::new();
        }
    };
    let mut by_unit: BTreeMap<TieredUnit, Vec<Tier>> = BTreeMap::new();
    for (position, row) in rows.iter().enumerate() {
        let path = format!("tiers[{position}]");
        let Some((unit, tier)) = read_tier(&path, row, problems) else { continue };
        let steps = by_unit.entry(unit).or_default();
        match steps.binary_search_by_key(&tier.above, |earlier| earlier.above) {
            Err(place) => steps.insert(place, tier),
            Ok(_) => problems.push(wrong(
                &format!("{path}.above"),
                format!("`{unit}` has two tiers above {}; expected each once", tier.above),
            )),
        }
    }
    let mut tiers: Vec<Tiers> =
        by_unit.into_iter().map(|(unit, steps)| Tiers { unit, used_millionths: 0, steps }).collect();
    match used {
        None => {}
        Some(Value::Object(fields)) => {
            for (name, value) in &fields {
                let known = tiers.iter_mut().find(|tiers| tiers.unit.as_str() == name);
                let read = match known {
                    Some(tiers) => used_before(name, value).map(|used| tiers.used_millionths = used),
                    None => {
                        Err(wrong(&format!("used_this_month.{name}"), "has no tiers; expected a unit that has some"))
                    }
                };
                kept(read, problems);
            }
        }
        Some(_) => problems.push(wrong("used_this_month", "is no table; expected amounts such as `egress_gib = 500`")),
    }
    tiers
}

fn read_tier(path: &str, row: &Value, problems: &mut Vec<InputError>) -> Option<(TieredUnit, Tier)> {
    let Value::Object(fields) = row else {
        problems.push(wrong(path, "is no table; expected `unit`, `above` and `price`"));
        return None;
    };
    unknown(path, fields, &TIER_FIELDS, problems);
    let field = |name: &str| format!("{path}.{name}");
    let text = |name: &str| match fields.get(name) {
        Some(value) => cell(&field(name), value),
        None => Err(wrong(&field(name), "is missing; expected `unit`, `above` and `price` of each tier")),
    };
    let named = text("unit");
    let monthly = named.as_deref() == Ok(PER_MONTH);
    let unit: Result<TieredUnit, _> = named.and_then(|text| match monthly {
        true => Ok(TieredUnit::Amount(Dimension::Storage)),
        false => text.parse().map_err(|error: String| wrong(&field("unit"), error)),
    });
    let above = text("above").and_then(|text| {
        let above = text.parse().ok().filter(|above| (1..=TIER_MAX).contains(above));
        above
            .ok_or_else(|| wrong(&field("above"), format!("is `{text}`; expected a whole number from 1 to {TIER_MAX}")))
    });
    let price = match fields.get("price").filter(|_| monthly) {
        Some(value) => per_month(&field("price"), value),
        None => price(fields, path, "price"),
    };
    let (unit, above, price) = (kept(unit, problems), kept(above, problems), kept(price, problems));
    Some((unit?, Tier { above: above?, price: price? }))
}

fn price(fields: &Map<String, Value>, path: &str, name: &str) -> Result<Rate, InputError> {
    let path = format!("{path}.{name}");
    let value = fields.get(name).ok_or_else(|| wrong(&path, "is missing; expected a price, 0 where it is free"))?;
    cell(&path, value)?.parse().map_err(|error: MoneyError| wrong(&path, error.to_string()))
}

/// An amount in millionths, rounded down.
fn used_before(name: &str, value: &Value) -> Result<u64, InputError> {
    let path = format!("used_this_month.{name}");
    let text = cell(&path, value)?;
    let amount = text.parse::<Decimal>().ok().filter(|amount| *amount <= Decimal::from(TIER_MAX));
    let millionths = amount.and_then(|amount| (amount * Decimal::from(1_000_000)).to_u64());
    millionths.ok_or_else(|| wrong(&path, format!("is `{text}`; expected a number from 0 to {TIER_MAX}")))
}

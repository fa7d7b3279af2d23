//! Prices in TOML and JSON.

use std::collections::BTreeMap;

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Map, Value};

use super::row::{COLUMNS, Place, PriceRow};
use super::tiered::{read_egress, read_tiers};
use super::{HOURS_PER_MONTH, Prices};
use crate::input::{InputError, parse_json_document, parse_toml_document};
use crate::pricing::{Egress, TieredUnit, UnitRates};
use crate::request::Module;
use crate::units::{Dimension, MoneyError, Rate};

/// What a document may hold.
const FIELDS: [&str; 7] = ["currency", "prices", "units", "modules", "egress", "tiers", "used_this_month"];
/// What is in the currency of the document.
const IN_ITS_CURRENCY: [&str; 4] = ["units", "modules", "egress", "tiers"];
/// Storage as price lists have it; `storage_gib` is per hour, as all others.
pub(super) const PER_MONTH: &str = "storage_gib_month";

/// Reads a document, with every problem that it has.
pub(super) fn read_document(text: &str) -> Prices {
    let mut prices = Prices::default();
    match parse(text) {
        Ok(document) => read_fields(document, &mut prices),
        Err(error) => prices.problems.push(error),
    }
    prices
}

fn parse(text: &str) -> Result<Map<String, Value>, InputError> {
    let is_json = text.trim_start().starts_with('{') || serde_json::from_str::<Value>(text).is_ok();
    if !is_json {
        let document: toml::Table = parse_toml_document(text)?;
        return Ok(document.into_iter().map(|(name, value)| (name, from_toml(value))).collect());
    }
    match parse_json_document(text)? {
        Value::Object(document) => Ok(document),
        // A list is one of prices.
        list => Ok(Map::from_iter([("prices".to_owned(), list)])),
    }
}

/// A value of TOML as one of JSON; instants become text.
fn from_toml(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => Value::from(number),
        toml::Value::Float(number) => Value::from(number),
        toml::Value::Boolean(truth) => Value::Bool(truth),
        toml::Value::Datetime(at) => Value::String(at.to_string()),
        toml::Value::Array(values) => Value::Array(values.into_iter().map(from_toml).collect()),
        toml::Value::Table(fields) => {
            Value::Object(fields.into_iter().map(|(name, value)| (name, from_toml(value))).collect())
        }
    }
}

fn read_fields(mut document: Map<String, Value>, prices: &mut Prices) {
    document.retain(|_, value| !value.is_null());
    let problems = &mut prices.problems;
    unknown("", &document, &FIELDS, problems);
    let is_without_currency = !document.contains_key("currency");
    if let Some(value) = document.remove("currency") {
        let currency = cell("currency", &value)
            .and_then(|text| text.parse().map_err(|error: MoneyError| wrong("currency", error.to_string())));
        prices.currency = kept(currency, problems);
    }
    if let Some(named) = IN_ITS_CURRENCY.into_iter().find(|name| is_without_currency && document.contains_key(*name)) {
        let are = if named == "egress" { "is" } else { "are" };
        problems.push(wrong("currency", format!("is missing; expected the currency that `{named}` {are} in")));
    }
    if let Some(value) = document.remove("units") {
        prices.units = read_units(&value, problems);
    }
    if let Some(value) = document.remove("modules") {
        prices.workers = read_workers(&value, problems);
    }
    prices.egress = match document.remove("egress") {
        Some(value) => read_egress(&value, problems),
        None => Some(Egress::default()),
    };
    prices.tiers = read_tiers(document.remove("tiers"), document.remove("used_this_month"), problems);
    let sends_nothing = prices.egress.is_some_and(|egress| egress.sent_percent == 0);
    if prices.tiers.iter().any(|tiers| tiers.unit == TieredUnit::Egress) && sends_nothing {
        problems.push(wrong("egress", "sends nothing, and has tiers; expected `price_per_gib` and `sent_percent`"));
    }
    match document.remove("prices") {
        Some(Value::Array(rows)) => {
            for (position, row) in rows.iter().enumerate() {
                prices.rows.extend(read_row(format!("prices[{position}]"), row, problems));
            }
        }
        Some(_) => problems.push(wrong("prices", "is no list; expected one, of prices")),
        None => problems.push(wrong("prices", "is missing; expected a list of prices")),
    }
    if !is_without_currency && prices.currency.is_none() {
        // What is wrong with the currency of all is said once.
        prices.rows.retain(|row| row.cells.contains_key("currency"));
    }
}

/// One row; none where any of it cannot be read.
fn read_row(path: String, row: &Value, problems: &mut Vec<InputError>) -> Option<PriceRow> {
    let Value::Object(row) = row else {
        problems.push(wrong(&path, "is no table; expected fields such as `instance_type` and `price_per_hour`"));
        return None;
    };
    let before = problems.len();
    unknown(&path, row, &COLUMNS, problems);
    let mut cells = BTreeMap::new();
    for name in COLUMNS {
        let Some(value) = row.get(name).filter(|value| !value.is_null()) else { continue };
        let text = kept(cell(&format!("{path}.{name}"), value), problems);
        cells.extend(text.filter(|text| !text.is_empty()).map(|text| (name, text)));
    }
    (problems.len() == before).then_some(PriceRow { place: Place::Path(path), cells, is_priced: true })
}

/// Prices of single resources, in the currency of the document.
fn read_units(value: &Value, problems: &mut Vec<InputError>) -> Option<UnitRates> {
    let Value::Object(fields) = value else {
        problems.push(wrong("units", "is no table; expected prices such as `vcpu` and `memory_gib`"));
        return None;
    };
    let before = problems.len();
    let known: Vec<&str> = Dimension::ALL.map(Dimension::field).into_iter().chain([PER_MONTH]).collect();
    unknown("units", fields, &known, problems);
    let mut rate = |dimension: Dimension| -> Rate {
        let path = format!("units.{}", dimension.field());
        let a_month = fields.get(PER_MONTH).filter(|_| dimension == Dimension::Storage);
        let read = match (fields.get(dimension.field()), a_month) {
            (Some(_), Some(_)) => {
                Err(wrong(&path, format!("is given, and so is `{PER_MONTH}`; expected one or the other")))
            }
            (None, Some(value)) => per_month(&format!("units.{PER_MONTH}"), value),
            (Some(value), None) => cell(&path, value)
                .and_then(|text| text.parse().map_err(|error: MoneyError| wrong(&path, error.to_string()))),
            // Of what nobody named a price it is free.
            (None, None) => Ok(Rate::ZERO),
        };
        kept(read, problems).unwrap_or_default()
    };
    let units = UnitRates {
        vcpu: rate(Dimension::Vcpu),
        memory_gib: rate(Dimension::Memory),
        gpu: rate(Dimension::Gpu),
        storage_gib: rate(Dimension::Storage),
        network_mbps: rate(Dimension::Network),
        local_disk_gib: rate(Dimension::LocalDisk),
        iops: rate(Dimension::Iops),
        addresses: rate(Dimension::Addresses),
    };
    (problems.len() == before).then_some(units)
}

/// What an hour of a worker costs, by module, in the currency of the document.
fn read_workers(value: &Value, problems: &mut Vec<InputError>) -> BTreeMap<Module, Rate> {
    let Value::Object(fields) = value else {
        problems.push(wrong("modules", "is no table; expected what an hour of a worker costs, such as `scheduler`"));
        return BTreeMap::new();
    };
    unknown("modules", fields, &Module::ALL.map(Module::as_str), problems);
    let rate = |module: Module| {
        let path = format!("modules.{}", module.as_str());
        let text = cell(&path, fields.get(module.as_str())?);
        let rate = text.and_then(|text| text.parse().map_err(|error: MoneyError| wrong(&path, error.to_string())));
        Some(rate.map(|rate: Rate| (module, rate)))
    };
    Module::ALL.into_iter().filter_map(rate).filter_map(|read| kept(read, problems)).collect()
}

/// The price of a GiB for a month as one for an hour, rounded half to even to a nano-unit.
pub(super) fn per_month(path: &str, value: &Value) -> Result<Rate, InputError> {
    let text = cell(path, value)?;
    let price = text.parse::<Decimal>().ok().filter(|price| !price.is_sign_negative() || price.is_zero());
    let nanos = price.and_then(|price| price.checked_mul(Decimal::from(1_000_000_000)));
    let hourly = nanos.map(|nanos| nanos / Decimal::from(HOURS_PER_MONTH));
    let rounded = hourly.map(|nanos| nanos.round_dp_with_strategy(0, RoundingStrategy::MidpointNearestEven));
    let rate = rounded.and_then(|nanos| nanos.to_i64()).map(Rate::from_nanos);
    rate.ok_or_else(|| wrong(path, format!("is `{text}`; expected a price for a month of 730 hours, such as 0.08")))
}

/// A value as a cell of a table would have it.
pub(super) fn cell(path: &str, value: &Value) -> Result<String, InputError> {
    match value {
        Value::String(text) => Ok(text.trim().to_owned()),
        Value::Number(number) => Ok(number.to_string()),
        other => Err(wrong(path, format!("is {other}; expected a text or a number"))),
    }
}

pub(super) fn kept<T>(read: Result<T, InputError>, problems: &mut Vec<InputError>) -> Option<T> {
    read.map_err(|error| problems.push(error)).ok()
}

pub(super) fn unknown(path: &str, fields: &Map<String, Value>, known: &[&str], problems: &mut Vec<InputError>) {
    for name in fields.keys().filter(|name| !known.contains(&name.as_str())) {
        let field = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let expected: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
        problems.push(wrong(&field, format!("is unknown; expected some of {}", expected.join(", "))));
    }
}

pub(super) fn wrong(field: &str, message: impl Into<String>) -> InputError {
    InputError::field(0, field, message)
}

//! Price files: an hourly price, or the cost of owned hardware, of each instance type and flavor, as CSV, TOML or JSON.

mod conversion;
mod document;
mod row;
mod tiered;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use self::conversion::Conversion;
use self::document::read_document;
use self::row::{COLUMNS, Place, PriceRow};
use super::{Egress, ExchangeRates, PriceBook, Tiers, TypePrice, UnitRates};
use crate::input::{InputError, InputProblems, Row, Table};
use crate::request::Module;
use crate::units::{Currency, Rate};

/// The hours of a month, here as for storage.
pub(super) const HOURS_PER_MONTH: u32 = 730;

/// A price book that was read, and what to know about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceFile {
    /// The prices, in one currency.
    pub book: PriceBook,
    /// What an hour of one worker costs, of the modules that the file names.
    pub workers: BTreeMap<Module, Rate>,
    /// The machines that are owned.
    pub owned: Vec<Owned>,
    /// What was converted, and by which rates.
    pub notices: Vec<String>,
}

/// An instance type whose price is that of hardware that was bought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owned {
    /// Its name.
    pub instance_type: String,
    /// How much of its price is what it costs to run, in percent, rounded; the rest was paid when it was bought.
    pub running_percent: u32,
}

impl PriceFile {
    /// Prices that are in no file.
    pub fn of(book: PriceBook) -> Self {
        Self { book, workers: BTreeMap::new(), owned: Vec::new(), notices: Vec::new() }
    }
}

/// What a file says before anything is made of it.
#[derive(Debug, Default)]
struct Prices {
    /// The currency of rows that name none, and of the book.
    currency: Option<Currency>,
    units: Option<UnitRates>,
    workers: BTreeMap<Module, Rate>,
    egress: Option<Egress>,
    tiers: Vec<Tiers>,
    rows: Vec<PriceRow>,
    problems: Vec<InputError>,
}

/// Reads prices of any form in one currency; see [`read_price_file`].
///
/// # Errors
/// With the first problem of the file.
pub fn read_prices(text: &str) -> Result<PriceBook, InputError> {
    let read = read_price_file(text, &ExchangeRates::default());
    read.map(|file| file.book).map_err(InputProblems::first)
}

/// Reads `instance_type,price_per_hour,currency[,vcpu,memory_gib,…,from]`, with a column for each
/// [`Dimension`](crate::units::Dimension), where owned hardware has
/// `purchase_price,term_months,power_kw,price_per_kwh,overhead_percent` in place of `price_per_hour`; as CSV, or as TOML or
/// JSON with a list `prices` of rows with these fields, the `currency` of all that name none, `units`, the prices of
/// single resources per hour, `modules`, what an hour of one worker of each costs, `egress` with the `price_per_gib` of traffic that leaves and how much of the requested
/// bandwidth sends, the `sent_percent`, a list of `tiers` with the `price` of a `unit`, or of `egress_gib`, `above` so many
/// unit-months or GiB in a month, and `used_this_month`, what was used of each before. What a file is, is seen from how it
/// begins.
///
/// The hour of owned hardware costs `(purchase_price ÷ (term_months × 730 h) + power_kw × price_per_kwh) × (1 +
/// overhead_percent ÷ 100)`, rounded half to even to a nano-unit; empty power and overhead are 0. A type may stand in
/// several rows with different `from`; a price holds until the next one begins, and the first since ever.
///
/// The book is in the currency that the document says, or else that of its first row. A price in another one is
/// converted by the latest of `rates` at or before its `from`, and from the date of each later one on by that, until the
/// next price of the type begins; exactly, and rounded half to even to a nano-unit. A notice says so; without rates it is
/// refused.
///
/// # Errors
/// With every problem: a wrong value, a second currency without its rate, a second price for the same type from the same
/// instant.
pub fn read_price_file(text: &str, rates: &ExchangeRates) -> Result<PriceFile, InputProblems> {
    let Prices { currency, units, workers, egress, tiers, rows, mut problems } =
        if is_document(text) { read_document(text) } else { read_table(text) };
    let mut conversion = Conversion::new(rates, currency);
    let mut types: BTreeMap<String, TypePrice> = BTreeMap::new();
    let mut owned = Vec::new();
    for row in &rows {
        match row.price(currency) {
            Err(found) => problems.extend(found),
            Ok(price) => {
                owned.extend(price.owned());
                let added = conversion.convert(row, &price).and_then(|rate| row.add(&mut types, price, rate));
                problems.extend(added.err());
            }
        }
    }
    conversion.follow(&mut types);
    let currency = conversion.currency();
    if rows.is_empty() && problems.is_empty() {
        problems.push(InputError::whole("holds no prices; expected at least one"));
    }
    match currency {
        Some(currency) if problems.is_empty() => {
            let book = PriceBook::new(currency, types.into_values().collect(), units.unwrap_or_default());
            let book = PriceBook { egress: egress.unwrap_or_default(), tiers, ..book };
            Ok(PriceFile { book, workers, owned, notices: conversion.notices() })
        }
        _ => Err(InputProblems(problems)),
    }
}

/// Whether a text is TOML or JSON: a header of CSV neither begins with a brace or a bracket nor has an equals sign.
fn is_document(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.next().is_some_and(|line| line.starts_with(['{', '[']) || line.contains('='))
}

fn read_table(text: &str) -> Prices {
    let mut prices = Prices::default();
    if let Err(error) = read_lines(text, &mut prices) {
        prices.problems.push(error);
    }
    prices
}

/// Reads lines until one has no columns that can be told apart.
fn read_lines(text: &str, prices: &mut Prices) -> Result<(), InputError> {
    let mut table = Table::open(text, None)?;
    table.expect_only(&COLUMNS)?;
    let columns = COLUMNS.map(|name| (name, table.find(name)));
    for required in ["instance_type", "currency"] {
        table.column(required)?;
    }
    let is_priced = table.find("price_per_hour").is_some();
    if !is_priced && table.find("purchase_price").is_none() {
        let message = "is no column; expected it, or `purchase_price` and `term_months` of owned hardware";
        return Err(InputError::field(1, "price_per_hour", message));
    }
    let mut row = Row::default();
    while table.next(&mut row)? {
        let cells = columns.iter().filter_map(|&(name, column)| Some((name, row.optional(column)?.to_owned())));
        prices.rows.push(PriceRow { place: Place::Line(row.line), cells: cells.collect(), is_priced });
    }
    if prices.rows.is_empty() {
        return Err(InputError::whole("has a header and no rows; expected prices"));
    }
    Ok(())
}

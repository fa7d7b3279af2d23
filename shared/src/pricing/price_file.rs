//! Price files: CSV with an hourly price or the cost of owned hardware per instance type.

use std::collections::BTreeMap;

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};

use super::{DatedRate, PriceBook, TypePrice, UnitRates};
use crate::input::{InputError, Row, Table};
use crate::units::{Currency, DIMENSIONS, Dimension, Instant, Rate, Resources};

const OWNED: [&str; 5] = ["purchase_price", "term_months", "power_kw", "price_per_kwh", "overhead_percent"];
const NO_PRICE: &str = "is empty; expected a price per hour, or the purchase price and the term in months";
/// The hours of a month, here as for storage.
pub(super) const HOURS_PER_MONTH: u32 = 730;

/// Reads `instance_type,price_per_hour,currency[,vcpu,memory_gib,…,from]`, with a column for each [`Dimension`], where
/// owned hardware has `purchase_price,term_months,power_kw,price_per_kwh,overhead_percent` in place of `price_per_hour`.
///
/// The hour of owned hardware costs `(purchase_price ÷ (term_months × 730 h) + power_kw × price_per_kwh) × (1 +
/// overhead_percent ÷ 100)`, rounded half to even to a nano-unit; empty power and overhead are 0. A type may stand on
/// several lines with different `from`; a price holds until the next one begins, and the first since ever.
///
/// # Errors
/// At the first wrong line, a second currency, or a second price for the same type from the same instant.
pub fn read_prices(text: &str) -> Result<PriceBook, InputError> {
    let mut table = Table::open(text, None)?;
    let columns = Columns::find(&table)?;
    let mut row = Row::default();
    let mut currency: Option<Currency> = None;
    let mut types: BTreeMap<String, TypePrice> = BTreeMap::new();
    while table.next(&mut row)? {
        let line_currency = columns.currency(&row)?;
        if let Some(first) = currency.replace(line_currency).filter(|&first| first != line_currency) {
            let message = format!("is {line_currency}, but lines above are in {first}; expected one currency a file");
            return Err(InputError::field(row.line, "currency", message));
        }
        add(&mut types, &columns, &row)?;
    }
    let currency = currency.ok_or_else(|| InputError::whole("has a header and no rows; expected prices"))?;
    Ok(PriceBook {
        currency,
        types: types.into_values().collect(),
        units: UnitRates::default(),
        commitments: Vec::new(),
    })
}

fn add(types: &mut BTreeMap<String, TypePrice>, columns: &Columns, row: &Row) -> Result<(), InputError> {
    let name = row.get(columns.name);
    if name.is_empty() {
        return Err(InputError::field(row.line, "instance_type", "is empty; expected a name"));
    }
    let (shape, dated) = (columns.shape(row)?, DatedRate { from: columns.from(row)?, rate: columns.rate(row)? });
    let entry =
        types.entry(name.to_owned()).or_insert_with(|| TypePrice { name: name.to_owned(), shape, prices: Vec::new() });
    match (entry.shape, shape) {
        (Some(earlier), Some(shape)) if earlier != shape => {
            let message = format!("`{name}` has {shape}, but {earlier} on a line above; expected one shape a type");
            return Err(InputError::field(row.line, "vcpu", message));
        }
        (earlier, shape) => entry.shape = earlier.or(shape),
    }
    match entry.prices.binary_search_by_key(&dated.from, |earlier| earlier.from) {
        Err(position) => {
            entry.prices.insert(position, dated);
            Ok(())
        }
        Ok(_) => {
            let message =
                format!("`{name}` has two prices from the same instant; expected each to begin at its own `from`");
            Err(InputError::field(row.line, "instance_type", message))
        }
    }
}

struct Columns {
    name: usize,
    price: Option<usize>,
    currency: usize,
    from: Option<usize>,
    shape: [Option<usize>; DIMENSIONS],
    owned: [Option<usize>; 5],
}

impl Columns {
    fn find(table: &Table<'_>) -> Result<Self, InputError> {
        let shape = Dimension::ALL.map(Dimension::field);
        table.expect_only(
            &[&["instance_type", "price_per_hour", "currency", "from"], &shape[..], &OWNED[..]].concat(),
        )?;
        let columns = Self {
            name: table.column("instance_type")?,
            price: table.find("price_per_hour"),
            currency: table.column("currency")?,
            from: table.find("from"),
            shape: shape.map(|name| table.find(name)),
            owned: OWNED.map(|name| table.find(name)),
        };
        if columns.price.is_none() && columns.owned[0].is_none() {
            let message = "is no column; expected it, or `purchase_price` and `term_months` of owned hardware";
            return Err(InputError::field(1, "price_per_hour", message));
        }
        Ok(columns)
    }

    fn currency(&self, row: &Row) -> Result<Currency, InputError> {
        row.get(self.currency).parse().map_err(wrong(row, "currency"))
    }

    /// The beginning of time where the line does not say.
    fn from(&self, row: &Row) -> Result<Instant, InputError> {
        row.optional(self.from).map_or(Ok(Instant::from_micros(0)), |text| text.parse().map_err(wrong(row, "from")))
    }

    fn shape(&self, row: &Row) -> Result<Option<Resources>, InputError> {
        let mut shape = Resources::ZERO;
        for (&column, dimension) in self.shape.iter().zip(Dimension::ALL) {
            if let Some(text) = row.optional(column) {
                shape[dimension] = dimension.parse(text).map_err(wrong(row, dimension.field()))?;
            }
        }
        Ok(Some(shape).filter(|shape| !shape.is_zero()))
    }

    fn rate(&self, row: &Row) -> Result<Rate, InputError> {
        let owned = self.owned.iter().any(|&column| row.optional(column).is_some());
        match row.optional(self.price) {
            Some(_) if owned => {
                let message = "is given, and so are costs of owned hardware; expected one or the other";
                Err(InputError::field(row.line, "price_per_hour", message))
            }
            Some(text) => text.parse().map_err(wrong(row, "price_per_hour")),
            None if !owned && self.price.is_some() => Err(InputError::field(row.line, "price_per_hour", NO_PRICE)),
            None => self.owned_rate(row),
        }
    }

    fn owned_rate(&self, row: &Row) -> Result<Rate, InputError> {
        let amount = |i: usize, default: Option<Decimal>| {
            let Some(text) = row.optional(self.owned[i]) else {
                return default.ok_or_else(|| InputError::field(row.line, OWNED[i], NO_PRICE));
            };
            let amount = text.parse::<Decimal>().ok().filter(|amount| !amount.is_sign_negative() || amount.is_zero());
            amount
                .ok_or_else(|| InputError::field(row.line, OWNED[i], format!("is `{text}`; expected a number from 0")))
        };
        let [purchase, months] = [amount(0, None)?, amount(1, None)?];
        let [power, kwh, overhead] = [2, 3, 4].map(|i| amount(i, Some(Decimal::ZERO)));
        if months.is_zero() {
            return Err(InputError::field(row.line, OWNED[1], "is 0; expected the months of use"));
        }
        hourly(purchase, months, power?, kwh?, overhead?).ok_or_else(|| {
            InputError::field(row.line, OWNED[0], "gives an hourly rate beyond 9,000,000,000; expected less")
        })
    }
}

/// The formula of [`read_prices`]; none where it overflows.
fn hourly(purchase: Decimal, months: Decimal, power: Decimal, kwh: Decimal, overhead: Decimal) -> Option<Rate> {
    let depreciation = purchase.checked_div(months.checked_mul(HOURS_PER_MONTH.into())?)?;
    let running = depreciation.checked_add(power.checked_mul(kwh)?)?;
    let factor = Decimal::ONE.checked_add(overhead.checked_div(Decimal::ONE_HUNDRED)?)?;
    let nanos = running.checked_mul(factor)?.checked_mul(Decimal::from(1_000_000_000))?;
    let nanos = nanos.round_dp_with_strategy(0, RoundingStrategy::MidpointNearestEven).to_i64()?;
    Some(Rate::from_nanos(nanos))
}

fn wrong<E: core::fmt::Display>(row: &Row, field: &'static str) -> impl FnOnce(E) -> InputError {
    let line = row.line;
    move |error| InputError::field(line, field, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    #[test]
    fn prices_hold_from_their_date_on() {
        let book = read_prices(
            "currency,instance_type,price_per_hour,vcpu,memory_gib,from\n\
             EUR,big,2.5,64,256,2026-02-01T00:00:00Z\nEUR,big,2,,,\nEUR,small,0.1,1,0.5,\n",
        )
        .unwrap();
        assert_eq!((book.currency.as_str(), book.types.len()), ("EUR", 2));
        assert_eq!(book.get("big").unwrap().shape, Some(Resources::compute(64_000, 256 * 1_024)));
        assert_eq!(book.rate("big", at("2026-01-31T23:59:59Z")), Some("2".parse().unwrap()));
        assert_eq!(book.rate("big", at("2026-02-01T00:00:00Z")), Some("2.5".parse().unwrap()));
    }

    #[test]
    fn owned_hardware_has_an_hourly_rate() {
        // (8,760 ÷ (48 × 730) + 0.5 × 0.2) × 1.2 = (0.25 + 0.1) × 1.2 = 0.42.
        let text = "instance_type,currency,purchase_price,term_months,power_kw,price_per_kwh,overhead_percent\n\
                    rack,EUR,8760,48,0.5,0.2,20\nplain,EUR,8760,48,,,\n";
        let book = read_prices(text).unwrap();
        assert_eq!(book.get("rack").unwrap().prices[0].rate.to_string(), "0.42");
        assert_eq!(book.get("plain").unwrap().prices[0].rate.to_string(), "0.25");
    }

    #[test]
    fn what_is_wrong_is_named_with_line_and_field() {
        let check = |text: &str, line: u64, field: &str, part: &str| {
            let error = read_prices(text).unwrap_err();
            assert_eq!((error.line, error.field.as_deref()), (line, Some(field)), "{error}");
            assert!(error.message.contains(part), "{error}");
        };
        let header = "instance_type,price_per_hour,currency,from,vcpu,purchase_price,term_months\n";
        let check_row = |row: &str, line, field, part| check(&format!("{header}{row}\n"), line, field, part);
        check("instance_type,price_per_hour\n", 1, "currency", "no column");
        check("instance_type,currency\n", 1, "price_per_hour", "owned hardware");
        check("instance_type,price_per_hour,currency,vcpus\n", 1, "vcpus", "unknown column");
        check_row("a,-1,USD,,,,", 2, "price_per_hour", "negative");
        check_row("a,1,usd,,,,", 2, "currency", "ISO 4217");
        check_row("a,1,USD,,,,\na,1,USD,,,,", 3, "instance_type", "two prices");
        check_row("a,1,USD,,,,\nb,1,EUR,,,,", 3, "currency", "lines above are in USD");
        check_row("a,1,USD,,2,,\na,1,USD,2026-01-01T00:00:00Z,4,,", 3, "vcpu", "on a line above");
        check_row("a,1,USD,,,5,6", 2, "price_per_hour", "one or the other");
        check_row("a,,USD,,,,", 2, "price_per_hour", "is empty");
        check_row("a,,USD,,,,5", 2, "purchase_price", "is empty");
        check_row("a,,USD,,,5,", 2, "term_months", "is empty");
        check_row("a,,USD,,,5,0", 2, "term_months", "is 0");
        check_row("a,1,USD,yesterday,,,", 2, "from", "RFC 3339");
        assert!(read_prices(header).unwrap_err().message.contains("no rows"));
    }
}

//! Prices in other currencies than their book.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::row::{Price, PriceRow};
use crate::input::InputError;
use crate::pricing::{DatedRate, ExchangeRates, TypePrice};
use crate::units::{Currency, Instant, Rate};

/// Converts prices into the currency of the book, and remembers by what.
pub(super) struct Conversion<'a> {
    rates: &'a ExchangeRates,
    currency: Option<Currency>,
    converted: BTreeMap<Currency, Converted>,
    /// What prices come to at rates after their `from`.
    later: Vec<Later>,
}

/// Prices of one currency.
#[derive(Default)]
struct Converted {
    prices: u32,
    /// The rates, each since its date.
    rates: BTreeMap<Instant, Decimal>,
}

/// A price at the rates that come after it begins.
struct Later {
    name: String,
    from: Instant,
    given: Currency,
    steps: Vec<(DatedRate, Decimal)>,
}

impl<'a> Conversion<'a> {
    /// Into `currency`, or that of the first price where there is none.
    pub(super) fn new(rates: &'a ExchangeRates, currency: Option<Currency>) -> Self {
        Self { rates, currency, converted: BTreeMap::new(), later: Vec::new() }
    }

    /// The currency of the book, once there was a price.
    pub(super) fn currency(&self) -> Option<Currency> {
        self.currency
    }

    /// The rate of a price in the currency of the book, as it is when the price begins.
    pub(super) fn convert(&mut self, row: &PriceRow, price: &Price) -> Result<Rate, InputError> {
        let book = *self.currency.get_or_insert(price.currency);
        let given = price.currency;
        if given == book {
            return Ok(price.rate);
        }
        if self.rates.is_empty() {
            let message = format!(
                "is {given}, but prices {} are in {book}; expected one currency, or exchange rates from {given} to {book} \
                 with --exchange-rates FILE",
                row.above()
            );
            return Err(row.wrong("currency", message));
        }
        let from = price.from.ok_or_else(|| {
            let message = format!(
                "is empty; expected when the price begins to hold: it is in {given}, and the exchange rate to {book} is \
                 that of the date"
            );
            row.wrong("from", message)
        })?;
        let (by, date) =
            self.rates.rate((given, book), from).map_err(|error| row.wrong("currency", error.to_string()))?;
        let at = |by: Decimal| {
            times(price.rate, by).ok_or_else(|| {
                row.wrong("price_per_hour", format!("is more than 9,000,000,000 {book} at {by}; expected less"))
            })
        };
        let rate = at(by)?;
        let steps = self.rates.after((given, book), from);
        let steps = steps.map(|(by, date)| Ok((DatedRate { from: date, rate: at(by)? }, by)));
        let steps = steps.collect::<Result<_, InputError>>()?;
        self.later.push(Later { name: price.name.clone(), from, given, steps });
        let converted = self.converted.entry(given).or_default();
        converted.prices += 1;
        converted.rates.insert(date, by);
        Ok(rate)
    }

    /// Has each price that was converted follow the rates until the next price of the same name begins.
    pub(super) fn follow(&mut self, types: &mut BTreeMap<String, TypePrice>) {
        let ends: Vec<Option<Instant>> = self.later.iter().map(|later| later.end(types)).collect();
        for (later, end) in self.later.iter().zip(ends) {
            let Some(entry) = types.get_mut(&later.name) else { continue };
            let converted = self.converted.entry(later.given).or_default();
            for &(step, by) in later.steps.iter().filter(|(step, _)| end.is_none_or(|end| step.from < end)) {
                entry.prices.push(step);
                converted.rates.insert(step.from, by);
            }
            entry.prices.sort_by_key(|price| price.from);
        }
    }

    /// What was converted, one sentence a currency.
    pub(super) fn notices(self) -> Vec<String> {
        let Some(book) = self.currency else { return Vec::new() };
        self.converted.into_iter().filter_map(|(given, converted)| converted.notice(given, book)).collect()
    }
}

impl Converted {
    fn notice(&self, given: Currency, book: Currency) -> Option<String> {
        let (first, by) = self.rates.first_key_value()?;
        let (last, by_last) = self.rates.last_key_value()?;
        let (count, are) = match self.prices {
            1 => ("1 price".to_owned(), "is"),
            prices => (format!("{prices} prices"), "are"),
        };
        let what = format!("{count} in {given} {are} converted to {book} at");
        Some(match self.rates.len() {
            1 => format!("{what} {by}, the exchange rate since {first}"),
            rates => format!(
                "{what} {rates} exchange rates, each from its date on: from {by} since {first} to {by_last} since {last}"
            ),
        })
    }
}

impl Later {
    /// When the next price of the same name begins.
    fn end(&self, types: &BTreeMap<String, TypePrice>) -> Option<Instant> {
        let prices = &types.get(&self.name)?.prices;
        prices.iter().map(|price| price.from).find(|&from| from > self.from)
    }
}

/// The product, rounded half to even to a nano-unit; none beyond the largest rate.
fn times(rate: Rate, by: Decimal) -> Option<Rate> {
    let one = 10_i128.pow(by.scale());
    let product = i128::from(rate.nanos()).checked_mul(by.mantissa())?;
    let (floor, over) = (product / one, product % one);
    let up = over * 2 > one || (over * 2 == one && floor % 2 != 0);
    i64::try_from(floor + i128::from(up)).ok().map(Rate::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_is_exact_to_a_nano_unit() {
        let check = |nanos, by: &str, expected| {
            assert_eq!(
                times(Rate::from_nanos(nanos), by.parse().unwrap()).map(Rate::nanos),
                expected,
                "{nanos} × {by}"
            );
        };
        check(96_000_000, "1.0832", Some(103_987_200));
        // 1.5 and 2.5 are as near to 2; 2.500000000001 is nearer to 3.
        check(3, "0.5", Some(2));
        check(5, "0.5", Some(2));
        check(1, "2.500000000001", Some(3));
        check(i64::MAX, "1", Some(i64::MAX));
        check(i64::MAX, "1.1", None);
        check(i64::MAX, "999999999.999999999999", None);
    }
}

//! Prices in other currencies than their book.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::row::{Price, PriceRow};
use crate::input::InputError;
use crate::pricing::ExchangeRates;
use crate::units::{Currency, Instant, Rate};

/// Converts prices into the currency of the book, and remembers by what.
pub(super) struct Conversion<'a> {
    rates: &'a ExchangeRates,
    currency: Option<Currency>,
    /// How many prices, by currency and date of the rate, with the rate.
    converted: BTreeMap<(Currency, Instant), (Decimal, u32)>,
}

impl<'a> Conversion<'a> {
    /// Into `currency`, or that of the first price where there is none.
    pub(super) fn new(rates: &'a ExchangeRates, currency: Option<Currency>) -> Self {
        Self { rates, currency, converted: BTreeMap::new() }
    }

    /// The currency of the book, once there was a price.
    pub(super) fn currency(&self) -> Option<Currency> {
        self.currency
    }

    /// The rate of a price in the currency of the book.
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
        let rate = times(price.rate, by).ok_or_else(|| {
            row.wrong("price_per_hour", format!("is more than 9,000,000,000 {book} at {by}; expected less"))
        })?;
        self.converted.entry((given, date)).or_insert((by, 0)).1 += 1;
        Ok(rate)
    }

    /// What was converted, one sentence a rate.
    pub(super) fn notices(self) -> Vec<String> {
        let Some(book) = self.currency else { return Vec::new() };
        let notice = |((given, date), (by, prices)): ((Currency, Instant), (Decimal, u32))| {
            let (count, are) =
                if prices == 1 { ("1 price".to_owned(), "is") } else { (format!("{prices} prices"), "are") };
            format!("{count} in {given} {are} converted to {book} at {by}, the exchange rate since {date}")
        };
        self.converted.into_iter().map(notice).collect()
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

//! Exchange rates by date: money of one currency becomes another's only by a rate that somebody gave.

use core::ops::Bound;
use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::input::{InputError, InputProblems, Row, Table};
use crate::units::{Currency, Instant, LedgerUnits};

/// Rates by pair of currencies, each since a date.
#[derive(Clone, Debug, Default)]
pub struct ExchangeRates {
    rates: BTreeMap<(Currency, Currency), BTreeMap<Instant, Decimal>>,
}

/// Why money was not converted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeError {
    /// Nobody gave the rate.
    #[error(
        "no rate from {from} to {to} at or before {at}; give one with --exchange-rates FILE, a table with the columns \
         date,from,to,rate"
    )]
    NoRate {
        /// What there is.
        from: Currency,
        /// What is asked for.
        to: Currency,
        /// When the charge began.
        at: Instant,
    },
    /// More than sums have room for.
    #[error("a charge in {from} comes to more than 10^12 {to} at a rate of {rate}; is the rate the right way round?")]
    TooLarge {
        /// What there is.
        from: Currency,
        /// What is asked for.
        to: Currency,
        /// The rate.
        rate: Decimal,
    },
}

/// 10¹² units of a currency: ten million of such charges can be added up.
const CONVERTED_MAX: u128 = 3_600_000_000_000_000_000 * 1_000_000_000_000;

/// The most decimals of a rate.
const DECIMALS: u32 = 12;

/// Reads `date,from,to,rate`: one unit of `from` is `rate` units of `to`, from that date (midnight UTC, or an instant) until
/// the next one given. The other direction is not derived.
///
/// # Errors
/// With every wrong line, and every pair that has two rates at one date.
pub fn read_exchange_rates(text: &str) -> Result<ExchangeRates, InputProblems> {
    let mut table = Table::open(text, None)?;
    table.expect_only(&COLUMNS)?;
    let mut columns = [0; COLUMNS.len()];
    for (place, name) in columns.iter_mut().zip(COLUMNS) {
        *place = table.column(name)?;
    }
    let (mut rates, mut problems, mut row) = (ExchangeRates::default(), Vec::new(), Row::default());
    while table.next(&mut row)? {
        problems.extend(rates.read(&row, columns).err());
    }
    if rates.rates.is_empty() && problems.is_empty() {
        problems.push(InputError::whole("has a header and no rows; expected exchange rates"));
    }
    if problems.is_empty() { Ok(rates) } else { Err(InputProblems(problems)) }
}

const COLUMNS: [&str; 4] = ["date", "from", "to", "rate"];

fn instant(text: &str) -> Option<Instant> {
    text.parse().or_else(|_| format!("{text}T00:00:00Z").parse()).ok()
}

impl ExchangeRates {
    /// Takes the rate of a row.
    fn read(&mut self, row: &Row, [date, from, to, rate]: [usize; COLUMNS.len()]) -> Result<(), InputError> {
        let wrong = |field: &str, message: String| InputError::field(row.line, field, message);
        let currency = |field: &str, at: usize| -> Result<Currency, InputError> {
            row.get(at).parse().map_err(|error: crate::units::MoneyError| wrong(field, error.to_string()))
        };
        let at = instant(row.get(date)).ok_or_else(|| {
            wrong("date", format!("`{}` is no date; write 2026-11-01 or 2026-11-01T00:00:00Z", row.get(date)))
        })?;
        let of: Option<Decimal> = row.get(rate).parse().ok();
        let of = of.filter(|of| *of > Decimal::ZERO && of.scale() <= DECIMALS && *of < Decimal::from(1_000_000_000));
        let of = of.ok_or_else(|| {
            let message = format!("`{}` is no rate; write a number above 0 with at most 12 decimals", row.get(rate));
            wrong("rate", message)
        })?;
        let pair = (currency("from", from)?, currency("to", to)?);
        if pair.0 == pair.1 {
            return Err(wrong("to", format!("is {} as `from` is; expected another currency", pair.1)));
        }
        if self.rates.entry(pair).or_default().insert(at, of).is_some() {
            return Err(wrong("date", format!("{} to {} has two rates at {at}; expected one", pair.0, pair.1)));
        }
        Ok(())
    }

    /// What `amount` is in another currency by the latest rate at or before `at`, rounded half to even to a ledger unit;
    /// and the date of that rate, where one was needed.
    ///
    /// # Errors
    /// When there is no such rate, or it makes more of the amount than a bill can hold.
    pub fn convert(
        &self,
        amount: LedgerUnits,
        (from, to): (Currency, Currency),
        at: Instant,
    ) -> Result<(LedgerUnits, Option<Instant>), ExchangeError> {
        if from == to {
            return Ok((amount, None));
        }
        let (rate, date) = self.rate((from, to), at)?;
        let converted = times(amount, rate);
        if converted.0.unsigned_abs() > CONVERTED_MAX {
            return Err(ExchangeError::TooLarge { from, to, rate });
        }
        Ok((converted, Some(date)))
    }

    /// How many units of the second currency one of the first is by the latest rate at or before `at`, and the date of that
    /// rate.
    ///
    /// # Errors
    /// When there is no such rate.
    pub fn rate(&self, (from, to): (Currency, Currency), at: Instant) -> Result<(Decimal, Instant), ExchangeError> {
        let rate = self.rates.get(&(from, to)).and_then(|rates| rates.range(..=at).next_back());
        rate.map(|(&date, &rate)| (rate, date)).ok_or(ExchangeError::NoRate { from, to, at })
    }

    /// The rates of a pair after an instant, each with its date, in order.
    pub fn after(&self, pair: (Currency, Currency), at: Instant) -> impl Iterator<Item = (Decimal, Instant)> {
        let later = (Bound::Excluded(at), Bound::Unbounded);
        self.rates.get(&pair).into_iter().flat_map(move |rates| rates.range(later)).map(|(&date, &rate)| (rate, date))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rates.is_empty()
    }
}

/// Whole and rest apart, so that the product stays within 128 bits.
fn times(amount: LedgerUnits, rate: Decimal) -> LedgerUnits {
    let (mantissa, one) = (rate.mantissa(), 10_i128.pow(rate.scale()));
    let (whole, rest) = (amount.0.div_euclid(one), amount.0.rem_euclid(one) * mantissa);
    let (floor, over) = (rest.div_euclid(one), rest.rem_euclid(one));
    let up = over * 2 > one || (over * 2 == one && floor % 2 != 0);
    LedgerUnits(whole * mantissa + floor + i128::from(up))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Amount;

    const RATES: &str = "date,from,to,rate\n2026-01-02,EUR,USD,1.10\n2026-01-05,EUR,USD,1.2\n";

    #[test]
    fn the_latest_rate_at_or_before_the_charge_counts() {
        let rates = read_exchange_rates(RATES).unwrap();
        let pair = ("EUR".parse().unwrap(), Currency::USD);
        let convert = |at: &str| {
            let ten = "-10.5".parse::<Amount>().unwrap().0;
            rates.convert(ten, pair, at.parse().unwrap()).map(|(amount, _)| Amount(amount).to_string())
        };
        // −10.5 × 1.10 = −11.55, −10.5 × 1.2 = −12.6.
        assert_eq!(convert("2026-01-04T23:59:59Z").unwrap(), "-11.55");
        assert_eq!(convert("2026-01-05T00:00:00Z").unwrap(), "-12.6");
        assert_eq!(
            convert("2026-01-01T12:00:00Z").unwrap_err().to_string(),
            "no rate from EUR to USD at or before 2026-01-01T12:00:00Z; give one with --exchange-rates FILE, a table with \
             the columns date,from,to,rate"
        );
        let back = rates.convert(LedgerUnits(1), (pair.1, pair.0), "2026-02-01T00:00:00Z".parse().unwrap());
        assert!(back.is_err(), "the other direction was not given");
    }

    #[test]
    fn what_is_wrong_is_named_with_line_and_field() {
        let check = |row: &str, message: &str| {
            let error = read_exchange_rates(&format!("{RATES}{row}\n")).unwrap_err().to_string();
            assert_eq!(error, message);
        };
        check("x,EUR,USD,1", "line 4: field `date`: `x` is no date; write 2026-11-01 or 2026-11-01T00:00:00Z");
        check(
            "2026-01-06,EUR,USD,-1",
            "line 4: field `rate`: `-1` is no rate; write a number above 0 with at most 12 decimals",
        );
        check(
            "x,EUR,USD,1\n2026-01-06,EUR,EUR,1",
            "2 problems\n  line 4: field `date`: `x` is no date; write 2026-11-01 or 2026-11-01T00:00:00Z\n  line 5: field \
             `to`: is EUR as `from` is; expected another currency",
        );
        check("2026-01-06,EUR,EUR,1", "line 4: field `to`: is EUR as `from` is; expected another currency");
        check(
            "2026-01-05,EUR,USD,1",
            "line 4: field `date`: EUR to USD has two rates at 2026-01-05T00:00:00Z; expected one",
        );
    }
}

//! Exact money: integer rates, integer ledgers, one conversion at the end.

mod wire;

use core::fmt;
use core::iter::Sum;
use core::ops::{Add, AddAssign, Mul, Neg, Sub};
use core::str::FromStr;

use rust_decimal::prelude::ToPrimitive as _;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use super::Duration;

/// One nano-unit of a currency in [`LedgerUnits`]: the microseconds of an hour.
pub const LEDGER_UNITS_PER_NANO: i128 = 3_600_000_000;

/// Decimals of an amount in a report: micro-units.
const MONEY_SCALE: u32 = 6;
const LEDGER_UNITS_PER_MICRO: i128 = LEDGER_UNITS_PER_NANO * 1_000;

/// An ISO 4217 code: three capital letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// A price in nano-units of a currency per hour; never negative.
///
/// A decimal string in units per hour in JSON, an integer of nano-units in binary formats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(i64);

/// Money as the ledger sums it: nano-units × microseconds ÷ hour, exactly.
///
/// A decimal string of the integer in JSON, which has no 128-bit numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LedgerUnits(pub i128);

/// An amount for people, in micro-units of its currency: `{"amount":"12.345678","currency":"USD"}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Money {
    /// Decimal string with six decimals.
    #[serde(with = "wire::decimal")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "12.345678"))]
    pub amount: Decimal,
    /// ISO 4217 code.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "USD"))]
    pub currency: Currency,
}

/// Why a text is no money.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not three capital letters.
    #[error("`{0}` is not a currency; write an ISO 4217 code such as USD")]
    Currency(String),
    /// Not a decimal number.
    #[error("`{0}` is not a price; write a decimal number such as 0.096")]
    NotDecimal(String),
    /// Below zero.
    #[error("`{0}` is a negative price; credits belong into the bill, not into the price book")]
    Negative(String),
    /// More than nine decimals.
    #[error("`{0}` has more than nine decimals; prices are whole nano-units per hour")]
    TooFine(String),
    /// No decimal number on a bill.
    #[error("`{0}` is not an amount; write a decimal number such as -12.5")]
    NotAmount(String),
    /// Beyond what a line of a bill can hold.
    #[error("`{0}` is beyond the largest amount of 9,999,999,999; check its decimal point")]
    AmountTooLarge(String),
    /// Beyond what a rate can hold.
    #[error("`{0}` is above the largest price of 9,000,000,000 per hour")]
    TooLarge(String),
}

impl Currency {
    /// United States dollar.
    pub const USD: Self = Self(*b"USD");

    /// The code.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).expect("three ASCII letters")
    }
}

impl Rate {
    /// Free of charge.
    pub const ZERO: Self = Self(0);

    /// `nanos` nano-units per hour.
    ///
    /// # Panics
    /// When `nanos` is negative.
    pub const fn from_nanos(nanos: i64) -> Self {
        assert!(nanos >= 0, "a rate is never negative");
        Self(nanos)
    }

    /// Nano-units per hour.
    pub const fn nanos(self) -> i64 {
        self.0
    }
}

impl LedgerUnits {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// In units of the currency, for charts and ratios; sums stay in the ledger.
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / (LEDGER_UNITS_PER_NANO as f64 * 1e9)
    }

    /// The ledger's entry for `amount` units of a currency.
    ///
    /// # Errors
    /// When the amount has more than nine decimals, or is beyond ±9·10¹⁸ units.
    pub fn from_decimal(amount: Decimal) -> Result<Self, MoneyError> {
        let nanos = scaled(amount, 9).ok_or_else(|| MoneyError::TooFine(amount.to_string()))?;
        Ok(Self(nanos * LEDGER_UNITS_PER_NANO))
    }

    /// One amount on its own, rounded half to even; columns that add up go through [`apportion`].
    pub fn to_money(self, currency: Currency) -> Money {
        let micros = rounded_half_even(self.0, LEDGER_UNITS_PER_MICRO);
        Money::from_micros(micros, currency)
    }
}

impl Money {
    /// In units of the currency, for charts and ratios; sums stay in the ledger.
    pub fn to_f64(&self) -> f64 {
        self.amount.to_f64().unwrap_or(0.0)
    }

    /// Rounded to two decimals, halves away from zero: what tables show. Nothing has no sign.
    pub fn rounded(&self) -> Decimal {
        let rounded = self.amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
        if rounded.is_zero() { Decimal::ZERO } else { rounded }
    }

    fn from_micros(micros: i128, currency: Currency) -> Self {
        Self { amount: Decimal::from_i128_with_scale(micros, MONEY_SCALE), currency }
    }
}

/// Converts a column of ledger entries by largest remainder, so that the amounts add up to the converted total.
///
/// Ties go to the earlier entry. The first value is the total (rounded half to even), then one amount per entry.
/// Source: Hamilton's method of apportionment.
pub fn apportion(entries: &[LedgerUnits], currency: Currency) -> (Money, Vec<Money>) {
    let total = entries.iter().copied().sum::<LedgerUnits>().to_money(currency);
    (total, apportion_to(total, entries))
}

/// As [`apportion`], to a total that was rounded elsewhere: up or down, but by less than a micro-unit.
///
/// A column whose total is itself an entry of a column of totals adds up to it this way.
pub fn apportion_to(total: Money, entries: &[LedgerUnits]) -> Vec<Money> {
    let total_micros = scaled(total.amount, MONEY_SCALE).expect("money has six decimals");
    let mut micros: Vec<i128> = entries.iter().map(|entry| entry.0.div_euclid(LEDGER_UNITS_PER_MICRO)).collect();
    let missing = total_micros - micros.iter().sum::<i128>();
    let mut by_remainder: Vec<usize> = (0..entries.len()).collect();
    by_remainder.sort_by_key(|&i| core::cmp::Reverse(entries[i].0.rem_euclid(LEDGER_UNITS_PER_MICRO)));
    for &i in by_remainder.iter().take(usize::try_from(missing).unwrap_or(0)) {
        micros[i] += 1;
    }
    micros.into_iter().map(|m| Money::from_micros(m, total.currency)).collect()
}

/// The parts of a total as tables show them: rounded to two decimals by largest remainder, so that they add up to the
/// total as it is shown ([`Money::rounded`]), which is the sum of the parts but for less than a hundredth.
pub fn rounded_parts(total: Money, parts: &[Money]) -> Vec<Money> {
    let hundredths = |money: &Money| money.amount * Decimal::ONE_HUNDRED;
    let mut rounded: Vec<Decimal> = parts.iter().map(|part| hundredths(part).floor()).collect();
    let missing = total.rounded() * Decimal::ONE_HUNDRED - rounded.iter().sum::<Decimal>();
    let mut by_remainder: Vec<usize> = (0..parts.len()).collect();
    by_remainder.sort_by_key(|&i| core::cmp::Reverse(hundredths(&parts[i]) - rounded[i]));
    for &i in by_remainder.iter().take(missing.to_usize().unwrap_or(0)) {
        rounded[i] += Decimal::ONE;
    }
    rounded.into_iter().map(|part| Money { amount: part / Decimal::ONE_HUNDRED, currency: total.currency }).collect()
}

fn rounded_half_even(value: i128, unit: i128) -> i128 {
    let (floor, rest) = (value.div_euclid(unit), value.rem_euclid(unit));
    let up = rest * 2 > unit || (rest * 2 == unit && floor % 2 != 0);
    floor + i128::from(up)
}

/// `value × 10^decimals` when that is whole.
fn scaled(value: Decimal, decimals: u32) -> Option<i128> {
    let value = value.normalize();
    let missing = decimals.checked_sub(value.scale())?;
    value.mantissa().checked_mul(10_i128.pow(missing))
}

impl Mul<Duration> for Rate {
    type Output = LedgerUnits;
    fn mul(self, span: Duration) -> LedgerUnits {
        LedgerUnits(i128::from(self.0) * i128::from(span.micros()))
    }
}

impl Add for Rate {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Add for LedgerUnits {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for LedgerUnits {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sub for LedgerUnits {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Neg for LedgerUnits {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Sum for LedgerUnits {
    fn sum<I: Iterator<Item = Self>>(entries: I) -> Self {
        entries.fold(Self::ZERO, Add::add)
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        match <[u8; 3]>::try_from(text.as_bytes()) {
            Ok(code) if code.iter().all(u8::is_ascii_uppercase) => Ok(Self(code)),
            _ => Err(MoneyError::Currency(text.to_owned())),
        }
    }
}

impl FromStr for Rate {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let decimal: Decimal = text.trim().parse().map_err(|_| MoneyError::NotDecimal(text.to_owned()))?;
        if decimal.is_sign_negative() && !decimal.is_zero() {
            return Err(MoneyError::Negative(text.to_owned()));
        }
        let nanos = scaled(decimal, 9).ok_or_else(|| MoneyError::TooFine(text.to_owned()))?;
        i64::try_from(nanos).map(Self).map_err(|_| MoneyError::TooLarge(text.to_owned()))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Decimal::new(self.0, 9).normalize().fmt(f)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_round_halves_away_from_zero() {
        let check = |amount: &str, shown: &str| {
            let money = Money { amount: amount.parse().unwrap(), currency: Currency::USD };
            assert_eq!(format!("{:.2}", money.rounded()), shown, "{amount}");
        };
        for (amount, shown) in [
            ("31.667521", "31.67"),
            ("1.068822", "1.07"),
            ("0.005", "0.01"),
            ("0.004999", "0.00"),
            ("-0.004999", "0.00"),
            ("-0.005", "-0.01"),
            ("-2.675", "-2.68"),
            ("7", "7.00"),
        ] {
            check(amount, shown);
        }
    }

    #[test]
    fn a_rate_holds_nine_decimals_and_no_more() {
        assert_eq!("0.096".parse::<Rate>().unwrap().nanos(), 96_000_000);
        assert_eq!("0.000000001".parse::<Rate>().unwrap().nanos(), 1);
        assert_eq!("0.0000000001".parse::<Rate>(), Err(MoneyError::TooFine("0.0000000001".into())));
        assert_eq!("-1".parse::<Rate>(), Err(MoneyError::Negative("-1".into())));
        assert_eq!("0.10".parse::<Rate>().unwrap().to_string(), "0.1");
    }

    #[test]
    fn forty_seconds_cost_forty_seconds() {
        // 0.09 per hour × 40 s ÷ 3,600 s = 0.001.
        let cost = "0.09".parse::<Rate>().unwrap() * Duration::from_seconds(40);
        assert_eq!(cost.to_money(Currency::USD).to_string(), "0.001000 USD");
    }

    #[test]
    fn columns_add_up_by_largest_remainder() {
        // Three thirds of a micro-unit make one, which goes to the first.
        let third = LedgerUnits(LEDGER_UNITS_PER_MICRO / 3);
        let (total, column) = apportion(&[third, third, third], Currency::USD);
        assert_eq!(total.amount.to_string(), "0.000001");
        assert_eq!(column.iter().map(|m| m.amount).sum::<Decimal>(), total.amount);
        assert_eq!(column[0].amount.to_string(), "0.000001");
    }

    proptest::proptest! {
        #[test]
        fn shown_parts_always_add_up(
            parts in proptest::collection::vec(-(1_i128 << 50)..(1_i128 << 50), 0..10),
            up in proptest::bool::ANY,
        ) {
            let parts: Vec<Money> = parts.into_iter().map(|micros| Money::from_micros(micros, Currency::USD)).collect();
            let total = Money { amount: parts.iter().map(|part| part.amount).sum(), currency: Currency::USD };
            // As it is shown alone, or as the part of a larger whole.
            let beside = total.amount * Decimal::ONE_HUNDRED;
            let beside = (if up { beside.ceil() } else { beside.floor() }) / Decimal::ONE_HUNDRED;
            for shown in [total, Money { amount: beside, ..total }] {
                let rounded = rounded_parts(shown, &parts);
                proptest::prop_assert_eq!(rounded.iter().map(|part| part.amount).sum::<Decimal>(), shown.rounded());
                for (rounded, part) in rounded.iter().zip(&parts) {
                    let off = (rounded.amount - part.amount).abs();
                    proptest::prop_assert!(off < Decimal::new(1, 2), "{rounded:?} of {part:?}");
                    proptest::prop_assert_eq!(rounded.rounded(), rounded.amount);
                }
            }
        }

        #[test]
        fn apportioned_columns_always_add_up(entries in proptest::collection::vec(-(1_i128 << 80)..(1_i128 << 80), 0..40)) {
            let entries: Vec<LedgerUnits> = entries.into_iter().map(LedgerUnits).collect();
            let (total, column) = apportion(&entries, Currency::USD);
            proptest::prop_assert_eq!(column.iter().map(|m| m.amount).sum::<Decimal>(), total.amount);
        }
    }
}

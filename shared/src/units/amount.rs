//! Amounts as bills write them: decimals of any length, with a sign.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{LedgerUnits, MoneyError, text_or_number};

/// Decimals that ledger units hold exactly: one unit of a currency is 3.6·10¹⁸ of them, so 10⁻¹⁷ of it is 36.
const PLACES: i64 = 17;
const LEDGER_UNITS_PER_PLACE: i128 = 36;
/// So many digits before the point are more than any bill has, and keep sums of a billion lines within 128 bits.
const MAX_WHOLE_DIGITS: i64 = 10;

/// An amount on a bill, in units of its currency; negative where it is a credit.
///
/// A decimal string in JSON, such as `"-0.00000053"`; exact to 17 decimals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(pub LedgerUnits);

impl Amount {
    /// Reads a decimal number, also in the notation of powers of ten (`1.2E-05`), and whether it has no more than 17
    /// decimals; more are rounded half to even.
    ///
    /// # Errors
    /// When it is no such number, or has more than ten digits before the point.
    pub fn read(text: &str) -> Result<(Self, bool), MoneyError> {
        let wrong = || MoneyError::NotAmount(text.to_owned());
        let (negative, digits, point) = digits(text).ok_or_else(wrong)?;
        let leading = digits.iter().take_while(|&&digit| digit == 0).count();
        let digits = &digits[leading..];
        let point = point - leading as i64;
        if digits.is_empty() {
            return Ok((Self::default(), true));
        }
        if point > MAX_WHOLE_DIGITS {
            return Err(MoneyError::AmountTooLarge(text.to_owned()));
        }
        let kept = usize::try_from(point + PLACES).unwrap_or(0);
        let digit = |place: usize| i128::from(digits.get(place).copied().unwrap_or(0));
        let mut places = (0..kept).fold(0, |value, place| value * 10 + digit(place));
        // Below a tenth of the last place nothing can round up.
        let rest = if point + PLACES < 0 { &[][..] } else { digits.get(kept..).unwrap_or_default() };
        let exact = digits.iter().skip(kept).all(|&digit| digit == 0);
        places += i128::from(rounds_up(rest, places % 2 != 0));
        let units = places * LEDGER_UNITS_PER_PLACE;
        Ok((Self(LedgerUnits(if negative { -units } else { units })), exact))
    }
}

/// Sign, digits, and how many of them stand before the point, which may be less than none.
fn digits(text: &str) -> Option<(bool, Vec<u8>, i64)> {
    let (number, exponent) = match text.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (negative, number) = match number.strip_prefix('-') {
        Some(number) => (true, number),
        None => (false, number.strip_prefix('+').unwrap_or(number)),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let all = || whole.bytes().chain(fraction.bytes());
    let valid = all().next().is_some() && all().all(|byte| byte.is_ascii_digit());
    valid.then(|| (negative, all().map(|byte| byte - b'0').collect(), whole.len() as i64 + i64::from(exponent)))
}

/// Half to even.
fn rounds_up(rest: &[u8], odd: bool) -> bool {
    match rest.split_first() {
        Some((5, behind)) => odd || behind.iter().any(|&digit| digit != 0),
        Some((first, _)) => *first > 5,
        None => false,
    }
}

impl FromStr for Amount {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        Self::read(text).map(|(amount, _)| amount)
    }
}

/// Without zeros at the end; what a conversion left behind the 17th decimal is cut off.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = self.0.0 / LEDGER_UNITS_PER_PLACE;
        let one = 10_i128.pow(PLACES as u32);
        let sign = if places < 0 { "-" } else { "" };
        write!(f, "{sign}{}", (places / one).abs())?;
        let fraction = format!("{:017}", (places % one).abs());
        match fraction.trim_end_matches('0') {
            "" => Ok(()),
            fraction => write!(f, ".{fraction}"),
        }
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text_or_number::text(deserializer, "an amount in quotes, as \"-12.5\"")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cases;
    use crate::units::LEDGER_UNITS_PER_NANO;

    fn read(text: &str) -> (String, bool) {
        let (amount, exact) = Amount::read(text).unwrap();
        (amount.to_string(), exact)
    }

    #[test]
    fn amounts_are_exact_to_17_decimals_and_rounded_half_to_even_beyond() {
        for (text, expected) in [
            ("0.00000000053", "0.00000000053"),
            ("-2.61370000000", "-2.6137"),
            ("+1.", "1"),
            (".5", "0.5"),
            ("-0.0", "0"),
            ("1.2E-05", "0.000012"),
            ("12e2", "1200"),
            ("0.00000000000000001", "0.00000000000000001"),
        ] {
            assert_eq!(read(text), (expected.to_owned(), true), "{text}");
        }
        // The 18th decimal is a half: to the even neighbour; more than a half: up; less than a tenth: nothing.
        for (text, expected) in [
            ("0.000000000000000015", "0.00000000000000002"),
            ("0.000000000000000025", "0.00000000000000002"),
            ("0.0000000000000000251", "0.00000000000000003"),
            ("9e-19", "0"),
        ] {
            assert_eq!(read(text), (expected.to_owned(), false), "{text}");
        }
        assert_eq!(Amount::read("1").unwrap().0.0.0, LEDGER_UNITS_PER_NANO * 1_000_000_000);
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", "-", ".", "1,5", "0x1", "1e", "1e1.5", "USD 1", "1 000", "NaN"] {
            let message = format!("`{text}` is not an amount; write a decimal number such as -12.5");
            assert_eq!(Amount::read(text).unwrap_err().to_string(), message);
        }
        assert!(matches!(Amount::read("12345678901"), Err(MoneyError::AmountTooLarge(_))));
        assert!(matches!(Amount::read("1e2000000000"), Err(MoneyError::AmountTooLarge(_))));
    }

    proptest! {
        #![proptest_config(cases(256))]
        #[test]
        fn what_is_written_is_read_again(places in -10_i128.pow(27)..10_i128.pow(27)) {
            let amount = Amount(LedgerUnits(places * LEDGER_UNITS_PER_PLACE));
            prop_assert_eq!(Amount::read(&amount.to_string()), Ok((amount, true)));
        }

        #[test]
        fn no_text_makes_it_panic(text in "[-+0-9.eE]{0,40}") {
            let _ = Amount::read(&text);
        }
    }
}

//! How much more something may cost.

use core::fmt;
use core::str::FromStr;

use rust_decimal::Decimal;

use crate::units::LedgerUnits;

/// The most by which a cost may grow, in percent of what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrowthLimit(Decimal);

/// A text is no limit of growth.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no percentage; expected a number from 0 to 10000 with at most three decimals, such as 5 or 2.5")]
pub struct GrowthLimitError(String);

/// The largest limit: a hundred times as much again.
const PERCENT_MAX: u32 = 10_000;
const DECIMALS: u32 = 3;

impl FromStr for GrowthLimit {
    type Err = GrowthLimitError;

    fn from_str(text: &str) -> Result<Self, GrowthLimitError> {
        let read: Option<Decimal> = text.parse().ok();
        let percent = read
            .map(|percent| percent.normalize())
            .filter(|percent| (Decimal::ZERO..=PERCENT_MAX.into()).contains(percent) && percent.scale() <= DECIMALS);
        percent.map(Self).ok_or_else(|| GrowthLimitError(text.to_owned()))
    }
}

impl fmt::Display for GrowthLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl GrowthLimit {
    /// Whether `after` is more than this beyond `before`, exactly: growth of as much as the limit is none too many.
    pub fn is_exceeded(self, before: LedgerUnits, after: LedgerUnits) -> bool {
        let (limit, one) = (self.0.mantissa(), 10_i128.pow(self.0.scale()));
        after.0.saturating_mul(100 * one) > before.0.saturating_mul(100 * one + limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_of_as_much_as_the_limit_is_none_too_many() {
        let exceeded = |limit: &str, before, after| {
            let limit: GrowthLimit = limit.parse().unwrap();
            limit.is_exceeded(LedgerUnits(before), LedgerUnits(after))
        };
        // 1,000 and 2.5 % of it are 1,025.
        assert!(!exceeded("2.5", 1_000, 1_025) && exceeded("2.5", 1_000, 1_026));
        assert!(!exceeded("0", 1_000, 1_000) && exceeded("0", 1_000, 1_001) && !exceeded("0", 1_000, 999));
        assert!(!exceeded("10", 0, 0) && exceeded("10000", 0, 1), "from nothing, anything is more");
        // A thousand billion units, of 3.6·10¹⁸ ledger units each.
        let large = 3_600_000_000_000_000_000 * 1_000_000_000_000;
        assert!(!exceeded("10000", large, large * 101) && exceeded("10000", large, large * 101 + large / 10_000));
    }

    #[test]
    fn what_is_no_limit_is_said() {
        for text in ["-1", "10001", "2.0005", "much", "", "5 %"] {
            let error = text.parse::<GrowthLimit>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{text}` is no percentage; expected a number from 0")), "{error}");
        }
        assert_eq!("2.50".parse::<GrowthLimit>().unwrap().to_string(), "2.5");
    }
}

//! Means and quantiles over the runs of an ensemble, in money.

use serde::{Deserialize, Serialize};

use crate::units::{Currency, LedgerUnits, Money};

/// Amounts over the runs of an ensemble; the quantiles are Hyndman–Fan type 7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MoneyBand {
    /// Mean over the runs.
    pub mean: Money,
    /// Level 0.10.
    pub p10: Money,
    /// Level 0.50.
    pub p50: Money,
    /// Level 0.90.
    pub p90: Money,
}

impl MoneyBand {
    /// The mean and the quantiles of one amount per run; zero of no runs.
    ///
    /// Source of the quantiles: Hyndman and Fan, type 7, in exact ledger units.
    pub fn over_runs(amounts: impl IntoIterator<Item = LedgerUnits>, currency: Currency) -> Self {
        let mut sorted: Vec<LedgerUnits> = amounts.into_iter().collect();
        sorted.sort_unstable();
        let sum: LedgerUnits = sorted.iter().copied().sum();
        let mean = LedgerUnits(sum.0.checked_div(sorted.len() as i128).unwrap_or(0));
        let quantile = |percent| quantile(&sorted, percent).to_money(currency);
        Self { mean: mean.to_money(currency), p10: quantile(10), p50: quantile(50), p90: quantile(90) }
    }
}

/// The quantile at `percent` of values in ascending order: Hyndman and Fan's type 7; zero of no values.
pub fn quantile(sorted: &[LedgerUnits], percent: usize) -> LedgerUnits {
    let Some(last) = sorted.len().checked_sub(1) else { return LedgerUnits::ZERO };
    let (position, rest) = (last * percent / 100, (last * percent % 100) as i128);
    let (low, high) = (sorted[position].0, sorted[(position + 1).min(last)].0);
    LedgerUnits(low + (high - low) * rest / 100)
}

/// The mean of a column over `runs` runs, from its sums over the runs, so that the parts add up to their total's mean.
///
/// The total's mean is rounded down to a ledger unit, and what the parts lose by rounding goes to the largest
/// remainders, earlier parts first; no part is off by a whole ledger unit (3·10⁻¹⁹ of the currency). Zero of no runs.
pub fn mean_column(sums: &[LedgerUnits], runs: u32) -> Vec<LedgerUnits> {
    let runs = i128::from(runs.max(1));
    let total = sums.iter().map(|sum| sum.0).sum::<i128>().div_euclid(runs);
    let mut means: Vec<LedgerUnits> = sums.iter().map(|sum| LedgerUnits(sum.0.div_euclid(runs))).collect();
    let missing = total - means.iter().map(|mean| mean.0).sum::<i128>();
    let mut by_remainder: Vec<usize> = (0..sums.len()).collect();
    by_remainder.sort_by_key(|&i| core::cmp::Reverse(sums[i].0.rem_euclid(runs)));
    for &i in by_remainder.iter().take(usize::try_from(missing).unwrap_or(0)) {
        means[i].0 += 1;
    }
    means
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn units(values: &[i128]) -> Vec<LedgerUnits> {
        values.iter().copied().map(LedgerUnits).collect()
    }

    #[test]
    fn quantiles_interpolate_between_neighbours() {
        // Type 7 at 0.1 of 0, 10, …, 50: position 5 × 0.1 = 0.5, so 0 + 0.5 × 10 = 5; at 0.5: 25; at 0.9: 45.
        let sorted: Vec<LedgerUnits> = (0..6).map(|i| LedgerUnits(i * 10)).collect();
        let at = |percent| quantile(&sorted, percent).0;
        assert_eq!((at(0), at(10), at(50), at(90), at(100)), (0, 5, 25, 45, 50));
        assert_eq!(quantile(&sorted[..1], 90), LedgerUnits(0));
        assert_eq!(quantile(&[], 50), LedgerUnits::ZERO);
    }

    #[test]
    fn means_add_up() {
        // 10/3, 10/3, 11/3 with a total of 31/3 = 10 rounded down: the largest remainder (11/3) gets the missing unit.
        assert_eq!(mean_column(&units(&[10, 10, 11]), 3), units(&[3, 3, 4]));
        assert_eq!(mean_column(&units(&[-1, 1]), 2), units(&[0, 0]));
    }

    proptest! {
        #[test]
        fn parts_add_up_to_the_mean_of_the_total(
            sums in proptest::collection::vec(-1_000_000_i128..1_000_000, 1..20),
            runs in 1_u32..40,
        ) {
            let means = mean_column(&units(&sums), runs);
            let total: LedgerUnits = means.iter().copied().sum();
            prop_assert_eq!(total.0, sums.iter().sum::<i128>().div_euclid(i128::from(runs)));
            for (mean, sum) in means.iter().zip(&sums) {
                prop_assert!((mean.0 * i128::from(runs) - sum).abs() < i128::from(runs));
            }
        }
    }
}

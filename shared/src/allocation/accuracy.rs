//! How good predictions of cost were.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Basis;
use crate::cost::CostBreakdown;
use crate::units::{LedgerUnits, Money, TenantIndex};

/// The specification's smoothing factor.
const ALPHA: f64 = 0.1;

/// The specification's prediction accuracy, updated once per closed window.
///
/// `prediction_accuracy = α · prediction_accuracy + (1 − α) · (1 − |variance / actual|)`, as it stands in the
/// specification: with α = 0.1 it remembers little, and it may be negative. It begins at the first observation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PredictionAccuracy {
    /// The accuracy; none before the first window.
    pub value: Option<f64>,
    /// Weight of what it was before.
    pub alpha: f64,
    /// How the actual costs are known; other bases have an accuracy of their own.
    pub basis: Basis,
    /// Windows that entered it.
    pub windows: u32,
    /// Windows that could not, because their actual cost was zero.
    pub skipped: u32,
}

/// What one closed window did to the accuracy.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Update {
    /// It is now this.
    Updated(f64),
    /// The actual cost was zero, to which no error can be related; the accuracy is as it was.
    SkippedZeroActual,
}

impl PredictionAccuracy {
    /// An accuracy without windows, with the specification's α of 0.1.
    pub fn new(basis: Basis) -> Self {
        Self { value: None, alpha: ALPHA, basis, windows: 0, skipped: 0 }
    }

    /// That of one window alone, 1 − |variance ÷ actual|; none where nothing was paid.
    ///
    /// # Panics
    /// When an amount is finer than a ledger unit, which none that is told is.
    pub fn of_one(predicted: Money, actual: Money, basis: Basis) -> Option<f64> {
        let ledger = |money: Money| LedgerUnits::from_decimal(money.amount).expect("money has six decimals");
        let mut accuracy = Self::new(basis);
        accuracy.update(ledger(predicted), ledger(actual));
        accuracy.value
    }

    /// Takes in one closed window.
    pub fn update(&mut self, predicted: LedgerUnits, actual: LedgerUnits) -> Update {
        if actual == LedgerUnits::ZERO {
            self.skipped += 1;
            return Update::SkippedZeroActual;
        }
        let variance = (actual - predicted).0 as f64;
        let now = 1.0 - (variance / actual.0 as f64).abs();
        let value = self.value.map_or(now, |before| self.alpha * before + (1.0 - self.alpha) * now);
        self.value = Some(value);
        self.windows += 1;
        Update::Updated(value)
    }
}

/// Errors over many windows or tenants, weighted by cost: a large bill counts for more than a small one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CostErrors {
    absolute_error: LedgerUnits,
    error: LedgerUnits,
    absolute_actual: LedgerUnits,
}

impl CostErrors {
    /// Takes in one pair.
    pub fn add(&mut self, predicted: LedgerUnits, actual: LedgerUnits) {
        let error = predicted - actual;
        self.absolute_error += LedgerUnits(error.0.abs());
        self.error += error;
        self.absolute_actual += LedgerUnits(actual.0.abs());
    }

    /// Takes in a window: the workload of each tenant, and then all that is shared, each as the mean over the runs of its
    /// prediction (rounded towards zero) and as it came. Tenants have the same index in both.
    ///
    /// # Panics
    /// When there is no run.
    pub fn add_window(&mut self, predicted: &[&CostBreakdown], actual: &CostBreakdown) {
        let mut tenants: BTreeMap<TenantIndex, (LedgerUnits, LedgerUnits)> = BTreeMap::new();
        for account in predicted.iter().flat_map(|run| &run.accounts) {
            tenants.entry(account.tenant).or_default().0 += account.workload;
        }
        for account in &actual.accounts {
            tenants.entry(account.tenant).or_default().1 += account.workload;
        }
        let shared = |of: &CostBreakdown| of.total() - of.workload();
        let of_all = (predicted.iter().map(|run| shared(run)).sum(), shared(actual));
        let runs = predicted.len() as i128;
        for (sum, actual) in tenants.into_values().chain([of_all]) {
            self.add(LedgerUnits(sum.0 / runs), actual);
        }
    }

    /// Σ|y − ŷ| ÷ Σ|y|; none where all actual costs were zero.
    pub fn wape(&self) -> Option<f64> {
        self.relative(self.absolute_error)
    }

    /// Σ(ŷ − y) ÷ Σ|y|: above zero where predictions were too high; none where all actual costs were zero.
    pub fn bias(&self) -> Option<f64> {
        self.relative(self.error)
    }

    fn relative(&self, sum: LedgerUnits) -> Option<f64> {
        (self.absolute_actual != LedgerUnits::ZERO).then(|| sum.0 as f64 / self.absolute_actual.0 as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::AccountCost;
    use crate::units::FlavorIndex;

    fn check(windows: &[(i128, i128)], expected: &[Option<f64>]) {
        let mut accuracy = PredictionAccuracy::new(Basis::Simulated);
        for (&(predicted, actual), &expected) in windows.iter().zip(expected) {
            let update = accuracy.update(LedgerUnits(predicted), LedgerUnits(actual));
            match expected {
                Some(value) => {
                    assert!(matches!(update, Update::Updated(now) if (now - value).abs() < 1e-12), "{update:?}");
                }
                None => assert_eq!(update, Update::SkippedZeroActual),
            }
        }
    }

    #[test]
    fn accuracy_follows_the_specification() {
        // 90 for 100: 1 − 0.1 = 0.9, where it begins. 120 for 100: 0.1 · 0.9 + 0.9 · 0.8 = 0.81. Nothing for nothing:
        // skipped. 400 for 100: 0.1 · 0.81 + 0.9 · (1 − 3) = −1.719. 100 for 100: 0.1 · −1.719 + 0.9 = 0.7281.
        let windows = [(90, 100), (120, 100), (5, 0), (400, 100), (100, 100)];
        check(&windows, &[Some(0.9), Some(0.81), None, Some(-1.719), Some(0.7281)]);
    }

    #[test]
    fn errors_are_weighted_by_cost() {
        let mut errors = CostErrors::default();
        assert_eq!(errors.wape(), None);
        errors.add(LedgerUnits(110), LedgerUnits(100));
        errors.add(LedgerUnits(5), LedgerUnits(10));
        // Off by 10 and 5 of 110; 5 too much in all.
        assert_eq!(errors.wape(), Some(15.0 / 110.0));
        assert_eq!(errors.bias(), Some(5.0 / 110.0));
    }
    #[test]
    fn a_window_is_judged_by_tenant_and_by_what_is_shared() {
        let cost = |of: &[(u32, i128)], idle| {
            let account = |&(tenant, workload): &(u32, i128)| AccountCost {
                tenant: TenantIndex(tenant),
                flavor: FlavorIndex(0),
                workload: LedgerUnits(workload),
            };
            let accounts = of.iter().map(account).collect();
            CostBreakdown { accounts, idle: LedgerUnits(idle), ..CostBreakdown::default() }
        };
        let mut errors = CostErrors::default();
        let runs = [cost(&[(0, 50), (1, 10)], 20), cost(&[(0, 70)], 40)];
        errors.add_window(&[&runs[0], &runs[1]], &cost(&[(0, 50), (2, 20)], 30));
        // Means of 60 for 50, 5 for 0, 0 for 20, and 30 for 30 that is shared: off by 10 + 5 + 20 of 100, and 5 too little.
        assert_eq!(errors.wape(), Some(0.35));
        assert_eq!(errors.bias(), Some(-0.05));
    }
}

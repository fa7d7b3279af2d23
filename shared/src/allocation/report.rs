//! The report of one window: the specification's `calculate_cost_allocation`.

use serde::{Deserialize, Serialize};

use super::rows::{amounts, keys, name};
use super::{
    AllocationRow, Basis, CauseAmount, Grouping, MoneyBand, OptimizationArea, PredictionAccuracy, RowKind, Status,
    mean_column,
};
use crate::cost::CostBreakdown;
use crate::request::{Flavor, Tenant};
use crate::units::{Currency, Duration, LedgerUnits, Money, Window, apportion};

/// What one window cost or will cost, against what was predicted for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AllocationReport {
    /// The window.
    pub window: Window,
    /// How far the forecast behind it reached.
    pub horizon: Duration,
    /// How many runs the prediction has.
    pub runs: u32,
    /// ISO 4217 code of every amount.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "USD"))]
    pub currency: Currency,
    /// How the actual amounts are known; none while there are none.
    pub basis: Option<Basis>,
    /// Whether they may still change.
    pub status: Status,
    /// By what workload is split.
    pub grouping: Grouping,
    /// The sum of the rows, or of those with an actual cost where some have one and tenants who are not on a bill do not.
    pub total: AllocationRow,
    /// Workload by the grouping; then idle, overhead, commitments where there are any, and each module.
    pub rows: Vec<AllocationRow>,
    /// Actual − predicted mean, in all.
    pub variance: Option<Money>,
    /// The variance by cause; the amounts that are known add up to it.
    pub causes: Vec<CauseAmount>,
    /// The specification's accuracy after this window; none before the first.
    pub prediction_accuracy: Option<f64>,
    /// Where it is worth looking, most money first.
    pub optimization_areas: Vec<OptimizationArea>,
}

/// Names and settings of a report.
#[derive(Clone, Copy, Debug)]
pub struct ReportContext<'a> {
    /// Tenants by index.
    pub tenants: &'a [Tenant],
    /// Flavors by index.
    pub flavors: &'a [Flavor],
    /// Of every amount.
    pub currency: Currency,
    /// The window.
    pub window: Window,
    /// How far the forecast behind it reached.
    pub horizon: Duration,
    /// By what to split.
    pub grouping: Grouping,
}

/// One breakdown a run.
pub type PredictedCost<'a> = &'a [&'a CostBreakdown];

/// What a window really cost.
#[derive(Clone, Copy, Debug)]
pub struct ActualCost<'a> {
    /// By who caused it.
    pub breakdown: &'a CostBreakdown,
    /// How it is known.
    pub basis: Basis,
    /// Whether it may still change.
    pub status: Status,
}

/// Sets actual against predicted cost, row by row; without an actual cost, the report is of the prediction alone.
///
/// Each column of means, actual amounts and variances adds up to its total to the last decimal. Causes and
/// optimization areas are empty: they come from the replay of the variance.
pub fn allocate(
    context: &ReportContext,
    predicted: PredictedCost,
    actual: Option<ActualCost>,
    accuracy: Option<&PredictionAccuracy>,
) -> AllocationReport {
    let (grouping, flavors) = (context.grouping, context.flavors);
    let breakdowns = predicted.iter().copied().chain(actual.map(|actual| actual.breakdown));
    let keys = keys(breakdowns, grouping, flavors);
    let column = |breakdown: &CostBreakdown| amounts(breakdown, &keys, grouping, flavors);
    let runs: Vec<Vec<LedgerUnits>> = predicted.iter().map(|breakdown| column(breakdown)).collect();
    let sums: Vec<LedgerUnits> = (0..keys.len()).map(|row| runs.iter().map(|run| run[row]).sum()).collect();
    let means = apportion(&mean_column(&sums, runs.len() as u32), context.currency);
    let actuals = actual.map(|actual| apportion(&column(actual.breakdown), context.currency));
    let row = |kind, name, mean, actual: Option<Money>, amounts: &mut dyn Iterator<Item = LedgerUnits>| AllocationRow {
        kind,
        name,
        predicted: MoneyBand { mean, ..MoneyBand::over_runs(amounts, context.currency) },
        actual,
        variance: actual.map(|actual| difference(actual, mean)),
        causes: Vec::new(),
    };
    let rows = keys.iter().enumerate().map(|(i, &key)| {
        let actual = actuals.as_ref().map(|(_, column)| column[i]);
        row(key.0, name(key, context.tenants, flavors), means.1[i], actual, &mut runs.iter().map(|run| run[i]))
    });
    let rows = rows.collect();
    let totals = &mut runs.iter().map(|run| run.iter().copied().sum());
    let total = row(RowKind::Total, String::new(), means.0, actuals.as_ref().map(|(total, _)| *total), totals);
    AllocationReport {
        window: context.window,
        horizon: context.horizon,
        runs: runs.len() as u32,
        currency: context.currency,
        basis: actual.map(|actual| actual.basis),
        status: actual.map_or(Status::Provisional, |actual| actual.status),
        grouping,
        variance: total.variance,
        total,
        rows,
        causes: Vec::new(),
        prediction_accuracy: accuracy.and_then(|accuracy| accuracy.value),
        optimization_areas: Vec::new(),
    }
}

/// Both have six decimals, so the difference is exact.
fn difference(actual: Money, predicted: Money) -> Money {
    Money { amount: actual.amount - predicted.amount, currency: actual.currency }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    use super::*;
    use crate::cost::AccountCost;
    use crate::request::ResourceClass;
    use crate::units::{FlavorIndex, Instant, LEDGER_UNITS_PER_NANO, Resources, TenantIndex};

    fn breakdown(amounts: &[i128; 4]) -> CostBreakdown {
        let [first, second, idle, module] = amounts.map(LedgerUnits);
        let account = |i, workload| AccountCost { tenant: TenantIndex(i), flavor: FlavorIndex(1 - i), workload };
        let mut modules = [LedgerUnits::ZERO; 7];
        modules[2] = module;
        CostBreakdown { accounts: vec![account(0, first), account(1, second)], idle, modules, ..Default::default() }
    }

    fn report(grouping: Grouping, predicted: &[CostBreakdown], actual: Option<&CostBreakdown>) -> AllocationReport {
        let tenant = |name: &str| Tenant { name: name.to_owned(), ..Tenant::default() };
        let flavor = |name: &str, class| Flavor { name: name.to_owned(), class, requested: Resources::compute(1, 1) };
        let context = ReportContext {
            tenants: &[tenant("acme"), tenant("zeta")],
            flavors: &[flavor("small", ResourceClass::Compute), flavor("disk", ResourceClass::Storage)],
            currency: Currency::USD,
            window: Window { start: Instant::from_micros(0), end: Instant::from_micros(1) },
            horizon: Duration::DAY,
            grouping,
        };
        let actual = actual.map(|breakdown| ActualCost { breakdown, basis: Basis::Billed, status: Status::Final });
        allocate(&context, &predicted.iter().collect::<Vec<_>>(), actual, None)
    }

    const DOLLAR: i128 = LEDGER_UNITS_PER_NANO * 1_000_000_000;

    #[test]
    fn rows_say_predicted_actual_and_variance() {
        let run = |dollars: i128| breakdown(&[dollars * DOLLAR, 2 * DOLLAR, DOLLAR, DOLLAR / 2]);
        let actual = breakdown(&[3 * DOLLAR, 2 * DOLLAR, 0, DOLLAR / 2]);
        let report = report(Grouping::Tenant, &[run(1), run(2), run(6)], Some(&actual));
        let acme = &report.rows[0];
        assert_eq!((acme.kind, acme.name.as_str()), (RowKind::Tenant, "acme"));
        // Of 1, 2 and 6: mean 3; type 7 at 0.1 is 1.2, at 0.9 is 2 + 0.8 · 4 = 5.2.
        let texts = [acme.predicted.mean, acme.predicted.p10, acme.predicted.p50, acme.predicted.p90]
            .map(|money| money.amount.normalize().to_string());
        assert_eq!(texts, ["3", "1.2", "2", "5.2"]);
        assert_eq!(acme.variance.unwrap().amount, Decimal::ZERO);
        assert_eq!(report.rows.iter().find(|row| row.kind == RowKind::Idle).unwrap().name, "");
        // 5.5 actual against 3 + 2 + 1 + 0.5.
        assert_eq!(report.variance.unwrap().amount, Decimal::from(-1));
    }

    #[test]
    fn groupings_name_their_rows() {
        let check = |grouping, expected: &[(RowKind, &str)]| {
            let report = report(grouping, &[breakdown(&[1, 1, 1, 1])], None);
            let names: Vec<_> = report.rows.iter().map(|row| (row.kind, row.name.as_str())).collect();
            assert_eq!(&names[..expected.len()], expected);
            assert_eq!(names.len(), expected.len() + 9, "idle, overhead and seven modules follow");
            assert_eq!((report.variance, report.basis), (None, None));
        };
        check(Grouping::Tenant, &[(RowKind::Tenant, "acme"), (RowKind::Tenant, "zeta")]);
        check(Grouping::Flavor, &[(RowKind::Flavor, "small"), (RowKind::Flavor, "disk")]);
        check(Grouping::Class, &[(RowKind::Class, "compute"), (RowKind::Class, "storage")]);
        check(Grouping::Module, &[(RowKind::Workload, "")]);
    }

    proptest! {
        #[test]
        fn columns_add_up_to_the_last_decimal(
            runs in proptest::collection::vec(proptest::array::uniform4(0_i128..10_i128.pow(20)), 1..6),
            actual in proptest::array::uniform4(0_i128..10_i128.pow(20)),
        ) {
            let runs: Vec<CostBreakdown> = runs.iter().map(breakdown).collect();
            let report = report(Grouping::Tenant, &runs, Some(&breakdown(&actual)));
            let sum = |of: &dyn Fn(&AllocationRow) -> Money| report.rows.iter().map(|row| of(row).amount).sum::<Decimal>();
            prop_assert_eq!(sum(&|row| row.predicted.mean), report.total.predicted.mean.amount);
            prop_assert_eq!(sum(&|row| row.actual.unwrap()), report.total.actual.unwrap().amount);
            prop_assert_eq!(sum(&|row| row.variance.unwrap()), report.variance.unwrap().amount);
        }
    }
}

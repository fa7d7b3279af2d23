//! What a link of the ledger holds.

use serde::{Deserialize, Serialize};

use crate::allocation::{Basis, RowKind, mean_column, quantile};
use crate::cost::{CommitmentCost, CostBreakdown};
use crate::request::{Flavor, Module, ResourceClass, Tenant};
use crate::simulation::Digest;
use crate::units::{Currency, Duration, Instant, LedgerUnits, Money, TenantIndex, Window, apportion, apportion_to};

/// The levels whose quantiles are written down, in percent.
pub const LEVELS: [usize; 7] = [5, 10, 25, 50, 75, 90, 95];

/// One record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub enum Record {
    /// What a window was predicted to cost.
    Forecast(ForecastRecord),
    /// What it cost.
    Actual(ActualRecord),
}

impl Record {
    /// When it was written down, by the clock of the service.
    pub fn recorded(&self) -> Instant {
        match self {
            Self::Forecast(forecast) => forecast.recorded,
            Self::Actual(actual) => actual.recorded,
        }
    }
}

/// What a window was predicted to cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForecastRecord {
    /// Which.
    pub window: Window,
    /// The instant that nothing later was read than.
    pub origin: Instant,
    /// How far it reaches.
    pub horizon: Duration,
    /// When it was written down, by the clock of the service.
    pub recorded: Instant,
    /// What made it.
    pub model: String,
    /// The ensemble that it is of.
    pub digest: Digest,
    /// How many runs the quantiles are of.
    pub runs: u32,
    /// Every series that costs anything in any run.
    pub series: Vec<SeriesForecast>,
}

/// What one series was predicted to cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesForecast {
    /// The total, a part of it, or a class.
    pub kind: RowKind,
    /// Whose; empty where the kind says all.
    pub name: String,
    /// Mean over the runs.
    pub mean: Money,
    /// At each of [`LEVELS`]: Hyndman and Fan's type 7.
    pub quantiles: Vec<QuantileAmount>,
}

/// One quantile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QuantileAmount {
    /// Its level.
    pub percent: u8,
    /// How much.
    pub amount: Money,
}

/// What a window cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActualRecord {
    /// Which.
    pub window: Window,
    /// When it was written down, by the clock of the service.
    pub recorded: Instant,
    /// How it is known.
    pub basis: Basis,
    /// Every series that cost anything.
    pub series: Vec<AmountOf>,
}

/// What one series cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmountOf {
    /// The total, a part of it, or a class.
    pub kind: RowKind,
    /// Whose; empty where the kind says all.
    pub name: String,
    /// How much.
    pub amount: Money,
}

/// The total, its parts (workload of each tenant, idle, overhead, commitments, each module) and the workload of each class,
/// over the runs of an ensemble. The means of the parts add up to that of the total, and those of the classes to those of
/// the tenants, to the last decimal.
pub fn forecast_series(
    runs: &[&CostBreakdown],
    (tenants, flavors): (&[Tenant], &[Flavor]),
    currency: Currency,
) -> Vec<SeriesForecast> {
    let columns: Vec<Column> = runs.iter().map(|cost| Column::new(cost, tenants.len(), flavors)).collect();
    let means = Column::mean(&columns).to_money(currency);
    let series = names(tenants).into_iter().zip(means).enumerate().filter_map(|(i, ((kind, name), mean))| {
        let mut sorted: Vec<LedgerUnits> = columns.iter().map(|run| run.amount(i)).collect();
        sorted.sort_unstable();
        let at =
            |level: usize| QuantileAmount { percent: level as u8, amount: quantile(&sorted, level).to_money(currency) };
        let something = sorted.iter().any(|&amount| amount != LedgerUnits::ZERO);
        something.then(|| SeriesForecast { kind, name, mean, quantiles: LEVELS.map(at).into() })
    });
    series.collect()
}

/// The same of what a window cost.
pub fn actual_series(
    cost: &CostBreakdown,
    (tenants, flavors): (&[Tenant], &[Flavor]),
    currency: Currency,
) -> Vec<AmountOf> {
    let column = Column::new(cost, tenants.len(), flavors);
    let amounts = names(tenants).into_iter().zip(column.to_money(currency)).enumerate();
    let something = amounts.filter(|(i, _)| column.amount(*i) != LedgerUnits::ZERO);
    something.map(|(_, ((kind, name), amount))| AmountOf { kind, name, amount }).collect()
}

/// What is neither a tenant's nor a module's.
const COMMON: [RowKind; 4] = [RowKind::Idle, RowKind::Overhead, RowKind::CommitmentDiscount, RowKind::UnusedCommitment];

/// The kind and name of each series, in the order of [`Column::amount`].
pub(in crate::feedback) fn names(tenants: &[Tenant]) -> Vec<(RowKind, String)> {
    let tenants = tenants.iter().map(|tenant| (RowKind::Tenant, tenant.name.clone()));
    let common = COMMON.map(|kind| (kind, String::new()));
    let classes = ResourceClass::ALL.iter().map(|class| (RowKind::Class, class.as_str().to_owned()));
    let modules = Module::ALL.iter().map(|module| (RowKind::Module, module.as_str().to_owned()));
    let total = [(RowKind::Total, String::new())];
    total.into_iter().chain(tenants).chain(classes).chain(common).chain(modules).collect()
}

/// One amount a name of [`names`].
pub(in crate::feedback) fn amounts(cost: &CostBreakdown, tenants: usize, flavors: &[Flavor]) -> Vec<LedgerUnits> {
    let column = Column::new(cost, tenants, flavors);
    let names = 1 + tenants + column.classes.len() + column.others.len();
    (0..names).map(|i| column.amount(i)).collect()
}

/// A cost breakdown as one amount a name.
struct Column {
    tenants: Vec<LedgerUnits>,
    classes: Vec<LedgerUnits>,
    /// [`COMMON`], then the modules.
    others: Vec<LedgerUnits>,
}

impl Column {
    fn new(cost: &CostBreakdown, tenants: usize, flavors: &[Flavor]) -> Self {
        let of_class = |class: ResourceClass| {
            let accounts = cost.accounts.iter().filter(|account| flavors[account.flavor.usize()].class == class);
            accounts.map(|account| account.workload).sum()
        };
        let CommitmentCost { saved, unused, .. } = cost.commitments;
        Self {
            tenants: (0..tenants).map(|i| cost.tenant(TenantIndex::from_usize(i))).collect(),
            classes: ResourceClass::ALL.into_iter().map(of_class).collect(),
            others: [cost.idle, cost.overhead, -saved, unused].into_iter().chain(cost.modules).collect(),
        }
    }

    /// The mean over runs; nothing of no runs.
    fn mean(runs: &[Self]) -> Self {
        let over_runs = |part: fn(&Self) -> &Vec<LedgerUnits>| {
            let rows = runs.first().map_or(0, |first| part(first).len());
            let sums: Vec<LedgerUnits> = (0..rows).map(|i| runs.iter().map(|run| part(run)[i]).sum()).collect();
            mean_column(&sums, runs.len() as u32)
        };
        Self {
            tenants: over_runs(|run| &run.tenants),
            classes: over_runs(|run| &run.classes),
            others: over_runs(|run| &run.others),
        }
    }

    fn workload(&self) -> LedgerUnits {
        self.tenants.iter().copied().sum()
    }

    /// The amount of a name.
    fn amount(&self, i: usize) -> LedgerUnits {
        let Some(i) = i.checked_sub(1) else { return self.workload() + self.others.iter().copied().sum() };
        *self.tenants.iter().chain(&self.classes).chain(&self.others).nth(i).expect("one amount a name")
    }

    /// One amount a name, the parts of a whole rounded so that they add up to it.
    fn to_money(&self, currency: Currency) -> Vec<Money> {
        let whole: Vec<LedgerUnits> = [self.workload()].into_iter().chain(self.others.iter().copied()).collect();
        let (total, whole) = apportion(&whole, currency);
        let (tenants, classes) = (apportion_to(whole[0], &self.tenants), apportion_to(whole[0], &self.classes));
        let others = whole.into_iter().skip(1);
        [total].into_iter().chain(tenants).chain(classes).chain(others).collect()
    }
}

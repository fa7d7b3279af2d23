//! What a link of the ledger holds.

use serde::{Deserialize, Serialize};

use crate::allocation::{Basis, RowKind, mean_column, quantile};
use crate::cost::CostBreakdown;
use crate::request::{Flavor, Module, ResourceClass, Tenant};
use crate::simulation::Digest;
use crate::units::{Currency, Duration, Instant, LedgerUnits, Money, TenantIndex, Window};

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
    /// Total, tenant, class or module.
    pub kind: RowKind,
    /// Whose; empty for the total.
    pub name: String,
    /// Mean over the runs.
    pub mean: Money,
    /// At each of [`LEVELS`]: Hyndman and Fan's type 7.
    pub quantiles: Vec<QuantileAmount>,
}

/// One quantile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Total, tenant, class or module.
    pub kind: RowKind,
    /// Whose; empty for the total.
    pub name: String,
    /// How much.
    pub amount: Money,
}

/// The total, the workload of each tenant and class, and each module, over the runs of an ensemble.
pub fn forecast_series(
    runs: &[&CostBreakdown],
    (tenants, flavors): (&[Tenant], &[Flavor]),
    currency: Currency,
) -> Vec<SeriesForecast> {
    let amounts: Vec<Vec<LedgerUnits>> = runs.iter().map(|cost| amounts(cost, tenants.len(), flavors)).collect();
    let series = names(tenants).into_iter().enumerate().filter_map(|(i, (kind, name))| {
        let mut sorted: Vec<LedgerUnits> = amounts.iter().map(|run| run[i]).collect();
        sorted.sort_unstable();
        let sum: LedgerUnits = sorted.iter().copied().sum();
        let at =
            |level: usize| QuantileAmount { percent: level as u8, amount: quantile(&sorted, level).to_money(currency) };
        let something = sorted.iter().any(|&amount| amount != LedgerUnits::ZERO);
        something.then(|| SeriesForecast {
            kind,
            name,
            mean: mean_column(&[sum], sorted.len() as u32)[0].to_money(currency),
            quantiles: LEVELS.map(at).into(),
        })
    });
    series.collect()
}

/// The same of what a window cost.
pub fn actual_series(
    cost: &CostBreakdown,
    (tenants, flavors): (&[Tenant], &[Flavor]),
    currency: Currency,
) -> Vec<AmountOf> {
    let amounts = names(tenants).into_iter().zip(amounts(cost, tenants.len(), flavors));
    let something = amounts.filter(|(_, amount)| *amount != LedgerUnits::ZERO);
    something.map(|((kind, name), amount)| AmountOf { kind, name, amount: amount.to_money(currency) }).collect()
}

/// The kind and name of each series: the total, tenants, classes, modules.
pub(in crate::feedback) fn names(tenants: &[Tenant]) -> Vec<(RowKind, String)> {
    let tenants = tenants.iter().map(|tenant| (RowKind::Tenant, tenant.name.clone()));
    let classes = ResourceClass::ALL.iter().map(|class| (RowKind::Class, class.as_str().to_owned()));
    let modules = Module::ALL.iter().map(|module| (RowKind::Module, module.as_str().to_owned()));
    [(RowKind::Total, String::new())].into_iter().chain(tenants).chain(classes).chain(modules).collect()
}

/// One amount a name.
pub(in crate::feedback) fn amounts(cost: &CostBreakdown, tenants: usize, flavors: &[Flavor]) -> Vec<LedgerUnits> {
    let of_class = |class: ResourceClass| {
        let accounts = cost.accounts.iter().filter(|account| flavors[account.flavor.usize()].class == class);
        accounts.map(|account| account.workload).sum()
    };
    let by_tenant = (0..tenants).map(|i| cost.tenant(TenantIndex::from_usize(i)));
    let by_class = ResourceClass::ALL.into_iter().map(of_class);
    [cost.total()].into_iter().chain(by_tenant).chain(by_class).chain(cost.modules).collect()
}

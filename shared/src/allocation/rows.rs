//! A cost breakdown as the rows of a report.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{CauseAmount, MoneyBand};
use crate::cost::{AccountCost, CommitmentCost, CostBreakdown};
use crate::request::{Flavor, Module, ResourceClass, Tenant};
use crate::units::{LedgerUnits, Money};

/// By what workload cost is split.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Grouping {
    /// One row a tenant.
    #[default]
    Tenant,
    /// One row of workload; modules have their rows in every grouping.
    Module,
    /// One row a flavor.
    Flavor,
    /// One row a resource class.
    Class,
}

impl Grouping {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Module => "module",
            Self::Flavor => "flavor",
            Self::Class => "class",
        }
    }
}

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum RowKind {
    /// Workload of a tenant.
    Tenant,
    /// Workload of a flavor.
    Flavor,
    /// Workload of a resource class.
    Class,
    /// Workload of everyone.
    Workload,
    /// Node time that nobody requested.
    Idle,
    /// Node time while booting and draining.
    Overhead,
    /// What commitment discounts saved; below zero.
    CommitmentDiscount,
    /// What commitments cost for nothing.
    UnusedCommitment,
    /// Workers of a module, shared by everyone.
    Module,
    /// The sum of all rows.
    Total,
}

impl RowKind {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Flavor => "flavor",
            Self::Class => "class",
            Self::Workload => "workload",
            Self::Idle => "idle",
            Self::Overhead => "overhead",
            Self::CommitmentDiscount => "commitment_discount",
            Self::UnusedCommitment => "unused_commitment",
            Self::Module => "module",
            Self::Total => "total",
        }
    }
}

/// One row: predicted over the runs, actual, and the difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AllocationRow {
    /// What it is about.
    pub kind: RowKind,
    /// Its name; empty where the kind says all.
    pub name: String,
    /// What the runs said; the means add up over the rows, quantiles do not.
    pub predicted: MoneyBand,
    /// What it cost, once known.
    pub actual: Option<Money>,
    /// Actual − predicted mean.
    pub variance: Option<Money>,
    /// The variance by cause, where it was replayed for rows of this kind; the amounts that are known add up to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<CauseAmount>,
}

/// The key of a row before it has a name: kind, then index in the kind's table.
pub(super) type RowKey = (RowKind, u32);

/// The keys of all rows that any of the breakdowns needs, in order; idle, overhead and modules always have theirs, and
/// commitments where there are any.
pub(super) fn keys<'a>(
    breakdowns: impl IntoIterator<Item = &'a CostBreakdown>,
    grouping: Grouping,
    flavors: &[Flavor],
) -> Vec<RowKey> {
    let mut keys = BTreeSet::new();
    for breakdown in breakdowns {
        keys.extend(breakdown.accounts.iter().map(|account| key(account, grouping, flavors)));
        if breakdown.commitments != CommitmentCost::default() {
            keys.extend([(RowKind::CommitmentDiscount, 0), (RowKind::UnusedCommitment, 0)]);
        }
    }
    keys.extend([(RowKind::Idle, 0), (RowKind::Overhead, 0)]);
    keys.extend(Module::ALL.map(|module| (RowKind::Module, module as u32)));
    keys.into_iter().collect()
}

/// One amount a key; they add up to the breakdown's total.
pub(super) fn amounts(
    breakdown: &CostBreakdown,
    keys: &[RowKey],
    grouping: Grouping,
    flavors: &[Flavor],
) -> Vec<LedgerUnits> {
    let mut amounts = vec![LedgerUnits::ZERO; keys.len()];
    let mut add = |key: RowKey, amount: LedgerUnits| {
        amounts[keys.binary_search(&key).expect("every breakdown's keys are among the rows")] += amount;
    };
    for account in &breakdown.accounts {
        add(key(account, grouping, flavors), account.workload);
    }
    add((RowKind::Idle, 0), breakdown.idle);
    add((RowKind::Overhead, 0), breakdown.overhead);
    if breakdown.commitments != CommitmentCost::default() {
        add((RowKind::CommitmentDiscount, 0), -breakdown.commitments.saved);
        add((RowKind::UnusedCommitment, 0), breakdown.commitments.unused);
    }
    for module in Module::ALL {
        add((RowKind::Module, module as u32), breakdown.modules[module as usize]);
    }
    amounts
}

/// What people call a row.
pub(super) fn name((kind, index): RowKey, tenants: &[Tenant], flavors: &[Flavor]) -> String {
    match kind {
        RowKind::Tenant => tenants[index as usize].name.clone(),
        RowKind::Flavor => flavors[index as usize].name.clone(),
        RowKind::Class => ResourceClass::ALL[index as usize].as_str().to_owned(),
        RowKind::Module => Module::ALL[index as usize].as_str().to_owned(),
        RowKind::Workload
        | RowKind::Idle
        | RowKind::Overhead
        | RowKind::CommitmentDiscount
        | RowKind::UnusedCommitment
        | RowKind::Total => String::new(),
    }
}

fn key(account: &AccountCost, grouping: Grouping, flavors: &[Flavor]) -> RowKey {
    match grouping {
        Grouping::Tenant => (RowKind::Tenant, account.tenant.0),
        Grouping::Flavor => (RowKind::Flavor, account.flavor.0),
        Grouping::Class => (RowKind::Class, flavors[account.flavor.usize()].class as u32),
        Grouping::Module => (RowKind::Workload, 0),
    }
}

//! Budgets: what may be spent in a day, a week or a month, and when a prediction passes it.

mod file;
mod outlook;
mod spending;
#[cfg(test)]
mod tests;

use core::fmt;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use file::read_budgets;
pub use outlook::{BudgetOutlook, BudgetRun, BudgetState, BudgetWatch, unknown_beginnings};

use super::Metering;
use super::metering::MeteredUse;
use crate::features::CalendarStep;
use crate::units::{LedgerUnits, TenantIndex};

/// How much may be spent on what in each period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// What people call it; each once.
    pub name: String,
    /// How much may be spent in a period.
    pub amount: LedgerUnits,
    /// After how long it begins anew.
    pub period: BudgetPeriod,
    /// What counts against it.
    pub scope: BudgetScope,
}

/// After how long a budget begins anew, on the local clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum BudgetPeriod {
    /// Local days, of 23 and 25 hours too.
    Day,
    /// Local weeks, from Monday.
    Week,
    /// Local months.
    Month,
}

/// What counts against a budget: all that is paid where nothing is named, with what commitments cost, used or not, in
/// place of what they cover; otherwise the workload of whom or what is named at prices without commitments, which are
/// of no tenant, and without idle, overhead and modules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BudgetScope {
    /// Whose workload.
    pub tenant: Option<String>,
    /// That of resources with a label of this key and value: the request's own, or its tenant's.
    pub label: Option<(String, String)>,
}

impl BudgetPeriod {
    /// Every period.
    pub const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    /// The name in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    const fn step(self) -> CalendarStep {
        match self {
            Self::Day => CalendarStep::Day,
            Self::Week => CalendarStep::Week,
            Self::Month => CalendarStep::Month,
        }
    }
}

impl BudgetScope {
    /// Whether all that is paid counts.
    pub fn is_everything(&self) -> bool {
        self.tenant.is_none() && self.label.is_none()
    }

    /// The labels, `KEY=VALUE`, that what was metered of the tenants of the scope has: their requests' own, and theirs.
    pub fn labels_in(&self, metering: &Metering) -> BTreeSet<String> {
        let is_of = |name: &str| self.tenant.as_ref().is_none_or(|tenant| tenant == name);
        let tenants = metering.tenants.iter().filter(|tenant| is_of(&tenant.name)).map(|tenant| &tenant.labels);
        let used: BTreeSet<(TenantIndex, u32)> = metering.uses.iter().map(|used| (used.tenant, used.labels)).collect();
        let used = used.into_iter().filter(|(tenant, _)| is_of(&metering.tenants[tenant.usize()].name));
        let sets = used.map(|(_, set)| &metering.label_sets[set as usize]);
        tenants.chain(sets).flatten().map(|(key, value)| format!("{key}={value}")).collect()
    }

    /// The label of the scope, `KEY=VALUE`, where nothing that was metered of its tenants has it.
    pub fn unknown_label(&self, metering: &Metering) -> Option<String> {
        let label = self.label.as_ref().map(|(key, value)| format!("{key}={value}"));
        label.filter(|label| !self.labels_in(metering).contains(label))
    }

    /// Whether a use counts against a budget that names something.
    fn counts(&self, used: &MeteredUse, metering: &Metering) -> bool {
        let tenant = &metering.tenants[used.tenant.usize()];
        let has = |(key, value): &(String, String)| {
            let own = metering.label_sets[used.labels as usize].get(key);
            own.or(tenant.labels.get(key)) == Some(value)
        };
        self.tenant.as_ref().is_none_or(|name| tenant.name == *name) && self.label.as_ref().is_none_or(has)
    }
}

impl fmt::Display for BudgetScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.tenant, &self.label) {
            (None, None) => f.write_str("everything"),
            (Some(tenant), None) => f.write_str(tenant),
            (None, Some((key, value))) => write!(f, "{key}={value}"),
            (Some(tenant), Some((key, value))) => write!(f, "{tenant}, {key}={value}"),
        }
    }
}

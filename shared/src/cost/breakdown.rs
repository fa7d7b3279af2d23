//! Cost by who caused it; every part in exact ledger units.

use serde::{Deserialize, Serialize};

use super::CommitmentCost;
use crate::request::MODULES;
use crate::units::{FlavorIndex, LedgerUnits, TenantIndex};

/// The cost of a window, split so that the parts add up to the whole.
///
/// `Σ accounts + idle + Σ modules + overhead − saved + unused = total`, exactly, where the last two are those of
/// commitments: everything else stands at its price without them. With [`Billing::PerResource`] there are no nodes to pay,
/// and idle and overhead are zero.
///
/// [`Billing::PerResource`]: crate::control_plane::Billing::PerResource
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CostBreakdown {
    /// Workload by tenant and flavor, in that order; only what cost something.
    pub accounts: Vec<AccountCost>,
    /// Node time that nobody requested.
    pub idle: LedgerUnits,
    /// Node time while booting and draining.
    pub overhead: LedgerUnits,
    /// Worker-hours of each module, in the order of a request's way.
    pub modules: [LedgerUnits; MODULES],
    /// What all commitment discounts came to.
    #[serde(default)]
    pub commitments: CommitmentCost,
}

/// What one tenant's resources of one flavor cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccountCost {
    /// Who pays.
    pub tenant: TenantIndex,
    /// For what.
    pub flavor: FlavorIndex,
    /// How much.
    pub workload: LedgerUnits,
}

impl CostBreakdown {
    /// Workload of every tenant.
    pub fn workload(&self) -> LedgerUnits {
        self.accounts.iter().map(|account| account.workload).sum()
    }

    /// Workload of one tenant.
    pub fn tenant(&self, tenant: TenantIndex) -> LedgerUnits {
        self.accounts.iter().filter(|account| account.tenant == tenant).map(|account| account.workload).sum()
    }

    /// Cost of the modules.
    pub fn shared(&self) -> LedgerUnits {
        self.modules.iter().copied().sum()
    }

    /// Everything.
    pub fn total(&self) -> LedgerUnits {
        self.workload() + self.idle + self.overhead + self.shared() + self.commitments.net()
    }
}

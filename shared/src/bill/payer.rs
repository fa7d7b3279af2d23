//! Who pays a charge, or why nobody in particular does.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::trace::charge::{Charge, ChargeCategory, CommitmentStatus, Unowned};
use crate::trace::mapping::Mapping;

/// Who pays a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payer<'a> {
    /// A tenant.
    Tenant(&'a str),
    /// Nobody in particular.
    Unallocated(Unallocated),
}

/// Why a charge is no tenant's; the first that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Unallocated {
    /// Of nodes that nobody asked for.
    Idle,
    /// Of everybody.
    Shared,
    /// Volumes and load balancers that no pod uses.
    Unmounted,
    /// OpenCost had nothing to go by.
    NotAttributed,
    /// Tax that no rule gives to a tenant.
    Tax,
    /// The part of a commitment that nobody used.
    UnusedCommitment,
    /// A purchase, such as that of a commitment, that no rule gives to a tenant.
    Purchase,
    /// A credit for no resource.
    Credit,
    /// An adjustment for no resource.
    Adjustment,
    /// A rule would match if the charge had the label at all.
    MissingLabel,
    /// No rule matches.
    NoRule,
    /// Without a mapping, accounts and namespaces are the tenants, and it has neither.
    NoAccount,
}

/// Finds who pays.
#[derive(Clone, Copy, Debug)]
pub struct Payers<'a> {
    mapping: Option<&'a Mapping>,
    mapped: bool,
}

impl<'a> Payers<'a> {
    /// By the rules of a mapping; by the tenants that the import wrote into the charges; or, where there is neither, by
    /// account (FOCUS) and namespace (OpenCost).
    pub fn new(mapping: Option<&'a Mapping>, charges: &[Charge]) -> Self {
        Self { mapping, mapped: mapping.is_some() || charges.iter().any(|charge| charge.tenant.is_some()) }
    }

    /// Who pays a charge.
    pub fn of(&self, charge: &'a Charge) -> Payer<'a> {
        // Idle and shared cost are told apart from workload everywhere: a rule for the cluster does not catch them.
        match charge.unowned {
            Some(Unowned::Idle) => return Payer::Unallocated(Unallocated::Idle),
            Some(Unowned::Shared) => return Payer::Unallocated(Unallocated::Shared),
            Some(Unowned::Unmounted | Unowned::Unallocated) | None => {}
        }
        let by_rule = self.mapping.and_then(|mapping| mapping.tenant_of_charge(charge));
        let itself = charge.namespace.as_deref().or(charge.sub_account.as_deref());
        let owned = charge.unowned.is_none() || charge.namespace.is_some();
        let itself = itself.filter(|_| !self.mapped && owned);
        match by_rule.or(charge.tenant.as_deref()).or(itself) {
            Some(tenant) => Payer::Tenant(tenant),
            None => Payer::Unallocated(self.reason(charge)),
        }
    }

    fn reason(&self, charge: &Charge) -> Unallocated {
        let of_nothing = charge.resource.is_none() && charge.resource_name.is_none();
        let unused =
            |charge: &Charge| charge.commitment.as_ref().is_some_and(|of| of.status == Some(CommitmentStatus::Unused));
        match (charge.unowned, charge.category) {
            (Some(Unowned::Unmounted), _) => Unallocated::Unmounted,
            (Some(_), _) => Unallocated::NotAttributed,
            (None, ChargeCategory::Tax) => Unallocated::Tax,
            (None, _) if unused(charge) => Unallocated::UnusedCommitment,
            (None, ChargeCategory::Purchase) => Unallocated::Purchase,
            (None, ChargeCategory::Credit) if of_nothing => Unallocated::Credit,
            (None, ChargeCategory::Adjustment) if of_nothing => Unallocated::Adjustment,
            _ if !self.mapped => Unallocated::NoAccount,
            _ if self.mapping.is_some_and(|mapping| !mapping.labels_missing_on(charge).is_empty()) => {
                Unallocated::MissingLabel
            }
            _ => Unallocated::NoRule,
        }
    }
}

impl fmt::Display for Unallocated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Idle => "idle",
            Self::Shared => "shared",
            Self::Unmounted => "unmounted",
            Self::NotAttributed => "not attributed",
            Self::Tax => "tax",
            Self::UnusedCommitment => "unused commitment",
            Self::Purchase => "purchase",
            Self::Credit => "credit of no resource",
            Self::Adjustment => "adjustment of no resource",
            Self::MissingLabel => "label missing",
            Self::NoRule => "no rule matches",
            Self::NoAccount => "no account",
        })
    }
}

//! Credits of a bill, kept apart from what it charges: no prediction of use has any.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::units::{Currency, LedgerUnits, Money, apportion};

/// What was granted to tenants, after discounts; the amounts add up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Credits {
    /// In how many charges of a bill.
    pub charges: u64,
    /// What they come to, below zero.
    pub amount: Money,
    /// By name.
    pub tenants: Vec<TenantCredits>,
}

/// What was granted to one tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TenantCredits {
    /// Who.
    pub tenant: String,
    /// In how many charges.
    pub charges: u64,
    /// What they come to, below zero.
    pub amount: Money,
}

/// How many charges, and what they come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Credited {
    /// How many.
    pub charges: u64,
    /// Exactly.
    pub amount: LedgerUnits,
}

impl Credited {
    /// Takes in the part of one charge.
    pub(super) fn add(&mut self, part: LedgerUnits) {
        self.charges += 1;
        self.amount += part;
    }
}

impl Credits {
    /// What was granted, by tenant; none where nothing was.
    pub fn new<N: AsRef<str>>(of: &BTreeMap<N, Credited>, currency: Currency) -> Option<Self> {
        let amounts: Vec<LedgerUnits> = of.values().map(|credited| credited.amount).collect();
        let (amount, column) = apportion(&amounts, currency);
        let tenants: Vec<TenantCredits> = of
            .iter()
            .zip(column)
            .map(|((name, credited), amount)| TenantCredits {
                tenant: name.as_ref().to_owned(),
                charges: credited.charges,
                amount,
            })
            .collect();
        let charges = of.values().map(|credited| credited.charges).sum();
        (!tenants.is_empty()).then_some(Self { charges, amount, tenants })
    }
}

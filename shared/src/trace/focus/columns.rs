//! Which columns there are, and which version of the specification they are of.

use core::fmt;

use serde::Serialize;

use crate::input::{InputError, Table};

/// A version of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum FocusVersion {
    /// June 2024.
    #[serde(rename = "1.0")]
    V1_0,
    /// November 2024.
    #[serde(rename = "1.1")]
    V1_1,
    /// May 2025.
    #[serde(rename = "1.2")]
    V1_2,
}

/// Mandatory in each of the versions (their feature level, not whether a value may be null).
const MANDATORY: [&str; 21] = [
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "ContractedCost",
    "EffectiveCost",
    "InvoiceIssuerName",
    "ListCost",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "ServiceCategory",
    "ServiceName",
];

/// What 1.1 brought.
const OF_1_1: [&str; 7] = [
    "CapacityReservationId",
    "CapacityReservationStatus",
    "CommitmentDiscountQuantity",
    "CommitmentDiscountUnit",
    "ServiceSubcategory",
    "SkuMeter",
    "SkuPriceDetails",
];

/// What 1.2 brought.
const OF_1_2: [&str; 7] = [
    "BillingAccountType",
    "InvoiceId",
    "PricingCurrency",
    "PricingCurrencyContractedUnitPrice",
    "PricingCurrencyEffectiveCost",
    "PricingCurrencyListUnitPrice",
    "SubAccountType",
];

/// Read here.
const READ: [&str; 31] = [
    "AvailabilityZone",
    "BilledCost",
    "BillingAccountId",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargeFrequency",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "CommitmentDiscountId",
    "CommitmentDiscountStatus",
    "CommitmentDiscountType",
    "ConsumedQuantity",
    "ConsumedUnit",
    "ContractedCost",
    "EffectiveCost",
    "ListCost",
    "ProviderName",
    "RegionId",
    "ResourceId",
    "ResourceName",
    "ResourceType",
    "ServiceCategory",
    "ServiceName",
    "SkuId",
    "SubAccountId",
    "SubAccountName",
    "Tags",
];

/// Of the specification, neither mandatory nor read here.
const OTHERS: [&str; 7] = [
    "CommitmentDiscountCategory",
    "CommitmentDiscountName",
    "ContractedUnitPrice",
    "ListUnitPrice",
    "PricingCategory",
    "RegionName",
    "SkuPriceId",
];

/// Where the columns that are read stand.
#[derive(Debug)]
pub(super) struct Columns {
    pub(super) version: FocusVersion,
    places: Vec<(&'static str, usize)>,
}

impl Columns {
    /// Finds the columns of a table.
    pub(super) fn find(table: &Table) -> Result<Self, InputError> {
        let missing: Vec<&str> = MANDATORY.into_iter().filter(|&name| table.find(name).is_none()).collect();
        if let Some((first, others)) = missing.split_first() {
            let others = if others.is_empty() { String::new() } else { format!("; neither are {}", others.join(", ")) };
            let message =
                format!("is no column, and FOCUS has it in every bill{others}; expected FOCUS 1.0, 1.1 or 1.2");
            return Err(InputError::field(1, *first, message));
        }
        let has = |names: &[&str]| names.iter().any(|name| table.find(name).is_some());
        let version = if has(&OF_1_2) {
            FocusVersion::V1_2
        } else if has(&OF_1_1) {
            FocusVersion::V1_1
        } else {
            FocusVersion::V1_0
        };
        let places = READ.into_iter().filter_map(|name| Some((name, table.find(name)?))).collect();
        Ok(Self { version, places })
    }

    /// The columns of a table that FOCUS does not have, such as one's own (`x_…`).
    pub(super) fn foreign(table: &Table) -> Vec<String> {
        let known = [&MANDATORY[..], &OF_1_1, &OF_1_2, &READ, &OTHERS].concat();
        table.columns().iter().filter(|column| !known.contains(&column.as_str())).cloned().collect()
    }

    /// Where the column of that name stands, if it is there.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.places.binary_search_by(|(known, _)| (*known).cmp(name)).ok().map(|at| self.places[at].1)
    }
}

impl fmt::Display for FocusVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V1_0 => "1.0",
            Self::V1_1 => "1.1",
            Self::V1_2 => "1.2",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_that_are_read_are_found_by_bisection() {
        assert!(READ.is_sorted());
    }
}

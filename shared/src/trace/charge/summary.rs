//! What is said of an imported bill.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{BillTotal, Duplicates, ImportedBill};
use crate::units::{Instant, Window};

/// What was imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BillSummary {
    /// In which form it came, with the version where there are several.
    pub format: String,
    /// When the bill said so.
    pub stated: Instant,
    /// How many charges it has.
    pub charges: u64,
    /// From the first start of a charge to the last end.
    pub period: Window,
    /// What they come to, by currency.
    pub totals: Vec<BillTotal>,
    /// Lines that equal an earlier one.
    pub duplicates: Duplicates,
    /// Amounts finer than 17 decimals, which were rounded.
    pub rounded: u64,
    /// Charges whose tenant no rule says, where there are rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unmapped: Option<u64>,
    /// Rules that say the tenant of no charge.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unused_rules: Vec<String>,
    /// Charges whose period reaches out of their billing period, other than purchases and corrections.
    #[serde(default)]
    pub out_of_period: u64,
    /// Columns that the specification does not have, in their order.
    pub ignored_columns: Vec<String>,
    /// What the specification wants and the bill lacks, with how often.
    pub lacking: BTreeMap<String, u64>,
}

impl BillSummary {
    /// That of a bill, whose charges were mapped to tenants or not.
    pub fn new(format: String, stated: Instant, bill: &ImportedBill, mapped: bool) -> Self {
        Self {
            format,
            stated,
            charges: bill.charges,
            period: bill.period,
            totals: bill.totals.clone(),
            duplicates: bill.duplicates.clone(),
            rounded: bill.rounded,
            unmapped: mapped.then_some(bill.unmapped),
            unused_rules: bill.unused_rules.clone(),
            out_of_period: bill.out_of_period,
            ignored_columns: bill.ignored.clone(),
            lacking: bill.lacking.clone(),
        }
    }
}

//! Charges: the lines of a bill, in one form whoever sent it.

mod collector;
mod summary;

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::input::{InputError, parse_json};
use crate::request::ResourceClass;
use crate::units::{Amount, Currency, Instant, Window};

pub(super) use collector::ChargeCollector;
pub use collector::{BillTotal, Duplicates, ImportedBill, WhenEqual};
pub use summary::BillSummary;

/// One line of a bill: one NDJSON line of ours. Words and meanings are FOCUS's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Charge {
    /// When what is charged was used, or for when it was bought.
    pub period: Window,
    /// The period of the invoice that it is on.
    pub billing_period: Window,
    /// When the bill said so: a later statement of the same billing period takes the place of an earlier one.
    pub stated: Instant,
    /// On the invoice.
    pub billed: Amount,
    /// After all discounts, with what was paid ahead spread over its use.
    pub effective: Amount,
    /// At list prices, where the bill says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<Amount>,
    /// At negotiated prices, before commitment discounts, where the bill says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contracted: Option<Amount>,
    /// Of all four.
    pub currency: Currency,
    /// What kind of charge it is.
    pub category: ChargeCategory,
    /// Whether it corrects a charge of an earlier invoice.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub correction: bool,
    /// How often it comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frequency: Option<ChargeFrequency>,
    /// Whether it came from a bill or from a meter.
    pub source: ChargeSource,
    /// What it is of where nobody in particular caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unowned: Option<Unowned>,
    /// Who pays, where a mapping has said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The class of resource, where it is one of ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<ResourceClass>,
    /// Who sold it.
    pub provider: String,
    /// The account that the invoice goes to; the cluster in OpenCost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_account: Option<String>,
    /// The account, project or subscription that it was used in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_account: Option<String>,
    /// The name of that account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_account_name: Option<String>,
    /// The namespace in Kubernetes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// What was bought; the part of the cost in OpenCost (`cpu`, `ram`, …).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// FOCUS's category of the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_category: Option<String>,
    /// What exactly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
    /// Of which resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The name of the resource; the pod in OpenCost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_name: Option<String>,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<String>,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Where in the region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// The commitment discount that it is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commitment: Option<ChargedCommitment>,
    /// How much was used; negative where it is taken back.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "quantity")]
    pub quantity: Option<Decimal>,
    /// In which unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// What the tenant wrote on the resource.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// What kind of charge a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChargeCategory {
    /// Something was used.
    Usage,
    /// Something was bought, such as a commitment.
    Purchase,
    /// The state's part.
    Tax,
    /// Granted by the seller; negative.
    Credit,
    /// Anything else that makes the invoice come out, such as rounding or a refund.
    Adjustment,
}

/// How often a charge comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChargeFrequency {
    /// Once.
    OneTime,
    /// Every billing period.
    Recurring,
    /// As much as is used.
    UsageBased,
}

/// Where a charge comes from: the one is billed, the other metered, and accuracy never mixes the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChargeSource {
    /// A bill in FOCUS's form.
    Focus,
    /// What OpenCost makes of metered use and prices.
    OpenCost,
}

/// What nobody in particular caused, as OpenCost names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unowned {
    /// Of nodes that nobody asked for (`__idle__`).
    Idle,
    /// Volumes and load balancers that no pod uses (`__unmounted__`).
    Unmounted,
    /// Without what the allocation was asked to go by (`__unallocated__`).
    Unallocated,
    /// Of everybody (`__shared__`).
    Shared,
}

/// The commitment discount that a charge is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChargedCommitment {
    /// Which one.
    pub id: String,
    /// Whether this is its use or what was left over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<CommitmentStatus>,
    /// What the seller calls it.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// Which part of a commitment a charge is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommitmentStatus {
    /// What was used of it.
    Used,
    /// What was paid for and not used.
    Unused,
}

impl ChargeCategory {
    /// Every category.
    pub const ALL: [Self; 5] = [Self::Usage, Self::Purchase, Self::Tax, Self::Credit, Self::Adjustment];

    /// In lower case, as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Purchase => "purchase",
            Self::Tax => "tax",
            Self::Credit => "credit",
            Self::Adjustment => "adjustment",
        }
    }
}

/// Reads charges, one JSON object a line; empty lines are skipped.
///
/// # Errors
/// At the first wrong line, or when there is none.
pub fn read_charges(text: &str) -> Result<Vec<Charge>, InputError> {
    let mut charges = Vec::new();
    for (line, number) in text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty()) {
        let charge: Charge = parse_json(number, line).map_err(of_bill)?;
        for (field, period) in [("period", charge.period), ("billing_period", charge.billing_period)] {
            if period.end < period.start {
                let message = "ends before it starts; expected `end` at or after `start`";
                return Err(InputError::field(number, field, message));
            }
        }
        charges.push(charge);
    }
    if charges.is_empty() {
        return Err(InputError::whole("holds no charges; expected at least one"));
    }
    Ok(charges)
}

/// What is no JSON at all is most likely the bill as it came.
fn of_bill(error: InputError) -> InputError {
    let message = error.message.replace("`shadowplane import csv` makes such lines from a table", OF_BILL);
    InputError { message, ..error }
}

const OF_BILL: &str = "`shadowplane import focus` or `import opencost` makes such lines from a bill";

/// Appends a charge as a line of ours.
///
/// # Panics
/// Never: a charge has no value that JSON cannot hold.
pub fn write_charge(lines: &mut String, charge: &Charge) {
    lines.push_str(&serde_json::to_string(charge).expect("a charge is JSON"));
    lines.push('\n');
}

/// A decimal number as text.
mod quantity {
    use rust_decimal::Decimal;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(quantity: &Option<Decimal>, serializer: S) -> Result<S::Ok, S::Error> {
        match quantity {
            Some(quantity) => serializer.collect_str(&quantity.normalize()),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
        let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
        let wrong = |_| serde::de::Error::custom(format!("`{text}` is no decimal number, such as 12.5"));
        text.parse().map(Some).map_err(wrong)
    }
}

//! Bills in FOCUS's form, the FinOps Open Cost and Usage Specification, versions 1.0 to 1.2, as CSV.
//!
//! Columns may stand in any order; which version it is shows in the columns that later versions brought. What every
//! version calls mandatory has to be there. Columns that it does not have, such as one's own (`x_…`), are left out and named.
//! Source: <https://focus.finops.org/focus-specification/>.

mod columns;
#[cfg(test)]
mod tests;
mod values;

use columns::Columns;
pub use columns::FocusVersion;

use super::charge::{
    Charge, ChargeCategory, ChargeCollector, ChargeSource, ChargedCommitment, CommitmentStatus, ImportedBill, WhenEqual,
};
use super::mapping::Mapping;
use crate::input::{InputError, Row, Table};
use crate::request::ResourceClass;
use crate::units::{Currency, Instant, Window};
use values::Values;

/// How a bill is read.
#[derive(Clone, Copy, Debug)]
pub struct FocusConfig<'a> {
    /// When the bill said so.
    pub stated: Instant,
    /// Who is which tenant.
    pub mapping: Option<&'a Mapping>,
    /// What happens to a line that equals an earlier one in every column.
    pub when_equal: WhenEqual,
}

/// Our own column: of which horizon a prediction is that was written in FOCUS's form.
const PREDICTED: &str = "x_Horizon";

/// Reads a bill, and which version of FOCUS it is in.
///
/// Amounts are exact to 17 decimals. Instants are UTC. `NULL` and an empty value are no value. `ListCost` and
/// `ContractedCost` may be missing in a line, which breaks the specification and happens; that is counted as lacking.
///
/// # Errors
/// Where a mandatory column is missing, and at the first line with a wrong value, or that was predicted.
pub fn read_focus(text: &str, config: &FocusConfig) -> Result<(ImportedBill, FocusVersion), InputError> {
    let mut table = Table::open(text, None)?;
    let columns = Columns::find(&table)?;
    let horizon = table.find(PREDICTED);
    let mut collector = ChargeCollector::new(config.mapping, config.when_equal);
    let (mut row, mut content) = (Row::default(), String::new());
    while table.next(&mut row)? {
        if let Some(horizon) = row.optional(horizon).filter(|horizon| *horizon != "NULL") {
            let message =
                format!("is {horizon}: this is what a prediction would cost, not a bill; import what was charged");
            return Err(InputError::field(row.line, PREDICTED, message));
        }
        let mut values = Values::new(&row, &columns);
        let charge = charge(&mut values, config.stated)?;
        collector.rounded += values.rounded;
        for lacking in &values.lacking {
            *collector.lacking.entry((*lacking).to_owned()).or_default() += 1;
        }
        content.clear();
        (0..table.columns().len()).for_each(|at| {
            content.push_str(row.get(at));
            content.push('\u{1f}');
        });
        collector.push(row.line, charge, &content);
    }
    Ok((collector.finish(Columns::foreign(&table))?, columns.version))
}

fn charge(values: &mut Values, stated: Instant) -> Result<Charge, InputError> {
    let service_category = values.text("ServiceCategory");
    Ok(Charge {
        period: period(values, "ChargePeriodStart", "ChargePeriodEnd")?,
        billing_period: period(values, "BillingPeriodStart", "BillingPeriodEnd")?,
        stated,
        billed: values.amount("BilledCost")?,
        effective: values.amount("EffectiveCost")?,
        list: values.amount_or_lacking("ListCost")?,
        contracted: values.amount_or_lacking("ContractedCost")?,
        currency: values.parsed::<Currency, _>("BillingCurrency")?,
        category: category(values)?,
        correction: values.choice("ChargeClass", &[("Correction", ())])?.is_some(),
        frequency: values.choice("ChargeFrequency", &values::FREQUENCIES)?,
        source: ChargeSource::Focus,
        unowned: None,
        tenant: None,
        class: service_category.as_deref().and_then(class),
        provider: values.mandatory_text("ProviderName")?,
        billing_account: values.text("BillingAccountId"),
        sub_account: values.text("SubAccountId"),
        sub_account_name: values.text("SubAccountName"),
        namespace: None,
        service: values.text("ServiceName"),
        service_category,
        sku: values.text("SkuId"),
        resource: values.text("ResourceId"),
        resource_name: values.text("ResourceName"),
        resource_type: values.text("ResourceType"),
        region: values.text("RegionId"),
        zone: values.text("AvailabilityZone"),
        commitment: commitment(values)?,
        quantity: values.quantity("ConsumedQuantity")?,
        unit: values.text("ConsumedUnit"),
        tags: values.tags("Tags")?,
        description: values.text("ChargeDescription"),
    })
}

fn period(values: &Values, start: &'static str, end: &'static str) -> Result<Window, InputError> {
    let window = Window { start: values.instant(start)?, end: values.instant(end)? };
    if window.end < window.start {
        return Err(values.wrong(end, format!("is before `{start}`, which is {}; expected a later one", window.start)));
    }
    Ok(window)
}

fn category(values: &Values) -> Result<ChargeCategory, InputError> {
    let choices = [
        ("Usage", ChargeCategory::Usage),
        ("Purchase", ChargeCategory::Purchase),
        ("Tax", ChargeCategory::Tax),
        ("Credit", ChargeCategory::Credit),
        ("Adjustment", ChargeCategory::Adjustment),
    ];
    let found = values.choice("ChargeCategory", &choices)?;
    found.ok_or_else(|| values.wrong("ChargeCategory", "is empty; expected a category such as Usage"))
}

fn commitment(values: &Values) -> Result<Option<ChargedCommitment>, InputError> {
    let choices = [("Used", CommitmentStatus::Used), ("Unused", CommitmentStatus::Unused)];
    let status = values.choice("CommitmentDiscountStatus", &choices)?;
    let kind = values.text("CommitmentDiscountType");
    Ok(values.text("CommitmentDiscountId").map(|id| ChargedCommitment { id, status, kind }))
}

/// The class of resource that FOCUS's category of services is, where it is one of ours.
fn class(category: &str) -> Option<ResourceClass> {
    match category {
        "Compute" => Some(ResourceClass::Compute),
        "Storage" => Some(ResourceClass::Storage),
        "Networking" => Some(ResourceClass::Network),
        _ => None,
    }
}

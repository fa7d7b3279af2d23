//! A statement as charges of FOCUS 1.2, the FinOps Open Cost and Usage Specification.
//!
//! Source of the columns: <https://focus.finops.org/focus-specification/v1-2/>. All columns that are mandatory are there, and
//! the conditional ones that there is something to say for; columns of ours begin with `x_`. What is not known is an empty
//! value without quotes, which is how CSV says null.

#[cfg(test)]
mod tests;

use rust_decimal::Decimal;

use super::view::in_money;
use super::{AmountsView, GroupBy, Resolution, Statement, StatementRow};
use crate::allocation::Metering;
use crate::features::CalendarStep;
use crate::units::{Money, Window};

/// The columns in the order in which they are written.
pub const FOCUS_COLUMNS: [&str; 37] = [
    "AvailabilityZone",
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargeFrequency",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "ConsumedQuantity",
    "ConsumedUnit",
    "ContractedCost",
    "EffectiveCost",
    "InvoiceIssuerName",
    "ListCost",
    "PricingCategory",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "ServiceCategory",
    "ServiceName",
    "ServiceSubcategory",
    "SubAccountId",
    "SubAccountName",
    "Tags",
    "x_CostPart",
    "x_Flavor",
    "x_Module",
    "x_NodeGroup",
    "x_RunId",
    "x_Horizon",
    "x_Quantile",
];

/// What a statement does not know about its charges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FocusSettings {
    /// Who provides, publishes and invoices all of it; its name is that of the billing account, too.
    pub provider: String,
}

/// What each charge is of: FOCUS wants charges as fine as they are known.
pub fn focus_groupings() -> Vec<GroupBy> {
    vec![GroupBy::Tenant, GroupBy::Flavor, GroupBy::Class, GroupBy::NodeGroup, GroupBy::Zone, GroupBy::Module]
}

/// Whether slices of this length each lie in one month, which is a billing period.
pub fn suits_focus(resolution: Resolution) -> bool {
    matches!(resolution, Resolution::Hour | Resolution::Day | Resolution::Month)
}

/// The header, and one charge a row and part of its cost.
///
/// # Panics
/// When the statement is by other groupings than [`focus_groupings`], or of a resolution that does not suit.
pub fn focus_rows(statement: &Statement, metering: &Metering, settings: &FocusSettings) -> Vec<Vec<String>> {
    assert_eq!(statement.settings.by, focus_groupings(), "charges are of these groups");
    assert!(suits_focus(statement.settings.resolution), "a charge lies in one month");
    let (_, amounts) = in_money(statement);
    let months: Vec<Window> =
        statement.slices.iter().map(|slice| metering.time_zone.around(CalendarStep::Month, slice.start)).collect();
    let charges = statement.rows.iter().zip(&amounts).flat_map(|(row, amounts)| {
        let period = months[row.slice as usize];
        parts(amounts).into_iter().filter_map(move |(part, cost)| {
            let used = part == "workload" && row.amounts.resource_micros > 0;
            let charge = Charge { statement, metering, row, part, cost, period };
            (used || !cost.amount.is_zero()).then(|| charge.values(settings))
        })
    });
    core::iter::once(FOCUS_COLUMNS.map(str::to_owned).to_vec()).chain(charges).collect()
}

fn parts(amounts: &AmountsView) -> [(&'static str, Money); 4] {
    [("workload", amounts.workload), ("idle", amounts.idle), ("shared", amounts.shared), ("overhead", amounts.overhead)]
}

/// One part of the cost of one row.
struct Charge<'a> {
    statement: &'a Statement,
    metering: &'a Metering,
    row: &'a StatementRow,
    part: &'static str,
    cost: Money,
    /// The month that it is in.
    period: Window,
}

impl Charge<'_> {
    fn values(&self, settings: &FocusSettings) -> Vec<String> {
        let name = |grouping| self.statement.name(self.row, grouping).unwrap_or_default().to_owned();
        let [tenant, flavor, class, node_group, zone, module] = core::array::from_fn(name);
        let slice = self.statement.slices[self.row.slice as usize];
        let (category, subcategory) = service(self.part, &class);
        let cost = self.cost.amount.normalize().to_string();
        // Every charge of usage has a consumed quantity; of what is no resource, it is the time that was paid for.
        let quantity = hours(match self.part {
            "workload" => self.row.amounts.resource_micros,
            _ => i128::from(slice.length().micros()),
        });
        let service_name = match self.part {
            "shared" => "control plane",
            _ => category,
        };
        let description = match (self.part, flavor.as_str()) {
            ("workload", flavor) => format!("{flavor}, hours used"),
            ("idle", _) => "node time that nobody requested".to_owned(),
            ("shared", _) => "workers of the control plane's modules".to_owned(),
            _ => "node time while booting and draining".to_owned(),
        };
        let source = |key: &str| self.metering.source.get(key).cloned().unwrap_or_default();
        let provider = || settings.provider.clone();
        vec![
            zone,
            cost.clone(),
            provider(),
            provider(),
            self.cost.currency.to_string(),
            self.period.end.to_string(),
            self.period.start.to_string(),
            "Usage".to_owned(),
            String::new(),
            description,
            "Usage-Based".to_owned(),
            slice.end.to_string(),
            slice.start.to_string(),
            quantity.clone(),
            "Hours".to_owned(),
            cost.clone(),
            cost.clone(),
            provider(),
            cost,
            "Standard".to_owned(),
            quantity,
            "Hours".to_owned(),
            provider(),
            provider(),
            category.to_owned(),
            service_name.to_owned(),
            subcategory.to_owned(),
            tenant.clone(),
            tenant.clone(),
            self.tags(&tenant),
            self.part.to_owned(),
            flavor,
            module,
            node_group,
            source("run"),
            source("horizon"),
            source("quantile"),
        ]
    }

    /// The labels of the tenant, as JSON; nothing where there are none.
    fn tags(&self, tenant: &str) -> String {
        let labels = self.metering.tenants.iter().find(|other| other.name == tenant).map(|tenant| &tenant.labels);
        let labels = labels.filter(|labels| !labels.is_empty());
        labels.map_or(String::new(), |labels| serde_json::to_string(labels).expect("text is JSON"))
    }
}

/// Category and subcategory of what is charged for.
fn service(part: &str, class: &str) -> (&'static str, &'static str) {
    match (part, class) {
        ("shared", _) => ("Management and Governance", "Other (Management and Governance)"),
        ("workload", "storage") => ("Storage", "Other (Storage)"),
        ("workload", "network") => ("Networking", "Other (Networking)"),
        _ => ("Compute", "Virtual Machines"),
    }
}

/// Microseconds as hours, to nine decimals.
fn hours(micros: i128) -> String {
    (Decimal::from_i128_with_scale(micros, 0) / Decimal::from(3_600_000_000_u64)).round_dp(9).normalize().to_string()
}

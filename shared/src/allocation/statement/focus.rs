//! A statement as charges of FOCUS 1.2, the FinOps Open Cost and Usage Specification.
//!
//! Source of the columns: <https://focus.finops.org/focus-specification/v1-2/>. All columns that are mandatory are there, and
//! the conditional ones that there is something to say for; columns of ours begin with `x_`. What is not known is an empty
//! value without quotes, which is how CSV says null.

mod charges;
mod paid;
#[cfg(test)]
mod tests;

use rust_decimal::Decimal;

use self::charges::{Charge, Part, Quantity, charges};
use super::{GroupBy, Resolution, Statement};
use crate::allocation::Metering;
use crate::features::CalendarStep;
use crate::units::{Instant, LedgerUnits, Money, Window, apportion};

/// The columns in the order in which they are written.
pub const FOCUS_COLUMNS: [&str; 51] = [
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
    "CommitmentDiscountCategory",
    "CommitmentDiscountId",
    "CommitmentDiscountName",
    "CommitmentDiscountQuantity",
    "CommitmentDiscountStatus",
    "CommitmentDiscountType",
    "CommitmentDiscountUnit",
    "ConsumedQuantity",
    "ConsumedUnit",
    "ContractedCost",
    "ContractedUnitPrice",
    "EffectiveCost",
    "InvoiceIssuerName",
    "ListCost",
    "ListUnitPrice",
    "PricingCategory",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "ResourceId",
    "ResourceName",
    "ResourceType",
    "ServiceCategory",
    "ServiceName",
    "ServiceSubcategory",
    "SkuId",
    "SubAccountId",
    "SubAccountName",
    "SubAccountType",
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
    let (labels, module) = (GroupBy::Labels, GroupBy::Module);
    vec![GroupBy::Tenant, GroupBy::Flavor, GroupBy::Class, GroupBy::NodeGroup, GroupBy::Zone, module, labels]
}

/// Whether slices of this length each lie in one month, which is a billing period.
pub fn suits_focus(resolution: Resolution) -> bool {
    matches!(resolution, Resolution::Hour | Resolution::Day | Resolution::Month)
}

/// Why a statement cannot be told as charges.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FocusError {
    /// Commitments are drawn down hour by hour, and an hour has one charge.
    #[error(
        "{0} cuts an hour of UTC in which commitments are drawn down, and a charge of theirs is of whole hours; take a \
         window, and a time zone, whose hours are those of UTC"
    )]
    CutHour(Instant),
}

/// Positions of [`focus_groupings`] in a key.
const TENANT: usize = 0;
const FLAVOR: usize = 1;
const CLASS: usize = 2;
const NODE_GROUP: usize = 3;
const ZONE: usize = 4;
const MODULE: usize = 5;
const LABELS: usize = 6;

/// The header, and the charges: of each part of each row, cut where commitments cover it, and of the commitments.
///
/// Commitments are bought as time passes, as an upfront price is spread over its term: so what is billed and what is
/// effective both add up to the total of the statement, and so they do in each hour.
///
/// # Errors
/// When an hour of commitments is cut.
///
/// # Panics
/// When the statement is by other groupings than [`focus_groupings`], or of a resolution that does not suit.
pub fn focus_rows(
    statement: &Statement,
    metering: &Metering,
    settings: &FocusSettings,
) -> Result<Vec<Vec<String>>, FocusError> {
    assert_eq!(statement.settings.by, focus_groupings(), "charges are of these groups");
    assert!(suits_focus(statement.settings.resolution), "a charge lies in one month");
    let bounds = statement.slices.iter().map(|slice| slice.start).chain([statement.settings.window.end]);
    for bound in bounds {
        if metering.covered.iter().any(|cover| cover.from < bound && bound < cover.until) {
            return Err(FocusError::CutHour(bound));
        }
    }
    let charges = charges(statement, metering);
    let column = |of: fn(&Charge<'_>) -> LedgerUnits| {
        apportion(&charges.iter().map(of).collect::<Vec<_>>(), statement.currency).1
    };
    let (billed, effective) = (column(|charge| charge.billed), column(|charge| charge.effective));
    let (contracted, list) = (column(|charge| charge.contracted), column(|charge| charge.list));
    let months: Vec<Window> =
        statement.slices.iter().map(|slice| metering.time_zone.around(CalendarStep::Month, slice.start)).collect();
    let rows = charges.iter().enumerate().filter_map(|(i, charge)| {
        let costs = [billed[i], effective[i], contracted[i], list[i]];
        let is_used = charge.part == Part::Workload && charge.commitment.is_none();
        let period = months[charge.slice as usize];
        let row = Row { statement, metering, charge, costs, period };
        (is_used || costs.iter().any(|cost| !cost.amount.is_zero())).then(|| row.values(settings))
    });
    Ok(core::iter::once(FOCUS_COLUMNS.map(str::to_owned).to_vec()).chain(rows).collect())
}

/// A charge with its costs in money.
struct Row<'a> {
    statement: &'a Statement,
    metering: &'a Metering,
    charge: &'a Charge<'a>,
    /// Billed, effective, contracted and list.
    costs: [Money; 4],
    /// The month that it is in.
    period: Window,
}

impl Row<'_> {
    fn values(&self, settings: &FocusSettings) -> Vec<String> {
        let charge = self.charge;
        let name = |grouping| self.name(grouping);
        let (tenant, flavor, class) = (name(TENANT), name(FLAVOR), name(CLASS));
        let slice = self.statement.slices[charge.slice as usize];
        let (category, subcategory) = service(charge.part, class);
        let [billed, effective, contracted, list] = self.costs.map(|cost| cost.amount.normalize());
        let quantity = hours(charge.micros);
        // Of a purchase nothing is consumed yet, and of what is unused nothing was.
        let is_consumed = !matches!(charge.part, Part::Purchase | Part::Unused);
        let if_consumed = |text: String| if is_consumed { text } else { String::new() };
        let is_bought = charge.part == Part::Purchase;
        let source = |key: &str| self.metering.source.get(key).cloned().unwrap_or_default();
        let provider = || settings.provider.clone();
        let [category_of, id, discount_name, amount, status, kind, unit] = self.commitment();
        let [resource_id, resource_name, resource_type] = self.resource();
        vec![
            name(ZONE).to_owned(),
            billed.to_string(),
            provider(),
            provider(),
            self.costs[0].currency.to_string(),
            self.period.end.to_string(),
            self.period.start.to_string(),
            if is_bought { "Purchase" } else { "Usage" }.to_owned(),
            String::new(),
            self.description(flavor),
            if is_bought { "Recurring" } else { "Usage-Based" }.to_owned(),
            slice.end.to_string(),
            slice.start.to_string(),
            category_of,
            id,
            discount_name,
            amount,
            status,
            kind,
            unit,
            if_consumed(quantity.to_string()),
            if_consumed("Hours".to_owned()),
            contracted.to_string(),
            unit_price(contracted, quantity),
            effective.to_string(),
            provider(),
            list.to_string(),
            unit_price(list, quantity),
            self.pricing_category().to_owned(),
            quantity.to_string(),
            "Hours".to_owned(),
            provider(),
            provider(),
            resource_id,
            resource_name,
            resource_type,
            category.to_owned(),
            if charge.part == Part::Shared { "control plane" } else { category }.to_owned(),
            subcategory.to_owned(),
            self.sku(flavor),
            tenant.to_owned(),
            tenant.to_owned(),
            if tenant.is_empty() { "" } else { "Tenant" }.to_owned(),
            name(LABELS).to_owned(),
            charge.part.as_str().to_owned(),
            flavor.to_owned(),
            name(MODULE).to_owned(),
            name(NODE_GROUP).to_owned(),
            source("run"),
            source("horizon"),
            source("quantile"),
        ]
    }

    /// The columns of the commitment discount: category, id, name, quantity, status, type and unit.
    fn commitment(&self) -> [String; 7] {
        let Some((position, quantity)) = self.charge.commitment else { return Default::default() };
        let commitment = &self.metering.commitments[position];
        let (category, kind) =
            if commitment.machines.is_some() { ("Usage", "Reserved machines") } else { ("Spend", "Savings plan") };
        let (quantity, unit) = match quantity {
            Quantity::Micros(micros) => (hours(micros), "Hours".to_owned()),
            Quantity::Money(amount) => {
                let money = amount.to_money(self.statement.currency);
                (money.amount.normalize(), money.currency.to_string())
            }
        };
        let status = match self.charge.part {
            Part::Purchase => "",
            Part::Unused => "Unused",
            _ => "Used",
        };
        let name = || commitment.name.clone();
        let [category, status, kind] = [category, status, kind].map(str::to_owned);
        [category, name(), name(), quantity.to_string(), status, kind, unit]
    }

    fn description(&self, flavor: &str) -> String {
        let Charge { part, commitment, .. } = *self.charge;
        let what = match part {
            Part::Workload => format!("{flavor}, hours used"),
            Part::Idle => "node time that nobody requested".to_owned(),
            Part::Shared => "workers of the control plane's modules".to_owned(),
            Part::Overhead => "node time while booting and draining".to_owned(),
            Part::Purchase => "commitment for the time, its upfront price spread over the term".to_owned(),
            Part::Unused => "commitment that nobody used".to_owned(),
        };
        let covered = commitment.is_some() && !matches!(part, Part::Purchase | Part::Unused);
        if covered { what + ", covered by a commitment" } else { what }
    }

    fn pricing_category(&self) -> &'static str {
        let group = self.charge.row.and_then(|row| self.metering.node_groups.get(row.key[NODE_GROUP] as usize));
        match self.charge.part {
            Part::Purchase => "Standard",
            _ if self.charge.commitment.is_some() => "Committed",
            // Spot nodes cost what the provider asks for them at the time.
            _ if group.is_some_and(|group| group.price_percent != 100) => "Dynamic",
            _ => "Standard",
        }
    }

    /// The name of the group of a grouping; empty where it is of none.
    fn name(&self, grouping: usize) -> &str {
        self.charge.row.and_then(|row| self.statement.name(row, grouping)).unwrap_or_default()
    }

    /// Id, name and type of what is charged for as a whole, which is a module or a group of nodes: what is metered of the
    /// resources of tenants does not name them.
    fn resource(&self) -> [String; 3] {
        let (kind, of) = match self.charge.part {
            Part::Shared => ("module", MODULE),
            Part::Idle | Part::Overhead => ("node group", NODE_GROUP),
            Part::Workload | Part::Purchase | Part::Unused => return Default::default(),
        };
        match self.name(of) {
            "" => Default::default(),
            name => [format!("{kind} {name}"), name.to_owned(), kind.to_owned()],
        }
    }

    /// What exactly is charged for: a flavor costs something else on other nodes.
    fn sku(&self, flavor: &str) -> String {
        let on = |what: &str| match self.name(NODE_GROUP) {
            "" => what.to_owned(),
            group => format!("{what}@{group}"),
        };
        match (self.charge.part, self.charge.commitment) {
            (Part::Workload, _) => on(flavor),
            (Part::Purchase | Part::Unused, Some((position, _))) => self.metering.commitments[position].name.clone(),
            (Part::Shared, _) => self.name(MODULE).to_owned(),
            (part, _) => on(part.as_str()),
        }
    }
}

/// Category and subcategory of what is charged for.
fn service(part: Part, class: &str) -> (&'static str, &'static str) {
    match (part, class) {
        (Part::Shared, _) => ("Management and Governance", "Other (Management and Governance)"),
        (Part::Workload, "storage") => ("Storage", "Other (Storage)"),
        (Part::Workload, "network") => ("Networking", "Other (Networking)"),
        _ => ("Compute", "Virtual Machines"),
    }
}

/// Microseconds as hours, to nine decimals.
fn hours(micros: i128) -> Decimal {
    (Decimal::from_i128_with_scale(micros, 0) / Decimal::from(3_600_000_000_u64)).round_dp(9).normalize()
}

/// What one hour costs, to twelve decimals; what has no quantity has no price either.
fn unit_price(cost: Decimal, quantity: Decimal) -> String {
    cost.checked_div(quantity).unwrap_or_default().round_dp(12).normalize().to_string()
}

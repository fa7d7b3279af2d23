//! Charges held against the specification.

use std::collections::BTreeMap;

use super::super::tests::two_hours;
use super::*;
use crate::allocation::{IdlePolicy, SharedPolicy, StatementSettings};
use crate::input::{Row, Table, write_table};
use crate::units::Instant;

/// What a value has to be.
#[derive(Clone, Copy)]
enum Type {
    Text,
    Decimal,
    Instant,
    OneOf(&'static [&'static str]),
}

const CATEGORIES: &[&str] = &[
    "AI and Machine Learning",
    "Analytics",
    "Business Applications",
    "Compute",
    "Databases",
    "Developer Tools",
    "Multicloud",
    "Identity",
    "Integration",
    "Internet of Things",
    "Management and Governance",
    "Media",
    "Migration",
    "Mobile",
    "Networking",
    "Security",
    "Storage",
    "Web",
    "Other",
];

/// Subcategories of the categories that charges of ours are in, of those that each has.
///
/// Source: `specification/columns/servicesubcategory.md` of FinOps-Open-Cost-and-Usage-Spec/FOCUS_Spec.
const SUBCATEGORIES: [(&str, &[&str]); 4] = [
    ("Compute", &["Virtual Machines", "Other (Compute)"]),
    ("Storage", &["Other (Storage)"]),
    ("Networking", &["Other (Networking)"]),
    ("Management and Governance", &["Other (Management and Governance)"]),
];

/// Of each column: data type or allowed values, whether null is ever allowed, and whether the column has to be there.
///
/// Source: "Content constraints" (feature level, allows nulls, data type, allowed values) of the columns' pages in
/// `specification/columns` of FinOps-Open-Cost-and-Usage-Spec/FOCUS_Spec; that the mandatory ones are those of version 1.2,
/// and which are recommended or conditional: the rules `…-C-000-M`, `-O` and `-C` of `rules/model-1.2.json` of
/// finopsfoundation/focus_validator. When a value may be null is in [`assert_conditions`].
const SPECIFICATION: [(&str, Type, bool, bool); 44] = [
    ("AvailabilityZone", Type::Text, true, false),
    ("BilledCost", Type::Decimal, false, true),
    ("BillingAccountId", Type::Text, false, true),
    ("BillingAccountName", Type::Text, true, true),
    ("BillingCurrency", Type::Text, false, true),
    ("BillingPeriodEnd", Type::Instant, false, true),
    ("BillingPeriodStart", Type::Instant, false, true),
    ("ChargeCategory", Type::OneOf(&["Usage", "Purchase", "Tax", "Credit", "Adjustment"]), false, true),
    ("ChargeClass", Type::OneOf(&["Correction"]), true, true),
    ("ChargeDescription", Type::Text, true, true),
    ("ChargeFrequency", Type::OneOf(&["One-Time", "Recurring", "Usage-Based"]), false, false),
    ("ChargePeriodEnd", Type::Instant, false, true),
    ("ChargePeriodStart", Type::Instant, false, true),
    ("CommitmentDiscountCategory", Type::OneOf(&["Spend", "Usage"]), true, false),
    ("CommitmentDiscountId", Type::Text, true, false),
    ("CommitmentDiscountName", Type::Text, true, false),
    ("CommitmentDiscountQuantity", Type::Decimal, true, false),
    ("CommitmentDiscountStatus", Type::OneOf(&["Used", "Unused"]), true, false),
    ("CommitmentDiscountType", Type::Text, true, false),
    ("CommitmentDiscountUnit", Type::Text, true, false),
    ("ConsumedQuantity", Type::Decimal, true, false),
    ("ConsumedUnit", Type::Text, true, false),
    ("ContractedCost", Type::Decimal, false, true),
    ("ContractedUnitPrice", Type::Decimal, true, false),
    ("EffectiveCost", Type::Decimal, false, true),
    ("InvoiceIssuerName", Type::Text, false, true),
    ("ListCost", Type::Decimal, false, true),
    ("ListUnitPrice", Type::Decimal, true, false),
    ("PricingCategory", Type::OneOf(&["Standard", "Dynamic", "Committed", "Other"]), true, false),
    ("PricingQuantity", Type::Decimal, true, true),
    ("PricingUnit", Type::Text, true, true),
    ("ProviderName", Type::Text, false, true),
    ("PublisherName", Type::Text, false, true),
    ("ResourceId", Type::Text, true, false),
    ("ResourceName", Type::Text, true, false),
    ("ResourceType", Type::Text, true, false),
    ("ServiceCategory", Type::OneOf(CATEGORIES), false, true),
    ("ServiceName", Type::Text, false, true),
    ("ServiceSubcategory", Type::Text, false, false),
    ("SkuId", Type::Text, true, false),
    ("SubAccountId", Type::Text, true, false),
    ("SubAccountName", Type::Text, true, false),
    ("SubAccountType", Type::Text, true, false),
    ("Tags", Type::Text, true, false),
];

/// Validates a data set against the specification; gives its rows by column.
fn validated(csv: &str) -> Vec<BTreeMap<String, String>> {
    let mut table = Table::open(csv, None).unwrap();
    let columns = table.columns().to_vec();
    for (name, .., mandatory) in SPECIFICATION {
        assert!(!mandatory || columns.iter().any(|column| column == name), "{name} has to be there");
    }
    let of_ours = |column: &&String| SPECIFICATION.iter().all(|(name, ..)| name != column);
    assert!(columns.iter().filter(of_ours).all(|column| column.starts_with("x_")), "{columns:?}");
    let (mut rows, mut row) = (Vec::new(), Row::default());
    while table.next(&mut row).unwrap() {
        let values: BTreeMap<String, String> =
            columns.iter().enumerate().map(|(i, column)| (column.clone(), row.get(i).to_owned())).collect();
        for (name, wanted, nullable, _) in SPECIFICATION {
            let value = &values[name];
            let right = match wanted {
                _ if value.is_empty() => nullable,
                Type::Text => true,
                Type::Decimal => value.parse::<Decimal>().is_ok(),
                Type::Instant => value.parse::<Instant>().is_ok() && value.ends_with('Z'),
                Type::OneOf(allowed) => allowed.contains(&value.as_str()),
            };
            assert!(right, "line {}: {name} is `{value}`", row.line);
        }
        assert_conditions(&values, row.line);
        let at = |name: &str| values[name].parse::<Instant>().unwrap();
        assert!(at("BillingPeriodStart") <= at("ChargePeriodStart") && at("ChargePeriodEnd") <= at("BillingPeriodEnd"));
        assert!(at("ChargePeriodStart") < at("ChargePeriodEnd"));
        rows.push(values);
    }
    rows
}

/// What a row has to be by the "nullability" and the other requirements of the columns' pages, where it depends on others.
fn assert_conditions(values: &BTreeMap<String, String>, line: u64) {
    let is_null = |name: &str| values[name].is_empty();
    // All of ours is usage or a purchase, and corrects nothing.
    let category = values["ChargeCategory"].as_str();
    assert!(matches!(category, "Usage" | "Purchase") && is_null("ChargeClass"), "line {line}");
    // pricingquantity.md, pricingunit.md, pricingcategory.md, listunitprice.md, contractedunitprice.md: not null of usage and
    // purchases that are no correction.
    for name in ["PricingQuantity", "PricingUnit", "PricingCategory", "ListUnitPrice", "ContractedUnitPrice"] {
        assert!(!is_null(name), "line {line}: {name} is null");
    }
    // consumedquantity.md, consumedunit.md: not null of usage, unless it is of an unused commitment.
    let is_consumed = category == "Usage" && values["CommitmentDiscountStatus"] != "Unused";
    assert_eq!([is_null("ConsumedQuantity"), is_null("ConsumedUnit")], [!is_consumed; 2], "line {line}");
    // listcost.md, contractedcost.md: the unit price by the quantity, which have twelve and nine decimals.
    let number = |name: &str| values[name].parse::<Decimal>().unwrap();
    for (cost, price) in [("ListCost", "ListUnitPrice"), ("ContractedCost", "ContractedUnitPrice")] {
        let difference = (number(cost) - number(price) * number("PricingQuantity")).abs();
        assert!(difference < Decimal::new(1, 6), "line {line}: {cost} is off by {difference}");
    }
    assert_commitment(values, line);
    // chargedescription.md: should not be null. billingaccountname.md: is not null where accounts have names.
    assert!(!is_null("ChargeDescription") && !is_null("BillingAccountName"), "line {line}");
    // subaccountname.md: null where the charge is of no sub account, and not null where it is of one that has a name.
    assert_eq!(is_null("SubAccountId"), is_null("SubAccountName"), "line {line}");
    // subaccounttype.md: null where there is no id, and not null where there is one.
    assert_eq!(is_null("SubAccountId"), is_null("SubAccountType"), "line {line}");
    // resourcename.md, resourcetype.md: null where there is no id, and not null where there is one that has them.
    let of_resource = ["ResourceId", "ResourceName", "ResourceType"].map(is_null);
    assert!(of_resource.iter().all(|null| *null == of_resource[0]), "line {line}");
    // skuid.md: not null of usage and purchases.
    assert!(!is_null("SkuId"), "line {line}");
    // billedcost.md: 0 where another invoices than provides.
    assert_eq!(values["ProviderName"], values["InvoiceIssuerName"], "line {line}");
    let (category, subcategory) = (values["ServiceCategory"].as_str(), values["ServiceSubcategory"].as_str());
    let of_category = SUBCATEGORIES.iter().find(|(name, _)| *name == category);
    assert!(of_category.is_some_and(|(_, allowed)| allowed.contains(&subcategory)), "line {line}: {subcategory}");
    // tags.md: an object in JSON whose values are texts, numbers, true or null.
    if !is_null("Tags") {
        let tags: BTreeMap<String, serde_json::Value> = serde_json::from_str(&values["Tags"]).unwrap();
        assert!(tags.values().all(|value| !value.is_object() && !value.is_array()), "line {line}");
    }
}

/// What a row has to be of a commitment discount.
fn assert_commitment(values: &BTreeMap<String, String>, line: u64) {
    let is_null = |name: &str| values[name].is_empty();
    let [has_id, is_purchase] = [!is_null("CommitmentDiscountId"), values["ChargeCategory"] == "Purchase"];
    // commitmentdiscount{category,type,quantity,unit}.md: there where there is an id, and only there.
    for name in ["Category", "Name", "Quantity", "Type", "Unit"] {
        assert_eq!(!is_null(&format!("CommitmentDiscount{name}")), has_id, "line {line}: CommitmentDiscount{name}");
    }
    // commitmentdiscountstatus.md: not null of usage with an id; of a purchase there is nothing to say.
    assert_eq!(is_null("CommitmentDiscountStatus"), !has_id || is_purchase, "line {line}");
    // commitmentdiscountquantity.md: positive.
    assert!(!has_id || values["CommitmentDiscountQuantity"].parse::<Decimal>().unwrap() > Decimal::ZERO, "line {line}");
    // All purchases of ours are of commitments. effectivecost.md: they cover what comes, so nothing of them is effective;
    // chargefrequency.md: no purchase is usage-based. billedcost.md: what they cover is not billed again.
    assert!(has_id || !is_purchase, "line {line}");
    assert!(!is_purchase || values["EffectiveCost"] == "0", "line {line}");
    assert_eq!(values["ChargeFrequency"] == "Usage-Based", !is_purchase, "line {line}");
    assert!(!has_id || is_purchase || values["BilledCost"] == "0", "line {line}");
    // pricingcategory.md: committed is what a commitment makes cheaper, and not its purchase.
    assert_eq!(values["PricingCategory"] == "Committed", has_id && !is_purchase, "line {line}");
}

fn charged(metering: &Metering, resolution: Resolution) -> Vec<BTreeMap<String, String>> {
    let settings = StatementSettings {
        window: metering.window,
        resolution,
        by: focus_groupings(),
        idle: IdlePolicy::Keep,
        shared: SharedPolicy::Keep,
    };
    let statement = Statement::new(metering, settings).unwrap();
    let rows = focus_rows(&statement, metering, &FocusSettings { provider: "Our cloud".to_owned() }).unwrap();
    let rows = validated(&write_table(rows.into_iter()));
    let total = statement.total().total().to_money(metering.currency).amount;
    for cost in ["BilledCost", "EffectiveCost"] {
        assert_eq!(sum(&rows, cost, |_| true), total, "{cost} adds up to what was paid");
    }
    rows
}

fn sum(rows: &[BTreeMap<String, String>], of: &str, wanted: impl Fn(&BTreeMap<String, String>) -> bool) -> Decimal {
    rows.iter().filter(|row| wanted(row)).map(|row| row[of].parse::<Decimal>().unwrap()).sum()
}

/// Two hours of two nodes at 2 an hour, of which `a` uses one in the first.
fn two_nodes() -> Metering {
    let mut metering = two_hours();
    let rate = |nanos: i64| crate::units::Rate::from_nanos(nanos);
    metering.nodes[0].rate = rate(2_000_000_000);
    metering.nodes.push(metering.nodes[0]);
    metering.uses.truncate(1);
    metering.uses[0].rate = rate(2_000_000_000);
    metering.modules.clear();
    metering
}

#[test]
fn spot_nodes_have_the_list_price_of_others() {
    let mut metering = two_nodes();
    metering.node_groups[0].price_percent = 40;
    let rows = charged(&metering, Resolution::Hour);
    // 4 nodes × hours at 2 are 8, which is 40 % of 20.
    assert_eq!(sum(&rows, "ListCost", |_| true), Decimal::from(20));
    assert_eq!(sum(&rows, "ContractedCost", |_| true), Decimal::from(8));
    assert!(rows.iter().all(|row| row["PricingCategory"] == "Dynamic"));
    // Half of two nodes is idle in the first hour, and both in the second: one hour of a node, and two.
    let idle = |start: &str| {
        let of =
            |row: &BTreeMap<String, String>| row["x_CostPart"] == "idle" && row["ChargePeriodStart"].contains(start);
        rows.iter()
            .find(|row| of(row))
            .map(|row| (row["PricingQuantity"].clone(), row["ListUnitPrice"].clone()))
            .unwrap()
    };
    assert_eq!(idle("T00:"), ("1".to_owned(), "5".to_owned()));
    assert_eq!(idle("T01:"), ("2".to_owned(), "5".to_owned()));
}

#[test]
fn commitments_are_bought_used_and_unused() {
    use crate::allocation::{CoveredLine, MeteredCommitment, MeteredCover};
    use crate::units::{Duration, NodeGroupIndex, Rate};

    let mut metering = two_nodes();
    let Window { start, end } = metering.window;
    let rate = Rate::from_nanos(1_000_000_000);
    // Three machines at 1 an hour are promised, where two are there, and money of 1 an hour.
    let commitment =
        |name: &str, machines| MeteredCommitment { name: name.to_owned(), machines, from: start, until: end, rate };
    metering.commitments = vec![commitment("three", Some(3)), commitment("plan", None)];
    let cover = |from: Instant, machines: i64| MeteredCover {
        commitment: 0,
        line: CoveredLine::NodeGroup(NodeGroupIndex(0)),
        from,
        until: from + Duration::HOUR,
        micros: machines * Duration::HOUR.micros(),
        list: metering.nodes[0].rate,
        rate,
    };
    metering.covered = vec![cover(start, 1), cover(start + Duration::HOUR, 2)];
    let spent = MeteredCover { commitment: 1, micros: Duration::HOUR.micros() / 2, ..cover(start, 1) };
    metering.covered.push(spent);
    let rows = charged(&metering, Resolution::Hour);
    let of = |status: &'static str, name: &'static str| {
        move |row: &BTreeMap<String, String>| {
            let is_purchase = row["ChargeCategory"] == "Purchase";
            row["CommitmentDiscountId"] == name
                && if status == "Purchase" { is_purchase } else { row["CommitmentDiscountStatus"] == status }
        }
    };
    // 3 machines × 2 hours × 1, and 2 hours × 1.
    assert_eq!(sum(&rows, "BilledCost", of("Purchase", "three")), Decimal::from(6));
    assert_eq!(sum(&rows, "BilledCost", of("Purchase", "plan")), Decimal::from(2));
    // One machine in the first hour and two in the second, of three.
    assert_eq!(sum(&rows, "EffectiveCost", of("Used", "three")), Decimal::from(3));
    assert_eq!(sum(&rows, "CommitmentDiscountQuantity", of("Used", "three")), Decimal::from(3));
    assert_eq!(sum(&rows, "ListCost", of("Used", "three")), Decimal::from(6));
    assert_eq!(sum(&rows, "EffectiveCost", of("Unused", "three")), Decimal::from(3));
    assert_eq!(sum(&rows, "CommitmentDiscountQuantity", of("Unused", "three")), Decimal::from(3));
    // Half an hour of a machine at 1 is 0.50 of 1 in the first hour; in the second all of it is for nothing.
    assert_eq!(sum(&rows, "EffectiveCost", of("Used", "plan")), Decimal::new(5, 1));
    assert_eq!(sum(&rows, "CommitmentDiscountQuantity", of("Unused", "plan")), Decimal::new(15, 1));
    // In the first hour 3 of 4 are covered, by 2 and by 1: of what `a` pays, 2, that is 1 and 0.50, and 0.50 are billed.
    let of_a = |row: &BTreeMap<String, String>| row["SubAccountId"] == "a";
    assert_eq!(sum(&rows, "BilledCost", of_a), Decimal::new(5, 1));
    // At half price 1.50 are 0.75.
    assert_eq!(sum(&rows, "EffectiveCost", of_a), Decimal::new(125, 2));
    assert_eq!(sum(&rows, "PricingQuantity", of_a), Decimal::ONE, "an hour of one resource, whoever covers it");

    let settings = StatementSettings {
        window: Window { start, end: start + Duration::from_minutes(30) },
        resolution: Resolution::Hour,
        by: focus_groupings(),
        idle: IdlePolicy::Keep,
        shared: SharedPolicy::Keep,
    };
    let statement = Statement::new(&metering, settings).unwrap();
    let refused = focus_rows(&statement, &metering, &FocusSettings { provider: "Our cloud".to_owned() });
    assert_eq!(refused, Err(FocusError::CutHour(start + Duration::from_minutes(30))));
    // The statement takes half of the hour's: 3 cost 1.50, and of 4 that were promised 2.50 are for nothing.
    let total = statement.total();
    let dollars = |amount: crate::units::LedgerUnits| amount.to_money(metering.currency).amount;
    assert_eq!((dollars(total.discount), dollars(total.unused)), (Decimal::new(-75, 2), Decimal::new(125, 2)));
}

#[test]
fn charges_are_what_the_specification_wants_and_add_up() {
    let mut metering = two_hours();
    metering.nodes[0].rate = crate::units::Rate::from_nanos(2_000_000_000);
    metering.tenants[0].labels.insert("team".to_owned(), "a \"b\", c".to_owned());
    for (key, value) in [("run", "00ff"), ("horizon", "2h"), ("quantile", "0.5")] {
        metering.source.insert(key.to_owned(), value.to_owned());
    }
    let settings = StatementSettings {
        window: metering.window,
        resolution: Resolution::Hour,
        by: focus_groupings(),
        idle: IdlePolicy::Proportional,
        shared: SharedPolicy::Uniform,
    };
    let statement = Statement::new(&metering, settings).unwrap();
    let rows = focus_rows(&statement, &metering, &FocusSettings { provider: "Our cloud".to_owned() }).unwrap();
    let rows = validated(&write_table(rows.into_iter()));
    let sum: Decimal = rows.iter().map(|row| row["BilledCost"].parse::<Decimal>().unwrap()).sum();
    // Two hours of a node of 2 an hour, and of modules of 0.00000001.
    assert_eq!(sum, Decimal::from(4));
    let predicted =
        |row: &BTreeMap<String, String>| ["x_RunId", "x_Horizon", "x_Quantile"].map(|name| row[name].clone());
    assert!(rows.iter().all(|row| predicted(row) == ["00ff", "2h", "0.5"]));
    let workload = rows.iter().find(|row| row["x_CostPart"] == "workload" && row["SubAccountId"] == "b").unwrap();
    assert_eq!((workload["ConsumedQuantity"].as_str(), workload["Tags"].as_str()), ("0.5", ""));
    let tagged = rows.iter().find(|row| row["SubAccountId"] == "a").unwrap();
    assert_eq!(tagged["Tags"], r#"{"team":"a \"b\", c"}"#);
    // Of no resource: the hour of the node in which nobody was.
    let idle = rows.iter().find(|row| row["x_CostPart"] == "idle" && row["SubAccountId"].is_empty()).unwrap();
    assert_eq!((idle["ConsumedQuantity"].as_str(), idle["ConsumedUnit"].as_str()), ("1", "Hours"));
    let nobodys = rows.iter().filter(|row| row["SubAccountId"].is_empty()).count();
    assert_eq!(nobodys, 1, "idle of the second hour, where nobody was");
}

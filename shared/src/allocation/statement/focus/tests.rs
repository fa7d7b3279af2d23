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
const SPECIFICATION: [(&str, Type, bool, bool); 30] = [
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
    ("ConsumedQuantity", Type::Decimal, true, false),
    ("ConsumedUnit", Type::Text, true, false),
    ("ContractedCost", Type::Decimal, false, true),
    ("EffectiveCost", Type::Decimal, false, true),
    ("InvoiceIssuerName", Type::Text, false, true),
    ("ListCost", Type::Decimal, false, true),
    ("PricingCategory", Type::OneOf(&["Standard", "Dynamic", "Committed", "Other"]), true, false),
    ("PricingQuantity", Type::Decimal, true, true),
    ("PricingUnit", Type::Text, true, true),
    ("ProviderName", Type::Text, false, true),
    ("PublisherName", Type::Text, false, true),
    ("ServiceCategory", Type::OneOf(CATEGORIES), false, true),
    ("ServiceName", Type::Text, false, true),
    ("ServiceSubcategory", Type::Text, false, false),
    ("SubAccountId", Type::Text, true, false),
    ("SubAccountName", Type::Text, true, false),
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
    // All of ours is usage that corrects nothing, and no commitment discount.
    assert_eq!((values["ChargeCategory"].as_str(), is_null("ChargeClass")), ("Usage", true), "line {line}");
    // pricingquantity.md, pricingunit.md, pricingcategory.md: not null of usage that is no correction; consumedquantity.md,
    // consumedunit.md: nor there where it is of no unused commitment.
    for name in ["PricingQuantity", "PricingUnit", "PricingCategory", "ConsumedQuantity", "ConsumedUnit"] {
        assert!(!is_null(name), "line {line}: {name} is null");
    }
    // chargedescription.md: should not be null. billingaccountname.md: is not null where accounts have names.
    assert!(!is_null("ChargeDescription") && !is_null("BillingAccountName"), "line {line}");
    // subaccountname.md: null where the charge is of no sub account, and not null where it is of one that has a name.
    assert_eq!(is_null("SubAccountId"), is_null("SubAccountName"), "line {line}");
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
    let rows = focus_rows(&statement, &metering, &FocusSettings { provider: "Our cloud".to_owned() });
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
    // Of no resource: the hour of the slice, which is what was paid for.
    let idle = rows.iter().find(|row| row["x_CostPart"] == "idle").unwrap();
    assert_eq!((idle["ConsumedQuantity"].as_str(), idle["ConsumedUnit"].as_str()), ("1", "Hours"));
    let nobodys = rows.iter().filter(|row| row["SubAccountId"].is_empty()).count();
    assert_eq!(nobodys, 1, "idle of the second hour, where nobody was");
}

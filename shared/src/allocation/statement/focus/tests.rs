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

/// The specification's table of version 1.2: column, data type or allowed values, whether null is allowed, and whether
/// the column has to be there.
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
        // A usage that corrects nothing has a quantity and a unit; what was consumed has both or neither.
        assert!(!values["PricingQuantity"].is_empty() && !values["PricingUnit"].is_empty());
        assert_eq!(values["ConsumedQuantity"].is_empty(), values["ConsumedUnit"].is_empty());
        let at = |name: &str| values[name].parse::<Instant>().unwrap();
        assert!(at("BillingPeriodStart") <= at("ChargePeriodStart") && at("ChargePeriodEnd") <= at("BillingPeriodEnd"));
        assert!(at("ChargePeriodStart") < at("ChargePeriodEnd"));
        assert!(values["Tags"].is_empty() || values["Tags"].starts_with('{'));
        rows.push(values);
    }
    rows
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
    let nobodys = rows.iter().filter(|row| row["SubAccountId"].is_empty()).count();
    assert_eq!(nobodys, 1, "idle of the second hour, where nobody was");
}

//! Bills as providers write them, and what is wrong with some.

use super::*;
use crate::trace::charge::{ChargeFrequency, read_charges};
use crate::trace::mapping::read_mapping;

const HEADER: &str = "BilledCost,BillingAccountId,BillingAccountName,BillingCurrency,BillingPeriodEnd,BillingPeriodStart,\
     ChargeCategory,ChargeClass,ChargeDescription,ChargePeriodEnd,ChargePeriodStart,ContractedCost,EffectiveCost,\
     InvoiceIssuerName,ListCost,PricingQuantity,PricingUnit,ProviderName,PublisherName,ServiceCategory,ServiceName,Tags";

/// A line of a bill: cost, category, class, hour of its start, tags.
fn line(billed: &str, category: &str, class: &str, hour: u32, tags: &str) -> String {
    format!(
        "{billed},1,Sun,USD,2026-04-01 00:00:00,2026-03-01T00:00:00Z,{category},{class},,2026-03-02T{:02}:00:00Z,\
         2026-03-02 {hour:02}:00:00,NULL,{billed},AWS,{billed},1,Hours,AWS,AWS,Compute,EC2,{tags}\n",
        hour + 1
    )
}

fn bill(lines: &[String]) -> String {
    format!("{HEADER}\n{}", lines.concat())
}

fn read(
    text: &str,
    when_equal: WhenEqual,
    mapping: Option<&Mapping>,
) -> Result<(ImportedBill, FocusVersion), InputError> {
    let stated = "2026-04-03T00:00:00Z".parse().unwrap();
    read_focus(text, &FocusConfig { stated, mapping, when_equal })
}

#[test]
fn a_line_becomes_a_charge_and_is_read_again() {
    let tags = r#""{""team"": ""web"", ""env"": null, ""tier"": 1}""#;
    let text = bill(&[line("0.00000000053", "Usage", "NULL", 7, tags), line("-3", "credit", "Correction", 8, "NULL")]);
    let (imported, version) = read(&text, WhenEqual::Count, None).unwrap();
    assert_eq!((imported.charges, version), (2, FocusVersion::V1_0));
    let charges = read_charges(&imported.lines.iter().collect::<String>()).unwrap();
    let first = &charges[0];
    assert_eq!((first.billed.to_string().as_str(), first.currency.as_str()), ("0.00000000053", "USD"));
    assert_eq!(first.period.start, "2026-03-02T07:00:00Z".parse().unwrap());
    assert_eq!(first.billing_period.end, "2026-04-01T00:00:00Z".parse().unwrap());
    assert_eq!((first.contracted, first.correction, first.class), (None, false, Some(ResourceClass::Compute)));
    assert_eq!(first.tags["team"], "web");
    assert_eq!((first.tags["env"].as_str(), first.tags["tier"].as_str()), ("", "1"));
    assert_eq!((charges[1].category, charges[1].correction), (ChargeCategory::Credit, true));
    assert_eq!(imported.lacking.get("ContractedCost"), Some(&2));
    // 0.00000000053 − 3.
    assert_eq!(imported.totals[0].billed.to_string(), "-2.99999999947");
}

#[test]
fn a_prediction_is_no_bill() {
    let charge = line("1", "Usage", "NULL", 7, "NULL");
    let text = |horizon: &str| format!("{HEADER},x_Horizon\n{},{horizon}\n", charge.trim_end());
    for none in ["", "NULL"] {
        assert_eq!(read(&text(none), WhenEqual::Count, None).unwrap().0.charges, 1);
    }
    assert_eq!(
        read(&text("1d"), WhenEqual::Count, None).unwrap_err().to_string(),
        "line 2: field `x_Horizon`: is 1d: this is what a prediction would cost, not a bill; import what was charged"
    );
}

#[test]
fn the_version_shows_in_its_columns_and_what_it_does_not_have_is_named() {
    for (column, version, foreign) in [
        ("x_Cost", FocusVersion::V1_0, true),
        ("Id", FocusVersion::V1_0, true),
        ("SkuPriceId", FocusVersion::V1_0, false),
        ("SkuMeter", FocusVersion::V1_1, false),
        ("InvoiceId", FocusVersion::V1_2, false),
        ("BillingAccountType", FocusVersion::V1_2, false),
    ] {
        let line = line("1", "Usage", "", 1, "");
        let text = format!("{HEADER},{column}\n{},a\n", line.trim_end());
        let (imported, found) = read(&text, WhenEqual::Count, None).unwrap();
        assert_eq!(found, version, "{column}");
        assert_eq!(imported.ignored, if foreign { vec![column] } else { vec![] });
    }
}

#[test]
fn a_line_that_equals_an_earlier_one_counts_unless_it_is_said_to_be_a_copy() {
    let (a, b) = (line("2.5", "Usage", "", 1, ""), line("2.5", "Usage", "", 2, ""));
    let text = bill(&[a.clone(), b, a]);
    for (when_equal, charges, billed) in [(WhenEqual::Count, 3, "7.5"), (WhenEqual::LeaveOut, 2, "5")] {
        let (imported, _) = read(&text, when_equal, None).unwrap();
        assert_eq!((imported.charges, imported.totals[0].billed.to_string().as_str()), (charges, billed));
        assert_eq!(imported.duplicates.lines, [(4, 2)]);
        assert_eq!(imported.duplicates.totals[0].billed.to_string(), "2.5");
    }
}

#[test]
fn rules_for_accounts_and_tags_say_who_pays() {
    let mapping = read_mapping(
        "[[rule]]\ntenant = \"web\"\nlabels = { team = \"web\" }\n[[rule]]\ntenant = \"sun\"\naccount = \"1\"\n\
         until = \"2026-03-02T02:00:00Z\"\n",
    )
    .unwrap();
    let lines = [
        line("1", "Usage", "", 1, r#""{""team"": ""web""}""#),
        line("1", "Usage", "", 1, ""),
        line("1", "Usage", "", 2, ""),
    ];
    let (imported, _) = read(&bill(&lines), WhenEqual::Count, Some(&mapping)).unwrap();
    let charges = read_charges(&imported.lines.iter().collect::<String>()).unwrap();
    let tenants: Vec<Option<&str>> = charges.iter().map(|charge| charge.tenant.as_deref()).collect();
    assert_eq!((tenants, imported.unmapped), (vec![Some("web"), Some("sun"), None], 1));
}

#[test]
fn instants_are_utc_however_databases_write_them() {
    let one = line("1", "Usage", "", 1, "");
    for form in ["2026-03-02 01:00:00", "2026-03-02T01:00Z", "2026-03-02 01:00:00 UTC", "2026-03-02T01:00:00.000Z"] {
        let text = bill(&[one.replace("2026-03-02 01:00:00", form)]);
        let (imported, _) = read(&text, WhenEqual::Count, None).unwrap();
        assert_eq!(imported.period.start, "2026-03-02T01:00:00Z".parse().unwrap(), "{form}");
    }
}

#[test]
fn what_is_wrong_is_named_with_line_and_column() {
    let check = |text: &str, message: &str| {
        assert_eq!(read(text, WhenEqual::Count, None).unwrap_err().to_string(), message);
    };
    let good = line("1", "Usage", "", 1, "");
    let change = |from: &str, to: &str| bill(&[good.clone(), good.replacen(from, to, 1)]);
    check(
        &bill(core::slice::from_ref(&good)).replacen("BilledCost", "Cost", 1).replacen("ListCost", "List", 1),
        "line 1: field `BilledCost`: is no column, and FOCUS has it in every bill; neither are ListCost; expected FOCUS 1.0, \
         1.1 or 1.2",
    );
    check(&bill(&[]), "holds no charges; expected at least one");
    check(
        &change("1,1,", "1.0.0,1,"),
        "line 3: field `BilledCost`: `1.0.0` is not an amount; write a decimal number such as -12.5",
    );
    check(
        &change("1,1,", "NULL,1,"),
        "line 3: field `BilledCost`: is empty; expected an amount, 0 where nothing is charged",
    );
    check(
        &change("USD", "usd"),
        "line 3: field `BillingCurrency`: `usd` is not a currency; write an ISO 4217 code such as USD",
    );
    check(
        &change("Usage", "Fee"),
        "line 3: field `ChargeCategory`: is `Fee`; expected Usage, Purchase, Tax, Credit, Adjustment",
    );
    check(
        &change("2026-03-02 01:00:00", "March"),
        "line 3: field `ChargePeriodStart`: `March` is not an instant; expected UTC, such as 2024-09-01T00:00:00Z",
    );
    check(
        &change("2026-03-02 01:00:00", "2026-03-03 01:00:00"),
        "line 3: field `ChargePeriodEnd`: is before `ChargePeriodStart`, which is 2026-03-03T01:00:00Z; expected a later one",
    );
    check(
        &bill(&[line("1", "Usage", "", 1, "web")]),
        "line 2: field `Tags`: is `web`; expected a JSON object of texts, as {\"team\":\"web\"}",
    );
}

#[test]
fn frequencies_are_read_whatever_their_case() {
    let text =
        bill(&[line("1", "Usage", "", 1, "")]).replace("Tags", "ChargeFrequency").replace("EC2,", "EC2,Usage-based");
    let (imported, _) = read(&text, WhenEqual::Count, None).unwrap();
    let charges = read_charges(&imported.lines.iter().collect::<String>()).unwrap();
    assert_eq!(charges[0].frequency, Some(ChargeFrequency::UsageBased));
}
